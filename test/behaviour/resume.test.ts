/** A training that is resumed goes on to the same bits, wherever it was left; what does not fit changes nothing. */
import {
  Adam,
  type Batch,
  BatchNorm1d,
  type BatchSource,
  type Callback,
  crossEntropy,
  type Dataset,
  Dropout,
  decodeSafetensors,
  Embedding,
  encodeSafetensors,
  type FitOptions,
  GRU,
  type History,
  Linear,
  LSTM,
  type LSTMState,
  Module,
  mseLoss,
  reshape,
  type Schedule,
  Sequential,
  SGD,
  seed,
  type Tensor,
  Trainer,
  type TrainingState,
  tensor,
  textWindows,
  WeightsError,
} from "unrolled";
import { describe, expect, test } from "vitest";

const CLASSES = 7;
const tokens = Int32Array.from({ length: 40 }, (_, i) => (i * i + 3 * i) % CLASSES);

/** Examples of which the last batch of a pass is smaller: 35 windows of 5. */
const windows = (): Dataset => textWindows(tokens, { window: 5 });

/** A network with everything that draws random numbers, and running statistics besides. */
class Everything extends Module {
  embedding = new Embedding({ count: CLASSES, size: 6 });
  lstm = new LSTM({ inputSize: 6, hiddenSize: 5, layers: 2, dropout: 0.3, recurrentDropout: 0.2, weightDrop: 0.1 });
  drop = new Dropout({ probability: 0.4 });
  norm = new BatchNorm1d({ channels: 5 });
  head = new Linear({ inputSize: 5, outputSize: CLASSES });

  override forward(x: Tensor): Tensor {
    const { output } = this.lstm.forward(this.embedding.forward(x));
    const [steps, batch, size] = output.shape as [number, number, number];
    const flat = this.norm.forward(reshape(this.drop.forward(output), [steps * batch, size]));
    return this.head.forward(reshape(flat, [steps, batch, size]));
  }
}

/** Halves the rate after each validation that is no better than the best before. */
function plateau(rate: number): Schedule {
  let [best, factor] = [Number.POSITIVE_INFINITY, 1];
  return {
    rateAt: (step) => (rate * factor) / (1 + step / 10),
    observe: (value) => {
      if (value >= best) factor /= 2;
      best = Math.min(best, value);
    },
    stateDict: () => ({ best, factor }),
    loadStateDict: (state) => {
      [best, factor] = [state.best, state.factor];
    },
  };
}

interface Training {
  readonly model: Module;
  readonly trainer: Trainer;
  readonly learn: (more?: FitOptions) => Promise<History>;
}

function training(start: number, data: Dataset = windows(), options: FitOptions = {}): Training {
  seed(start);
  const model = new Everything();
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const trainer = new Trainer({ model, loss: crossEntropy, optimizer, clipNorm: 0.5, seed: start });
  const learn = (more: FitOptions = {}): Promise<History> =>
    trainer.fit(data, {
      epochs: 3,
      batchSize: 8,
      schedule: plateau(0.02),
      validation: windows(),
      validationEvery: 3,
      metrics: { spread: (output) => Math.max(...output.toArray()) },
      ...options,
      ...more,
    });
  return { model, trainer, learn };
}

const bits = ({ loss, validation, steps }: History): object => ({ loss, validation, steps });

/** Saves at every occasion there is. */
function savingAlways(): { callback: Callback; saved: Map<string, Uint8Array> } {
  const saved = new Map<string, Uint8Array>();
  const save =
    (moment: string) =>
    (state: TrainingState): void => {
      saved.set(`${moment} ${state.step}`, state.save());
    };
  const moments = ["onFitStart", "onEpochStart", "onStepStart", "onValidation", "onStepEnd", "onEpochEnd", "onFitEnd"];
  return { callback: Object.fromEntries(moments.map((moment) => [moment, save(moment)])), saved };
}

