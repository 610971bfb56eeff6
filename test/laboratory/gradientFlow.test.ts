/** Gradients of the states of every recurrent layer, against the layer's own second half run from each state by itself. */
import { diagnose } from "unrolled/laboratory";
import { describe, expect, test } from "vitest";
import {
  activations,
  add,
  concat,
  GRU,
  GRUCell,
  IndRNN,
  Linear,
  LSTM,
  LSTMCell,
  MinGRU,
  MinimalGatedUnit,
  MinLSTM,
  type Module,
  mul,
  normal,
  Recurrence,
  RGLRU,
  RNN,
  RNNCell,
  Sequential,
  SRU,
  seed,
  slice,
  sum,
  type Tensor,
  tensor,
  unbind,
} from "../../src/index.ts";
import { mapTensors, tensorsIn } from "../../src/tensor/structure.ts";

const [T, B, I, H] = [7, 3, 2, 5];
const sizes = { inputSize: I, hiddenSize: H };

interface Result {
  readonly output: Tensor;
  readonly state: unknown;
}

/** A layer, whatever its state is. */
interface Layer {
  readonly module: Module;
  forward(x: Tensor, state?: unknown): Result;
}

function any(module: Module): Layer {
  return { module, forward: (x, state) => module.forward(x, state) as Result };
}

/** Leaves in the place of the tensors of a state. */
function leavesOf<State>(state: State): State {
  return mapTensors(state, (t) => {
    const own = t.detach();
    own.requiresGrad = true;
    return own;
  });
}

/** The norm of each sequence's part of a gradient whose batch is on this axis. */
function normsOf(gradients: readonly (Tensor | null)[], axis: number): number[] {
  return Array.from({ length: B }, (_, b) => {
    let square = 0;
    for (const gradient of gradients) {
      if (!gradient) continue;
      const width = gradient.size / B;
      const own = axis === 0 || gradient.shape[0] === 1 ? gradient.toArray().subarray(b * width, (b + 1) * width) : [];
      for (const value of own) square += value * value;
    }
    return Math.sqrt(square);
  });
}

/** Weighted sums of what a layer gives at each step, the weights the same each time. */
function lossOf(output: Tensor, weights: Tensor, from: number): Tensor {
  return sum(mul(output, slice(weights, 0, from)));
}

/** ∂L/∂state_t for each t: the steps up to t by themselves, then those after it from a leaf. */
function oracle(layer: Layer, x: Tensor, weights: Tensor): (Tensor | null)[][] {
  return Array.from({ length: T }, (_, t) => {
    const { state } = layer.forward(slice(x, 0, 0, t + 1));
    const leaves = leavesOf(state);
    const parts = tensorsIn(leaves);
    // What is read of step t is h_t itself.
    const h = parts[0];
    const read = sum(mul(h, slice(weights, 0, t, t + 1)));
    const rest = t + 1 < T ? lossOf(layer.forward(slice(x, 0, t + 1), leaves).output, weights, t + 1) : null;
    (rest ? add(read, rest) : read).backward();
    return parts.map(({ grad }) => grad?.detach() ?? null);
  });
}

const activation = "softplus" as const;
const wide = { peepholes: true, coupledGates: true, activation, gateActivation: "sigmoid" as const };
const cases: Record<string, () => Layer> = {
  RNN: () => any(new RNN(sizes)),
  "RNN with relu and no bias": () => any(new RNN({ ...sizes, activation: "relu", bias: false })),
  LSTM: () => any(new LSTM(sizes)),
  "LSTM with peepholes": () => any(new LSTM({ ...sizes, peepholes: true })),
  "LSTM with a projection": () => any(new LSTM({ ...sizes, projectionSize: 4 })),
  "LSTM with coupled gates, peepholes, another activation": () => any(new LSTM({ ...sizes, ...wide })),
  "LSTM with layer norm": () => any(new LSTM({ ...sizes, layerNorm: true })),
  "LSTM with zoneout": () => any(new LSTM({ ...sizes, zoneout: 0.3 }).eval()),
  GRU: () => any(new GRU(sizes)),
  "GRU with reset before": () => any(new GRU({ ...sizes, resetAfter: false })),
  "GRU with layer norm": () => any(new GRU({ ...sizes, layerNorm: true })),
  IndRNN: () => any(new IndRNN(sizes)),
  MinGRU: () => any(new MinGRU(sizes)),
  MinLSTM: () => any(new MinLSTM(sizes)),
  MinimalGatedUnit: () => any(new MinimalGatedUnit(sizes)),
  RGLRU: () => any(new RGLRU({ hiddenSize: I })),
  "Recurrence of an RNNCell": () => any(new Recurrence(new RNNCell(sizes))),
  "Recurrence of a GRUCell": () => any(new Recurrence(new GRUCell(sizes))),
  "Recurrence of an LSTMCell": () => any(new Recurrence(new LSTMCell(sizes))),
};

