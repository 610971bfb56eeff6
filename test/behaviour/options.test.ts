/** Options out of range and names that are not known are refused, by name. */
import {
  Adam,
  AdamW,
  activation,
  activations,
  arrayDataset,
  clipGradNorm,
  configure,
  crossEntropy,
  Dropout,
  Embedding,
  GRU,
  GRUCell,
  LastStep,
  Linear,
  LSTM,
  LSTMCell,
  mseLoss,
  NumericError,
  nllLoss,
  normal,
  OptionError,
  ones,
  Parameter,
  RNN,
  RNNCell,
  Sequential,
  SGD,
  sum,
  type Tensor,
  Trainer,
  tensor,
  textWindows,
  uniform,
  zeros,
} from "unrolled";
import { describe, expect, test } from "vitest";
import { type Refusal, testRefusals } from "./refusals.ts";

const parameters = (): Parameter[] => [new Parameter([2])];
const model = new Linear({ inputSize: 1, outputSize: 1 });
const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });

/** `make` with each of the bad values for one option. */
function each(what: string, option: string, values: readonly unknown[], make: (value: never) => unknown): Refusal[] {
  return values.map((value) => [
    `${what}: ${option} ${String(value)}`,
    () => make(value as never),
    OptionError,
    new RegExp(`${option.replace(/[[\]]/g, "\\$&")}.*got ${String(value).replace(/[.+]/g, "\\$&")}`),
  ]);
}

const notCounts = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "3"];
const notSizes = (what: string, option: string, make: (value: never) => unknown): Refusal[] =>
  each(what, option, notCounts, make);
const notNumbers = [-0.1, Number.NaN, Number.POSITIVE_INFINITY];

describe("sizes", () => {
  testRefusals([
    ...notSizes("Linear", "inputSize", (v) => new Linear({ inputSize: v, outputSize: 1 })),
    ...notSizes("Linear", "outputSize", (v) => new Linear({ inputSize: 1, outputSize: v })),
    ...notSizes("Embedding", "count", (v) => new Embedding({ count: v, size: 1 })),
    ...notSizes("Embedding", "size", (v) => new Embedding({ count: 1, size: v })),
    ...notSizes("RNN", "inputSize", (v) => new RNN({ inputSize: v, hiddenSize: 1 })),
    ...notSizes("LSTM", "hiddenSize", (v) => new LSTM({ inputSize: 1, hiddenSize: v })),
    ...notSizes("GRU", "layers", (v) => new GRU({ inputSize: 1, hiddenSize: 1, layers: v })),
    ...notSizes("RNNCell", "inputSize", (v) => new RNNCell({ inputSize: v, hiddenSize: 1 })),
    ...notSizes("LSTMCell", "hiddenSize", (v) => new LSTMCell({ inputSize: 1, hiddenSize: v })),
    ...notSizes("GRUCell", "hiddenSize", (v) => new GRUCell({ inputSize: 1, hiddenSize: v })),
  ]);

  test("a refused layer takes no memory", async () => {
    const { runtimeInfo } = await import("unrolled");
    const before = runtimeInfo().heapBytes;
    for (let i = 0; i < 10; i++) {
      expect(() => new LSTM({ inputSize: 100, hiddenSize: 100, dropout: 2 })).toThrow(OptionError);
      expect(() => new Linear({ inputSize: 100, outputSize: 0 })).toThrow(OptionError);
    }
    expect(runtimeInfo().heapBytes).toBe(before);
  });
});

describe("probabilities", () => {
  const not = [-0.1, 1.1, Number.NaN];
  testRefusals([
    ...each("LSTM", "dropout", not, (v) => new LSTM({ inputSize: 1, hiddenSize: 1, dropout: v })),
    ...each("Dropout", "probability", not, (v) => new Dropout({ probability: v })),
  ]);

  test.each([0, 1])("%d is one", (probability) => {
    expect(new Dropout({ probability }).probability).toBe(probability);
    expect(new GRU({ inputSize: 1, hiddenSize: 1, dropout: probability }).dropout).toBe(probability);
  });
});