describe("to the same bits", () => {
  test.each<[string, FitOptions]>([
    ["with dropout, shuffling, clipping and a schedule that has a state", {}],
    ["with gradient accumulation", { accumulate: 2 }],
    ["without shuffling", { shuffle: false }],
    ["for a number of steps", { epochs: undefined, steps: 13 }],
  ])("%s, from every moment of three passes", async (_, options) => {
    const whole = training(5, windows(), options);
    const { callback, saved } = savingAlways();
    const history = await whole.learn({ callbacks: [callback] });
    const undisturbed = training(5, windows(), options);
    expect(bits(await undisturbed.learn())).toEqual(bits(history));
    expect(undisturbed.model.save()).toEqual(whole.model.save());
    expect(saved.size).toBeGreaterThan(20);
    for (const [moment, resume] of saved) {
      const { model, learn } = training(77, windows(), options);
      const resumed = await learn({ resume });
      expect(bits(resumed), moment).toEqual(bits(history));
      expect(model.save(), moment).toEqual(whole.model.save());
    }
  });

  test("an aborted training, again and again", async () => {
    const whole = training(6);
    const history = await whole.learn();
    let resume: Uint8Array | undefined;
    let left = training(6);
    for (let step = 4; ; step += 4) {
      const stop = new AbortController();
      const onProgress: FitOptions["onProgress"] = (progress) => {
        if (progress.step === step) stop.abort();
      };
      const part = await left.learn({ resume, signal: stop.signal, onProgress });
      if (part.stopped === "done") {
        expect(bits(part)).toEqual(bits(history));
        break;
      }
      expect(part.steps).toBe(step);
      resume = left.trainer.save();
      left = training(step);
    }
    expect(left.model.save()).toEqual(whole.model.save());
  });

  test("with more passes than before, as if they had been asked for at once", async () => {
    const whole = training(8);
    await whole.learn({ epochs: 4 });
    const first = training(8);
    await first.learn({ epochs: 2, validationEvery: 5 });
    const second = training(9);
    await second.learn({ epochs: 4, resume: first.trainer.save() });
    // The validations at other steps have told the schedule other things; without it they are the same.
    expect(second.model.save()).not.toEqual(first.model.save());
    const plain = { schedule: undefined, validation: undefined };
    const a = training(8);
    await a.learn({ ...plain, epochs: 4 });
    const b = training(8);
    await b.learn({ ...plain, epochs: 2 });
    const c = training(9);
    await c.learn({ ...plain, epochs: 4, resume: b.trainer.save() });
    expect(c.model.save()).toEqual(a.model.save());
  });

  test("callbacks with a state get it back, by their names", async () => {
    const counting = (name: string): Callback & { count: number } => ({
      name,
      count: 0,
      onStepEnd() {
        this.count++;
      },
      stateDict() {
        return { numbers: { count: this.count }, tensors: { twice: tensor([2 * this.count]) } };
      },
      loadStateDict({ numbers, tensors }) {
        expect(tensors?.twice?.item()).toBe(2 * (numbers.count as number));
        this.count = numbers.count as number;
      },
    });
    const { learn, trainer } = training(3);
    await learn({ steps: 4, callbacks: [counting("one"), counting("one")] });
    const [again, other] = [counting("one"), counting("two")];
    await training(4).learn({ steps: 6, resume: trainer.save(), callbacks: [again, other] });
    expect([again.count, other.count]).toEqual([6, 2]);
  });

  test("what a callback is told by a resumed training: not of passes and steps that had begun before", async () => {
    const told: string[] = [];
    const note = (moment: string) => (state: TrainingState) => {
      told.push(`${moment} ${state.step}/${state.epoch}`);
    };
    const callback: Callback = {
      onFitStart: note("fit"),
      onEpochStart: note("epoch"),
      onEpochEnd: note("epoch end"),
      onFitEnd: note("end"),
    };
    const { callback: saving, saved } = savingAlways();
    await training(3).learn({ epochs: 2, callbacks: [callback, saving] });
    const whole = ["fit 0/1", "epoch 0/1", "epoch end 5/1", "epoch 5/2", "epoch end 10/2", "end 10/2"];
    // After the last pass the next would be the third, but none has begun.
    expect(told.slice(0, -1)).toEqual(whole.slice(0, -1));
    const resumedAt = async (moment: string): Promise<string[]> => {
      told.length = 0;
      await training(4).learn({ epochs: 2, callbacks: [callback], resume: saved.get(moment) });
      return told.slice(0, -1);
    };
    expect(await resumedAt("onStepEnd 3")).toEqual(["fit 3/1", ...whole.slice(2, -1)]);
    expect(await resumedAt("onStepEnd 5")).toEqual(["fit 5/1", ...whole.slice(2, -1)]);
    expect(await resumedAt("onEpochEnd 5")).toEqual(["fit 5/2", ...whole.slice(3, -1)]);
  });
});

