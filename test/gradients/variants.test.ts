/**
 * Masks of recurrent dropout, weight drop and zoneout against the same recurrence put together from operations, step by
 * step, with the same masks: the generator is set to the same place and drawn from in the same order.
 */

import { describe, expect, test, vi } from "vitest";
import {
  activations,
  add,
  dropout,
  GRU,
  LSTM,
  type Module,
  matmul,
  mul,
  ones,
  RNN,
  reshape,
  seed,
  slice,
  stack,
  sub,
  sum,
  type Tensor,
  tensor,
  transpose,
  uniform,
} from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import { gradientOf, numbers } from "../pytorch/engine.ts";

const [STEPS, BATCH, INPUT, HIDDEN] = [5, 3, 4, 7];

type Weights = Record<string, Tensor>;
type State = Record<string, Tensor>;
type Masks = Record<string, Tensor | undefined>;

const at = (x: Tensor, t: number): Tensor => reshape(slice(x, 0, t, t + 1), x.shape.slice(1));
const affine = (x: Tensor, w: Tensor, b: Tensor): Tensor => add(matmul(x, transpose(w, 0, 1)), b);
const block = (z: Tensor, i: number): Tensor => slice(z, 1, i * HIDDEN, (i + 1) * HIDDEN);
const rowsOf = (w: Tensor, i: number): Tensor => slice(w, 0, i * HIDDEN, (i + 1) * HIDDEN);
const masked = (h: Tensor, mask?: Tensor): Tensor => (mask ? mul(h, mask) : h);
const kept = (before: Tensor, after: Tensor, k?: Tensor): Tensor =>
  k ? add(after, mul(k, sub(before, after))) : after;

function lstmStep(x: Tensor, { h, c }: State, w: Weights, masks: Masks): State {
  const z = add(
    affine(x, w.weight_ih_l0, w.bias_ih_l0),
    affine(masked(h, masks.dropped), w.weight_hh_l0, w.bias_hh_l0),
  );
  const [i, f, o] = [0, 1, 3].map((n) => activations.sigmoid(block(z, n)));
  const cell = kept(c, add(mul(f, c), mul(i, activations.tanh(block(z, 2)))), masks.keepCell);
  return { h: kept(h, mul(o, activations.tanh(cell)), masks.keepHidden), c: cell };
}

function gruStep(resetAfter: boolean) {
  return (x: Tensor, { h }: State, w: Weights, masks: Masks): State => {
    const seen = masked(h, masks.dropped);
    const a = affine(x, w.weight_ih_l0, w.bias_ih_l0);
    const u = affine(seen, w.weight_hh_l0, w.bias_hh_l0);
    const r = activations.sigmoid(add(block(a, 0), block(u, 0)));
    const z = activations.sigmoid(add(block(a, 1), block(u, 1)));
    const bias = rowsOf(w.bias_hh_l0, 2);
    const candidate = resetAfter ? mul(r, block(u, 2)) : affine(mul(r, seen), rowsOf(w.weight_hh_l0, 2), bias);
    const n = activations.tanh(add(block(a, 2), candidate));
    return { h: kept(h, add(n, mul(z, sub(h, n))), masks.keepHidden) };
  };
}

function rnnStep(x: Tensor, { h }: State, w: Weights, masks: Masks): State {
  const z = add(
    affine(x, w.weight_ih_l0, w.bias_ih_l0),
    affine(masked(h, masks.dropped), w.weight_hh_l0, w.bias_hh_l0),
  );
  return { h: kept(h, activations.tanh(z), masks.keepHidden) };
}

type Step = typeof rnnStep;

interface Options {
  recurrentDropout?: number;
  weightDrop?: number;
  zoneout?: number | { hidden?: number; cell?: number };
}

/** Draws what a layer draws, in its order. */
function drawMasks({ recurrentDropout = 0, weightDrop = 0, zoneout = 0 }: Options, weights: Weights, cell: boolean) {
  const w = { ...weights };
  if (weightDrop > 0) w.weight_hh_l0 = dropout(weights.weight_hh_l0, weightDrop);
  const dropped = recurrentDropout > 0 ? dropout(ones([BATCH, HIDDEN]), recurrentDropout) : undefined;
  const both = typeof zoneout === "number" ? { hidden: zoneout, cell: zoneout } : zoneout;
  const keep = (probability = 0): Tensor | undefined => {
    if (probability === 0) return undefined;
    const drawn = uniform([STEPS, BATCH, HIDDEN]).toArray() as Float32Array;
    return tensor(
      drawn.map((u) => (u < Math.fround(probability) ? 1 : 0)),
      [STEPS, BATCH, HIDDEN],
    );
  };
  const keepHidden = keep(both.hidden);
  return { w, dropped, keepHidden, keepCell: cell ? keep(both.cell) : undefined };
}