describe("optimizers", () => {
  testRefusals([
    ...each("SGD", "learningRate", notNumbers, (v) => new SGD(parameters(), { learningRate: v })),
    ...each("SGD", "momentum", notNumbers, (v) => new SGD(parameters(), { learningRate: 1, momentum: v })),
    ...each("SGD", "dampening", [-1, Number.NaN, 2], (v) => new SGD(parameters(), { learningRate: 1, dampening: v })),
    ...each("SGD", "weightDecay", notNumbers, (v) => new SGD(parameters(), { learningRate: 1, weightDecay: v })),
    ...each("Adam", "learningRate", notNumbers, (v) => new Adam(parameters(), { learningRate: v })),
    ...each("Adam", "betas[0]", [-0.1, 1, Number.NaN], (v) => new Adam(parameters(), { betas: [v, 0.9] })),
    ...each("Adam", "betas[1]", [-0.1, 1, Number.NaN], (v) => new Adam(parameters(), { betas: [0.9, v] })),
    ...each("Adam", "epsilon", notNumbers, (v) => new Adam(parameters(), { epsilon: v })),
    ...each("Adam", "weightDecay", notNumbers, (v) => new Adam(parameters(), { weightDecay: v })),
    ...each("AdamW", "weightDecay", notNumbers, (v) => new AdamW(parameters(), { weightDecay: v })),
    ...each("learningRate afterwards", "learningRate", notNumbers, (v) => {
      optimizer.learningRate = v;
    }),
    ...each("clipGradNorm", "maxNorm", [0, -1, Number.NaN], (v) => clipGradNorm(parameters(), v)),
    [
      "no learning rate",
      () => new SGD(parameters(), {} as never),
      OptionError,
      /learningRate: expected a finite number ≥ 0/,
    ],
    ["no parameters", () => new Adam([]), OptionError, /Adam: expected parameters, got none/],
    [
      "something else than parameters",
      () => new Adam([ones([2]) as never]),
      OptionError,
      /Adam: expected parameters, got .* at 0/,
    ],
    [
      "Nesterov without momentum",
      () => new SGD(parameters(), { learningRate: 1, nesterov: true }),
      OptionError,
      /SGD nesterov: .*momentum/,
    ],
    [
      "Nesterov with dampening",
      () => new SGD(parameters(), { learningRate: 1, nesterov: true, momentum: 0.9, dampening: 0.1 }),
      OptionError,
      /SGD nesterov: .*dampening/,
    ],
  ]);

  test("a refused learning rate leaves the old one", () => {
    const own = new SGD(parameters(), { learningRate: 0.5 });
    expect(() => {
      own.learningRate = Number.NaN;
    }).toThrow(OptionError);
    expect(own.learningRate).toBe(0.5);
    own.learningRate = 0.25;
    expect(own.learningRate).toBe(0.25);
  });

  test("gradients that are not finite are not clipped", () => {
    const p = new Parameter([2]);
    p.set([1, Number.NaN]);
    sum(mulSelf(p)).backward();
    const before = p.grad!.toArray();
    expect(() => clipGradNorm([p], 1)).toThrow(NumericError);
    expect(() => clipGradNorm([p], 1)).toThrow(/norm of NaN/);
    expect(p.grad!.toArray()).toEqual(before);
  });
});

