/** Clipping by value and per layer. */

import { describe, expect, test } from "vitest";
import {
  clipGradNorm,
  clipGradNormPerLayer,
  clipGradValue,
  Embedding,
  Linear,
  LSTM,
  Module,
  mul,
  NumericError,
  OptionError,
  Parameter,
  sum,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { testRefusals } from "./refusals.ts";

function withGradient(values: number[]): Parameter {
  const parameter = new Parameter([values.length]);
  sum(mul(parameter, tensor(values))).backward();
  return parameter;
}

const gradientOf = (parameter: Parameter): number[] => [...(parameter.grad?.toArray() ?? [])];

class Model extends Module {
  embed = new Embedding({ count: 3, size: 2 });
  lstm = new LSTM({ inputSize: 2, hiddenSize: 3, layers: 2, bidirectional: true });
  head = new Linear({ inputSize: 6, outputSize: 2 });
  forward(tokens: Tensor): Tensor {
    return this.head.forward(this.lstm.forward(this.embed.forward(tokens)).output);
  }
}

function learnt(): Model {
  const model = new Model();
  sum(mul(model.forward(tensor(Int32Array.from([0, 1, 2, 0, 1, 2]), [3, 2])), 50)).backward();
  return model;
}

const normOf = (parameters: Parameter[]): number =>
  Math.hypot(...parameters.flatMap((parameter) => gradientOf(parameter)));

describe("clipGradValue", () => {
  test.each([1, 2, 3, 4, 5, 7, 13])("%i numbers: each is cut to the range", (length) => {
    const values = Array.from({ length }, (_, i) => (i - 3) * 0.75);
    const parameter = withGradient(values);
    clipGradValue([parameter, new Parameter([2])], 1);
    expect(gradientOf(parameter)).toEqual(values.map((value) => Math.min(1, Math.max(-1, value))));
  });

  test("a frozen parameter's gradient is left alone, and no fault", () => {
    const frozen = withGradient([5, Number.POSITIVE_INFINITY]);
    frozen.requiresGrad = false;
    const free = withGradient([5, -5]);
    clipGradValue([frozen, free], 2);
    expect(gradientOf(free)).toEqual([2, -2]);
    expect(gradientOf(frozen)).toEqual([5, Number.POSITIVE_INFINITY]);
    expect(clipGradNorm([frozen, free], 100)).toBeCloseTo(Math.sqrt(8), 6);
  });

  test("a gradient that is not finite is refused and nothing is changed", () => {
    for (const fault of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const parameters = [withGradient([5, 6]), withGradient([1, fault, 3])];
      expect(() => clipGradValue(parameters, 1)).toThrow(NumericError);
      expect(parameters.map(gradientOf)).toEqual([
        [5, 6],
        [1, fault, 3],
      ]);
    }
  });
});

describe("clipGradNormPerLayer", () => {
  test("each layer is scaled by its own norm, whatever the others are", () => {
    const [model, before] = [learnt(), learnt()];
    before.loadStateDict(model.stateDict());
    for (const parameter of before.parameters()) parameter.clearGradient();
    sum(mul(before.forward(tensor(Int32Array.from([0, 1, 2, 0, 1, 2]), [3, 2])), 50)).backward();
    for (const parameter of model.parameters()) parameter.clearGradient();
    sum(mul(model.forward(tensor(Int32Array.from([0, 1, 2, 0, 1, 2]), [3, 2])), 50)).backward();
    const layers = (of: Model): Record<string, Parameter[]> => {
      const named = of.namedParameters();
      const those = (part: string) => named.filter(([name]) => name.includes(part)).map(([, parameter]) => parameter);
      return { embed: those("embed"), "lstm l0": those("_l0"), "lstm l1": those("_l1"), head: those("head") };
    };
    const own = Object.entries(layers(before)).map(([name, parameters]) => [name, normOf(parameters)] as const);
    const bound = own.map(([, norm]) => norm).sort((a, b) => a - b)[1] as number;
    const norms = clipGradNormPerLayer(model, bound);
    expect(Object.keys(norms)).toEqual(own.map(([name]) => name));
    for (const [name, norm] of own) {
      expect((norms[name] as number) / norm).toBeCloseTo(1, 5);
      expect(normOf(layers(model)[name] as Parameter[]) / Math.min(norm, bound)).toBeCloseTo(1, 4);
    }
  });

  test("a fault in one layer is named, and no layer is changed", () => {
    const model = learnt();
    const weight = model.head.weight;
    sum(mul(weight, tensor(new Float32Array(weight.size).fill(Number.NaN), weight.shape))).backward();
    const before = model.parameters().map(gradientOf);
    expect(() => clipGradNormPerLayer(model, 1e-3)).toThrow(NumericError);
    expect(() => clipGradNormPerLayer(model, 1e-3)).toThrow(/head: .*finite gradients/);
    expect(model.parameters().map(gradientOf)).toEqual(before);
  });
});

describe("what is refused", () => {
  const parameter = withGradient([1]);
  testRefusals([
    ["a value of 0", () => clipGradValue([parameter], 0), OptionError, /clipGradValue clipValue: .*got 0/],
    ["a value that is NaN", () => clipGradValue([parameter], Number.NaN), OptionError, /got NaN/],
    ["a norm of 0", () => clipGradNormPerLayer(new Model(), 0), OptionError, /maxNorm: .*got 0/],
  ]);
});
