/** Wrappers, reversal and shared dropout: what they do that PyTorch's numbers do not show, and what they refuse. */
import fc from "fast-check";
import {
  BatchNorm1d,
  Bidirectional,
  Dropout1d,
  Embedding,
  EmbeddingDropout,
  embedding,
  GRU,
  Linear,
  LockedDropout,
  LSTM,
  mul,
  normal,
  OptionError,
  ones,
  Parameter,
  Residual,
  reverseSequence,
  Sequential,
  ShapeError,
  seed,
  sum,
  TimeDistributed,
  tensor,
  transpose,
  uniform,
  WeightsError,
  zeros,
} from "unrolled";
import { describe, expect, test } from "vitest";
import { testRefusals } from "./refusals.ts";

const layer = () => new GRU({ inputSize: 3, hiddenSize: 4 });

describe("reverseSequence", () => {
  test("turns each sequence within its length, in either layout; the gradient goes back the same way", () => {
    const sizes = fc.record({
      steps: fc.integer({ min: 1, max: 7 }),
      batch: fc.integer({ min: 1, max: 4 }),
      width: fc.integer({ min: 1, max: 9 }),
      part: fc.array(fc.nat({ max: 1000 }), { minLength: 4, maxLength: 4 }),
    });
    fc.assert(
      fc.property(sizes, ({ steps, batch, width, part }) => {
        const lengths = part.slice(0, batch).map((p) => p % (steps + 1));
        const data = Float32Array.from({ length: steps * batch * width }, (_, i) => i);
        const x = tensor(data, [steps, batch, width], { requiresGrad: true });
        const at = (t: number, b: number): number[] => [...data.subarray((t * batch + b) * width).subarray(0, width)];
        const wanted = Array.from({ length: steps }, (_, t) =>
          lengths.map((length, b) => at(t < length ? length - 1 - t : t, b)),
        );
        const y = reverseSequence(x, { lengths });
        expect(y.toArray()).toEqual(Float32Array.from(wanted.flat(2)));
        const turned = reverseSequence(transpose(x, 0, 1), {
          lengths: tensor(Int32Array.from(lengths)),
          batchFirst: true,
        });
        expect(transpose(turned, 0, 1).toArray()).toEqual(y.toArray());
        const weights = uniform([steps, batch, width], { low: -1, high: 1 });
        sum(mul(y, weights)).backward();
        expect(x.grad?.toArray()).toEqual(reverseSequence(weights, { lengths }).toArray());
      }),
      { seed: 20240613, numRuns: 60 },
    );
  });

  testRefusals([
    [
      "no batch",
      () => reverseSequence(ones([3])),
      ShapeError,
      /reverseSequence x: expected \[T, B, \.\.\.\], got \[3\]/,
    ],
    [
      "too few lengths",
      () => reverseSequence(ones([3, 2]), { lengths: [1] }),
      ShapeError,
      /lengths: expected one for each of 2 sequences, got 1/,
    ],
    [
      "a length too long",
      () => reverseSequence(ones([3, 2]), { lengths: [1, 4] }),
      OptionError,
      /lengths: expected whole numbers from 0 to 3, got 4 for sequence 1/,
    ],
    [
      "half a length",
      () => reverseSequence(ones([3, 2]), { lengths: [0.5, 1] }),
      OptionError,
      /got 0.5 for sequence 0/,
    ],
    [
      "lengths of float32",
      () => reverseSequence(ones([3, 2]), { lengths: ones([2]) }),
      ShapeError,
      /lengths: expected int32/,
    ],
  ]);
});

