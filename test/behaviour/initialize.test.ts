/** What parameters start from: bounds, moments and structure, the same bits of the same seed, and what is refused. */
import {
  GRU,
  GRUCell,
  initialize,
  Linear,
  LSTM,
  LSTMCell,
  type Module,
  noGrad,
  OptionError,
  Parameter,
  RNN,
  ShapeError,
  seed,
  tensor,
} from "unrolled";
import { beforeEach, describe, expect, test } from "vitest";
import { naturalLogarithm } from "../../src/nn/init.ts";
import { testRefusals } from "./refusals.ts";

beforeEach(() => seed(1));

const numbersOf = (parameter: Parameter): number[] => Array.from(parameter.toArray());

function moments(values: number[]): { mean: number; deviation: number; most: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  return { mean, deviation, most: values.reduce((a, b) => Math.max(a, Math.abs(b)), 0) };
}

const shape = [60, 40, 3];
const [fanIn, fanOut] = [120, 180];
const { gain } = initialize;

describe("uniform in ± a bound", () => {
  test.each<[string, (p: Parameter) => Parameter, number]>([
    ["uniform", (p) => initialize.uniform(p, { low: -2, high: 2 }), 2],
    ["xavierUniform", (p) => initialize.xavierUniform(p), Math.sqrt(6 / (fanIn + fanOut))],
    [
      "xavierUniform, gain of tanh",
      (p) => initialize.xavierUniform(p, { gain: gain("tanh") }),
      (5 / 3) * Math.sqrt(6 / 300),
    ],
    ["heUniform", (p) => initialize.heUniform(p), Math.sqrt(6 / fanIn)],
    [
      "heUniform, fanOut, linear",
      (p) => initialize.heUniform(p, { mode: "fanOut", nonlinearity: "linear" }),
      Math.sqrt(3 / fanOut),
    ],
    [
      "heUniform, leakyRelu of 0.5",
      (p) => initialize.heUniform(p, { negativeSlope: 0.5 }),
      Math.sqrt(6 / 1.25 / fanIn),
    ],
  ])("%s", (_, fill, bound) => {
    const { mean, deviation, most } = moments(numbersOf(fill(new Parameter(shape))));
    expect(most).toBeLessThanOrEqual(bound * (1 + 1e-6));
    expect(most).toBeGreaterThan(0.995 * bound);
    expect(Math.abs(mean)).toBeLessThan(0.03 * bound);
    expect(deviation / (bound / Math.sqrt(3))).toBeCloseTo(1, 1);
  });
});

describe("normal of a deviation", () => {
  test.each<[string, (p: Parameter) => Parameter, number, number]>([
    ["normal", (p) => initialize.normal(p, { mean: 3, standardDeviation: 0.5 }), 3, 0.5],
    ["xavierNormal", (p) => initialize.xavierNormal(p, { gain: 2 }), 0, 2 * Math.sqrt(2 / 300)],
    ["heNormal", (p) => initialize.heNormal(p), 0, Math.sqrt(2 / fanIn)],
    [
      "heNormal, fanOut, selu",
      (p) => initialize.heNormal(p, { mode: "fanOut", nonlinearity: "selu" }),
      0,
      0.75 / Math.sqrt(fanOut),
    ],
  ])("%s", (_, fill, mean, deviation) => {
    const found = moments(numbersOf(fill(new Parameter(shape))));
    expect(Math.abs(found.mean - mean) / deviation).toBeLessThan(0.04);
    expect(Math.abs(found.deviation / deviation - 1)).toBeLessThan(0.03);
  });
});

test("gains as torch.nn.init.calculate_gain has them", () => {
  expect([gain("linear"), gain("sigmoid"), gain("selu")]).toEqual([1, 1, 0.75]);
  expect(gain("tanh")).toBe(5 / 3);
  expect(gain("relu")).toBeCloseTo(Math.SQRT2, 15);
  expect(gain("leakyRelu")).toBeCloseTo(1.4141428569978354, 15);
  expect(gain("leakyRelu", 0.2)).toBeCloseTo(1.3867504905630728, 15);
});

test("constant, zeros, ones, identity", () => {
  expect(numbersOf(initialize.constant(new Parameter([3]), 0.5))).toEqual([0.5, 0.5, 0.5]);
  expect(numbersOf(initialize.ones(new Parameter([2, 2])))).toEqual([1, 1, 1, 1]);
  expect(numbersOf(initialize.zeros(initialize.ones(new Parameter([5]))))).toEqual([0, 0, 0, 0, 0]);
  expect(numbersOf(initialize.identity(new Parameter([2, 3]), { gain: 2 }))).toEqual([2, 0, 0, 0, 2, 0]);
});

