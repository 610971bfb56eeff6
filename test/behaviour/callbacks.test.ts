/** Callbacks, metrics, schedules, accumulation, lengths and sources: what a training is told and tells. */
import {
  Adam,
  arrayDataset,
  type Batch,
  type BatchSource,
  type Callback,
  crossEntropy,
  DataError,
  type Dataset,
  earlyStopping,
  type FitOptions,
  LSTM,
  mseLoss,
  NumericError,
  OptionError,
  SGD,
  seed,
  Trainer,
  type TrainingState,
  tensor,
  trainingEvents,
} from "unrolled";
import { beforeEach, describe, expect, test } from "vitest";
import { COUNT, doubling } from "./doubling.ts";

beforeEach(() => seed(8));

describe("callbacks", () => {
  test("are told of every moment, in order, awaited", async () => {
    const { trainer, data } = doubling();
    const told: string[] = [];
    const note = (who: string, moment: string) => async (state: TrainingState) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      told.push(`${who}${moment} ${state.step} ${state.epoch}`);
    };
    const moments = ["FitStart", "EpochStart", "StepStart", "Validation", "StepEnd", "EpochEnd", "FitEnd"];
    const callback = (who: string): Callback =>
      Object.fromEntries(moments.map((moment) => [`on${moment}`, note(who, moment)]));
    const options: FitOptions = { steps: 3, batchSize: 5, validation: data, validationEvery: 2 };
    await trainer.fit(data, { ...options, callbacks: [callback("a"), callback("b")] });
    const expected = [
      "FitStart 0 1",
      "EpochStart 0 1",
      "StepStart 0 1",
      "StepEnd 1 1",
      "StepStart 1 1",
      "Validation 2 1",
      "StepEnd 2 1",
      "EpochEnd 2 1",
      "EpochStart 2 2",
      "StepStart 2 2",
      "Validation 3 2",
      "StepEnd 3 2",
      "FitEnd 3 2",
    ];
    expect(told).toEqual(expected.flatMap((moment) => [`a${moment}`, `b${moment}`]));
  });

  test("see how it goes, and can end it", async () => {
    const { trainer, data, model } = doubling();
    const states: unknown[] = [];
    const callback: Callback = {
      onFitStart: ({ progress, stopping }) => {
        states.push([progress, stopping]);
      },
      onStepEnd: (state) => {
        expect(state.model).toBe(model);
        expect(state.history.loss.at(-1)).toBe(state.progress?.loss);
        expect(state.progress?.learningRate).toBe(0.1);
        if (state.step === 4) state.stop();
      },
      onFitEnd: ({ progress, stopping }) => {
        states.push([progress?.step, stopping]);
      },
    };
    const history = await trainer.fit(data, { epochs: 9, batchSize: 4, callbacks: [callback] });
    expect(history).toMatchObject({ steps: 4, stopped: "callback" });
    expect(states).toEqual([
      [undefined, undefined],
      [4, "callback"],
    ]);
  });

  const moments = [
    "onFitStart",
    "onEpochStart",
    "onStepStart",
    "onValidation",
    "onStepEnd",
    "onEpochEnd",
    "onFitEnd",
  ] as const;

  test.each(moments)(
    "%s may throw: its error comes out, and the model is as the last whole step left it",
    async (moment) => {
      const { trainer, data, model } = doubling();
      let weights = model.save();
      const own = new RangeError("the user's own");
      const watching: Callback = {
        onStepStart: () => {
          weights = model.save();
        },
        onValidation: () => {
          weights = model.save();
        },
        [moment]: ({ model: now }: TrainingState) => {
          weights = now.save();
          throw own;
        },
      };
      const options: FitOptions = { epochs: 2, batchSize: 4, validation: data, callbacks: [watching] };
      await expect(trainer.fit(data, options)).rejects.toBe(own);
      expect(model.save()).toEqual(weights);
      expect(model.training).toBe(false);
      expect((await trainer.fit(data)).stopped).toBe("done");
    },
  );

  test.each<[string, FitOptions]>([
    ["callbacks", { callbacks: {} as never }],
    ["callbacks", { callbacks: [null] as never }],
    ["metrics accuracy", { metrics: { accuracy: 1 } as never }],
    ["schedule", { schedule: {} as never }],
    ["accumulate", { accumulate: 0 }],
    ["resume", { resume: "file" as never }],
  ])("fit refuses %s: %j", async (name, options) => {
    const { trainer, data, seen } = doubling();
    await expect(trainer.fit(data, options)).rejects.toThrow(OptionError);
    await expect(trainer.fit(data, options)).rejects.toThrow(new RegExp(`fit ${name}: expected .*, got `));
    expect(seen).toEqual([]);
  });
});