describe("shared dropout", () => {
  test("LockedDropout: one mask for all steps, in either layout, the same for the same seed", () => {
    const x = ones([7, 5, 11]);
    seed(4);
    const y = new LockedDropout({ probability: 0.4 }).forward(x).toArray();
    const mask = y.slice(0, 55);
    for (let t = 1; t < 7; t++) expect(y.slice(t * 55, (t + 1) * 55)).toEqual(mask);
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / (1 - Math.fround(0.4)))]));
    seed(4);
    const other = new LockedDropout({ probability: 0.4, batchFirst: true }).forward(ones([5, 7, 11]));
    expect(transpose(other, 0, 1).toArray()).toEqual(y);
  });

  test("LockedDropout: its gradient goes through the same mask", () => {
    const x = uniform([3, 5, 7], { low: 0.5, high: 1 });
    x.requiresGrad = true;
    const y = new LockedDropout().forward(x);
    const values = y.toArray();
    sum(y).backward();
    const from = x.toArray();
    x.grad?.toArray().forEach((g, i) => {
      expect(g * from[i]).toBe(values[i]);
    });
  });

  test("Dropout1d: whole channels", () => {
    seed(1);
    const y = new Dropout1d({ probability: 0.5 }).forward(ones([13, 7, 5])).toArray();
    const channels = Array.from({ length: 91 }, (_, i) => [...y.subarray(i * 5, i * 5 + 5)]);
    for (const channel of channels) expect(channel).toEqual(Array(5).fill(channel[0]));
    expect(new Set(y)).toEqual(new Set([0, 2]));
  });

  test("EmbeddingDropout: a word is gone wherever it stands, and its row gets no gradient", () => {
    seed(9);
    const table = new Embedding({ count: 9, size: 5 });
    const drop = new EmbeddingDropout({ embedding: table, probability: 0.5 });
    const tokens = tensor(
      Int32Array.from({ length: 36 }, (_, i) => i % 9),
      [12, 3],
    );
    const y = drop.forward(tokens);
    const rows = Array.from({ length: 36 }, (_, i) => [...y.toArray().subarray(i * 5, i * 5 + 5)]);
    rows.forEach((row, i) => {
      expect(row).toEqual(rows[i % 9]);
    });
    const gone = rows.slice(0, 9).map((row) => row.every((value) => value === 0));
    expect(new Set(gone).size).toBe(2);
    sum(y).backward();
    const gradient = table.weight.grad?.toArray() as Float32Array;
    gone.forEach((dropped, word) => {
      expect([...gradient.subarray(word * 5, word * 5 + 5)]).toEqual(Array(5).fill(dropped ? 0 : 8));
    });
    expect(drop.eval().forward(tokens).toArray()).toEqual(embedding(table.weight, tokens).toArray());
  });

  test("does nothing outside training, and nothing in a stream", () => {
    const x = uniform([2, 3, 4], { low: -1, high: 1 });
    for (const module of [new LockedDropout().eval(), new Dropout1d().eval()]) expect(module.forward(x)).toBe(x);
    const gru = layer();
    const sample = Float32Array.of(1, 2, 3);
    expect(new Sequential(new LockedDropout(), gru).stream().push(sample)).toEqual(gru.stream().push(sample));
    const embed = new Embedding({ count: 4, size: 3 });
    const stream = new Sequential(new EmbeddingDropout({ embedding: embed }), gru).stream();
    expect(stream.push(2)).toEqual(new Sequential(embed, gru).stream().push(2));
  });

  testRefusals([
    ["a probability above 1", () => new LockedDropout({ probability: 2 }), OptionError, /LockedDropout: .*got 2/],
    [
      "two axes",
      () => new LockedDropout().forward(ones([2, 3])),
      ShapeError,
      /LockedDropout x: expected \[T, B, I\], got \[2, 3\]/,
    ],
    [
      "four axes",
      () => new Dropout1d().forward(ones([1, 1, 2, 3])),
      ShapeError,
      /Dropout1d x: expected \[B, C, L\] or \[C, L\]/,
    ],
    [
      "no embedding",
      () => new EmbeddingDropout({ embedding: layer() as never }),
      OptionError,
      /EmbeddingDropout embedding: expected an Embedding/,
    ],
    ["an unknown option", () => new Dropout1d({ p: 1 } as never), OptionError, /Dropout1d: .*"p"/],
  ]);
});

describe("embedding and tied weights", () => {
  const table = new Embedding({ count: 7, size: 3, paddingIndex: 2 });

  test("the padding's row starts as zeros, and only that", () => {
    const values = table.weight.toArray();
    expect([...values.subarray(6, 9)]).toEqual([0, 0, 0]);
    expect([...values.subarray(0, 6), ...values.subarray(9)]).not.toContain(0);
  });

  test("the padding's row gets no gradient through a recurrent layer either", () => {
    const tokens = tensor(
      Int32Array.from({ length: 40 }, (_, i) => i % 7),
      [10, 4],
    );
    sum(layer().forward(table.forward(tokens)).output).backward();
    const gradient = table.weight.grad?.toArray() as Float32Array;
    expect([...gradient.subarray(6, 9)]).toEqual([0, 0, 0]);
    expect([...gradient.subarray(0, 6)]).not.toContain(0);
  });

  test("a frozen table gets no gradient", () => {
    const frozen = new Embedding({ count: 3, size: 2, freeze: true });
    expect(frozen.forward(tensor(Int32Array.of(1))).requiresGrad).toBe(false);
  });

  test("a tied weight is one parameter, under its first name", () => {
    const embed = new Embedding({ count: 5, size: 3 });
    const model = new Sequential(embed, new Linear({ inputSize: 3, outputSize: 5, weight: embed.weight }));
    expect(model.namedParameters().map(([name]) => name)).toEqual(["0.weight", "1.bias"]);
  });

  test("a tied weight loads under all its names, as PyTorch writes it, unless they differ", () => {
    const embed = new Embedding({ count: 5, size: 3 });
    const model = new Sequential(embed, new Linear({ inputSize: 3, outputSize: 5, weight: embed.weight }));
    const given = { "0.weight": normal([5, 3]), "1.bias": zeros([5]) };
    model.loadStateDict({ ...given, "1.weight": tensor(given["0.weight"].toArray(), [5, 3]) });
    expect(embed.weight.toArray()).toEqual(given["0.weight"].toArray());
    const others = { ...given, "1.bias": ones([5]), "1.weight": normal([5, 3]) };
    expect(() => model.loadStateDict(others)).toThrow(WeightsError);
    expect(() => model.loadStateDict(others)).toThrow(/weights 1\.weight: expected the numbers of 0\.weight/);
    expect(model.stateDict()["1.bias"]?.toArray()).toEqual(new Float32Array(5));
    expect(() => model.loadStateDict({ ...given, "1.weight": 3 as never })).toThrow(/1\.weight: expected a tensor/);
  });

  testRefusals([
    [
      "a padding index outside",
      () => new Embedding({ count: 3, size: 2, paddingIndex: 3 }),
      OptionError,
      /Embedding paddingIndex: .*from 0 to 2, got 3/,
    ],
    [
      "the same of the operation",
      () => embedding(ones([3, 2]), tensor(Int32Array.of(0)), { paddingIndex: -1 }),
      OptionError,
      /embedding paddingIndex/,
    ],
    [
      "a token outside",
      () => table.forward(tensor(Int32Array.of(0, 7))),
      OptionError,
      /embedding tokens: .*got 7 at position 1/,
    ],
    [
      "a weight of another shape",
      () => new Linear({ inputSize: 3, outputSize: 2, weight: new Parameter([3, 2]) }),
      ShapeError,
      /Linear weight: expected \[2, 3\], got \[3, 2\]/,
    ],
    [
      "a weight that is no parameter",
      () => new Linear({ inputSize: 3, outputSize: 2, weight: ones([2, 3]) as never }),
      OptionError,
      /Linear weight: expected a Parameter/,
    ],
  ]);
});

