/** A sequence read at once, in pieces with the state carried, and one sample at a time gives the same numbers. */
import fc from "fast-check";
import {
  activation,
  Dropout,
  Embedding,
  GRU,
  LastStep,
  Linear,
  LSTM,
  Module,
  noGrad,
  normal,
  OptionError,
  RNN,
  Sequential,
  SGD,
  ShapeError,
  seed,
  slice,
  sum,
  type Tensor,
  tensor,
  transpose,
} from "unrolled";
import { beforeEach, describe, expect, test } from "vitest";

const I = 5;
const H = 7;
const T = 11;

type Layer = RNN | LSTM | GRU;
type State = { h: Tensor; c?: Tensor };

const kinds: [string, (layers: number, more?: { batchFirst?: boolean; bidirectional?: boolean }) => Layer][] = [
  ["RNN tanh", (layers, more) => new RNN({ inputSize: I, hiddenSize: H, layers, ...more })],
  ["RNN relu", (layers, more) => new RNN({ inputSize: I, hiddenSize: H, layers, activation: "relu", ...more })],
  [
    "RNN leaky",
    (layers, more) => {
      const leaky = activation("leakyRelu", { negativeSlope: 0.3 });
      return new RNN({ inputSize: I, hiddenSize: H, layers, activation: leaky, ...more });
    },
  ],
  [
    "RNN elu",
    (layers, more) => new RNN({ inputSize: I, hiddenSize: H, layers, activation: "elu", bias: false, ...more }),
  ],
  ["LSTM", (layers, more) => new LSTM({ inputSize: I, hiddenSize: H, layers, ...more })],
  ["LSTM peepholes", (layers, more) => new LSTM({ inputSize: I, hiddenSize: H, layers, peepholes: true, ...more })],
  ["GRU", (layers, more) => new GRU({ inputSize: I, hiddenSize: H, layers, ...more })],
  ["GRU resetBefore", (layers, more) => new GRU({ inputSize: I, hiddenSize: H, layers, resetAfter: false, ...more })],
  ["GRU no bias", (layers, more) => new GRU({ inputSize: I, hiddenSize: H, layers, bias: false, ...more })],
];
const grid = kinds.flatMap(([name, make]) => [1, 2, 3].map((layers) => ({ name, layers, make })));

function run(layer: Layer, x: Tensor, state?: State): { output: Tensor; state: State } {
  return noGrad(() => {
    if (layer instanceof LSTM) return layer.forward(x, state as { h: Tensor; c: Tensor } | undefined);
    const result = layer.forward(x, state?.h);
    return { output: result.output, state: { h: result.state } };
  });
}

/** Runs x in pieces that end at these steps, carrying the state. */
function runInPieces(layer: Layer, x: Tensor, ends: readonly number[]): { output: Float32Array; state: State } {
  const steps = x.shape[0];
  const cuts = [...new Set([...ends, steps])].sort((a, b) => a - b);
  const output: number[] = [];
  let state: State | undefined;
  let from = 0;
  for (const to of cuts) {
    const piece = noGrad(() => slice(x, 0, from, to));
    const result = run(layer, piece, state);
    output.push(...result.output.toArray());
    state = result.state;
    from = to;
  }
  return { output: Float32Array.from(output), state: state! };
}

function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= most)) most = difference;
  }
  return most;
}

beforeEach(() => seed(5));

