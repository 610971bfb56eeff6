/** The first loss or gradient that is not finite: which layer, which parameter, which time step it began in. */
import {
  add,
  BatchNorm1d,
  Dropout,
  Embedding,
  LastStep,
  Linear,
  log,
  Module,
  mean,
  mseLoss,
  mul,
  NumericError,
  normal,
  ones,
  RNN,
  Sequential,
  SGD,
  seed,
  sub,
  sum,
  type Tensor,
  Trainer,
  tensor,
} from "unrolled";
import { beforeEach, describe, expect, test } from "vitest";

beforeEach(() => seed(8));

/** What stops one step of a model on an input, after which everything is as it was. */
async function stopOf(
  model: Module,
  input: Tensor,
  {
    loss = (output) => mean(output),
    target = ones([input.shape[0] as number]),
  }: {
    loss?: (output: Tensor, target: Tensor) => Tensor;
    target?: Tensor;
  } = {},
): Promise<NumericError> {
  const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
  const trainer = new Trainer({ model, loss, optimizer });
  const before = model.save();
  const source = { batches: () => [{ input, target }] };
  const error = await trainer.fit(source).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(NumericError);
  expect(model.save()).toEqual(before);
  // Nothing is left of the eye on every layer.
  for (const part of [model, ...[...model.children()].map(([, child]) => child)]) {
    expect(Object.hasOwn(part, "forward")).toBe(false);
  }
  return error as NumericError;
}

/** Its state grows 1e6-fold a step, so from 1e0 in step 0 it is past the largest number in step 7. */
function growing(options: { batchFirst?: boolean } = {}): RNN {
  const rnn = new RNN({ inputSize: 1, hiddenSize: 2, activation: "relu", bias: false, ...options });
  for (const [name, parameter] of rnn.namedParameters()) {
    parameter.set(name.startsWith("weight_hh") ? [1e6, 0, 0, 1e6] : [1, 1]);
  }
  return rnn;
}

describe("a loss", () => {
  test.each([false, true])("that a recurrent layer spoils (batchFirst %s)", async (batchFirst) => {
    const model = new Sequential(
      new Linear({ inputSize: 1, outputSize: 1, bias: false }),
      growing({ batchFirst }),
      new LastStep({ batchFirst }),
      new Linear({ inputSize: 2, outputSize: 1 }),
    );
    model.parameters()[0]?.set([1]);
    const error = await stopOf(model, ones(batchFirst ? [3, 12, 1] : [12, 3, 1]));
    expect(error.origin).toEqual({ layer: "1 (RNN)", parameter: "1.weight_hh_l0", timeStep: 7 });
    expect(error.message).toMatch(
      /step 1: expected a finite loss, got .*; it began in layer 1 \(RNN\), parameter 1.weight_hh_l0, time step 7;/,
    );
  });

  test("of a parameter that is not finite itself, deep inside", async () => {
    class Encoder extends Module {
      layers = [new Linear({ inputSize: 2, outputSize: 2 }), new Linear({ inputSize: 2, outputSize: 2 })];
      override forward(x: Tensor): Tensor {
        return this.layers.reduce((at, layer) => layer.forward(at), x);
      }
    }
    class Model extends Module {
      encoder = new Encoder();
      head = new Linear({ inputSize: 2, outputSize: 1 });
      override forward(x: Tensor): Tensor {
        return this.head.forward(this.encoder.forward(x));
      }
    }
    const model = new Model();
    model.encoder.layers[1].bias?.set([0, Number.NaN]);
    const { origin } = await stopOf(model, ones([3, 2]));
    expect(origin).toEqual({ layer: "encoder.layers.1 (Linear)", parameter: "encoder.layers.1.bias" });
  });

  test("of an input or a target that is not finite", async () => {
    const numbers = Float32Array.from({ length: 24 }, (_, i) => (i === 13 ? Number.NaN : 1));
    const model = new Sequential(new RNN({ inputSize: 2, hiddenSize: 2 }));
    // [T, B, I] = [4, 3, 2]: number 13 belongs to the third step.
    const { origin, message } = await stopOf(model, tensor(numbers, [4, 3, 2]));
    expect(origin).toEqual({ layer: "the input", timeStep: 2 });
    expect(message).toContain("it began in the input, time step 2");
    const target = tensor([1, Number.POSITIVE_INFINITY], [2, 1]);
    const linear = new Linear({ inputSize: 1, outputSize: 1 });
    expect((await stopOf(linear, ones([2, 1]), { loss: mseLoss, target })).origin).toEqual({ layer: "the target" });
  });

  test("that the loss itself spoils", async () => {
    const model = new Linear({ inputSize: 1, outputSize: 1 });
    const { origin } = await stopOf(model, ones([2, 1]), { loss: (output) => mean(log(mul(output, 0))) });
    expect(origin).toEqual({ layer: "the loss" });
  });

  test("with the masks that dropout had, and running statistics as they were", async () => {
    class Unlucky extends Module {
      norm = new BatchNorm1d({ channels: 1 });
      drop = new Dropout({ probability: 0.5 });
      head = new Linear({ inputSize: 1, outputSize: 1 });
      override forward(x: Tensor): Tensor {
        // Infinite where a number was dropped.
        return this.head.forward(log(mul(this.drop.forward(add(mul(this.norm.forward(x), 0), 1)), 1)));
      }
    }
    for (let start = 0; start < 5; start++) {
      seed(start);
      const { origin } = await stopOf(new Unlucky(), normal([16, 1]));
      expect(origin.layer).toBe("head (Linear)");
    }
  });
});