test.each([
  [7, 7, 1],
  [5, 13, 1],
  [13, 5, 1],
  [1, 1, 1],
  [12, 3, 4],
  [12, 8, 3],
])("orthogonal [%i, %i] in %i blocks: products of the shorter side are gain² or 0", (rows, columns, blocks) => {
  const values = numbersOf(initialize.orthogonal(new Parameter([rows, columns]), { gain: 1.5, blocks }));
  const height = rows / blocks;
  for (let block = 0; block < blocks; block++) {
    const at = (i: number, j: number): number => values[(block * height + i) * columns + j]!;
    const byRows = height <= columns;
    const [count, length] = byRows ? [height, columns] : [columns, height];
    for (let a = 0; a < count; a++) {
      for (let b = 0; b <= a; b++) {
        let sum = 0;
        for (let k = 0; k < length; k++) sum += byRows ? at(a, k) * at(b, k) : at(k, a) * at(k, b);
        expect(sum).toBeCloseTo(a === b ? 2.25 : 0, 5);
      }
    }
  }
});

test("orthogonal matrices lean to no side: over many, each number has mean 0 and the variance of its length", () => {
  const all = Array.from({ length: 2000 }, () => numbersOf(initialize.orthogonal(new Parameter([2, 3]))));
  for (let i = 0; i < 6; i++) {
    const { mean, deviation } = moments(all.map((values) => values[i]!));
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(Math.abs(deviation - Math.sqrt(1 / 3))).toBeLessThan(0.03);
  }
});

test("the same seed gives the same bits, another seed others; what uses a weight notices the change", () => {
  const p = new Parameter([6, 5]);
  for (const fill of [initialize.xavierNormal, initialize.heUniform, initialize.orthogonal]) {
    seed(4);
    const first = numbersOf(fill(p));
    seed(5);
    expect(numbersOf(fill(p))).not.toEqual(first);
    seed(4);
    expect(numbersOf(fill(p))).toEqual(first);
  }
  const layer = new Linear({ inputSize: 3, outputSize: 2 });
  const x = tensor([[1, 2, 3]]);
  for (let i = 0; i < 4; i++) noGrad(() => layer.forward(x)); // by now a packed copy is kept
  for (const [fill, sum] of [
    [initialize.ones, 6],
    [(weight: Parameter) => initialize.identity(weight), 1],
    [(weight: Parameter) => initialize.uniform(weight, { low: 2, high: 2 }), 12],
    [(weight: Parameter) => initialize.normal(weight, { mean: 3, standardDeviation: 0 }), 18],
  ] as const) {
    fill(layer.weight);
    initialize.zeros(layer.bias as Parameter);
    expect(noGrad(() => layer.forward(x)).toArray()[0]).toBe(sum);
    expect(noGrad(() => layer.forward(x)).toArray()[0]).toBe(sum);
  }
});

/** The sum of both biases in one block of gates. */
function bias(layer: Module, suffix: string, block: number, hidden: number): number[] {
  const named = new Map(layer.namedParameters());
  const [ih, hh] = ["bias_ih", "bias_hh"].map((stem) => numbersOf(named.get(stem + suffix)!)) as [number[], number[]];
  return ih.map((value, i) => Math.fround(value + hh[i]!)).slice(block * hidden, (block + 1) * hidden);
}

test("forgetGateBias: the gate that keeps, in every layer and direction, and no other", () => {
  const options = { inputSize: 2, hiddenSize: 3, layers: 2, bidirectional: true };
  const lstm = new LSTM(options);
  const before = bias(lstm, "_l1_reverse", 2, 3);
  initialize.forgetGateBias(lstm, 1.5);
  for (const suffix of ["_l0", "_l0_reverse", "_l1", "_l1_reverse"])
    expect(bias(lstm, suffix, 1, 3)).toEqual([1.5, 1.5, 1.5]);
  expect(bias(lstm, "_l1_reverse", 2, 3)).toEqual(before);
  const gru = new GRU(options);
  initialize.forgetGateBias(gru);
  expect(bias(gru, "_l1", 1, 3)).toEqual([1, 1, 1]);
  const cell = new LSTMCell({ inputSize: 2, hiddenSize: 3 });
  initialize.forgetGateBias(cell, 2);
  expect(bias(cell, "", 1, 3)).toEqual([2, 2, 2]);
});

test("chrono: times up to the longest, and the input gate of an LSTM the opposite", () => {
  const hidden = 400;
  const lstm = new LSTM({ inputSize: 1, hiddenSize: hidden });
  initialize.chrono(lstm, 100);
  const forget = bias(lstm, "_l0", 1, hidden);
  expect(bias(lstm, "_l0", 0, hidden)).toEqual(forget.map((value) => -value));
  const times = forget.map((value) => Math.exp(value));
  expect(Math.min(...times)).toBeGreaterThan(0.999);
  expect(Math.max(...times)).toBeLessThan(99.001);
  expect(Math.abs(moments(times).mean - 50)).toBeLessThan(4);
  const gru = new GRUCell({ inputSize: 1, hiddenSize: hidden });
  initialize.chrono(gru, 100);
  expect(Math.abs(moments(bias(gru, "", 1, hidden).map((value) => Math.exp(value))).mean - 50)).toBeLessThan(4);
});