describe.each(grid)("$name, $layers layers", ({ layers, make }) => {
  test("one push at a time ≡ the whole sequence, and again after reset()", () => {
    const layer = make(layers);
    const x = normal([T, 1, I]);
    const whole = run(layer, x).output.toArray();
    const data = x.toArray() as Float32Array;
    const stream = layer.stream();
    for (let round = 0; round < 2; round++) {
      const pushed: number[] = [];
      for (let t = 0; t < T; t++) pushed.push(...stream.push(data.subarray(t * I, (t + 1) * I)));
      expect(worst(pushed, whole)).toBe(0);
      stream.reset();
    }
  });

  test("any split ≡ the whole", () => {
    const layer = make(layers);
    for (const batch of [1, 3]) {
      const x = normal([T, batch, I]);
      const whole = run(layer, x);
      const property = fc.property(fc.array(fc.integer({ min: 1, max: T - 1 }), { maxLength: T }), (ends) => {
        const pieces = runInPieces(layer, x, ends);
        expect(worst(pieces.output, whole.output.toArray())).toBe(0);
        expect(worst(pieces.state.h.toArray(), whole.state.h.toArray())).toBe(0);
        if (whole.state.c) {
          expect(worst(pieces.state.c!.toArray(), whole.state.c.toArray())).toBe(0);
        }
      });
      fc.assert(property, { numRuns: 12, seed: 3 });
    }
  });

  test("each sequence of a batch is computed as if alone", () => {
    const layer = make(layers);
    const x = normal([T, 3, I]);
    const whole = run(layer, x).output.toArray();
    for (let b = 0; b < 3; b++) {
      const alone = run(
        layer,
        noGrad(() => slice(x, 1, b, b + 1)),
      ).output.toArray();
      const own = whole.filter((_, i) => Math.floor(i / H) % 3 === b);
      expect(worst(alone, own)).toBe(0);
    }
  });

  test.each([false, true])("batchFirst ≡ transposed (bidirectional %s)", (bidirectional) => {
    const layer = make(layers, { bidirectional });
    const first = make(layers, { bidirectional, batchFirst: true });
    first.loadStateDict(layer.stateDict());
    const x = normal([T, 3, I]);
    const expected = run(layer, x);
    const actual = run(
      first,
      noGrad(() => transpose(x, 0, 1)),
    );
    expect(actual.output.shape).toEqual([3, T, bidirectional ? 2 * H : H]);
    expect(noGrad(() => transpose(actual.output, 0, 1)).toArray()).toEqual(expected.output.toArray());
    expect(actual.state.h.toArray()).toEqual(expected.state.h.toArray());
    expect(actual.state.h.shape).toEqual(expected.state.h.shape);
  });

  test("reverse ≡ the reversed sequence", () => {
    const layer = make(layers, { bidirectional: true });
    if (layers > 1) return expect(run(layer, normal([T, 2, I])).output.shape).toEqual([T, 2, 2 * H]);
    const weights = Object.entries(layer.stateDict()).filter(([name]) => name.endsWith("_reverse"));
    const single = make(1);
    single.loadStateDict(Object.fromEntries(weights.map(([name, value]) => [name.replace("_reverse", ""), value])));
    const x = normal([T, 1, I]);
    const both = run(layer, x).output.toArray();
    const data = x.toArray();
    const reversed = Float32Array.from({ length: T * I }, (_, i) => data[(T - 1 - Math.floor(i / I)) * I + (i % I)]);
    const alone = run(single, tensor(reversed, [T, 1, I])).output.toArray();
    const second = Float32Array.from({ length: T * H }, (_, i) => both[Math.floor(i / H) * 2 * H + H + (i % H)]);
    const backwards = Float32Array.from(second, (_, i) => alone[(T - 1 - Math.floor(i / H)) * H + (i % H)]);
    return expect(worst(second, backwards)).toBe(0);
  });

  test("a bidirectional layer has no stream", () => {
    expect(() => make(layers, { bidirectional: true }).stream()).toThrow(OptionError);
    expect(() => make(layers, { bidirectional: true }).stream()).toThrow(/bidirectional (RNN|LSTM|GRU)/);
  });
});

