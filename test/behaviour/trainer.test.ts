import {
  Adam,
  arrayDataset,
  crossEntropy,
  type Dataset,
  Dropout,
  Embedding,
  type FitOptions,
  Linear,
  LSTM,
  Module,
  mseLoss,
  ones,
  type Progress,
  Sequential,
  SGD,
  seed,
  type Tensor,
  Trainer,
  tensor,
} from "unrolled";
import { beforeEach, describe, expect, test } from "vitest";
import { COUNT, doubling } from "./doubling.ts";

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

beforeEach(() => seed(8));

describe("how long", () => {
  test("one pass unless said otherwise; the last batch is what is left", async () => {
    const { trainer, data, seen } = doubling();
    const history = await trainer.fit(data, { batchSize: 4 });
    expect(history).toMatchObject({ steps: 3, stopped: "done" });
    expect(history.loss).toHaveLength(3);
    expect(seen.map((batch) => batch.length)).toEqual([4, 4, 2]);
  });

  test("epochs", async () => {
    const { trainer, data, seen } = doubling();
    const progress: Progress[] = [];
    await trainer.fit(data, {
      epochs: 3,
      batchSize: 5,
      onProgress: (p) => {
        progress.push(p);
      },
    });
    expect(seen).toHaveLength(6);
    expect(progress.map(({ step, steps, epoch }) => [step, steps, epoch])).toEqual(
      upTo(6).map((i) => [i + 1, 6, Math.floor(i / 2) + 1]),
    );
  });

  test("steps, across passes", async () => {
    const { trainer, data, seen } = doubling();
    expect(await trainer.fit(data, { steps: 7, batchSize: 4 })).toMatchObject({ steps: 7, stopped: "done" });
    expect(seen.map((batch) => batch.length)).toEqual([4, 4, 2, 4, 4, 2, 4]);
  });

  test("without an end: the history keeps the latest losses and no more than twice as many as asked for", async () => {
    seed(8);
    const { trainer, data } = doubling();
    const { loss: all } = await trainer.fit(data, { steps: 23, batchSize: 4 });
    seed(8);
    const { trainer: other } = doubling();
    const longest: number[] = [];
    const callbacks = [
      {
        onStepEnd: ({ history }: { history: { loss: readonly number[] } }) => {
          longest.push(history.loss.length);
        },
      },
    ];
    const { loss, steps } = await other.fit(data, { steps: 23, batchSize: 4, keepLosses: 5, callbacks });
    expect(steps).toBe(23);
    expect(Math.max(...longest)).toBe(10);
    expect(loss.length).toBeGreaterThanOrEqual(5);
    expect(loss).toEqual(all.slice(-loss.length));
    await expect(trainer.fit(data, { keepLosses: 0 })).rejects.toThrow(
      "keepLosses: expected a whole number ≥ 1, got 0",
    );
  });

  test("seconds", async () => {
    const { trainer, data } = doubling();
    const history = await trainer.fit(data, { epochs: 1_000_000, seconds: 0.2 });
    expect(history.stopped).toBe("time");
    expect(history.seconds).toBeGreaterThanOrEqual(0.2);
    expect(history.seconds).toBeLessThan(2);
    expect(history.steps).toBe(history.loss.length);
  });

  test("it learns, and says how the loss went", async () => {
    const { trainer, data, model } = doubling();
    const { loss } = await trainer.fit(data, { epochs: 500, batchSize: 5 });
    expect(loss.at(-1)).toBeLessThan(1e-3);
    expect(loss.at(-1)).toBeLessThan(loss[0] / 100);
    expect(model.weight.item()).toBeCloseTo(2, 1);
  });
});

describe("order", () => {
  test("shuffled anew each pass, each example once; seeded", async () => {
    const order = async (trainerSeed: number): Promise<number[]> => {
      const { model, data, seen } = doubling();
      const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
      await new Trainer({ model, loss: mseLoss, optimizer, seed: trainerSeed }).fit(data, { epochs: 2, batchSize: 3 });
      return seen.flat();
    };
    const once = await order(1);
    const [first, second] = [once.slice(0, COUNT), once.slice(COUNT)];
    expect([...first].sort((a, b) => a - b)).toEqual(upTo(COUNT));
    expect([...second].sort((a, b) => a - b)).toEqual(upTo(COUNT));
    expect(first).not.toEqual(upTo(COUNT));
    expect(second).not.toEqual(first);
    expect(await order(1)).toEqual(once);
    expect(await order(2)).not.toEqual(once);
  });

  test("as it is, without shuffling", async () => {
    const { trainer, data, seen } = doubling();
    await trainer.fit(data, { epochs: 2, batchSize: 3, shuffle: false });
    expect(seen.flat()).toEqual([...upTo(COUNT), ...upTo(COUNT)]);
  });
});

describe("validation", () => {
  test("once a pass, at the end too, and never learned from", async () => {
    const { trainer, data, seen, model } = doubling();
    const other = doubling();
    const history = await trainer.fit(data, { epochs: 2, batchSize: 4, shuffle: false, validation: other.data });
    expect(history.validation.map(({ step }) => step)).toEqual([3, 6]);
    const weights = model.save();
    const again = doubling();
    seed(8);
    const plain = doubling();
    await plain.trainer.fit(plain.data, { epochs: 2, batchSize: 4, shuffle: false });
    expect(plain.model.save()).toEqual(weights);
    expect((await trainer.evaluate(again.data)).loss).toBeCloseTo(history.validation[1].loss, 6);
    expect(seen).toHaveLength(6);
  });

  test("every so many steps and at the last one", async () => {
    const { trainer, data } = doubling();
    const said: [number, number | undefined][] = [];
    const options: FitOptions = { steps: 7, batchSize: 4, validation: doubling().data, validationEvery: 3 };
    const history = await trainer.fit(data, {
      ...options,
      onProgress: ({ step, validation }) => {
        said.push([step, validation]);
      },
    });
    expect(history.validation.map(({ step }) => step)).toEqual([3, 6, 7]);
    expect(said.filter(([, loss]) => loss !== undefined)).toEqual(
      history.validation.map(({ step, loss }) => [step, loss]),
    );
  });

  test("evaluate is the mean over examples, whatever the batches", async () => {
    const { trainer, data } = doubling();
    const whole = await trainer.evaluate(data, { batchSize: COUNT });
    expect(whole.count).toBe(COUNT);
    for (const batchSize of [1, 3, 4, 7]) {
      expect((await trainer.evaluate(data, { batchSize })).loss).toBeCloseTo(whole.loss, 5);
    }
  });
});

