/** Hyper-parameters out of range: a typed error that names the option, before anything is reserved. */

import { describe, expect, test } from "vitest";
import {
  Adadelta,
  Adafactor,
  Adagrad,
  Adam,
  AdamW,
  ASGD,
  Lion,
  NAdam,
  OptionError,
  Parameter,
  RAdam,
  RMSprop,
  SGD,
} from "../../src/index.ts";

const parameter = new Parameter([2, 3]);

/** Of each optimizer, the options that are a number ≥ 0 and no more. */
const numbers: [string, (options: object) => unknown, string[]][] = [
  ["SGD", (options) => new SGD([parameter], { learningRate: 1, ...options }), ["momentum", "weightDecay", "dampening"]],
  ["Adam", (options) => new Adam([parameter], options), ["epsilon", "weightDecay"]],
  ["AdamW", (options) => new AdamW([parameter], options), ["epsilon", "weightDecay"]],
  ["RMSprop", (options) => new RMSprop([parameter], options), ["alpha", "epsilon", "weightDecay", "momentum"]],
  [
    "Adagrad",
    (options) => new Adagrad([parameter], options),
    ["learningRateDecay", "weightDecay", "initialAccumulatorValue", "epsilon"],
  ],
  ["Adadelta", (options) => new Adadelta([parameter], options), ["rho", "epsilon", "weightDecay"]],
  ["NAdam", (options) => new NAdam([parameter], options), ["epsilon", "weightDecay", "momentumDecay"]],
  ["RAdam", (options) => new RAdam([parameter], options), ["epsilon", "weightDecay"]],
  ["Lion", (options) => new Lion([parameter], options), ["weightDecay"]],
  ["Adafactor", (options) => new Adafactor([parameter], options), ["clipThreshold", "weightDecay"]],
  ["ASGD", (options) => new ASGD([parameter], options), ["lambd", "alpha", "t0", "weightDecay"]],
];

describe.each(numbers)("%s", (name, make, options) => {
  test.each([...options, "learningRate"])("%s", (option) => {
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, "0.5"]) {
      expect(() => make({ [option]: value })).toThrow(OptionError);
      expect(() => make({ [option]: value })).toThrow(new RegExp(`${option}: expected .*got ${value}$`));
    }
  });

  test("options that are unknown, or none", () => {
    expect(() => make({ decay: 1 })).toThrow(new RegExp(`^${name}: expected options .*got "decay"$`));
  });
});

describe("pairs and ranges", () => {
  test.each([
    ["Lion betas", () => new Lion([parameter], { betas: [0.9, 1] })],
    ["Adam betas", () => new Adam([parameter], { betas: [Number.NaN, 0.9] })],
    ["NAdam betas", () => new NAdam([parameter], { betas: [0.9] as never })],
    ["RAdam betas", () => new RAdam([parameter], { betas: [-0.1, 0.9] })],
    ["RMSprop alpha", () => new RMSprop([parameter], { alpha: 1.1 })],
    ["Adadelta rho", () => new Adadelta([parameter], { rho: 1.1 })],
    ["Adafactor beta2Decay", () => new Adafactor([parameter], { beta2Decay: 0.8 })],
    ["Adafactor epsilons", () => new Adafactor([parameter], { epsilons: [0, 1e-3] })],
    ["Adafactor epsilons", () => new Adafactor([parameter], { epsilons: 1e-3 as never })],
    ["Adafactor clipThreshold", () => new Adafactor([parameter], { clipThreshold: 0 })],
    ["SGD nesterov", () => new SGD([parameter], { learningRate: 1, nesterov: true })],
  ])("%s", (what, make) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(new RegExp(`^${what}`));
  });
});

test("Adafactor keeps a row and a column of a matrix, all of a vector", () => {
  const { arrays } = new Adafactor([new Parameter([5, 3]), new Parameter([7]), new Parameter([2, 3, 4])]).stateDict();
  const sizes = Object.fromEntries(Object.entries(arrays).map(([name, { length }]) => [name, length]));
  expect(sizes).toEqual({
    "0.rowVariance": 5,
    "0.columnVariance": 3,
    "1.variance": 7,
    "2.rowVariance": 2,
    "2.columnVariance": 12,
  });
});

test("a rate set to 0 and back leaves groups where they were", () => {
  const [a, b] = [new Parameter([1]), new Parameter([1])];
  const optimizer = new SGD([{ parameters: [a] }, { parameters: [b], learningRate: 0.3 }], { learningRate: 0.1 });
  const rates = () => optimizer.groups.map(({ learningRate }) => learningRate);
  expect(rates()).toEqual([0.1, 0.3]);
  optimizer.learningRate = 0;
  expect(rates()).toEqual([0, 0]);
  optimizer.learningRate = 0.1;
  expect(rates()).toEqual([0.1, 0.3]);
  expect(() => {
    optimizer.learningRate = Number.NaN;
  }).toThrow(OptionError);
  expect(rates()).toEqual([0.1, 0.3]);
});
