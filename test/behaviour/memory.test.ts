import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  Adam,
  clipGradNorm,
  concat,
  crossEntropy,
  type Dataset,
  Embedding,
  GRU,
  Linear,
  LSTM,
  Module,
  mseLoss,
  mul,
  noGrad,
  ones,
  Parameter,
  RNN,
  reshape,
  runtimeInfo,
  Sequential,
  SGD,
  slice,
  type Tensor,
  Trainer,
  tensor,
  textWindows,
} from "unrolled";
import { beforeAll, describe, expect, test } from "vitest";

const TOKENS = 7;
const STEPS = 10_000;
const WARM_UP = 20;

class CharacterModel extends Module {
  embed = new Embedding({ count: TOKENS, size: 4 });
  lstm = new LSTM({ inputSize: 4, hiddenSize: 5, layers: 2, dropout: 0.1 });
  head = new Linear({ inputSize: 5, outputSize: TOKENS });
  override forward(tokens: Tensor): Tensor {
    return this.head.forward(this.lstm.forward(this.embed.forward(tokens)).output);
  }
}

/** Held to the end, so that no garbage collected in one test shows in the memory of another. */
const held: object[] = [];

function hold<Held extends object>(thing: Held): Held {
  held.push(thing);
  return thing;
}

const text = Int32Array.from({ length: 200 }, (_, i) => (i * i) % TOKENS);
const data = textWindows(text, { window: 4 });

function memory(): { memoryBytes: number; heapBytes: number } {
  const { memoryBytes, heapBytes } = runtimeInfo();
  return { memoryBytes, heapBytes };
}

/** The memory after every repetition from the warm-up on is the memory after the last. */
function expectSteady(repeat: (i: number) => void): void {
  for (let i = 0; i < WARM_UP; i++) repeat(i);
  const before = memory();
  for (let i = 0; i < STEPS; i++) repeat(i);
  expect(memory()).toEqual(before);
}

describe(`memory stays where it is over ${STEPS} repetitions`, () => {
  test("Trainer.fit with validation", async () => {
    const model = hold(new CharacterModel());
    const optimizer = hold(new Adam(model.parameters()));
    const trainer = new Trainer({ model, loss: crossEntropy, optimizer, clipNorm: 1 });
    const short = textWindows(text.subarray(0, 20), { window: 3 });
    let before: ReturnType<typeof memory> | undefined;
    let worst = 0;
    await trainer.fit(data, {
      steps: STEPS + WARM_UP,
      batchSize: 3,
      validation: short,
      validationEvery: 10,
      onProgress: ({ step }) => {
        if (step === WARM_UP) before = memory();
        if (step > WARM_UP) worst = Math.max(worst, runtimeInfo().heapBytes - before!.heapBytes);
      },
    });
    expect(worst).toBe(0);
    expect(memory()).toEqual(before);
  });

  test("a training loop by hand", () => {
    const model = hold(new CharacterModel());
    const optimizer = hold(new Adam(model.parameters()));
    expectSteady((i) => {
      const { input, target } = data.batch(Int32Array.of(i % data.length, (i * 7) % data.length));
      const loss = crossEntropy(model.forward(input), target);
      optimizer.zeroGrad();
      loss.backward();
      clipGradNorm(model.parameters(), 1);
      optimizer.step();
      if (!Number.isFinite(loss.item())) throw new Error("the loss is no number");
    });
  });

  test("a training loop by hand whose steps differ in size", () => {
    const model = hold(new CharacterModel());
    const optimizer = hold(new SGD(model.parameters(), { learningRate: 0.01 }));
    const windows = [1, 2, 3, 9, 17].map((window) => textWindows(text, { window }));
    expectSteady((i) => {
      const { input, target } = windows[i % windows.length].batch(Int32Array.of(i % 180));
      const loss = crossEntropy(model.forward(input), target);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    });
  });

  test("inference with noGrad, nested, and with results kept", () => {
    const model = hold(new CharacterModel().eval());
    const input = tensor(Int32Array.of(1, 2, 3), [3, 1]);
    let kept: Tensor | undefined;
    expectSteady(() => {
      kept = noGrad(() => noGrad(() => model.forward(input)));
    });
    expect(kept!.toArray()).toHaveLength(3 * TOKENS);
  });

  test("evaluate and predict", async () => {
    const model = hold(new CharacterModel());
    const trainer = new Trainer({
      model,
      loss: crossEntropy,
      optimizer: hold(new SGD(model.parameters(), { learningRate: 1 })),
    });
    const few = textWindows(text.subarray(0, 8), { window: 4 });
    const { input } = few.batch(Int32Array.of(0));
    const once = async (): Promise<void> => {
      await trainer.evaluate(few, { batchSize: 2 });
      trainer.predict(input);
    };
    for (let i = 0; i < WARM_UP; i++) await once();
    const before = memory();
    for (let i = 0; i < STEPS; i++) await once();
    expect(memory()).toEqual(before);
  });

  test("a dataset that computes its batches", async () => {
    const numbers = ones([8, 3]);
    const model = hold(new Linear({ inputSize: 3, outputSize: 3 }));
    const computed: Dataset = {
      length: 8,
      batch: (indices) => {
        const input = concat([...indices].map((i) => slice(numbers, 0, i, i + 1)));
        return { input, target: mul(input, 2) };
      },
    };
    const optimizer = hold(new SGD(model.parameters(), { learningRate: 0.01 }));
    const trainer = new Trainer({ model, loss: mseLoss, optimizer });
    const once = async (steps: number): Promise<void> => {
      await trainer.fit(computed, { steps, batchSize: 3 });
      for (let i = 0; i < steps / 10; i++) await trainer.evaluate(computed, { batchSize: 3 });
    };
    await once(WARM_UP);
    const before = memory();
    await once(STEPS);
    expect(memory()).toEqual(before);
  });

  test.each([
    ["LSTM", new LSTM({ inputSize: 3, hiddenSize: 5, layers: 2, peepholes: true })],
    ["GRU", new GRU({ inputSize: 3, hiddenSize: 5 })],
    ["RNN", new RNN({ inputSize: 3, hiddenSize: 5, activation: "leakyRelu" })],
    [
      "Sequential",
      new Sequential(new Linear({ inputSize: 3, outputSize: 4 }), new LSTM({ inputSize: 4, hiddenSize: 5 })),
    ],
  ])("stream.push of %s, with and without resets", (_, layer) => {
    for (const weights of ["float32", "int8"] as const) {
      const stream = layer.stream({ weights });
      const sample = Float32Array.of(1, 2, 3);
      const result = stream.push(sample);
      expectSteady((i) => {
        if (i % 100 === 0) stream.reset();
        if (stream.push(sample) !== result) throw new Error("a push gave another array");
      });
    }
  });

  test("stream.push, in JavaScript's memory too", () => {
    const stream = hold(new CharacterModel().lstm.stream());
    const sample = Float32Array.of(1, 2, 3, 4);
    const push = (): void => {
      for (let i = 0; i < STEPS; i++) stream.push(sample);
    };
    for (let i = 0; i < 5; i++) push();
    const growths = Array.from({ length: 9 }, () => {
      const before = process.memoryUsage().heapUsed;
      push();
      return process.memoryUsage().heapUsed - before;
    });
    // The median: the compiler and the test runner may allocate beside it. One object a push would be 160,000 bytes.
    expect(growths.sort((a, b) => a - b)[4]).toBeLessThan(STEPS);
  });

  test("a failed forward pass inside noGrad", () => {
    const model = hold(new CharacterModel());
    const wrong = tensor(Int32Array.of(TOKENS), [1, 1]);
    expectSteady(() => expect(() => noGrad(() => model.forward(wrong))).toThrow());
  });
});

