/**
 * Streams of layers that take their steps by a forward pass each: variants of RNN, LSTM and GRU, the newer recurrences, and
 * cells of one's own. A sequence read at once, in pieces and one sample at a time gives the same bits.
 */
import fc from "fast-check";
import {
  activations,
  add,
  Checkpointed,
  Dropout,
  dropout,
  Embedding,
  GRU,
  GRUCell,
  Linear,
  LSTM,
  LSTMCell,
  type Module,
  mul,
  noGrad,
  normal,
  OptionError,
  Recurrence,
  RNN,
  runtimeInfo,
  Sequential,
  SGD,
  ShapeError,
  type Stream,
  type StreamOptions,
  seed,
  slice,
  sum,
  type Tensor,
  tensor,
  uniform,
  zeros,
} from "unrolled";
import { describe, expect, test } from "vitest";
import { newerRecurrences, type State } from "../oracle/recurrences.ts";
import { testRefusals } from "./refusals.ts";

const I = 5;
const H = 7;
const T = 9;
const sizes = { inputSize: I, hiddenSize: H };

type Streamed = {
  forward(x: Tensor, state?: State): { output: Tensor; state: State };
  stream(options?: StreamOptions): Stream;
} & Module;

/** A cell that carries its last two results: one part of the state is handed on as the other. */
class LastTwo {
  inputSize = I;
  stateSizes = { a: I, b: I };
  linear = new Linear({ inputSize: I, outputSize: I });
  drop = new Dropout({ probability: 0.5 });
  step(x: Tensor, { a, b }: { a: Tensor; b: Tensor }) {
    const next = activations.tanh(add(this.linear.forward(this.drop.forward(x)), a));
    return { output: add(next, mul(b, 0.5)), state: { a: next, b: a } };
  }
}

const layers: Record<string, () => unknown> = {
  "RNN zoneout": () => new RNN({ ...sizes, layers: 2, zoneout: 0.3, recurrentDropout: 0.5 }),
  "LSTM projection": () => new LSTM({ ...sizes, layers: 2, projectionSize: 3, dropout: 0.5 }),
  "LSTM coupled gates": () => new LSTM({ ...sizes, coupledGates: true, peepholes: true }),
  "LSTM layer norm": () => new LSTM({ ...sizes, layers: 2, layerNorm: true }),
  "LSTM activations": () => new LSTM({ ...sizes, activation: "softplus", gateActivation: "sigmoid" }),
  "LSTM zoneout": () => new LSTM({ ...sizes, zoneout: { hidden: 0.2, cell: 0.4 }, batchFirst: true }),
  "GRU activations": () => new GRU({ ...sizes, layers: 2, activation: "relu", weightDrop: 0.5 }),
  "GRU layer norm": () => new GRU({ ...sizes, layerNorm: true }),
  "GRU zoneout before": () => new GRU({ ...sizes, zoneout: 0.3, resetAfter: false }),
  Checkpointed: () => new Checkpointed(new GRU({ ...sizes, layerNorm: true })),
  "Recurrence of an LSTMCell": () => new Recurrence(new LSTMCell(sizes), { batchFirst: true }),
  "Recurrence of a GRUCell": () => new Recurrence(new GRUCell(sizes), { checkpointEvery: 3 }),
  "Recurrence of one's own": () => new Recurrence(new LastTwo()),
  ...Object.fromEntries(
    newerRecurrences.flatMap(([name, make]) => [
      [name, () => make(sizes)],
      [`${name}, 3 layers`, () => make({ ...sizes, layers: 3, dropout: 0.5 })],
    ]),
  ),
};

/** The samples of a sequence [T, 1, I], one by one. */
function samplesOf(x: Tensor): Float32Array[] {
  const data = x.toArray() as Float32Array;
  return Array.from({ length: data.length / I }, (_, t) => data.subarray(t * I, (t + 1) * I));
}

/** What the layer makes of the whole, as if it were always time first: of one sequence that is the same memory. */
function whole(layer: Streamed, x: Tensor): number[] {
  const { batchFirst } = layer as { batchFirst?: boolean };
  const given = batchFirst ? tensor(x.toArray() as Float32Array, [1, T, I]) : x;
  layer.eval();
  const { output } = noGrad(() => layer.forward(given));
  layer.train();
  return [...output.toArray()];
}