describe("sources of batches", () => {
  /** Carries its state from piece to piece of a long text in three rows. */
  class Stateful extends Module {
    embedding = new Embedding({ count: CLASSES, size: 4 });
    lstm = new LSTM({ inputSize: 4, hiddenSize: 5, dropout: 0 });
    drop = new Dropout({ probability: 0.2 });
    head = new Linear({ inputSize: 5, outputSize: CLASSES });

    override forward(x: Tensor, state?: LSTMState): { output: Tensor; state: LSTMState } {
      const { output, state: last } = this.lstm.forward(this.embedding.forward(x), state);
      return { output: this.head.forward(this.drop.forward(output)), state: last };
    }
  }

  const piece = (epoch: number, at: number): Batch => {
    const numbers = (from: number): Int32Array =>
      Int32Array.from({ length: 12 }, (_, i) => tokens[(from + i + 5 * epoch) % tokens.length] as number);
    return { input: tensor(numbers(4 * at), [4, 3]), target: tensor(numbers(4 * at + 1), [4, 3]) };
  };

  const pieces = (asked: { epoch: number; seed: number }[] = [], known = false): BatchSource => ({
    carriesState: true,
    stepsPerEpoch: known ? 6 : undefined,
    async *batches(pass) {
      asked.push(pass);
      for (let at = 0; at < 6; at++) yield await Promise.resolve(piece(pass.epoch, at));
    },
  });

  const stateful = (start: number): { model: Stateful; trainer: Trainer } => {
    seed(start);
    const model = new Stateful();
    const optimizer = new SGD(model.parameters(), { learningRate: 0.3, momentum: 0.9 });
    return { model, trainer: new Trainer({ model, loss: crossEntropy, optimizer, seed: start }) };
  };

  test.each([false, true])("carried state and all, from every step (number of batches known: %s)", async (known) => {
    const whole = stateful(2);
    const asked: { epoch: number; seed: number }[] = [];
    const { callback, saved } = savingAlways();
    const history = await whole.trainer.fit(pieces(asked, known), { epochs: 2, accumulate: 2, callbacks: [callback] });
    expect(history.steps).toBe(6);
    expect(asked).toEqual([
      { epoch: 0, seed: 2 },
      { epoch: 1, seed: 2 },
    ]);
    for (const [moment, resume] of saved) {
      const { model, trainer } = stateful(3);
      const resumed = await trainer.fit(pieces([], known), { epochs: 2, accumulate: 2, resume });
      expect(bits(resumed), moment).toEqual(bits(history));
      expect(model.save(), moment).toEqual(whole.model.save());
    }
  });

  test("the state of one batch is where the next begins, and a pass begins anew", async () => {
    const { model, trainer } = stateful(2);
    const given: (number[] | undefined)[] = [];
    const last: number[][] = [];
    const forward = model.forward.bind(model);
    model.forward = (x, state) => {
      given.push(state && [...state.h.toArray()]);
      const result = forward(x, state);
      last.push([...result.state.h.toArray()]);
      return result;
    };
    await trainer.fit(pieces(), { epochs: 2 });
    expect(given).toHaveLength(12);
    for (const [i, state] of given.entries()) expect(state).toEqual(i % 6 === 0 ? undefined : last[i - 1]);
  });
});