describe("what is dropped is given back", () => {
  let collect: () => void;
  beforeAll(() => {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  });

  /** Collects garbage until `done`, for a few seconds at most: finalizers run when the host finds time. */
  async function collectUntil(done: () => boolean): Promise<void> {
    for (let round = 0; round < 100 && !done(); round++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function expectGivenBack(make: () => void): Promise<void> {
    await collectUntil(() => false);
    const { heapBytes } = memory();
    make();
    const held = runtimeInfo().heapBytes - heapBytes;
    expect(held).toBeGreaterThan(1_000_000);
    await collectUntil(() => runtimeInfo().heapBytes <= heapBytes);
    expect(runtimeInfo().heapBytes).toBeLessThanOrEqual(heapBytes);
  }

  test("models and their gradients", () =>
    expectGivenBack(() => {
      for (let i = 0; i < 4; i++) new LSTM({ inputSize: 64, hiddenSize: 128, layers: 2, bidirectional: true });
    }));

  test("optimizers that have made steps, and streams", () =>
    expectGivenBack(() => {
      const lstm = new LSTM({ inputSize: 64, hiddenSize: 200 });
      lstm.stream().push(new Float32Array(64));
      const optimizer = new Adam(lstm.parameters());
      optimizer.step();
    }));

  test("packed copies of weights", () =>
    expectGivenBack(() => {
      const linear = new Linear({ inputSize: 512, outputSize: 512 });
      const x = ones([2, 512]);
      const { heapBytes } = memory();
      for (let i = 0; i < 3; i++) noGrad(() => linear.forward(x));
      expect(memory().heapBytes).toBeGreaterThanOrEqual(heapBytes + 512 * 512 * 4);
    }));

  test("but not a parameter while a view of it is held", async () => {
    const count = 100;
    const seven = new Float32Array(count).fill(7);
    const view = (() => {
      const frozen = new Parameter([count]);
      frozen.requiresGrad = false;
      frozen.set(seven);
      return reshape(frozen, [count]);
    })();
    await collectUntil(() => false);
    const later = hold(Array.from({ length: 4 }, () => new Parameter([count])));
    for (const parameter of later) parameter.set(new Float32Array(count).fill(9));
    expect(view.toArray()).toEqual(seven);
  });

  test("hundreds of models, one after the other, fit in the memory of a few", async () => {
    const { memoryBytes } = memory();
    for (let i = 0; i < 200; i++) {
      new LSTM({ inputSize: 128, hiddenSize: 128 });
      if (i % 20 === 19) await collectUntil(() => runtimeInfo().heapBytes < 8_000_000);
    }
    expect(runtimeInfo().memoryBytes - memoryBytes).toBeLessThan(50_000_000);
  }, 120_000);
});