describe("unknown names", () => {
  const sizes = { inputSize: 1, hiddenSize: 1 };
  const logits = ones([1, 2]);
  const target = tensor(Int32Array.of(0));
  const wrong = { learningRat: 1 } as never;
  const unknown: [string, () => unknown][] = [
    ["Linear", () => new Linear({ inputSize: 1, outputSize: 1, ...(wrong as object) })],
    ["Embedding", () => new Embedding({ count: 1, size: 1, ...(wrong as object) })],
    ["Dropout", () => new Dropout(wrong)],
    ["LastStep", () => new LastStep(wrong)],
    ["RNN", () => new RNN({ ...sizes, ...(wrong as object) })],
    ["LSTM", () => new LSTM({ ...sizes, ...(wrong as object) })],
    ["GRU", () => new GRU({ ...sizes, ...(wrong as object) })],
    ["RNNCell", () => new RNNCell({ ...sizes, ...(wrong as object) })],
    ["LSTMCell", () => new LSTMCell({ ...sizes, ...(wrong as object) })],
    ["GRUCell", () => new GRUCell({ ...sizes, ...(wrong as object) })],
    ["SGD", () => new SGD(parameters(), { learningRate: 1, ...(wrong as object) })],
    ["Adam", () => new Adam(parameters(), wrong)],
    ["AdamW", () => new AdamW(parameters(), wrong)],
    ["Trainer", () => new Trainer({ model, optimizer, loss: mseLoss, ...(wrong as object) })],
    ["crossEntropy", () => crossEntropy(logits, target, wrong)],
    ["nllLoss", () => nllLoss(logits, target, wrong)],
    ["mseLoss", () => mseLoss(logits, logits, wrong)],
    ["activation", () => activation("elu", wrong)],
    ["activations.elu", () => activations.elu(logits, wrong)],
    ["arrayDataset", () => arrayDataset(ones([1, 1]), ones([1]), wrong)],
    ["textWindows", () => textWindows(new Int32Array(9), { window: 2, ...(wrong as object) })],
    ["configure", () => configure(wrong)],
  ];
  testRefusals(unknown.map(([what, action]) => [what, action, OptionError, /"learningRat"/]));

  testRefusals([
    [
      "an activation",
      () => activation("swoosh" as never),
      OptionError,
      /expected one of .*tanh.*got "swoosh" \(is it swish\?\)/,
    ],
    ["an activation of RNN", () => new RNN({ ...sizes, activation: "softmax" as never }), OptionError, /got "softmax"/],
    [
      "an activation of RNNCell",
      () => new RNNCell({ ...sizes, activation: "geluTanh" as never }),
      OptionError,
      /got "geluTanh"/,
    ],
    ["an inherited name", () => activation("toString" as never), OptionError, /got "toString"/],
    [
      "a form of gelu",
      () => activation("gelu", { approximate: "exact" as never }),
      OptionError,
      /gelu approximate: .*"exact"/,
    ],
    [
      "an option of another layer",
      () => new GRU({ ...sizes, peepholes: true } as never),
      OptionError,
      /GRU: .*"peepholes"/,
    ],
  ]);
});

describe("other options", () => {
  testRefusals([
    [
      "leakyRelu's slope",
      () => activation("leakyRelu", { negativeSlope: Number.NaN }),
      OptionError,
      /leakyRelu: .*negativeSlope, got NaN/,
    ],
    [
      "elu's depth",
      () => activations.elu(ones([1]), { alpha: Number.POSITIVE_INFINITY }),
      OptionError,
      /elu: .*alpha, got Infinity/,
    ],
    [
      "uniform upside down",
      () => uniform([2], { low: 1, high: 0 }),
      OptionError,
      /uniform: expected low ≤ high, got 1 and 0/,
    ],
    ["tensor's typing error", () => tensor([1], [1], { requireGrad: true } as never), OptionError, /"requireGrad"/],
    ["zeros' typing error", () => zeros([1], { grad: true } as never), OptionError, /expected options requiresGrad/],
    ["uniform's typing error", () => uniform([1], { hi: 2 } as never), OptionError, /uniform: .*"hi"/],
    ["normal's typing error", () => normal([1], { std: 2 } as never), OptionError, /normal: .*"std"/],
    [
      "an option of another activation",
      () => activations.leakyRelu(ones([1]), { alpha: 3 }),
      OptionError,
      /leakyRelu: expected options negativeSlope, got "alpha"/,
    ],
    [
      "an option of an activation that has none",
      () => activation("tanh", { alpha: 3 }),
      OptionError,
      /tanh: expected no options, got "alpha"/,
    ],
    ["a negative deviation", () => normal([2], { standardDeviation: -1 }), OptionError, /normal: .*got -1/],
    [
      "Trainer's clipNorm",
      () => new Trainer({ model, optimizer, loss: mseLoss, clipNorm: 0 }),
      OptionError,
      /Trainer clipNorm: .*got 0/,
    ],
    [
      "Trainer's loss",
      () => new Trainer({ model, optimizer, loss: "mse" as never }),
      OptionError,
      /Trainer loss: .*string/,
    ],
    ["Trainer's seed", () => new Trainer({ model, optimizer, loss: mseLoss, seed: -1 }), OptionError, /seed: .*got -1/],
    [
      "Trainer without a model",
      () => new Trainer({ optimizer, loss: mseLoss } as never),
      OptionError,
      /Trainer model: /,
    ],
    [
      "Trainer without an optimizer",
      () => new Trainer({ model, loss: mseLoss } as never),
      OptionError,
      /Trainer optimizer: /,
    ],
    ["an empty Sequential", () => new Sequential(), OptionError, /Sequential: expected at least one module/],
    ["a function in Sequential", () => new Sequential((() => 1) as never), OptionError, /Sequential: .*function at 0/],
  ]);
});

function mulSelf(p: Parameter): Tensor {
  return activations.silu(p);
}