describe("what does not fit is refused, and nothing is changed", () => {
  const written = async (): Promise<Uint8Array> => {
    const { learn, trainer } = training(5);
    await learn({ steps: 4 });
    return trainer.save({ note: "mine" });
  };

  /** Refused by a trainer, whose next training is then that of one to which nothing has happened. */
  async function expectRefused(resume: Uint8Array, wanted: RegExp, options: FitOptions = {}): Promise<void> {
    const { learn, model } = training(5, windows(), options);
    const before = model.save();
    const refused = learn({ resume });
    await expect(refused).rejects.toThrow(WeightsError);
    await expect(refused).rejects.toThrow(wanted);
    expect(model.save()).toEqual(before);
    const history = await learn({ steps: 3 });
    const untouched = training(5, windows(), options);
    expect(bits(await untouched.learn({ steps: 3 }))).toEqual(bits(history));
    expect(model.save()).toEqual(untouched.model.save());
  }

  test("cut off at any byte", async () => {
    const bytes = await written();
    const { learn, model } = training(5);
    const before = model.save();
    for (let length = 0; length < bytes.length; length++) {
      await expect(learn({ resume: bytes.slice(0, length) }), `${length}`).rejects.toThrow(WeightsError);
    }
    expect(model.save()).toEqual(before);
    await expectRefused(bytes.slice(0, -1), /safetensors/);
  });

  test("of another version, or no training at all", async () => {
    const { tensors, metadata } = decodeSafetensors(await written());
    expect(metadata.note).toBe("mine");
    const changed = (texts: Record<string, string>): Uint8Array =>
      encodeSafetensors(tensors, { ...metadata, ...texts });
    await expectRefused(changed({ version: "2" }), /expected version 1, got 2/);
    await expectRefused(changed({ format: "pt" }), /expected a file of unrolled-training, got pt/);
    await expectRefused(changed({ training: "{" }), /expected JSON/);
    await expectRefused(changed({ training: "{}" }), /expected layout, got none/);
    await expectRefused(training(5).model.save(), /got another/);
  });

  test("of another model, optimizer, schedule or other data", async () => {
    const bytes = await written();
    seed(1);
    const model = new Sequential(new Embedding({ count: 7, size: 3 }), new GRU({ inputSize: 3, hiddenSize: 7 }));
    const other = new Trainer({ model, loss: crossEntropy, optimizer: new Adam(model.parameters()) });
    const before = model.save();
    const options = { batchSize: 8, schedule: plateau(0.1), resume: bytes };
    await expect(other.fit(windows(), options)).rejects.toThrow(/missing .*unknown/);
    expect(model.save()).toEqual(before);
    await expectRefused(bytes, /expected a training with batchSize 4, got one with 8/, { batchSize: 4 });
    await expectRefused(bytes, /expected a training with accumulate 2, got one with 1/, { accumulate: 2 });
    await expectRefused(bytes, /expected a training with shuffle false, got one with true/, { shuffle: false });
    await expectRefused(bytes, /without a schedule that has a state/, { schedule: undefined });
    const everything = new Everything();
    const sgd = new Trainer({
      model: everything,
      loss: crossEntropy,
      optimizer: new SGD(everything.parameters(), { learningRate: 0.1 }),
    });
    const weights = everything.save();
    await expect(sgd.fit(windows(), options)).rejects.toThrow(/expected the state of SGD, got that of Adam/);
    expect(everything.save()).toEqual(weights);
    const fewer = training(5, textWindows(tokens.subarray(0, 30), { window: 5 }));
    await expect(fewer.learn({ resume: bytes })).rejects.toThrow(
      /expected a training with examples 25, got one with 35/,
    );
  });

  test("by a callback that refuses its state: model and optimizer are then as they were", async () => {
    const callback: Callback = {
      name: "strict",
      stateDict: () => ({ numbers: {} }),
      loadStateDict: () => {
        throw new RangeError("not mine");
      },
    };
    const { learn, trainer } = training(5);
    await learn({ steps: 4, callbacks: [callback] });
    const other = training(6);
    const before = other.model.save();
    await expect(other.learn({ resume: trainer.save(), callbacks: [callback] })).rejects.toThrow("not mine");
    expect(other.model.save()).toEqual(before);
    expect(bits(await other.learn({ steps: 3 }))).toEqual(bits(await training(6).learn({ steps: 3 })));
  });

  test("save before any training, and texts that are the format's own", async () => {
    const { trainer, learn } = training(5);
    expect(() => trainer.save()).toThrow(/expected a trainer that has trained/);
    await learn({ steps: 1 });
    expect(() => trainer.save({ training: "x" })).toThrow(WeightsError);
  });
});

describe("state of an optimizer", () => {
  test.each(["SGD", "Adam"])("%s goes on to the same bits, and refuses another's", (kind) => {
    const make = (): { layer: Linear; optimizer: SGD | Adam; step: () => void } => {
      seed(4);
      const layer = new Linear({ inputSize: 3, outputSize: 2 });
      const optimizer =
        kind === "SGD"
          ? new SGD(layer.parameters(), { learningRate: 0.1, momentum: 0.9 })
          : new Adam(layer.parameters(), { learningRate: 0.1 });
      const step = (): void => {
        optimizer.zeroGrad();
        mseLoss(layer.forward(tensor([[1, 2, 3]])), tensor([[1, -1]])).backward();
        optimizer.step();
      };
      return { layer, optimizer, step };
    };
    const [first, second] = [make(), make()];
    for (let i = 0; i < 4; i++) first.step();
    second.layer.load(first.layer.save());
    second.optimizer.loadStateDict(first.optimizer.stateDict());
    for (const { step } of [first, second]) for (let i = 0; i < 3; i++) step();
    expect(second.layer.save()).toEqual(first.layer.save());
    const state = first.optimizer.stateDict();
    const refused = (changed: object): void => {
      expect(() => second.optimizer.loadStateDict({ ...state, ...changed })).toThrow(WeightsError);
    };
    const [name] = Object.keys(state.arrays) as [string];
    refused({ kind: "Adagrad" });
    refused({ arrays: {} });
    refused({ arrays: { ...state.arrays, [name]: new Float32Array(1) } });
    refused({ arrays: { ...state.arrays, "9.other": new Float32Array(1) } });
    refused({ numbers: { ...state.numbers, learningRate: Number.NaN } });
    refused({ numbers: { ...state.numbers, steps: [1] } });
    expect(second.optimizer.stateDict()).toEqual(state);
  });
});