describe("the gradients of all states, at every step and of every sequence", () => {
  test.each(Object.entries(cases))("%s", (_, make) => {
    seed(11);
    const layer = make();
    const x = normal([T, B, I]);
    const width = layer.forward(x).output.shape[2];
    const weights = normal([T, B, width]);
    const wanted = oracle(layer, x, weights);
    const plain = sum(mul(layer.forward(x).output, weights)).item();
    const diagnosis = diagnose(layer.module, () => sum(mul(layer.forward(x).output, weights)));
    expect(diagnosis.loss).toBe(plain);
    expect(diagnosis.layers).toHaveLength(1);
    const { gradient, steps, batch } = diagnosis.layers[0];
    expect({ steps, batch }).toEqual({ steps: T, batch: B });
    const hasCell = wanted[0].length === 2;
    const largest = Math.max(...wanted.flatMap((parts) => normsOf(parts, 0)));
    wanted.forEach((parts, t) => {
      const norms = normsOf(parts.slice(0, 1), 0);
      norms.forEach((norm, b) => {
        expect(Math.abs(gradient.bySequence[t][b] - norm)).toBeLessThan(2e-6 * largest);
      });
      const mean = norms.reduce((a, b) => a + b) / B;
      expect(Math.abs(gradient.norms[t] - mean)).toBeLessThan(2e-6 * largest);
      if (!hasCell) return;
      const cell = normsOf(parts.slice(1), 0).reduce((a, b) => a + b) / B;
      expect(Math.abs((gradient.cellNorms?.[t] ?? Number.NaN) - cell)).toBeLessThan(2e-6 * largest);
    });
  });
});

/** Elman network and its gradients by the chain rule, in float64. */
function elman(w: number[][], u: number[][], x: number[][], last: number[]): number[] {
  const n = w.length;
  const states = [new Array<number>(n).fill(0)];
  for (const at of x) {
    const h = states.at(-1) as number[];
    const z = w.map((row, i) => row.reduce((s, v, j) => s + v * h[j], 0) + u[i].reduce((s, v, j) => s + v * at[j], 0));
    states.push(z.map(Math.tanh));
  }
  let gradient = last;
  const norms: number[] = [];
  for (const h of states.slice(1).reverse()) {
    norms.unshift(Math.hypot(...gradient));
    const dz = gradient.map((g, i) => g * (1 - h[i] * h[i]));
    gradient = w.map((_, j) => dz.reduce((s, d, i) => s + d * w[i][j], 0));
  }
  norms.unshift(Math.hypot(...gradient));
  return norms;
}

test("an Elman network against the chain rule in float64, its factor, and all that is left", () => {
  seed(5);
  const rnn = new RNN({ inputSize: 2, hiddenSize: 4, bias: false });
  const named = Object.fromEntries(rnn.namedParameters());
  const rows = (t: Tensor): number[][] => {
    const [count, width] = t.shape as [number, number];
    return Array.from({ length: count }, (_, i) => [...t.toArray().subarray(i * width, (i + 1) * width)]);
  };
  const x = normal([30, 1, 2]);
  const wanted = elman(
    rows(named.weight_hh_l0),
    rows(named.weight_ih_l0),
    rows(tensor(x.toArray() as Float32Array, [30, 2])),
    [1, 1, 1, 1],
  );
  const { gradient } = diagnose(rnn, () => sum(rnn.forward(x).state)).layers[0];
  gradient.norms.forEach((norm, t) => {
    expect(Math.abs(norm / wanted[t + 1] - 1)).toBeLessThan(1e-4);
  });
  gradient.ratios.forEach((ratio, t) => {
    expect(Math.abs(ratio / (wanted[t] / wanted[t + 1]) - 1)).toBeLessThan(1e-4);
  });
  expect(Math.abs(gradient.gain / (wanted[0] / wanted[30]) - 1)).toBeLessThan(1e-3);
  // A line through all but noise: e to the mean slope, to a tenth.
  expect(Math.abs(gradient.factor / (wanted[0] / wanted[30]) ** (1 / 30) - 1)).toBeLessThan(0.1);
});

test("sequences of several lengths have the gradients they have alone", () => {
  seed(12);
  const lengths = [4, 7, 2, 5];
  for (const layer of [new LSTM(sizes), new GRU(sizes), new RNN(sizes), new SRU({ ...sizes, inputSize: H })]) {
    const width = layer.inputSize;
    const x = normal([7, 4, width]);
    const weights = normal([7, 4, H]);
    type Any = { forward(x: Tensor, state?: undefined, pass?: { lengths: number[] }): { output: Tensor } };
    const run = layer as unknown as Any;
    const { gradient } = diagnose(layer as Module, () =>
      sum(mul(run.forward(x, undefined, { lengths }).output, weights)),
    ).layers[0];
    const order = [1, 3, 0, 2];
    order.forEach((b, place) => {
      const part = (t: Tensor): Tensor => slice(slice(t, 1, b, b + 1), 0, 0, lengths[b]);
      const alone = diagnose(layer as Module, () => sum(mul(run.forward(part(x)).output, part(weights)))).layers[0]
        .gradient;
      for (let t = 0; t < lengths[b]; t++) {
        expect(Math.abs(gradient.bySequence[t][place] - alone.norms[t])).toBeLessThan(1e-5);
      }
      for (let t = lengths[b]; t < 7; t++) expect(gradient.bySequence[t].length).toBeLessThanOrEqual(place);
    });
  }
});