function composed(step: Step, options: Options, x: Tensor, initial: State, weights: Weights): Map<string, Tensor> {
  const { w, dropped, keepHidden, keepCell } = drawMasks(options, weights, "c" in initial);
  let state = initial;
  const outputs: Tensor[] = [];
  for (let t = 0; t < STEPS; t++) {
    const masks = { dropped, keepHidden: keepHidden && at(keepHidden, t), keepCell: keepCell && at(keepCell, t) };
    state = step(at(x, t), state, w, masks);
    outputs.push(state.h);
  }
  return new Map([["output", stack(outputs, 0)], ...Object.entries(state)]);
}

function random(shape: number[]): Tensor {
  return uniform(shape, { low: -0.8, high: 0.8 });
}

/** Σ output·cotangent, backward, and everything by name. */
function results(outputs: Map<string, Tensor>, leaves: Map<string, Tensor>) {
  const found = new Map([...outputs].map(([name, value]) => [name, numbers(value)]));
  const total = [...outputs.values()].map((y) => {
    const cotangent = Float32Array.from({ length: y.size }, (_, i) => Math.cos(i * 1.3 + y.shape.length));
    return sum(mul(y, tensor(cotangent, [...y.shape])));
  });
  total.reduce((a, b) => add(a, b)).backward();
  for (const [name, leaf] of leaves) found.set(`gradient.${name}`, gradientOf(name, leaf));
  return found;
}

function leaf(t: Tensor): Tensor {
  return tensor(t.toArray() as Float32Array, [...t.shape], { requiresGrad: true });
}

function compare(layer: Module & { forward: RNN["forward"] | LSTM["forward"] }, step: Step, options: Options): void {
  const isLstm = layer instanceof LSTM;
  seed(11);
  const numbersOf = { x: random([STEPS, BATCH, INPUT]), h: random([BATCH, HIDDEN]), c: random([BATCH, HIDDEN]) };
  const own = (): { x: Tensor; initial: State } => {
    const { h, c } = numbersOf;
    return { x: leaf(numbersOf.x), initial: isLstm ? { h: leaf(h), c: leaf(c) } : { h: leaf(h) } };
  };
  const first = own();
  const lifted = Object.fromEntries(
    Object.entries(first.initial).map(([name, s]) => [name, reshape(s, [1, BATCH, HIDDEN])]),
  );
  seed(12);
  const run = layer.forward as (x: Tensor, s: unknown) => { output: Tensor; state: Tensor | State };
  const { output, state } = run.call(layer, first.x, isLstm ? lifted : lifted.h);
  const parts = isLstm ? (state as State) : { h: state as Tensor };
  const flat = Object.entries(parts).map(([name, s]): [string, Tensor] => [name, reshape(s, [BATCH, HIDDEN])]);
  const parameters = layer.namedParameters();
  const leavesOf = (given: { x: Tensor; initial: State }, weights: [string, Tensor][]) =>
    new Map<string, Tensor>([["x", given.x], ...Object.entries(given.initial), ...weights]);
  const fused = results(new Map([["output", output], ...flat]), leavesOf(first, parameters));

  const second = own();
  const weights = Object.fromEntries(parameters.map(([name, p]) => [name, leaf(p)]));
  seed(12);
  const stepped = composed(step, options, second.x, second.initial, weights);
  const wanted = results(stepped, leavesOf(second, Object.entries(weights)));
  expect([...fused.keys()].sort()).toEqual([...wanted.keys()].sort());
  for (const [name, value] of fused) {
    const subject = { family: "masks", case: JSON.stringify(options), tensor: name };
    expectClose(subject, value, wanted.get(name)!);
  }
}

const sizes = { inputSize: INPUT, hiddenSize: HIDDEN };
const shared: Options[] = [
  {},
  { recurrentDropout: 0.4 },
  { weightDrop: 0.5 },
  { zoneout: 0.3 },
  { recurrentDropout: 0.25, weightDrop: 0.3, zoneout: 0.2 },
];

