/**
 * The ways a gradient reaches a recurrent layer besides the usual one: through some of its results only, more than once in
 * one graph, more than once before the gradients are cleared, and not at all. Against the float64 oracle.
 */

import { describe, expect, test } from "vitest";
import { add, noGrad, type Tensor } from "../../src/index.ts";
import { expectClose, type Numbers } from "../oracle/compare.ts";
import { type LayerOptions, layerOracle, type Named, parameterShapes } from "../oracle/layer.ts";
import { randomRun } from "../oracle/random-run.ts";
import { contract, forwardLayer, gradientOf, numbers, outputsOf, runLayer, toTensor } from "../pytorch/engine.ts";

const LAYERS: LayerOptions[] = [
  { kind: "RNN", inputSize: 5, hiddenSize: 7, layers: 2, bidirectional: true },
  { kind: "RNN", inputSize: 5, hiddenSize: 7, activation: "relu" },
  { kind: "LSTM", inputSize: 5, hiddenSize: 7, layers: 2, bidirectional: true },
  { kind: "LSTM", inputSize: 5, hiddenSize: 7, peepholes: true },
  { kind: "GRU", inputSize: 5, hiddenSize: 7, layers: 2, bidirectional: true },
  { kind: "GRU", inputSize: 5, hiddenSize: 7, resetAfter: false, batchFirst: true },
];
const SIZE = { steps: 5, batch: 3, hasInitialState: true };
const family = "paths";

function sumOf(a: Numbers, b: Numbers): Numbers {
  return { shape: a.shape, data: Array.from(a.data).map((value, index) => value + b.data[index]) };
}

describe.each(LAYERS)("%j", (options) => {
  const name = JSON.stringify(options);
  const parameterNames = [...parameterShapes(options).keys()];
  const results = options.kind === "LSTM" ? ["output", "h", "c"] : ["output", "h"];

  test.each(results)("the loss depends on %s alone", (used) => {
    const all = randomRun(options, { ...SIZE, seed: 3 });
    const given: Named = new Map(
      [...all].filter(([key]) => !key.startsWith("cotangent.") || key === `cotangent.${used}`),
    );
    const wanted = layerOracle(options, given);
    for (const [tensor, value] of runLayer(options, given)) {
      expectClose({ family, case: `${name} through ${used}`, tensor }, value, wanted.get(tensor)!);
    }
  });

  test("the layer is applied twice in one graph: its gradients add up", () => {
    const first = randomRun(options, { ...SIZE, seed: 5 });
    const second: Named = new Map(
      [...randomRun(options, { ...SIZE, seed: 6 })].filter(([key]) => !key.startsWith("weights.")),
    );
    for (const [key, value] of first) if (key.startsWith("weights.")) second.set(key, value);
    const { layer, outputs } = forwardLayer(options, first);
    const leaves = new Map(
      ["x", "h0", "c0"].filter((key) => second.has(key)).map((key) => [key, toTensor(second.get(key)!)]),
    );
    add(contract(outputs, first), contract(outputsOf(layer, leaves), second)).backward();
    const [one, two] = [layerOracle(options, first), layerOracle(options, second)];
    for (const [parameter, value] of layer.namedParameters()) {
      const wanted = sumOf(one.get(`gradient.${parameter}`)!, two.get(`gradient.${parameter}`)!);
      expectClose({ family, case: `${name} twice`, tensor: parameter }, gradientOf(parameter, value), wanted);
    }
  });

  test("backward() twice before the gradients are cleared: they add up, of weights and of inputs", () => {
    const given = randomRun(options, { ...SIZE, seed: 7 });
    const { layer, leaves, outputs } = forwardLayer(options, given);
    contract(outputs, given).backward();
    contract(outputsOf(layer, leaves), given).backward();
    const once = layerOracle(options, given);
    const all: [string, Tensor][] = [...layer.namedParameters(), ...leaves];
    expect(all.length).toBe(parameterNames.length + leaves.size);
    for (const [tensor, value] of all) {
      const gradient = once.get(`gradient.${tensor}`)!;
      expectClose(
        { family, case: `${name} backward twice`, tensor },
        gradientOf(tensor, value),
        sumOf(gradient, gradient),
      );
    }
  });

  test("without gradients the results are the same bits, and nothing gets a gradient", () => {
    const given = randomRun(options, { ...SIZE, seed: 9 });
    const { layer, leaves, outputs } = forwardLayer(options, given);
    const recorded = new Map([...outputs].map(([key, value]) => [key, numbers(value)]));
    noGrad(() => {
      for (const [key, value] of outputsOf(layer, leaves)) expect(numbers(value), key).toEqual(recorded.get(key));
    });
    for (const [, value] of [...layer.namedParameters(), ...leaves]) expect(value.grad).toBeNull();
  });
});
