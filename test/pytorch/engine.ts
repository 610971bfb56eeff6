/** The library as the tests drive it: fixture or oracle numbers in, numbers out under the fixtures' names. */

import {
  add,
  GRU,
  GRUCell,
  LSTM,
  LSTMCell,
  type Module,
  mul,
  type PassOptions,
  RNN,
  RNNCell,
  sum,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { expectClose, type Numbers } from "../oracle/compare.ts";
import type { LayerOptions, Named } from "../oracle/layer.ts";
import type { FixtureCase } from "./fixtures.ts";

/** A Tensor of these numbers; Int32Array data makes an int32 one. */
export function toTensor({ shape, data }: Numbers, requiresGrad = false): Tensor {
  const values = data instanceof Int32Array ? data : Float32Array.from(data);
  return tensor(values, [...shape], { requiresGrad });
}

/** The numbers of a tensor, copied out. */
export function numbers(value: Tensor): Numbers {
  return { shape: [...value.shape], data: value.toArray() };
}

/** The gradient of a leaf, as numbers; throws, naming it, when backward() left none. */
export function gradientOf(name: string, leaf: Tensor): Numbers {
  if (!leaf.grad) throw new Error(`${name}: backward() left no gradient`);
  return numbers(leaf.grad);
}

/** Σ value · cotangent over the tensors that have a cotangent: the scalar whose gradients the fixtures hold. */
export function contract(outputs: Map<string, Tensor>, given: Pick<Named, "get">): Tensor {
  const terms = [...outputs].flatMap(([name, value]) => {
    const cotangent = given.get(`cotangent.${name}`);
    return cotangent ? [sum(mul(value, toTensor(cotangent)))] : [];
  });
  return terms.reduce((total, term) => add(total, term));
}

/** Loads `weights.<name>` of these numbers into a module, by name. */
export function loadWeights(module: Module, given: Iterable<[string, Numbers]>): void {
  const weights = [...given].filter(([name]) => name.startsWith("weights."));
  module.loadStateDict(
    Object.fromEntries(weights.map(([name, value]) => [name.slice("weights.".length), toTensor(value)])),
  );
}

/** The numbers of these outputs, then their backward(): and `gradient.<name>` of the leaves and the module's parameters. */
export function runBoth(
  given: Named,
  leaves: Map<string, Tensor>,
  outputs: Map<string, Tensor>,
  module?: Module,
): Named {
  const result: Named = new Map([...outputs].map(([name, value]) => [name, numbers(value)]));
  contract(outputs, given).backward();
  for (const [name, leaf] of leaves) result.set(`gradient.${name}`, gradientOf(name, leaf));
  for (const [name, parameter] of module?.namedParameters() ?? []) {
    result.set(`gradient.${name}`, gradientOf(name, parameter));
  }
  return result;
}

/** What a recurrent layer computes from the leaves x and, where given, h0 and c0: output, h and, of an LSTM, c. */
export function outputsOf(
  layer: RNN | LSTM | GRU,
  leaves: Map<string, Tensor>,
  options: PassOptions = {},
): Map<string, Tensor> {
  const x = leaves.get("x")!;
  const h0 = leaves.get("h0");
  if (layer instanceof LSTM) {
    const { output, state } = layer.forward(x, h0 && { h: h0, c: leaves.get("c0")! }, options);
    return new Map([
      ["output", output],
      ["h", state.h],
      ["c", state.c],
    ]);
  }
  const { output, state } = layer.forward(x, h0, options);
  return new Map([
    ["output", output],
    ["h", state],
  ]);
}

/** A recurrent layer of the library with the given weights, run forward. */
export function forwardLayer(
  { kind, ...options }: LayerOptions,
  given: Named,
  pass: PassOptions = {},
  prepare?: (layer: Module) => void,
) {
  const layer = new { RNN, LSTM, GRU }[kind](options);
  prepare?.(layer);
  loadWeights(layer, given);
  const leaves = leavesOf(given);
  return { layer, leaves, outputs: outputsOf(layer, leaves, pass) };
}

/** A recurrent layer forward and backward, as layerOracle runs its own. */
export function runLayer(
  options: LayerOptions,
  given: Named,
  pass: PassOptions = {},
  prepare?: (layer: Module) => void,
): Named {
  const { layer, leaves, outputs } = forwardLayer(options, given, pass, prepare);
  return runBoth(given, leaves, outputs, layer);
}

/** One step of a cell. */
export function runCell({ kind, ...options }: LayerOptions, given: Named): Named {
  const cell = new { RNN: RNNCell, LSTM: LSTMCell, GRU: GRUCell }[kind](options);
  loadWeights(cell, given);
  const leaves = leavesOf(given);
  const x = leaves.get("x")!;
  const h0 = leaves.get("h0");
  const outputs = new Map<string, Tensor>();
  if (cell instanceof LSTMCell) {
    const { h, c } = cell.forward(x, h0 && { h: h0, c: leaves.get("c0")! });
    outputs.set("h", h).set("c", c);
  } else {
    outputs.set("h", cell.forward(x, h0));
  }
  return runBoth(given, leaves, outputs, cell);
}

function leavesOf(given: Named): Map<string, Tensor> {
  const names = ["x", "h0", "c0"].filter((name) => given.has(name));
  return new Map(names.map((name) => [name, toTensor(given.get(name)!, true)]));
}

/** Everything `run` computed against the fixture; every result the fixture stores must be there. */
export function expectFixture<Options>(family: string, fixture: FixtureCase<Options>, run: Named): void {
  const wanted = fixture.names.filter((name) => /^(output|h|c|gradient\..*)$/.test(name));
  for (const name of wanted) {
    const actual = run.get(name);
    if (!actual) throw new Error(`${fixture.name}: no ${name}; the run has ${[...run.keys()].join(", ")}`);
    expectClose({ family, case: fixture.name, tensor: name }, actual, fixture.tensor(name));
  }
}