test("the logarithm in steps that are the same everywhere", () => {
  for (const x of [1, 2, 0.5, Math.E, 1e-300, 1e300, 0.7, 1.42, 3.7, 999, 1 + 2 ** -40]) {
    expect(Math.abs(naturalLogarithm(x) - Math.log(x))).toBeLessThanOrEqual(
      4e-16 * Math.max(Math.abs(Math.log(x)), 1e-4),
    );
  }
});

test("the example of its documentation", () => {
  const rnn = new RNN({ inputSize: 8, hiddenSize: 32, activation: "relu" });
  const weights = new Map(rnn.namedParameters());
  initialize.xavierUniform(weights.get("weight_ih_l0")!, { gain: initialize.gain("relu") });
  initialize.identity(weights.get("weight_hh_l0")!);
  initialize.chrono(new LSTM({ inputSize: 8, hiddenSize: 32 }), 1000);
  expect(numbersOf(weights.get("weight_hh_l0")!).reduce((a, b) => a + b)).toBe(32);
});

describe("initialisers", () => {
  const p = new Parameter([4, 3]);
  const vector = new Parameter([4]);
  const noBias = new LSTM({ inputSize: 2, hiddenSize: 3, bias: false });
  testRefusals([
    [
      "a tensor",
      () => initialize.zeros(tensor([1]) as never),
      OptionError,
      /constant: expected a parameter, got object/,
    ],
    ["a module", () => initialize.orthogonal(noBias as never), OptionError, /orthogonal: expected a parameter/],
    ["fans of a vector", () => initialize.xavierUniform(vector), ShapeError, /xavierUniform: .*two axes, got \[4\]/],
    ["fans of a vector, He", () => initialize.heNormal(vector), ShapeError, /heNormal: .*two axes, got \[4\]/],
    ["an orthogonal vector", () => initialize.orthogonal(vector), ShapeError, /orthogonal: .*two axes, got \[4\]/],
    [
      "blocks that do not come out",
      () => initialize.orthogonal(p, { blocks: 3 }),
      ShapeError,
      /orthogonal: .*3 equal blocks, got 4/,
    ],
    ["no blocks", () => initialize.orthogonal(p, { blocks: 0 }), OptionError, /orthogonal blocks: .*got 0/],
    [
      "an identity of three axes",
      () => initialize.identity(new Parameter([2, 2, 2])),
      ShapeError,
      /identity: .*two axes/,
    ],
    [
      "an unknown option",
      () => initialize.xavierNormal(p, { gian: 2 } as never),
      OptionError,
      /xavierNormal: .*"gian"/,
    ],
    [
      "a gain of NaN",
      () => initialize.xavierNormal(p, { gain: Number.NaN }),
      OptionError,
      /xavierNormal gain: .*got NaN/,
    ],
    ["an unknown mode", () => initialize.heUniform(p, { mode: "in" as never }), OptionError, /heUniform mode: .*"in"/],
    ["an unknown function", () => gain("gelu" as never), OptionError, /gain: expected one of .*leakyRelu, got "gelu"/],
    [
      "low above high",
      () => initialize.uniform(p, { low: 1, high: 0 }),
      OptionError,
      /uniform: expected low ≤ high, got 1 and 0/,
    ],
    [
      "a negative deviation",
      () => initialize.normal(p, { standardDeviation: -1 }),
      OptionError,
      /normal standardDeviation: .*got -1/,
    ],
    [
      "a constant of infinity",
      () => initialize.constant(p, Number.POSITIVE_INFINITY),
      OptionError,
      /constant: .*got Infinity/,
    ],
    [
      "forget gates of none",
      () => initialize.forgetGateBias(new RNN({ inputSize: 1, hiddenSize: 2 })),
      OptionError,
      /forgetGateBias: .*without gates/,
    ],
    [
      "forget gates of a Linear",
      () => initialize.forgetGateBias(new Linear({ inputSize: 1, outputSize: 2 })),
      OptionError,
      /forgetGateBias: expected an LSTM or a GRU/,
    ],
    ["forget gates without biases", () => initialize.chrono(noBias, 10), OptionError, /chrono: .*biases/],
    [
      "a time too short",
      () => initialize.chrono(new LSTM({ inputSize: 1, hiddenSize: 2 }), 2),
      OptionError,
      /chrono longest: .*> 2, got 2/,
    ],
  ]);
});
