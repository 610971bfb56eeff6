/** `diagnose` in the middle of a training: nothing is different afterwards. And what it refuses. */
import { type Diagnosis, diagnose, diagnosing } from "unrolled/laboratory";
import { afterEach, describe, expect, test } from "vitest";
import {
  Adam,
  add,
  arrayDataset,
  BatchNorm1d,
  configure,
  crossEntropy,
  DataError,
  Dropout,
  GRU,
  LastStep,
  Linear,
  LSTM,
  Module,
  mean,
  mseLoss,
  mul,
  NumericError,
  normal,
  type Optimizer,
  OptionError,
  Parameter,
  RNN,
  runtimeInfo,
  Sequential,
  ShapeError,
  seed,
  sum,
  type Tensor,
  Trainer,
  tensor,
  uniform,
  zeros,
} from "../../src/index.ts";
import { engine } from "../../src/runtime/engine.ts";

const [T, B, I, H] = [9, 4, 3, 6];

/** Everything that could be disturbed: statistics, masks of all kinds, a learnt first state, a frozen parameter. */
class Busy extends Module {
  readonly norm = new BatchNorm1d({ channels: B });
  readonly first = new Parameter([1, B, H]);
  readonly lstm = new LSTM({ inputSize: I, hiddenSize: H, recurrentDropout: 0.2, weightDrop: 0.3, zoneout: 0.1 });
  readonly drop = new Dropout({ probability: 0.4 });
  readonly gru = new GRU({ inputSize: H, hiddenSize: H, layers: 2, dropout: 0.2, bidirectional: true });
  readonly head = new Linear({ inputSize: 2 * H, outputSize: 1 });

  forward(x: Tensor): Tensor {
    const { output } = this.lstm.forward(this.norm.forward(x) as Tensor, { h: this.first, c: this.first });
    return this.head.forward(this.gru.forward(this.drop.forward(output)).output);
  }
}

const nothing = (): void => undefined;

function bits(t: Tensor | null): string {
  return t === null ? "none" : String(new Uint32Array(Float32Array.from(t.toArray()).buffer));
}

function stateOf(model: Module, optimizer: Optimizer): Record<string, unknown> {
  const all = (named: [string, Tensor][]) => Object.fromEntries(named.map(([name, t]) => [name, bits(t)]));
  return {
    parameters: all(model.namedParameters()),
    gradients: Object.fromEntries(model.namedParameters().map(([name, { grad }]) => [name, bits(grad)])),
    wanted: model.parameters().map(({ requiresGrad }) => requiresGrad),
    buffers: all(model.namedBuffers()),
    optimizer: JSON.stringify(optimizer.stateDict(), (_, value) => (ArrayBuffer.isView(value) ? String(value) : value)),
    training: model.training,
    fields: Object.keys(model),
  };
}