describe("training mode", () => {
  class Watching extends Module {
    drop = new Dropout({ probability: 0.5 });
    head = new Linear({ inputSize: 1, outputSize: 1 });
    modes: boolean[] = [];
    override forward(x: Tensor): Tensor {
      this.modes.push(this.drop.training);
      return this.head.forward(this.drop.forward(x));
    }
  }
  const watching = (): { model: Watching; trainer: Trainer } => {
    const model = new Watching();
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    return { model, trainer: new Trainer({ model, loss: mseLoss, optimizer }) };
  };

  test.each([true, false])("evaluate and predict leave it as it was (%s)", async (training) => {
    const { model, trainer } = watching();
    model.train(training);
    const { data } = doubling();
    await trainer.evaluate(data);
    const said = trainer.predict(ones([3, 1]));
    expect(model.modes).toEqual([false, false]);
    expect([model.training, model.drop.training]).toEqual([training, training]);
    expect(said.toArray()).toEqual(trainer.predict(ones([3, 1])).toArray());
    const refusing: Dataset = {
      length: 1,
      batch: () => {
        throw new RangeError("no data today");
      },
    };
    await expect(trainer.evaluate(refusing)).rejects.toThrow("no data today");
    expect(() => trainer.predict(ones([3, 2]))).toThrow();
    expect([model.training, model.drop.training]).toEqual([training, training]);
  });

  test("fit trains in training mode, validates out of it, and goes back into it", async () => {
    const { model, trainer } = watching();
    model.eval();
    await trainer.fit(doubling().data, { batchSize: 5, validation: doubling().data, validationEvery: 1 });
    expect(model.modes).toEqual([true, false, false, true, false, false]);
  });
});

describe("abort", () => {
  test("before: nothing is done", async () => {
    const { trainer, data, model, seen } = doubling();
    const before = model.save();
    const history = await trainer.fit(data, { signal: AbortSignal.abort() });
    expect(history).toMatchObject({ steps: 0, loss: [], stopped: "aborted" });
    expect(model.save()).toEqual(before);
    expect(seen).toEqual([]);
  });

  test("during: after the step that runs", async () => {
    const { trainer, data } = doubling();
    const stop = new AbortController();
    const onProgress = ({ step }: Progress): void => {
      if (step === 4) stop.abort();
    };
    const history = await trainer.fit(data, { epochs: 1000, batchSize: 2, signal: stop.signal, onProgress });
    expect(history).toMatchObject({ steps: 4, stopped: "aborted" });
    expect((await trainer.fit(data)).stopped).toBe("done");
  });

  test("from outside, by a timer", async () => {
    const { trainer, data } = doubling();
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    const history = await trainer.fit(data, { epochs: 10_000_000, signal: stop.signal });
    expect(history.stopped).toBe("aborted");
    expect(history.steps).toBeGreaterThan(0);
  });
});

describe("progress", () => {
  test("is awaited", async () => {
    const { trainer, data, seen } = doubling();
    let waiting = 0;
    const onProgress = async (): Promise<void> => {
      const asked = seen.length;
      waiting++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(seen.length).toBe(asked);
      waiting--;
    };
    await trainer.fit(data, { batchSize: 2, onProgress });
    expect(waiting).toBe(0);
    expect(seen).toHaveLength(5);
  });

  test("tells the norm of the gradients where they are clipped", async () => {
    const { model, data, trainer } = doubling();
    const norms: (number | undefined)[] = [];
    const onProgress = ({ gradientNorm }: Progress): void => {
      norms.push(gradientNorm);
    };
    await trainer.fit(data, { onProgress });
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    await new Trainer({ model, loss: mseLoss, optimizer, clipNorm: 0.01 }).fit(data, { onProgress });
    expect(norms[0]).toBeUndefined();
    expect(norms[1]).toBeGreaterThan(0.01);
  });

  test("leaves a page live: a timer of 5 ms goes on ticking", async () => {
    const model = new Sequential(
      new Embedding({ count: 50, size: 32 }),
      new LSTM({ inputSize: 32, hiddenSize: 64 }),
      new Linear({ inputSize: 64, outputSize: 50 }),
    );
    const trainer = new Trainer({ model, loss: crossEntropy, optimizer: new Adam(model.parameters()) });
    const tokens = Int32Array.from({ length: 64 * 30 }, (_, i) => i % 50);
    const data = arrayDataset(tensor(tokens, [64, 30]), tensor(tokens, [64, 30]));
    const gaps: number[] = [];
    let last = performance.now();
    const timer = setInterval(() => {
      gaps.push(performance.now() - last);
      last = performance.now();
    }, 5);
    const { steps } = await trainer.fit(data, { epochs: 1_000_000, batchSize: 16, seconds: 1.5 });
    clearInterval(timer);
    expect(steps).toBeGreaterThan(5);
    expect(gaps.length).toBeGreaterThan(15);
    expect(gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)]).toBeLessThan(50);
  });
});