describe("a gradient", () => {
  test("that a recurrent layer spoils", async () => {
    const rnn = growing();
    for (const [name, parameter] of rnn.namedParameters()) {
      if (name.startsWith("weight_ih")) parameter.set([1e-36, 1e-36]);
    }
    const model = new Sequential(rnn, new Linear({ inputSize: 2, outputSize: 1 }));
    const last = (output: Tensor): Tensor => sum(new LastStep().forward(output));
    // States go from 1e-36 to 1e-36·1e6^8 = 1e12. The gradient of the state 6 steps before the last is about 1e36, and
    // that of the one before is past the largest number.
    const { origin } = await stopOf(model, ones([9, 1, 1]), { loss: last });
    expect(origin).toEqual({ layer: "0 (RNN)", parameter: "0.weight_ih_l0", timeStep: 1 });
  });

  test("that a layer spoils, by the name of its parameter", async () => {
    const layer = (): Linear => new Linear({ inputSize: 1, outputSize: 1, bias: false });
    const model = new Sequential(layer(), layer(), layer());
    for (const [i, value] of [1e-30, 1e25, 1e25].entries()) model.parameters()[i]?.set([value]);
    const { origin, message } = await stopOf(model, ones([4, 1]));
    expect(origin).toEqual({ layer: "1 (Linear)", parameter: "0.weight" });
    expect(message).toMatch(/step 1: expected finite gradients, got one that is NaN or infinite; it began in layer 1/);
  });

  test("that the loss spoils", async () => {
    const model = new Sequential(new Embedding({ count: 3, size: 1 }));
    model.parameters()[0]?.set([1, 2, 3]);
    // log so near to 0 has a derivative that no float holds.
    const loss = (output: Tensor): Tensor => mean(log(add(mul(sub(output, output), 1e-30), 1e-44)));
    const { origin } = await stopOf(model, tensor(new Int32Array(3), [3, 1]), { loss });
    expect(origin).toEqual({ layer: "the loss", parameter: "0.weight", timeStep: 2 });
  });

  test("that only the sum over batches is", async () => {
    const model = new Linear({ inputSize: 1, outputSize: 1, bias: false });
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    // Each half of a gradient is 2e38; a float holds 3.4e38.
    const spoilt = new Trainer({ model, loss: (output) => mul(sum(output), 4e8 / 3), optimizer });
    const batch = { input: tensor([[3e30]]), target: ones([1, 1]) };
    const two = { batches: () => [batch, batch] };
    model.weight.set([0]);
    const error = await spoilt.fit(two, { accumulate: 2 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NumericError);
    expect((error as NumericError).origin).toEqual({ parameter: "weight" });
  });
});