describe("a training is not disturbed", () => {
  /** Three steps; `look` is called before, between and after everything that a step does. */
  function train(look: (model: Busy, batch: { input: Tensor; target: Tensor }) => void) {
    seed(21);
    const model = new Busy();
    model.head.bias?.set([0.5]);
    model.gru.parameters()[2].requiresGrad = false;
    const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
    const batch = { input: normal([T, B, I]), target: normal([T, B, 1]) };
    const losses: number[] = [];
    const states: unknown[] = [];
    for (let step = 0; step < 3; step++) {
      look(model, batch);
      optimizer.zeroGrad();
      look(model, batch);
      const loss = mseLoss(model.forward(batch.input), batch.target);
      look(model, batch);
      loss.backward();
      look(model, batch);
      losses.push(loss.item());
      states.push(stateOf(model, optimizer));
      optimizer.step();
      look(model, batch);
    }
    return { losses, states, next: bits(uniform([8])), last: stateOf(model, optimizer) };
  }

  test("bit for bit, wherever in a step it is looked at", () => {
    const alone = train(nothing);
    const diagnoses: Diagnosis[] = [];
    const watched = train((model, batch) => diagnoses.push(diagnose(model, batch, { loss: mseLoss })));
    expect(watched).toEqual(alone);
    expect(diagnoses).toHaveLength(15);
    expect(diagnoses[0].layers.map(({ layer }) => layer)).toEqual([
      "lstm",
      "gru.l0",
      "gru.l0_reverse",
      "gru.l1",
      "gru.l1_reverse",
    ]);
    // From the same standing, the same masks.
    expect(String(diagnoses[1])).toBe(String(diagnoses[0]));
  });

  test("also when it fails", () => {
    const watched = train((model, { input, target }) => {
      expect(() => diagnose(model, () => model.forward(input))).toThrow(ShapeError);
      expect(() => diagnose(model, { input: mul(input, Number.NaN).detach(), target }, { loss: mseLoss })).toThrow(
        NumericError,
      );
      expect(() =>
        diagnose(model, () => {
          model.forward(input);
          throw new DataError("of the caller's own");
        }),
      ).toThrow(DataError);
    });
    expect(watched).toEqual(train(nothing));
  });

  test("a graph that is there already is not walked, and a leaf of the caller's keeps its gradient", () => {
    seed(22);
    const rnn = new RNN({ inputSize: I, hiddenSize: H });
    const leaf = normal([T, B, I]);
    leaf.requiresGrad = true;
    const before = mul(leaf, 2);
    sum(mul(leaf, 3)).backward();
    const loss = (): Tensor => mean(rnn.forward(before).output);
    const outer = add(sum(before), 1);
    expect(diagnose(rnn, loss).layers[0].gradient.norms[0]).toBeGreaterThan(0);
    expect([...(leaf.grad as Tensor).toArray()]).toEqual(new Array(T * B * I).fill(3));
    outer.backward();
    expect([...(leaf.grad as Tensor).toArray()]).toEqual(new Array(T * B * I).fill(5));
    expect(leaf.requiresGrad).toBe(true);
    expect(rnn.parameters().every(({ grad }) => grad === null)).toBe(true);
  });

  test("memory stays where it is", () => {
    seed(23);
    const model = new Busy();
    const batch = { input: normal([T, B, I]), target: normal([T, B, 1]) };
    const look = (): Diagnosis => diagnose(model, batch, { loss: mseLoss, largestSpectrum: 0, exponents: 1 });
    for (let i = 0; i < 3; i++) look();
    const before = [runtimeInfo().heapBytes, engine().arena.bytesReserved];
    for (let i = 0; i < 40; i++) look();
    expect([runtimeInfo().heapBytes, engine().arena.bytesReserved]).toEqual(before);
  });
});

describe("the loss is the model's own, to the bit", () => {
  test.each([true, false])("training: %s; masks of dropout in the recurrence, lengths, both directions", (training) => {
    seed(24);
    const lstm = new LSTM({ inputSize: I, hiddenSize: 8, bidirectional: true, recurrentDropout: 0.3, weightDrop: 0.2 });
    lstm.train(training);
    const x = normal([T, B, I]);
    const lengths = [3, 9, 1, 6];
    const loss = (): Tensor => sum(lstm.forward(x, undefined, { lengths }).output);
    seed(25);
    const plain = loss().item();
    seed(25);
    expect(diagnose(lstm, loss).loss).toBe(plain);
  });
});