describe("wrappers", () => {
  test("TimeDistributed sees T·B examples", () => {
    const x = uniform([3, 5, 7], { low: -1, high: 1 });
    const norm = new BatchNorm1d({ channels: 7 });
    const y = new TimeDistributed(norm).forward(x);
    const all = tensor(x.toArray() as Float32Array, [15, 7]);
    expect(y.shape).toEqual([3, 5, 7]);
    expect(y.toArray()).toEqual(new BatchNorm1d({ channels: 7 }).forward(all).toArray());
    const linear = new Linear({ inputSize: 3, outputSize: 2 });
    const sample = Float32Array.of(1, 2, 3);
    const stream = new Sequential(new TimeDistributed(linear)).stream();
    expect(stream.push(sample)).toEqual(new Sequential(linear).stream().push(sample));
  });

  test("Bidirectional: what stands behind a sequence's end does not reach it", () => {
    const both = new Bidirectional(layer(), layer(), { batchFirst: false });
    const x = uniform([6, 2, 3], { low: -1, high: 1 });
    const changed = x.toArray() as Float32Array;
    for (let t = 4; t < 6; t++) changed.fill(9, t * 6, t * 6 + 3);
    const [a, b] = [x, tensor(changed, [6, 2, 3])].map((given) => both.forward(given, { lengths: [4, 6] }).toArray());
    for (let t = 0; t < 4; t++) expect(a.subarray(t * 16, t * 16 + 8)).toEqual(b.subarray(t * 16, t * 16 + 8));
  });

  testRefusals([
    [
      "TimeDistributed of nothing",
      () => new TimeDistributed(3 as never),
      OptionError,
      /TimeDistributed: expected a module, got number/,
    ],
    [
      "TimeDistributed of one axis",
      () => new TimeDistributed(layer()).forward(ones([3])),
      ShapeError,
      /TimeDistributed x: expected \[T, B, \.\.\.\]/,
    ],
    [
      "Residual of another width",
      () => new Residual(layer()).forward(ones([2, 2, 3])),
      ShapeError,
      /Residual module: expected a result \[2, 2, 3\], got \[2, 2, 4\]/,
    ],
    [
      "Residual, one sample at a time",
      () => new Sequential(new Residual(layer())).stream(),
      OptionError,
      /stream: Residual does not/,
    ],
    [
      "Bidirectional, one sample at a time",
      () => new Sequential(new Bidirectional(layer(), layer())).stream(),
      OptionError,
      /stream: Bidirectional reads the future/,
    ],
    [
      "an unknown merge",
      () => new Bidirectional(layer(), layer(), { merge: "max" as never }),
      OptionError,
      /Bidirectional merge: expected concat, sum, mul, average, got max/,
    ],
    [
      "two widths to add",
      () =>
        new Bidirectional(layer(), new LSTM({ inputSize: 3, hiddenSize: 5 }), { merge: "sum" }).forward(
          ones([2, 2, 3]),
        ),
      ShapeError,
      /Bidirectional: expected results of one shape to sum/,
    ],
  ]);
});