describe("earlyStopping", () => {
  /** Validations find these, one after the other. */
  const finding = (values: readonly number[]): { data: Dataset; metrics: FitOptions["metrics"] } => {
    let at = 0;
    return { data: doubling().data, metrics: { figure: () => values[at++] as number } };
  };

  test("after as many validations that are no better as it has patience; the best weights come back", async () => {
    const { trainer, data, model } = doubling();
    const { data: validation, metrics } = finding([5, 3, 4, 3, 3.5, 1]);
    const weights: Uint8Array[] = [];
    const saving: Callback = { onValidation: () => weights.push(model.save()) as never };
    const stopping = earlyStopping({ monitor: "figure", mode: "min", patience: 3 });
    const history = await trainer.fit(data, { epochs: 9, validation, metrics, callbacks: [saving, stopping] });
    expect(history).toMatchObject({ steps: 5, stopped: "callback" });
    expect(model.save()).toEqual(weights[1]);
    expect(weights[4]).not.toEqual(weights[1]);
  });

  test("more may be better, by a minimum; NaN never is", async () => {
    const run = async (values: number[], options: object): Promise<number> => {
      const { trainer, data } = doubling();
      const { data: validation, metrics } = finding(values);
      const callbacks = [earlyStopping({ monitor: "figure", patience: 2, ...options })];
      return (await trainer.fit(data, { epochs: values.length, validation, metrics, callbacks })).steps;
    };
    expect(await run([1, 2, 3, 4, 5], { mode: "max" })).toBe(5);
    expect(await run([5, 4, 3, 2, 1], { mode: "max" })).toBe(3);
    expect(await run([1, 1.1, 1.2, 3], { mode: "max", minimumChange: 0.5 })).toBe(3);
    expect(await run([1, Number.NaN, Number.NaN, 0], { mode: "min" })).toBe(3);
    expect(await run([Number.NaN, 2, 1, 0], { mode: "min" })).toBe(4);
  });

  test("the end by itself gives the best weights too; an abort leaves the last", async () => {
    for (const abort of [false, true]) {
      const { trainer, data, model } = doubling();
      const { data: validation, metrics } = finding([1, 2, 3]);
      const stop = new AbortController();
      const weights: Uint8Array[] = [];
      const saving: Callback = {
        onStepEnd: (state) => {
          weights.push(model.save());
          if (abort && state.step === 2) stop.abort();
        },
      };
      const callbacks = [earlyStopping({ monitor: "figure", mode: "min" }), saving];
      await trainer.fit(data, { epochs: 3, validation, metrics, callbacks, signal: stop.signal });
      expect(model.save()).toEqual(abort ? weights[1] : weights[0]);
    }
  });

  test("a resumed training remembers the best weights and how long it has waited", async () => {
    const values = [4, 1, 2, 3, 2, 2, 2];
    const run = async (from: number, resume?: Uint8Array): Promise<[Uint8Array, number, Uint8Array[]]> => {
      seed(8);
      const { trainer, data, model } = doubling();
      const { data: validation, metrics } = finding(values.slice(from));
      const saved: Uint8Array[] = [];
      const saving: Callback = { onStepEnd: (state) => saved.push(state.save()) as never };
      const callbacks = [earlyStopping({ monitor: "figure", mode: "min", patience: 4 }), saving];
      const { steps } = await trainer.fit(data, { epochs: 7, validation, metrics, callbacks, resume });
      return [model.save(), steps, saved];
    };
    const [whole, steps, saved] = await run(0);
    expect(steps).toBe(6);
    for (const [i, resume] of saved.entries()) {
      const [weights, total] = await run(i + 1, resume);
      expect([weights, total]).toEqual([whole, 6]);
    }
  });

  test("refuses what it cannot look at", async () => {
    expect(() => earlyStopping({ patience: 0 })).toThrow(/patience: expected a whole number/);
    expect(() => earlyStopping({ minimumChange: Number.NaN })).toThrow(/minimumChange/);
    expect(() => earlyStopping({ monitor: "accuracy" })).toThrow(/mode: expected "min" or "max" for accuracy/);
    expect(() => earlyStopping({ patient: 1 } as never)).toThrow(/"patient"/);
    const { trainer, data } = doubling();
    const callbacks = [earlyStopping({ monitor: "accuracy", mode: "max" })];
    await expect(trainer.fit(data, { validation: data, callbacks })).rejects.toThrow(
      /monitor: expected one of loss, got accuracy/,
    );
  });
});