describe("while training = the recurrence from operations with the same masks", () => {
  test.each(shared)("RNN %j", (options) => {
    compare(new RNN({ ...sizes, ...(options as object) }), rnnStep, options);
  });
  test.each(shared)("GRU %j", (options) => {
    compare(new GRU({ ...sizes, ...(options as object) }), gruStep(true), options);
  });
  test.each(shared)("GRU reset before %j", (options) => {
    compare(new GRU({ ...sizes, ...(options as object), resetAfter: false }), gruStep(false), options);
  });
  test.each([...shared, { zoneout: { hidden: 0.1, cell: 0.6 } }, { zoneout: { cell: 0.5 } }])("LSTM %j", (options) => {
    compare(new LSTM({ ...sizes, ...options }), lstmStep, options);
  });
});

describe("while not training", () => {
  const x = uniform([STEPS, BATCH, INPUT]);

  test("nothing is dropped", () => {
    for (const Layer of [RNN, LSTM, GRU]) {
      const plain = new Layer(sizes);
      const dropping = new Layer({ ...sizes, recurrentDropout: 0.5, weightDrop: 0.5 });
      dropping.loadStateDict(plain.stateDict());
      expect(dropping.eval().forward(x).output.toArray()).toEqual(plain.forward(x).output.toArray());
      expect(dropping.train().forward(x).output.toArray()).not.toEqual(plain.forward(x).output.toArray());
    }
  });
});

describe("the variant of a kernel = the plain kernel, where it varies nothing", () => {
  test.each([LSTM, GRU])("%o", (Layer) => {
    const [plain, variant] = [new Layer(sizes), new Layer({ ...sizes, zoneout: 1e-45 })];
    variant.loadStateDict(plain.stateDict());
    const x = uniform([STEPS, BATCH, INPUT]);
    // A probability that no number drawn is below: the mask is zeros.
    expect(variant.forward(x).output.toArray()).toEqual(plain.forward(x).output.toArray());
  });
});

test("a gate that leaves 0 … 1 is taken, with a warning that says what it does", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  new LSTM({ ...sizes, gateActivation: "sigmoid" });
  expect(warn).not.toHaveBeenCalled();
  new GRU({ ...sizes, gateActivation: "tanh" });
  expect(warn).toHaveBeenLastCalledWith(
    "GRU gateActivation: expected values from 0 to 1, but tanh gives -1 … 1: below 0 it turns the sign of what it lets through",
  );
  new LSTM({ ...sizes, gateActivation: "exponential" });
  expect(warn).toHaveBeenLastCalledWith(
    "LSTM gateActivation: expected values from 0 to 1, but exponential gives 0 … Infinity: above 1 the state grows from step to step, without bound",
  );
  warn.mockRestore();
});

test("options out of range, and streams with packed weights that a variant does not have, are refused by name", () => {
  expect(() => new RNN({ ...sizes, recurrentDropout: 1.5 })).toThrow(
    "RNN recurrentDropout: expected a probability from 0 to 1, got 1.5",
  );
  expect(() => new GRU({ ...sizes, weightDrop: -1 })).toThrow("GRU weightDrop: expected a probability");
  expect(() => new GRU({ ...sizes, zoneout: 2 })).toThrow("GRU zoneout: expected a probability");
  expect(() => new LSTM({ ...sizes, zoneout: { cell: 2 } })).toThrow("LSTM zoneout cell: expected a probability");
  expect(() => new LSTM({ ...sizes, zoneout: { c: 0.1 } as never })).toThrow(
    'LSTM zoneout: expected options hidden, cell, got "c"',
  );
  expect(() => new LSTM({ ...sizes, projectionSize: 0 })).toThrow(
    "LSTM projectionSize: expected a whole number ≥ 1, got 0",
  );
  expect(() => new LSTM({ ...sizes, projectionSize: 3 }).stream({ weights: "int8" })).toThrow(
    'stream weights: expected "float32" for LSTM with projectionSize, got "int8"',
  );
  expect(() => new GRU({ ...sizes, activation: "relu" }).stream({ weights: "int8" })).toThrow(
    'stream weights: expected "float32" for GRU with activations of its own, got "int8"',
  );
});