describe("a stream", () => {
  const network = (): Sequential =>
    new Sequential(
      new Embedding({ count: 9, size: 4 }),
      new LSTM({ inputSize: 4, hiddenSize: H, layers: 2, dropout: 0.5 }),
      new Dropout({ probability: 0.5 }),
      new GRU({ inputSize: H, hiddenSize: 6 }),
      new Linear({ inputSize: 6, outputSize: 3 }),
    );
  const tokens = [3, 0, 8, 8, 1, 2, 7, 5, 4, 3];

  test("of a network ≡ the network, dropout off", () => {
    const model = network();
    const stream = model.stream();
    const pushed = tokens.flatMap((token) => [...stream.push(token)]);
    model.eval();
    const whole = noGrad(() => model.forward(tensor(Int32Array.from(tokens), [tokens.length, 1])));
    expect(worst(pushed, whole.toArray())).toBe(0);
  });

  test("with LastStep says at each step what the network says of the sequence so far", () => {
    const model = new Sequential(
      new GRU({ inputSize: 1, hiddenSize: H }),
      new LastStep(),
      new Linear({ inputSize: H, outputSize: 2 }),
    );
    const stream = model.stream();
    const data = normal([6, 1, 1]).toArray() as Float32Array;
    for (let t = 1; t <= 6; t++) {
      const said = stream.push(data.subarray(t - 1, t));
      const expected = noGrad(() => model.forward(tensor(data.slice(0, t), [t, 1, 1])));
      expect(worst(said, expected.toArray())).toBe(0);
    }
  });

  test("uses the weights as they are at each push", () => {
    const lstm = new LSTM({ inputSize: 2, hiddenSize: H });
    const stream = lstm.stream();
    const sample = Float32Array.of(1, -1);
    const before = stream.push(sample).slice();
    const optimizer = new SGD(lstm.parameters(), { learningRate: 0.5 });
    const x = tensor(sample, [1, 1, 2]);
    sum(lstm.forward(x).output).backward();
    optimizer.step();
    stream.reset();
    const after = stream.push(sample);
    expect(after).not.toEqual(before);
    expect(worst(after, noGrad(() => lstm.forward(x)).output.toArray())).toBe(0);
    const other = new LSTM({ inputSize: 2, hiddenSize: H });
    lstm.load(other.save());
    stream.reset();
    expect(worst(stream.push(sample), noGrad(() => other.forward(x)).output.toArray())).toBe(0);
  });

  test("streams of one model do not disturb each other, nor does training between pushes", () => {
    const model = network();
    const [a, b] = [model.stream(), model.stream()];
    const alone = tokens.flatMap((token) => [...a.push(token)]);
    a.reset();
    const together = tokens.flatMap((token, i) => {
      b.push(tokens.at(-1 - i)!);
      noGrad(() => model.forward(tensor(Int32Array.from(tokens), [tokens.length, 1])));
      return [...a.push(token)];
    });
    expect(together).toEqual(alone);
  });

  test("gives the same array each time, overwritten by the next push", () => {
    const stream = new Linear({ inputSize: 1, outputSize: 1 });
    const sequence = new Sequential(stream).stream();
    const first = sequence.push(Float32Array.of(1));
    const kept = first[0];
    expect(sequence.push(Float32Array.of(2))).toBe(first);
    expect(first[0]).not.toBe(kept);
  });

  test("refuses samples that do not fit, and goes on", () => {
    const stream = network().stream();
    for (const token of [-1, 9, 1.5, Number.NaN, new Float32Array(4)]) {
      expect(() => stream.push(token), String(token)).toThrow(OptionError);
    }
    const numbers = new LSTM({ inputSize: 2, hiddenSize: 3 }).stream();
    for (const sample of [3, new Float32Array(1), new Float32Array(3)]) {
      expect(() => numbers.push(sample)).toThrow(ShapeError);
      expect(() => numbers.push(sample)).toThrow(/push: expected a sample of 2 numbers, got/);
    }
    const fresh = new LSTM({ inputSize: 2, hiddenSize: 3 });
    const [a, b] = [fresh.stream(), fresh.stream()];
    expect(() => a.push(1)).toThrow(ShapeError);
    expect(a.push(Float32Array.of(1, 2))).toEqual(b.push(Float32Array.of(1, 2)));
  });

  test("is refused where layers do not meet or cannot stream", () => {
    const lstm = new LSTM({ inputSize: 2, hiddenSize: 3 });
    expect(() => new Sequential(lstm, new Linear({ inputSize: 4, outputSize: 1 })).stream()).toThrow(
      /stream layer 1: expected an input of 4, got 3/,
    );
    expect(() => new Sequential(lstm, new Embedding({ count: 3, size: 3 })).stream()).toThrow(OptionError);
    expect(() => new Sequential(new Dropout({ probability: 0.1 })).stream()).toThrow(OptionError);
    class Own extends Module {
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(() => new Sequential(lstm, new Own()).stream()).toThrow(/stream: Own does not work one sample at a time/);
  });
});

/** A single step multiplies one row, whose sums run in another order than those of several: pieces are of two steps up. */
describe("bits, where one sequence is read", () => {
  test.each(grid)("$name, $layers layers: pieces of several steps ≡ the whole", ({ layers, make }) => {
    const layer = make(layers);
    const x = normal([T, 1, I]);
    const whole = run(layer, x);
    for (const ends of [[4], [2, 9], [2, 4, 6, 8], [3, 6, 9]]) {
      const pieces = runInPieces(layer, x, ends);
      expect(pieces.output).toEqual(whole.output.toArray());
      expect(pieces.state.h.toArray()).toEqual(whole.state.h.toArray());
    }
  });
});
