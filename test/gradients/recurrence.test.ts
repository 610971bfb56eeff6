/** A cell scanned by `Recurrence`: against the float64 oracle, turned round, padded, in pieces and with checkpoints. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  activations,
  add,
  chunk,
  detachState,
  dropout,
  GRU,
  GRUCell,
  Linear,
  LSTM,
  LSTMCell,
  linear,
  mul,
  noGrad,
  Parameter,
  Recurrence,
  RNNCell,
  reshape,
  seed,
  slice,
  sum,
  type Tensor,
  tensor,
  uniform,
} from "../../src/index.ts";
import { tensorsIn } from "../../src/tensor/structure.ts";
import { expectClose, type Numbers } from "../oracle/compare.ts";
import { type LayerOptions, layerOracle, type Named } from "../oracle/layer.ts";
import { randomRun } from "../oracle/random-run.ts";
import { gradientOf, loadWeights, numbers, runBoth, toTensor } from "../pytorch/engine.ts";

const family = "recurrence";
const size = fc.constantFrom(1, 2, 3, 5, 8, 13);
const SEARCH = { seed: 20240607, numRuns: 20 };
const KINDS: Pick<LayerOptions, "kind" | "activation" | "resetAfter">[] = [
  { kind: "RNN", activation: "relu" },
  { kind: "LSTM" },
  { kind: "GRU" },
  { kind: "GRU", resetAfter: false },
];

/** Numbers under the names a cell has, where a layer of one cell has others. */
function asCell(given: Named): Named {
  const rename = (name: string): string => name.replace(/^((?:weights|gradient)\.)(.*)_l0$/, "$1cell.$2");
  return new Map([...given].map(([name, value]) => [rename(name), value]));
}

function build({ kind, ...options }: LayerOptions, more: object = {}) {
  const cell = new { RNN: RNNCell, LSTM: LSTMCell, GRU: GRUCell }[kind](options);
  return new Recurrence<unknown>(cell as never, more);
}

/** Forward and backward; states are [1, B, H] in the oracle. */
function run(options: LayerOptions, given: Named, more: object = {}): Named {
  const { batchFirst, ...cellOptions } = options;
  const layer = build(cellOptions, { ...more, batchFirst: batchFirst ?? false });
  loadWeights(layer, asCell(given));
  const leaves = new Map(["x", "h0", "c0"].filter((k) => given.has(k)).map((k) => [k, toTensor(given.get(k)!, true)]));
  const [h0, c0] = ["h0", "c0"].map((name) => {
    const leaf = leaves.get(name);
    return leaf && reshape(leaf, leaf.shape.slice(1));
  });
  const initial = options.kind === "LSTM" ? h0 && { h: h0, c: c0 } : h0;
  const { output, state } = layer.forward(leaves.get("x")!, initial);
  const outputs = new Map([["output", output]]);
  const [h, c] = tensorsIn(state);
  outputs.set("h", reshape(h!, [1, ...h!.shape]));
  if (c) outputs.set("c", reshape(c, [1, ...c.shape]));
  return runBoth(given, leaves, outputs, layer);
}

describe("a cell of the library, scanned = float64 oracle of the layer", () => {
  test.each(KINDS)("%j", (kind) => {
    const shape = fc.record({ inputSize: size, hiddenSize: size, batchFirst: fc.boolean(), bias: fc.boolean() });
    const sizes = fc.record({
      steps: fc.constantFrom(1, 2, 7, 11),
      batch: size,
      seed: fc.nat(),
      hasInitialState: fc.boolean(),
    });
    const every = fc.constantFrom(undefined, 1, 3, 20);
    const property = fc.property(shape, sizes, every, (options, runSize, checkpointEvery) => {
      const all = { ...kind, ...options };
      const given = randomRun(all, runSize);
      const wanted = asCell(layerOracle(all, given));
      const actual = run(all, given, checkpointEvery ? { checkpointEvery } : {});
      const name = JSON.stringify([all, runSize, checkpointEvery]);
      expect(actual.size).toBeGreaterThanOrEqual(4);
      for (const [tensorName, value] of actual) {
        expectClose({ family, case: name, tensor: tensorName }, value, wanted.get(tensorName)!);
      }
    });
    fc.assert(property, SEARCH);
  });
});