test("trainingEvents dispatches events with the state", async () => {
  const { trainer, data } = doubling();
  const target = new EventTarget();
  const heard: string[] = [];
  for (const name of ["fitstart", "epochstart", "step", "validation", "epochend", "fitend"]) {
    target.addEventListener(name, (event) => {
      heard.push(`${name} ${(event as CustomEvent<TrainingState>).detail.step}`);
    });
  }
  await trainer.fit(data, { batchSize: 5, validation: data, callbacks: [trainingEvents(target)] });
  const steps = ["step 1", "validation 2", "step 2"];
  expect(heard).toEqual(["fitstart 0", "epochstart 0", ...steps, "epochend 2", "fitend 2"]);
  expect(() => trainingEvents({} as never)).toThrow(OptionError);
});

describe("metrics", () => {
  test("are means over examples, in the history and in progress, of evaluate too", async () => {
    const { trainer, data } = doubling();
    const metrics: FitOptions["metrics"] = { input: (_, __, { input }) => mean(input.toArray()) };
    const whole = mean(Float32Array.from({ length: COUNT }, (_, i) => i / COUNT));
    const found: unknown[] = [];
    const { validation } = await trainer.fit(data, {
      batchSize: 4,
      metrics,
      validation: data,
      onProgress: (progress) => {
        found.push(progress.metrics);
      },
    });
    expect(validation[0]?.metrics.input).toBeCloseTo(whole, 6);
    expect(found).toEqual([undefined, undefined, validation[0]?.metrics]);
    expect((await trainer.evaluate(data, { batchSize: 3, metrics })).metrics.input).toBeCloseTo(whole, 6);
  });
});

const mean = (numbers: ArrayLike<number>): number => Array.from(numbers).reduce((a, b) => a + b, 0) / numbers.length;

