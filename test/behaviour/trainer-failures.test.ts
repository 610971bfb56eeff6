import {
  Adam,
  arrayDataset,
  DataError,
  type Dataset,
  type FitOptions,
  Linear,
  Module,
  mean,
  mseLoss,
  NumericError,
  OptionError,
  ones,
  Sequential,
  SGD,
  seed,
  Trainer,
  tensor,
} from "unrolled";
import { beforeEach, describe, expect, test } from "vitest";
import { COUNT, doubling } from "./doubling.ts";

beforeEach(() => seed(8));

describe("what goes wrong", () => {
  test("an onProgress that throws stops the training with its error; model and trainer can go on", async () => {
    const { trainer, data, model } = doubling();
    const failing = trainer.fit(data, {
      epochs: 5,
      onProgress: ({ step }) => {
        if (step === 2) throw new RangeError("the user's own");
      },
    });
    await expect(failing).rejects.toThrow("the user's own");
    expect([...model.weight.toArray(), model.weight.item()].every(Number.isFinite)).toBe(true);
    const { loss } = await trainer.fit(data, { epochs: 500 });
    expect(loss.at(-1)).toBeLessThan(1e-3);
  });

  test("so does a dataset that throws, at the first batch or later", async () => {
    for (const good of [0, 2]) {
      const { trainer, data, model } = doubling();
      let asked = 0;
      const failing: Dataset = {
        length: COUNT,
        batch: (indices) => {
          if (asked++ === good) throw new RangeError("unreadable");
          return data.batch(indices);
        },
      };
      await expect(trainer.fit(failing, { epochs: 5 })).rejects.toThrow("unreadable");
      expect(trainer.predict(ones([2, 1])).shape).toEqual([2, 1]);
      expect((await trainer.fit(data, { epochs: 500 })).loss.at(-1)).toBeLessThan(1e-3);
      expect(model.save().length).toBeGreaterThan(0);
    }
  });

  /** Runs fit until it throws; the weights after are those after the last step it told of. */
  async function expectNumericError(trainer: Trainer, model: Module, data: Dataset): Promise<void> {
    let weights = model.save();
    let told = 0;
    const options: FitOptions = {
      steps: 20,
      batchSize: 2,
      shuffle: false,
      onProgress: ({ step }) => {
        told = step;
        weights = model.save();
      },
    };
    const error = await trainer.fit(data, options).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(NumericError);
    expect((error as NumericError).message).toMatch(new RegExp(`step ${told + 1}\\b.*finite.*got (NaN|Infinity)`));
    expect(model.save()).toEqual(weights);
  }

  test("a learning rate that is far too large: NumericError, the step changed nothing", async () => {
    const { model, data } = doubling();
    const optimizer = new SGD(model.parameters(), { learningRate: 1e30 });
    await expectNumericError(new Trainer({ model, loss: mseLoss, optimizer }), model, data);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "%s in the data: NumericError, the step changed nothing",
    async (bad) => {
      for (const clipNorm of [undefined, 1]) {
        const { model } = doubling();
        const optimizer = new Adam(model.parameters());
        const x = Float32Array.from({ length: 8 }, (_, i) => (i === 5 ? bad : 1));
        const data = arrayDataset(tensor(x, [8, 1]), ones([8, 1]));
        await expectNumericError(new Trainer({ model, loss: mseLoss, optimizer, clipNorm }), model, data);
      }
    },
  );

  test.each([undefined, 1])("a gradient that is not finite though the loss is (clipNorm %s)", async (clipNorm) => {
    const model = new Sequential(
      new Linear({ inputSize: 1, outputSize: 1, bias: false }),
      new Linear({ inputSize: 1, outputSize: 1, bias: false }),
      new Linear({ inputSize: 1, outputSize: 1, bias: false }),
    );
    const [first, second, third] = model.parameters();
    first.set([1e-30]);
    second.set([1e25]);
    third.set([1e25]);
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    const data = arrayDataset(ones([4, 1]), ones([4, 1]));
    const weights = model.save();
    // y = w3·w2·w1·x = 1e20, and dy/dw1 = w3·w2·x = 1e50.
    const trainer = new Trainer({ model, loss: (output) => mean(output), optimizer, clipNorm });
    await expect(trainer.fit(data, { steps: 1 })).rejects.toThrow(NumericError);
    await expect(trainer.fit(data, { steps: 1 })).rejects.toThrow(/step 1: expected finite gradients/);
    expect(model.save()).toEqual(weights);
  });

  test("an unknown option of evaluate", async () => {
    const { trainer, data } = doubling();
    await expect(trainer.evaluate(data, { batchsize: 2 } as never)).rejects.toThrow(/evaluate: .*"batchsize"/);
  });

  test("no data", async () => {
    const { trainer, data } = doubling();
    const none: Dataset = { length: 0, batch: () => data.batch(Int32Array.of(0)) };
    await expect(trainer.fit(none)).rejects.toThrow(DataError);
    await expect(trainer.evaluate(none)).rejects.toThrow(DataError);
    await expect(trainer.fit(data, { validation: none })).rejects.toThrow(
      /validation: expected at least one example, got 0/,
    );
  });

  test.each<[string, Record<string, unknown>]>([
    ["epochs", { epochs: 0 }],
    ["epochs", { epochs: 1.5 }],
    ["steps", { steps: -1 }],
    ["steps", { steps: Number.NaN }],
    ["batchSize", { batchSize: 0 }],
    ["batchSize", { batchSize: 2.5 }],
    ["validationEvery", { validationEvery: 0 }],
    ["seconds", { seconds: 0 }],
    ["seconds", { seconds: Number.NaN }],
    ["epoch", { epoch: 3 }],
  ])("fit refuses %s: %j", async (name, options) => {
    const { trainer, data, seen } = doubling();
    await expect(trainer.fit(data, options as FitOptions)).rejects.toThrow(OptionError);
    await expect(trainer.fit(data, options as FitOptions)).rejects.toThrow(new RegExp(`${name}.*got|got "${name}"`));
    expect(seen).toEqual([]);
  });

  test("a model that returns no tensor, a loss that is not one number", async () => {
    class Silent extends Module {
      head = new Linear({ inputSize: 1, outputSize: 1 });
      override forward(): string {
        return "nothing";
      }
    }
    const silent = new Silent();
    const { data, model } = doubling();
    const optimizer = new SGD(silent.parameters(), { learningRate: 0.1 });
    await expect(new Trainer({ model: silent, loss: mseLoss, optimizer }).fit(data)).rejects.toThrow(OptionError);
    const many = new Trainer({
      model,
      loss: (output, target) => mseLoss(output, target, { reduction: "none" }),
      optimizer: new SGD(model.parameters(), { learningRate: 0.1 }),
    });
    await expect(many.fit(data)).rejects.toThrow(/single number/);
  });
});