describe.each(Object.entries(layers))("%s", (_, make) => {
  test("one push at a time ≡ the whole sequence, and again after reset()", () => {
    seed(5);
    const layer = make() as Streamed;
    const x = normal([T, 1, I]);
    const wanted = whole(layer, x);
    const stream = layer.stream();
    for (let round = 0; round < 3; round++) {
      const pushed = samplesOf(x).flatMap((sample) => [...stream.push(sample)]);
      expect(pushed).toEqual(wanted);
      stream.reset();
    }
    expect(layer.training).toBe(true);
  });

  test("memory stays where it is, and two streams do not disturb each other", () => {
    seed(6);
    const layer = make() as Streamed;
    const [a, b] = [layer.stream(), layer.stream()];
    const samples = samplesOf(normal([T, 1, I]));
    const alone = samples.flatMap((sample) => [...a.push(sample)]);
    a.reset();
    for (const sample of samples) b.push(sample);
    const { heapBytes } = runtimeInfo();
    const together = samples.flatMap((sample, t) => {
      b.push(samples[T - 1 - t]!);
      return [...a.push(sample)];
    });
    expect(together).toEqual(alone);
    for (let t = 0; t < 2000; t++) a.push(samples[t % T]!);
    expect(runtimeInfo().heapBytes).toBe(heapBytes);
  });
});

describe.each(newerRecurrences)("%s", (_, make) => {
  test("any split of a sequence, the rest pushed, ≡ the whole", () => {
    const property = fc.property(
      fc.nat(),
      fc.integer({ min: 1, max: T - 1 }),
      fc.constantFrom(1, 2),
      (drawn, cut, depth) => {
        seed(drawn);
        const layer = make({ ...sizes, layers: depth }) as Streamed;
        const x = normal([T, 1, I]);
        const wanted = whole(layer, x);
        noGrad(() => {
          const first = layer.forward(slice(x, 0, 0, cut));
          const second = layer.forward(slice(x, 0, cut, T), first.state);
          expect([...first.output.toArray(), ...second.output.toArray()]).toEqual(wanted);
        });
        const stream = layer.stream();
        expect(samplesOf(x).flatMap((sample) => [...stream.push(sample)])).toEqual(wanted);
      },
    );
    fc.assert(property, { seed: 20240607, numRuns: 6 });
  });
});

test("kernels and layers of both kinds in one network, in any order", () => {
  seed(3);
  const recurrence = (name: string): Streamed =>
    newerRecurrences.find(([own]) => own === name)![1]({ inputSize: H, hiddenSize: H }) as Streamed;
  const model = new Sequential(
    new Embedding({ count: 9, size: I }),
    new GRU(sizes),
    recurrence("QRNN"),
    new Dropout(),
    recurrence("MinLSTM"),
    new Linear({ inputSize: H, outputSize: 4 }),
    new LSTM({ inputSize: 4, hiddenSize: 3 }),
    new RNN({ inputSize: 3, hiddenSize: 2, zoneout: 0.1 }),
  );
  const tokens = [3, 0, 8, 8, 1, 2, 7, 5, 4, 3];
  const stream = model.stream();
  const pushed = tokens.flatMap((token) => [...stream.push(token)]);
  model.eval();
  const wanted = noGrad(() => model.forward(tensor(Int32Array.from(tokens), [tokens.length, 1])));
  expect(pushed).toEqual([...wanted.toArray()]);
});

test("the first layer may be one that steps by itself, before kernels", () => {
  seed(3);
  const own = new LSTM({ ...sizes, layerNorm: true });
  const model = new Sequential(own, new Linear({ inputSize: H, outputSize: 2 }));
  const x = normal([T, 1, I]);
  const stream = model.stream();
  const pushed = samplesOf(x).flatMap((sample) => [...stream.push(sample)]);
  expect(pushed).toEqual([...noGrad(() => model.forward(x)).toArray()]);
});

test("uses the weights as they are at each push", () => {
  seed(4);
  const [, make] = newerRecurrences.find(([name]) => name === "SRU")!;
  const layer = make(sizes) as Streamed;
  const stream = layer.stream();
  const x = uniform([1, 1, I]);
  const before = stream.push(x.toArray() as Float32Array).slice();
  const optimizer = new SGD(layer.parameters(), { learningRate: 0.5 });
  sum(layer.forward(x).output).backward();
  optimizer.step();
  stream.reset();
  const after = stream.push(x.toArray() as Float32Array);
  expect(after).not.toEqual(before);
  expect([...after]).toEqual([...noGrad(() => layer.forward(x)).output.toArray()]);
});

test("a stream draws no random numbers, nor does making one", () => {
  const cell = new LastTwo();
  seed(9);
  const next = uniform([3]).toArray();
  const layers_ = [new Recurrence(cell), new RNN({ ...sizes, zoneout: 0.4, recurrentDropout: 0.5 })];
  seed(9);
  for (const layer of layers_) layer.stream().push(new Float32Array(I));
  expect(uniform([3]).toArray()).toEqual(next);
});