test("a schedule sets the rate of each step and is told of validations", async () => {
  const { trainer, data, model } = doubling();
  const observed: number[] = [];
  const rates: number[] = [];
  const schedule = { rateAt: (step: number) => 0.1 / (step + 1), observe: (value: number) => observed.push(value) };
  const { validation } = await trainer.fit(data, {
    epochs: 2,
    batchSize: 5,
    shuffle: false,
    schedule: schedule as never,
    validation: data,
    onProgress: ({ learningRate }) => {
      rates.push(learningRate);
    },
  });
  expect(rates).toEqual([0.1, 0.1 / 2, 0.1 / 3, 0.1 / 4]);
  expect(observed).toEqual(validation.map(({ loss }) => loss));
  seed(8);
  const other = doubling();
  const optimizer = new SGD(other.model.parameters(), { learningRate: 9 });
  const byHand = new Trainer({ model: other.model, loss: mseLoss, optimizer });
  const order = [0, 1, 0, 1].map((half) => Int32Array.from({ length: 5 }, (_, i) => 5 * half + i));
  for (const [step, indices] of order.entries()) {
    optimizer.learningRate = 0.1 / (step + 1);
    await byHand.fit({ length: 5, batch: () => data.batch(indices) }, { batchSize: 5, shuffle: false });
  }
  expect(other.model.save()).toEqual(model.save());
});

describe("accumulation", () => {
  test.each([1, 2, 3, 4, 10])("%i batches a step learn as one large batch", async (accumulate) => {
    const run = async (options: FitOptions): Promise<{ weights: number[]; loss: readonly number[] }> => {
      seed(8);
      const { trainer, data, model } = doubling();
      const { loss } = await trainer.fit(data, { epochs: 3, ...options });
      return { weights: [model.weight.item(), ...(model.bias?.toArray() ?? [])], loss };
    };
    const parts = await run({ batchSize: 2, accumulate });
    const whole = await run({ batchSize: 2 * accumulate });
    expect(parts.loss).toHaveLength(whole.loss.length);
    for (const [i, loss] of whole.loss.entries()) expect(parts.loss[i]).toBeCloseTo(loss, 5);
    for (const [i, weight] of whole.weights.entries()) expect(parts.weights[i]).toBeCloseTo(weight, 5);
  });

  test("a batch that throws among others: the step has changed nothing", async () => {
    const { trainer, data, model } = doubling();
    const before = model.save();
    let asked = 0;
    const failing: Dataset = {
      length: COUNT,
      batch: (indices) => {
        if (asked++ === 2) throw new RangeError("unreadable");
        return data.batch(indices);
      },
    };
    await expect(trainer.fit(failing, { batchSize: 2, accumulate: 4 })).rejects.toThrow("unreadable");
    expect(model.save()).toEqual(before);
  });
});