describe("what it refuses", () => {
  const gru = new GRU({ inputSize: I, hiddenSize: H });
  const model = new Sequential(gru, new LastStep(), new Linear({ inputSize: H, outputSize: 1 }));
  const batch = { input: normal([T, B, I]), target: zeros([B, 1]) };
  const given = (changes: object) => () => diagnose(model, batch, { loss: mseLoss, ...changes });

  test.each<[string, () => unknown, RegExp]>([
    [
      "no recurrent layer",
      () => diagnose(new Linear({ inputSize: 1, outputSize: 1 }), batch, { loss: mseLoss }),
      /model: expected one with a recurrent layer/,
    ],
    ["no model", () => diagnose({} as Module, batch, { loss: mseLoss }), /model: expected a Module, got \{ {2}\}/],
    ["no loss", () => diagnose(model, batch), /loss: expected a function of output and target, got undefined/],
    ["no batch", () => diagnose(model, batch.input as never, { loss: mseLoss }), /batch: expected \{ input, target \}/],
    [
      "a loss beside a function",
      () => diagnose(model, () => sum(gru.forward(batch.input).output), { loss: mseLoss }),
      /got both/,
    ],
    [
      "a function without a tensor",
      () => diagnose(model, (() => 1) as never),
      /loss: expected a tensor with a single number, got a number/,
    ],
    ["an option that is none", given({ exponent: 1 }), /got "exponent"/],
    ["a number of exponents", given({ exponents: 1.5 }), /exponents: expected a whole number/],
    ["a number of sequences", given({ sequences: 0 }), /sequences: expected a whole number/],
    ["a threshold that is none", given({ thresholds: { vanished: 1 } }), /got "vanished"/],
    [
      "a threshold out of range",
      given({ thresholds: { dead: 2 } }),
      /thresholds dead: expected a number from 0 to 1, got 2/,
    ],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(OptionError);
    expect(call).toThrow(message);
  });

  test("a loss that is no single number", () => {
    expect(given({ loss: (output: Tensor) => output })).toThrow(
      /loss: expected a single number, got a tensor \[4, 1\]/,
    );
  });

  test("a batch that is not finite, with where", () => {
    const spoilt = () => diagnose(model, { input: spoil(batch.input, 5), target: batch.target }, { loss: mseLoss });
    expect(spoilt).toThrow(NumericError);
    expect(spoilt).toThrow(/expected a finite loss, got NaN; it began in the input, time step 5/);
  });
});

/** With a NaN at one time step. */
function spoil(x: Tensor, step: number): Tensor {
  const mask = zeros(x.shape as number[]).toArray() as Float32Array;
  mask[step * B * I] = Number.NaN;
  return add(x, tensor(mask, x.shape)).detach();
}

describe("with threads", () => {
  afterEach(() => configure({ threads: 1 }));

  test("the same text", () => {
    const text = (): string => {
      seed(26);
      const lstm = new LSTM({ inputSize: 16, hiddenSize: 32 });
      const x = normal([12, 16, 16]);
      return String(diagnose(lstm, () => mean(lstm.forward(x).output)));
    };
    const alone = text();
    configure({ threads: 2 });
    expect(text()).toBe(alone);
  });
});

describe("diagnosing", () => {
  async function trained(watched: boolean, every?: number) {
    seed(27);
    const model = new Sequential(
      new GRU({ inputSize: I, hiddenSize: H, layers: 2, dropout: 0.3 }),
      new LastStep(),
      new Linear({ inputSize: H, outputSize: 3 }),
    );
    const data = arrayDataset(
      normal([20, T, I]),
      tensor(
        Int32Array.from({ length: 20 }, (_, i) => i % 3),
        [20],
      ),
      { timeMajor: true },
    );
    const found: [number, string][] = [];
    const look = diagnosing({
      batch: data.batch(Int32Array.of(1, 2, 3)),
      loss: crossEntropy,
      every,
      onDiagnosis: async ({ layers, healthy }, { step }) => {
        await Promise.resolve();
        found.push([step, `${layers.length} ${healthy}`]);
      },
    });
    const trainer = new Trainer({ model, loss: crossEntropy, optimizer: new Adam(model.parameters()) });
    const { loss } = await trainer.fit(data, { epochs: 2, batchSize: 5, callbacks: watched ? [look] : [] });
    return { loss: [...loss], found, weights: model.parameters().map(bits) };
  }

  test("looks before the first step and after every so many, and the training takes the same course", async () => {
    const alone = await trained(false);
    const watched = await trained(true, 3);
    expect(watched.loss).toEqual(alone.loss);
    expect(watched.weights).toEqual(alone.weights);
    expect(watched.found).toEqual([0, 3, 6].map((step) => [step, "2 true"]));
    expect((await trained(true)).found).toEqual([[0, "2 true"]]);
  });

  test("says what is wrong before a training begins", () => {
    const right = { batch: () => zeros([1]), onDiagnosis: nothing };
    expect(() => diagnosing({ ...right, every: 0 })).toThrow(/every: expected a whole number/);
    expect(() => diagnosing({ ...right, onDiagnosis: 1 as never })).toThrow(
      /onDiagnosis: expected a function, got number/,
    );
    expect(() => diagnosing({ ...right, exponents: -1 })).toThrow(OptionError);
    expect(() => diagnosing({ ...right, each: 2 } as never)).toThrow(/got "each"/);
  });
});