/** An LSTM as a user writes it. */
class HandWritten {
  readonly hidden: number;
  readonly stateSizes: readonly number[];
  readonly input: Linear;
  readonly recurrent: Linear;
  readonly drop: number;
  constructor(inputSize: number, hidden: number, drop = 0) {
    this.hidden = hidden;
    this.stateSizes = [hidden, hidden];
    this.input = new Linear({ inputSize, outputSize: 4 * hidden });
    this.recurrent = new Linear({ inputSize: hidden, outputSize: 4 * hidden, bias: false });
    this.drop = drop;
  }
  step(x: Tensor, [h, c]: [Tensor, Tensor]): { output: Tensor; state: [Tensor, Tensor] } {
    const z = add(this.input.forward(x), this.recurrent.forward(h));
    const [i, f, g, o] = chunk(z, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
    const { sigmoid, tanh } = activations;
    const cell = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    const next = mul(sigmoid(o), tanh(cell));
    return { output: dropout(next, this.drop), state: [next, cell] };
  }
}

function turned({ shape, data }: Numbers): Numbers {
  const step = data.length / shape[0]!;
  const out = Float32Array.from(data, (_, i) => data[(shape[0]! - 1 - Math.floor(i / step)) * step + (i % step)]!);
  return { shape, data: out };
}

/** Runs and returns the numbers of everything: output, state and gradients under contraction with fixed cotangents. */
function everything(
  layer: Recurrence<[Tensor, Tensor]>,
  x: Numbers,
  cotangent: Numbers,
  lengths?: number[],
  state?: [Tensor, Tensor],
): Map<string, Numbers> {
  for (const p of layer.parameters()) p.clearGradient();
  const leaf = toTensor(x, true);
  const { output, state: last } = layer.forward(leaf, state, lengths ? { lengths } : {});
  const result = new Map([["output", numbers(output)]]);
  for (const [i, part] of last.entries()) result.set(`state.${i}`, numbers(part));
  const scalar = [sum(mul(output, toTensor(cotangent))), ...last.map((part, i) => mul(sum(part), 0.3 + i))];
  scalar.reduce((a, b) => add(a, b)).backward();
  result.set("x", gradientOf("x", leaf));
  for (const [name, parameter] of layer.namedParameters()) result.set(name, gradientOf(name, parameter));
  for (const [i, part] of (state ?? []).entries())
    if (part.requiresGrad) result.set(`state0.${i}`, gradientOf("state", part));
  return result;
}

const draw = (...shape: number[]): Numbers => numbers(uniform(shape, { low: -1, high: 1 }));

test("parameters in the fields of a cell that is no module are found, saved and loaded", () => {
  const layer = new Recurrence(new HandWritten(3, 5));
  const names = layer.namedParameters().map(([name]) => name);
  expect(names).toEqual(["cell.input.weight", "cell.input.bias", "cell.recurrent.weight"]);
  const other = new Recurrence(new HandWritten(3, 5));
  other.load(layer.save());
  expect(other.parameters()[0]!.toArray()).toEqual(layer.parameters()[0]!.toArray());
  class Own {
    weight = new Parameter([5, 3]);
    step = (x: Tensor, h: Tensor) => ({ output: linear(x, this.weight), state: h });
  }
  expect(new Recurrence<Tensor>(new Own()).namedParameters().map(([name]) => name)).toEqual(["cell.weight"]);
});

test("reading backward is reading the sequence turned round, to the bit", () => {
  const cell = new HandWritten(3, 5);
  const [x, cotangent] = [draw(7, 4, 3), draw(7, 4, 5)];
  const backward = everything(new Recurrence(cell, { reverse: true }), x, cotangent);
  const forward = everything(new Recurrence(cell), turned(x), turned(cotangent));
  for (const [name, value] of forward) {
    const wanted = name === "output" || name === "x" ? turned(value) : value;
    expect(backward.get(name)!.data, name).toEqual(wanted.data);
  }
});

describe.each([{}, { checkpointEvery: 3 }])("sequences of their own lengths, %j", (more) => {
  test.each([false, true])("are what each is alone, whatever the padding; reverse %s", (reverse) => {
    const lengths = [4, 7, 1, 0, 7, 2];
    const [steps, batch, input, hidden] = [7, lengths.length, 3, 5];
    const layer = new Recurrence(new HandWritten(input, hidden), { reverse, ...more });
    const [x, cotangent, h0, c0] = [
      draw(steps, batch, input),
      draw(steps, batch, hidden),
      draw(batch, hidden),
      draw(batch, hidden),
    ];
    const padded = Float32Array.from(x.data, (value, i) => {
      const [t, b] = [Math.floor(i / input / batch), Math.floor(i / input) % batch];
      return t < lengths[b]! ? value : Number.NaN;
    });
    const state: [Tensor, Tensor] = [toTensor(h0, true), toTensor(c0, true)];
    const together = everything(layer, { shape: x.shape, data: padded }, cotangent, lengths, state);
    const sums = new Map<string, Float64Array>();
    lengths.forEach((length, b) => {
      const rows = (all: Numbers, width: number, count: number): Numbers => {
        const data = Float32Array.from({ length: count * width }, (_, i) => {
          return all.data[(Math.floor(i / width) * batch + b) * width + (i % width)]!;
        });
        return { shape: [count, 1, width], data };
      };
      const of = (name: string, width: number, count = 1): ArrayLike<number> =>
        rows(together.get(name)!, width, count).data;
      const own = (all: Numbers): Tensor => toTensor({ shape: [1, hidden], data: rows(all, hidden, 1).data }, true);
      const beyond = (name: string, width: number): number[] =>
        Array.from(of(name, width, steps)).slice(length * width);
      expect(beyond("output", hidden).every((value) => value === 0)).toBe(true);
      expect(beyond("x", input).every((value) => value === 0)).toBe(true);
      if (length === 0) {
        expect(of("state.0", hidden)).toEqual(rows(h0, hidden, 1).data);
        expect(of("state0.1", hidden)).toEqual(new Float32Array(hidden).fill(1.3));
        return;
      }
      const alone = everything(layer, rows(x, input, length), rows(cotangent, hidden, length), undefined, [
        own(h0),
        own(c0),
      ]);
      for (const name of ["output", "x", "state.0", "state.1", "state0.0", "state0.1"]) {
        const wanted = alone.get(name)!;
        const [count, width] = [name === "output" || name === "x" ? length : 1, wanted.shape.at(-1)!];
        expectClose(
          { family, case: `sequence ${b}`, tensor: name },
          { shape: wanted.shape, data: of(name, width, count) },
          wanted,
        );
      }
      for (const [name] of layer.namedParameters()) {
        const gradient = alone.get(name)!.data;
        const so = sums.get(name) ?? new Float64Array(gradient.length);
        sums.set(
          name,
          so.map((value, i) => value + gradient[i]!),
        );
      }
    });
    for (const [name, total] of sums) {
      const { shape } = together.get(name)!;
      expectClose({ family, case: "all", tensor: name }, together.get(name)!, { shape, data: total });
    }
  });
});

test("with checkpoints, outputs and gradients are the same bits, dropout in the cell included", () => {
  for (const reverse of [false, true]) {
    const cell = new HandWritten(3, 5, 0.4);
    const [x, cotangent] = [draw(11, 4, 3), draw(11, 4, 5)];
    const results = [undefined, 1, 4, 11, 50].map((checkpointEvery) => {
      seed(7);
      const options = checkpointEvery ? { reverse, checkpointEvery } : { reverse };
      const all = everything(new Recurrence(cell, options), x, cotangent, [11, 3, 8, 11]);
      return { all, after: uniform([4]).toArray() };
    });
    expect(results[0]!.all.get("output")!.data).toContain(0);
    for (const { all, after } of results.slice(1)) {
      for (const [name, value] of results[0]!.all) {
        // A gradient that is added to zero loses the sign of its zeros.
        const unsigned = (numbersOf: Numbers) => Array.from(numbersOf.data, (number) => number + 0);
        expect(unsigned(all.get(name)!), name).toEqual(unsigned(value));
      }
      expect(after).toEqual(results[0]!.after);
    }
  }
});

test("a long stream in pieces, the state handed on by detachState = the whole forward, and nothing flows back", () => {
  const lstm = new LSTM({ inputSize: 3, hiddenSize: 5 });
  const own = new Recurrence(new HandWritten(3, 5));
  const gru = new GRU({ inputSize: 3, hiddenSize: 5 });
  const x = toTensor(draw(60, 2, 3));
  type Any = { forward(x: Tensor, state?: unknown): { output: Tensor; state: unknown } };
  for (const layer of [lstm, own, gru] as unknown as Any[]) {
    const whole = noGrad(() => layer.forward(x).output.detach()).toArray();
    let state: unknown;
    const pieces: number[] = [];
    for (let start = 0; start < 60; start += 12) {
      const result = layer.forward(slice(x, 0, start, start + 12), state);
      pieces.push(...(result.output.toArray() as Float32Array));
      state = detachState(result.state);
      for (const part of tensorsIn(state)) expect([part.requiresGrad, part.source]).toEqual([false, null]);
    }
    expect(Float32Array.from(pieces)).toEqual(whole);
  }
  const nested = detachState({ a: [tensor([1, 2])], b: { c: tensor(3) } });
  expect(nested.a[0]!.toArray()).toEqual(Float32Array.of(1, 2));
  expect(nested.b.c.item()).toBe(3);
});

test("the example of its documentation", () => {
  class Leaky {
    input = new Linear({ inputSize: 3, outputSize: 8 });
    recurrent = new Linear({ inputSize: 8, outputSize: 8, bias: false });
    stateSizes = 8;
    step(x: Tensor, h: Tensor) {
      const drive = activations.tanh(add(this.input.forward(x), this.recurrent.forward(h)));
      const next = add(mul(h, 0.9), mul(drive, 0.1));
      return { output: next, state: next };
    }
  }
  const layer = new Recurrence(new Leaky());
  const { output, state } = layer.forward(uniform([6, 2, 3]));
  expect(state.toArray()).toEqual(slice(output, 0, 5, 6).toArray());
  expect(Math.abs(state.toArray()[0] as number)).toBeLessThan(1 - 0.9 ** 6);
});