test("a cell with an initial state of its own starts from it, after reset() again", () => {
  const cell = {
    inputSize: 1,
    initialState: (batch: number) => tensor(new Float32Array(batch).fill(4), [batch, 1]),
    step: (x: Tensor, h: Tensor) => ({ output: add(h, x), state: add(h, x) }),
  };
  const stream = new Recurrence<Tensor>(cell).stream();
  const push = (value: number): number => stream.push(Float32Array.of(value))[0]!;
  expect([push(1), push(2), push(3)]).toEqual([5, 7, 10]);
  stream.reset();
  expect(push(1)).toBe(5);
});

test("a step that fails leaves stream, training and memory as they were", () => {
  let fails = false;
  const cell = {
    inputSize: 2,
    stateSizes: 2,
    drop: new Dropout(),
    step(x: Tensor, h: Tensor) {
      if (fails) throw new RangeError("not now");
      const next = add(dropout(h, 0.5, this.drop.training), x);
      return { output: next, state: next };
    },
  };
  const layer = new Recurrence<Tensor>(cell);
  const stream = layer.stream();
  expect([...stream.push(Float32Array.of(1, 2))]).toEqual([1, 2]);
  fails = true;
  expect(() => stream.push(Float32Array.of(1, 1))).toThrow(RangeError);
  fails = false;
  expect(layer.training).toBe(true);
  expect([...stream.push(Float32Array.of(1, 1))]).toEqual([2, 3]);
});

describe("refused by name", () => {
  const [, make] = newerRecurrences.find(([name]) => name === "MinGRU")!;
  const streamed = (options: object) => make({ ...sizes, ...options }) as Streamed;
  const step = (x: Tensor, h: Tensor) => ({ output: x, state: h });
  testRefusals([
    [
      "both directions",
      () => streamed({ bidirectional: true }).stream(),
      OptionError,
      /stream: a bidirectional MinGRU/,
    ],
    ["the other direction", () => streamed({ reverse: true }).stream(), OptionError, /stream: a reverse MinGRU/],
    [
      "int8 weights of a newer recurrence",
      () => streamed({}).stream({ weights: "int8" }),
      OptionError,
      /stream weights: expected "float32" for MinGRU, got "int8"/,
    ],
    [
      "int8 weights of a variant",
      () => new LSTM({ ...sizes, projectionSize: 3 }).stream({ weights: "int8" }),
      OptionError,
      /stream weights: expected "float32" for LSTM with projectionSize, got "int8"/,
    ],
    [
      "a variant in both directions",
      () => new GRU({ ...sizes, layerNorm: true, bidirectional: true }).stream(),
      OptionError,
      /stream: a bidirectional GRU reads the future/,
    ],
    [
      "a cell that does not say what it reads",
      () => new Recurrence<Tensor>({ stateSizes: 3, step }).stream(),
      OptionError,
      /stream: inputSize of the cell of a Recurrence: expected a whole number ≥ 1/,
    ],
    [
      "a reverse cell",
      () => new Recurrence<Tensor>({ inputSize: 2, stateSizes: 3, step }, { reverse: true }).stream(),
      OptionError,
      /stream: a reverse Recurrence reads the future/,
    ],
    [
      "checkpoints of something without a stream",
      () => new Checkpointed<Tensor>(new Recurrence<Tensor>({ stateSizes: 3, step })).stream(),
      OptionError,
      /stream: inputSize/,
    ],
    ["an unknown option", () => streamed({}).stream({ format: "int8" } as never), OptionError, /stream: .*"format"/],
    [
      "a sample of another size",
      () => streamed({}).stream().push(new Float32Array(4)),
      ShapeError,
      /push: expected a sample of 5 numbers, got 4/,
    ],
    [
      "a token",
      () => streamed({}).stream().push(3),
      ShapeError,
      /push: expected a sample of 5 numbers, got one number/,
    ],
    [
      "layers that do not meet",
      () => new Sequential(streamed({}), new Linear({ inputSize: 4, outputSize: 1 })).stream(),
      OptionError,
      /stream layer 1: expected an input of 4, got 7/,
    ],
  ]);
  test("a state of zeros is where a stream starts", () => {
    seed(1);
    const layer = streamed({});
    const x = uniform([1, 1, I]);
    const pushed = [...layer.stream().push(x.toArray() as Float32Array)];
    expect(pushed).toEqual([...noGrad(() => layer.forward(x, zeros([1, H]))).output.toArray()]);
  });
});