describe("sources of batches", () => {
  const batchOf = (value: number, rows = 2): Batch => ({
    input: tensor(new Float32Array(rows).fill(value), [rows, 1]),
    target: tensor(new Float32Array(rows).fill(2 * value), [rows, 1]),
  });
  const source = (count: number, stepsPerEpoch?: number): BatchSource => ({
    stepsPerEpoch,
    *batches() {
      for (let i = 0; i < count; i++) yield batchOf(i / count, i + 1);
    },
  });

  test("are walked once a pass, synchronous or not; the number of steps need not be known", async () => {
    for (const stepsPerEpoch of [undefined, 4]) {
      const { trainer } = doubling();
      const steps: number[] = [];
      const onProgress: FitOptions["onProgress"] = ({ steps: all }) => {
        steps.push(all);
      };
      const history = await trainer.fit(source(4, stepsPerEpoch), { epochs: 2, onProgress });
      expect(history).toMatchObject({ steps: 8, stopped: "done" });
      expect(new Set(steps)).toEqual(new Set([stepsPerEpoch === undefined ? Number.POSITIVE_INFINITY : 8]));
    }
  });

  test("can be validation: means weighted by targets", async () => {
    const { trainer, model } = doubling();
    model.weight.set([0]);
    model.bias?.set([0]);
    const { loss, count } = await trainer.evaluate(source(3));
    // Batches of 1, 2 and 3 rows of 0, 1/3 and 2/3.
    expect(loss).toBeCloseTo((2 * (2 / 3) ** 2 + 3 * (4 / 3) ** 2) / 6, 6);
    expect(count).toBe(3);
    const history = await trainer.fit(source(3), { validation: source(3) });
    expect(history.validation.map(({ step }) => step)).toEqual([3]);
  });

  test("one that ends early, goes on too long, or has nothing", async () => {
    const cases: [BatchSource, RegExp, number][] = [
      [source(3, 5), /pass 1: expected 5 batches, as its stepsPerEpoch says, got 3/, 2],
      [source(3, 2), /pass 1: expected 2 batches, as its stepsPerEpoch says, got more/, 1],
      [source(0), /pass 1: expected at least one batch, got none/, 0],
    ];
    for (const [data, wanted, steps] of cases) {
      const { trainer } = doubling();
      let done = 0;
      const callback: Callback = {
        onStepEnd: ({ step }) => {
          done = step;
        },
      };
      const failing = trainer.fit(data, { callbacks: [callback] });
      await expect(failing).rejects.toThrow(DataError);
      await expect(failing).rejects.toThrow(wanted);
      expect(done).toBe(steps);
      await trainer.fit(source(3));
    }
    const { trainer } = doubling();
    await expect(trainer.evaluate(source(0))).rejects.toThrow(DataError);
    await expect(trainer.fit(source(1, 0.5))).rejects.toThrow(/stepsPerEpoch: expected a whole number/);
  });

  test("one that throws, and one that is left: its walk is closed", async () => {
    let closed = 0;
    const endless: BatchSource = {
      async *batches() {
        try {
          for (let i = 0; ; i++) yield await Promise.resolve(batchOf(i === 6 ? Number.NaN : 0.5));
        } finally {
          closed++;
        }
      },
    };
    const { trainer } = doubling();
    expect((await trainer.fit(endless, { steps: 3 })).steps).toBe(3);
    expect(closed).toBe(1);
    await expect(trainer.fit(endless, { steps: 30 })).rejects.toThrow(NumericError);
    expect(closed).toBe(2);
  });

  test("that carry a state need a model that returns one", async () => {
    const { trainer } = doubling();
    await expect(trainer.fit({ ...source(3), carriesState: true })).rejects.toThrow(/expected forward\(x, state\)/);
  });
});

test("lengths reach the model, and the loss where there is a target for every step", async () => {
  const lstm = new LSTM({ inputSize: 2, hiddenSize: 3 });
  const optimizer = new Adam(lstm.parameters());
  const input = tensor(new Float32Array(24).fill(1), [4, 3, 2]);
  const lengths = [4, 2, 1];
  const seen: unknown[] = [];
  const source = (target: Batch["target"]): BatchSource => ({ batches: () => [{ input, target, lengths }] });
  const loss: typeof crossEntropy = (output, target, options) => {
    seen.push(options);
    // Of a sequence that has ended the outputs are zeros.
    const ended = output
      .toArray()
      .map((value, i) => (Math.floor(i / 9) >= (lengths[Math.floor(i / 3) % 3] as number) ? value : 0));
    expect(Math.max(...ended.map(Math.abs))).toBe(0);
    return target.shape.length === 2 ? crossEntropy(output, target, options) : mseLoss(output, output);
  };
  const trainer = new Trainer({ model: lstm, loss, optimizer });
  await trainer.fit(source(tensor(new Int32Array(12), [4, 3])));
  await trainer.evaluate(source(tensor(new Int32Array(12), [4, 3])));
  await trainer.fit(source(tensor(new Int32Array(3), [3])));
  expect(seen).toEqual([{ lengths }, { lengths }, undefined]);
});

test("arrayDataset and sources go together with validation of the other kind", async () => {
  const { trainer } = doubling();
  const data = arrayDataset(tensor([[1], [2]]), tensor([[2], [4]]));
  const source: BatchSource = { batches: () => [data.batch(Int32Array.of(0, 1))] };
  expect((await trainer.fit(data, { validation: source })).validation).toHaveLength(1);
  expect((await trainer.fit(source, { validation: data })).validation).toHaveLength(1);
});