test("the reverse direction is that of a layer that reads the sequence turned round", () => {
  seed(13);
  const both = new GRU({ ...sizes, bidirectional: true, batchFirst: true });
  const ahead = new GRU(sizes);
  const state = both.stateDict();
  const own = (end: string) =>
    Object.fromEntries(Object.keys(ahead.stateDict()).map((name) => [name, state[name + end]]));
  const x = normal([B, T, I]);
  const weights = normal([B, T, 2 * H]);
  const layers = diagnose(both, () => sum(mul(both.forward(x).output, weights))).layers;
  expect(layers.map(({ layer }) => layer)).toEqual(["GRU.l0", "GRU.l0_reverse"]);
  const major = (t: Tensor, from: number, to: number, turned: boolean): Tensor => {
    const steps = Array.from({ length: T }, (_, i) =>
      slice(slice(t, 1, turned ? T - 1 - i : i, turned ? T - i : i + 1), 2, from, to),
    );
    return concat(
      steps.map((step) => tensor(step.toArray() as Float32Array, [1, B, to - from])),
      0,
    );
  };
  for (const [d, end] of ["", "_reverse"].entries()) {
    ahead.loadStateDict(own(end));
    const [input, read] = [major(x, 0, I, d === 1), major(weights, d * H, (d + 1) * H, d === 1)];
    const alone = diagnose(ahead, () => sum(mul(ahead.forward(input).output, read))).layers[0];
    alone.gradient.norms.forEach((norm, t) => {
      expect(Math.abs(layers[d].gradient.norms[t] - norm)).toBeLessThan(1e-5);
    });
  }
});

test("a loop over a cell by hand is one trajectory, and layers on each other all have theirs", () => {
  seed(14);
  const cell = new LSTMCell(sizes);
  const x = normal([T, B, I]);
  const { layers } = diagnose(cell, () => {
    let state: ReturnType<LSTMCell["forward"]> | undefined;
    for (const at of unbind(x)) state = cell.forward(at, state);
    return sum((state as NonNullable<typeof state>).h);
  });
  expect(layers.map(({ steps }) => steps)).toEqual([T]);
  const layer = new LSTM(sizes);
  layer.loadStateDict(
    Object.fromEntries(Object.entries(cell.stateDict()).map(([name, value]) => [`${name}_l0`, value])),
  );
  const { gradient } = diagnose(layer, () => sum(layer.forward(x).state.h)).layers[0];
  gradient.norms.forEach((norm, t) => {
    expect(Math.abs(layers[0].gradient.norms[t] - norm)).toBeLessThan(1e-6);
  });
  const deep = new Sequential(
    new LSTM({ ...sizes, layers: 2, bidirectional: true }),
    new MinGRU({ inputSize: 2 * H, hiddenSize: 3, layers: 2 }),
  );
  const names = diagnose(deep, () => sum(deep.forward(x) as Tensor)).layers.map(({ layer: name }) => name);
  expect(names).toEqual(["0.l0", "0.l0_reverse", "0.l1", "0.l1_reverse", "1.l0", "1.l1"]);
});

test("a cell of one's own, whose output is made from its state", () => {
  seed(15);
  class Leaky {
    input = new Linear({ inputSize: I, outputSize: H });
    recurrent = new Linear({ inputSize: H, outputSize: H, bias: false });
    stateSizes = H;
    step(x: Tensor, h: Tensor) {
      const next = add(mul(h, 0.9), mul(activations.tanh(add(this.input.forward(x), this.recurrent.forward(h))), 0.1));
      return { output: mul(next, 2), state: next };
    }
  }
  const layer = new Recurrence(new Leaky());
  const x = normal([T, B, I]);
  const { layers } = diagnose(layer, () => sum(layer.forward(x).output));
  expect(layers[0]).toMatchObject({ className: "Leaky", steps: T, stateSize: H, radii: null, gates: null });
  // At the last step what comes is the 2 of the output: 2·√H.
  expect(layers[0].gradient.norms.at(-1)).toBeCloseTo(2 * Math.sqrt(H), 5);
  expect(layers[0].gradient.norms[0]).toBeGreaterThan(2 * Math.sqrt(H));
  expect(layers[0].exponents?.[0]).toBeLessThan(0);
});
