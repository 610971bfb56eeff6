import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Batch,
  type BatchSource,
  DataError,
  type Example,
  Examples,
  OptionError,
  type Pass,
  splitByGroup,
  splitByTime,
  splitExamples,
} from "../../src/index.ts";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

async function walked(source: BatchSource, pass: Pass = { epoch: 0, seed: 0 }) {
  const all: { input: number[]; target: number[]; shape: readonly number[]; lengths?: number[] }[] = [];
  for await (const { input, target, lengths } of source.batches(pass) as AsyncIterable<Batch>) {
    all.push({
      input: [...input.toArray()],
      target: [...target.toArray()],
      shape: input.shape,
      ...(lengths && { lengths: [...(lengths as Int32Array)] }),
    });
  }
  return all;
}

/** A sequence of `length` steps that are all `value`, two numbers each. */
const sequence = (length: number, value: number): Example => ({
  input: { data: new Float32Array(2 * length).fill(value), shape: [length, 2] },
  label: value,
});

describe("walking", () => {
  test("arrays, iterables, async iterables and functions, as often as one likes, also when a walk is left early", async () => {
    const sync = {
      *[Symbol.iterator]() {
        yield* numbers(3000);
      },
    };
    const later = {
      async *[Symbol.asyncIterator]() {
        yield* numbers(3000);
      },
    };
    for (const source of [numbers(3000), sync, later, () => numbers(3000), () => later]) {
      const examples = Examples.from<number>(source);
      for await (const example of examples) if (example === 5) break;
      expect(await examples.toArray()).toEqual(numbers(3000));
      expect(await examples.toArray()).toEqual(numbers(3000));
    }
    expect(Examples.from(numbers(3)).length).toBe(3);
    expect(Examples.from(sync).length).toBeUndefined();
  });

  test("a walk that is left closes what it reads from", async () => {
    let closed = 0;
    const source = async function* () {
      try {
        yield* numbers(10_000);
      } finally {
        closed++;
      }
    };
    const examples = Examples.from(source)
      .map((i) => i)
      .shuffle({ window: 10 });
    for await (const _ of examples) break;
    await examples.take(5).toArray();
    expect(closed).toBe(2);
  });

  test("what can be walked only once is refused before a number is read", () => {
    const generator = (function* () {
      yield 1;
    })();
    expect(() => Examples.from(generator)).toThrow("expected what can be walked more than once");
    expect(() => Examples.from(new ReadableStream() as unknown as number[])).toThrow(OptionError);
    expect(() => Examples.from(7 as unknown as number[])).toThrow(OptionError);
  });

  test("a source that throws half way says so to whoever walks", async () => {
    const source = Examples.from(function* () {
      yield { input: 1, target: 1 };
      throw new DataError("row 2");
    });
    await expect(walked(source.batch())).rejects.toThrow("row 2");
  });

  test("map, filter, take and skip, with promises awaited in order", async () => {
    const examples = Examples.from(numbers(5000));
    const doubled = examples.map((i) => (i % 2 ? Promise.resolve(2 * i) : 2 * i));
    expect(await doubled.toArray()).toEqual(numbers(5000).map((i) => 2 * i));
    expect(await examples.map(async (i) => i).toArray()).toEqual(numbers(5000));
    expect(await examples.filter((i) => i % 7 === 3).toArray()).toEqual(numbers(5000).filter((i) => i % 7 === 3));
    expect(await examples.skip(1500).take(1000).toArray()).toEqual(numbers(2500).slice(1500));
    expect([examples.skip(1500).take(1000).length, examples.take(9000).length, examples.skip(9000).length]).toEqual([
      1000, 5000, 0,
    ]);
    expect(() => examples.take(0)).toThrow(OptionError);
  });
});

describe("shuffle", () => {
  test("each example once, another order each epoch and seed, the same for the same", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(3000), fc.integer({ min: 1, max: 4000 }), fc.nat(5), async (count, window, epoch) => {
        const examples = Examples.from(numbers(count)).shuffle({ window });
        const order = await examples.toArray({ epoch, seed: 3 });
        expect(await examples.toArray({ epoch, seed: 3 })).toEqual(order);
        expect([...order].sort((a, b) => a - b)).toEqual(numbers(count));
        // Nothing comes out earlier than a window before its place.
        order.forEach((example, at) => {
          expect(example).toBeLessThan(at + window + 1);
        });
      }),
      { numRuns: 30 },
    );
    const examples = Examples.from(numbers(100)).shuffle({ window: 50 });
    const orders = await Promise.all(
      [
        [0, 0],
        [1, 0],
        [0, 1],
        [65_536, 0],
      ].map(([epoch, seed]) => examples.toArray({ epoch, seed } as Pass)),
    );
    expect(new Set(orders.map(String)).size).toBe(4);
  });

  test("a window as large as the data gives each place the same chance", async () => {
    const examples = Examples.from(numbers(5)).shuffle({ window: 5 });
    const counts = numbers(25).map(() => 0);
    const walks = 2000;
    for (let epoch = 0; epoch < walks; epoch++) {
      for (const [at, example] of (await examples.toArray({ epoch, seed: 1 })).entries()) counts[5 * at + example]++;
    }
    // 16 degrees of freedom: above 40 once in a thousand seeds, and this is one seed.
    const expected = walks / 5;
    expect(counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(40);
  });

  test("windows, epochs and seeds that are none are refused", async () => {
    const examples = Examples.from(numbers(5));
    for (const window of [0, -1, 1.5, Number.NaN]) expect(() => examples.shuffle({ window })).toThrow(OptionError);
    await expect(examples.shuffle().toArray({ epoch: -1, seed: 0 })).rejects.toThrow("epoch: expected");
    await expect(examples.shuffle().toArray({ epoch: 0, seed: Number.NaN })).rejects.toThrow("seed: expected");
  });
});

describe("batches", () => {
  test("sequences are padded to the longest, time first, and bring their lengths", async () => {
    const source = Examples.from([sequence(1, 3), sequence(3, 4), sequence(2, 5)]).batch({
      batchSize: 2,
      inputPadding: -1,
    });
    expect(source.stepsPerEpoch).toBe(2);
    expect(await walked(source)).toEqual([
      { input: [3, 3, 4, 4, -1, -1, 4, 4, -1, -1, 4, 4], target: [3, 4], shape: [3, 2, 2], lengths: [1, 3] },
      { input: [5, 5, 5, 5], target: [5], shape: [2, 1, 2], lengths: [2] },
    ]);
    const whole = Examples.from([sequence(1, 3), sequence(3, 4), sequence(2, 5)]).batch({
      batchSize: 2,
      dropLast: true,
    });
    expect([whole.stepsPerEpoch, (await walked(whole)).length]).toEqual([1, 1]);
  });

  test("tokens stay integers, and targets are sequences too where that is said", async () => {
    const examples = [
      { input: Int32Array.of(1, 2, 3), target: Int32Array.of(2, 3, 4) },
      { input: Int32Array.of(7), target: Int32Array.of(8) },
    ];
    const [batch] = await walked(Examples.from(examples).batch({ sequences: "both", targetPadding: -100 }));
    expect(batch).toEqual({
      input: [1, 7, 2, 0, 3, 0],
      target: [2, 8, 3, -100, 4, -100],
      shape: [3, 2],
      lengths: [3, 1],
    });
    for await (const { input, target } of Examples.from(examples)
      .batch({ sequences: "both" })
      .batches({ epoch: 0, seed: 0 })) {
      expect([input.dtype, target.dtype]).toEqual(["int32", "int32"]);
    }
  });

  test("rows that are no sequences are stacked on the first axis; nested arrays are rows of time steps", async () => {
    const table = Examples.from([
      { input: [1, 2, 3], target: 4 },
      { input: [5, 6, 7], target: 8 },
    ]);
    expect(await walked(table.batch({ sequences: "none" }))).toEqual([
      { input: [1, 2, 3, 5, 6, 7], target: [4, 8], shape: [2, 3] },
    ]);
    const nested = Examples.from([
      {
        input: [
          [1, 2],
          [3, 4],
        ],
        target: [5],
      },
    ]);
    expect((await walked(nested.batch()))[0]).toEqual({
      input: [1, 2, 3, 4],
      target: [5],
      shape: [2, 1, 2],
      lengths: [2],
    });
  });

  test("buckets: like lengths together, every example once, batches in random order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 200 }), async (lengths) => {
        const source = Examples.from(lengths.map((length, i) => sequence(length, i))).batch({
          batchSize: 4,
          bucket: 38,
        });
        const batches = await walked(source, { epoch: 2, seed: 1 });
        expect(batches.length).toBe(source.stepsPerEpoch);
        expect(batches.flatMap(({ target }) => target).sort((a, b) => a - b)).toEqual(numbers(lengths.length));
        expect(await walked(source, { epoch: 2, seed: 1 })).toEqual(batches);
        // Within each bucket of 40 the batches, sorted, do not overlap in length.
        for (let bucket = 0; bucket < batches.length; bucket += 10) {
          const ranges = batches
            .slice(bucket, bucket + 10)
            .map((batch) => [Math.min(...batch.lengths!), Math.max(...batch.lengths!)] as const)
            .sort(([a, b], [c, d]) => a - c || b - d);
          for (let i = 1; i < ranges.length; i++) expect(ranges[i]![0]).toBeGreaterThanOrEqual(ranges[i - 1]![1]);
        }
      }),
      { numRuns: 30 },
    );
    const source = Examples.from(numbers(64).map((i) => sequence(1 + (i % 8), i))).batch({ batchSize: 4, bucket: 64 });
    const order = async (epoch: number) =>
      String((await walked(source, { epoch, seed: 0 })).map(({ shape }) => shape[0]));
    expect(new Set([await order(0), await order(1), await order(2)]).size).toBe(3);
  });

  const bad: [string, unknown[], object, RegExp][] = [
    ["none", [], {}, /expected at least one example/],
    [
      "another width",
      [sequence(2, 0), { input: [[1], [2]], label: 1 }],
      {},
      /input of example 1: expected steps of \[2\]/,
    ],
    [
      "ragged rows",
      [{ input: [[1, 2], [3]], label: 0 }],
      {},
      /input of example 0: expected rows of 2 numbers, got 1 in row 1/,
    ],
    ["no step", [sequence(0, 0)], {}, /input of example 0: expected a sequence of at least one step/],
    [
      "a label that is no class",
      [sequence(1, 0), { ...sequence(1, 0), label: 0.5 }],
      {},
      /label of example 1: expected a whole/,
    ],
    ["a label and a target", [{ ...sequence(1, 1), target: 1 }], {}, /got both/],
    ["no target", [{ input: [1] }], {}, /target of example 0: expected numbers, got undefined/],
    ["a text", [{ input: ["a"], label: 0 }], {}, /expected numbers, got "a"/],
    [
      "a block that does not fill its shape",
      [{ input: { data: new Float32Array(3), shape: [2] }, label: 0 }],
      {},
      /expected 2 numbers/,
    ],
    [
      "targets of other lengths",
      [{ input: [1, 2], target: [1] }],
      { sequences: "both" },
      /target of example 0: expected 2 steps/,
    ],
    [
      "mixed kinds",
      [
        { input: Int32Array.of(1), target: 0 },
        { input: [1], target: 0 },
      ],
      {},
      /example 1: expected int32/,
    ],
  ];
  test.each(bad)("%s: one typed error that names the example", async (_, examples, options, message) => {
    const walk = walked(Examples.from(examples as Example[]).batch(options));
    await expect(walk).rejects.toThrow(message);
    await expect(walk).rejects.toBeInstanceOf(DataError);
  });

  test("options out of range are refused before anything is read", () => {
    const examples = Examples.from([sequence(1, 1)]);
    for (const options of [
      { batchSize: 0 },
      { bucket: 1.5 },
      { sequences: "all" },
      { size: 3 },
      { bucket: 4, sequences: "none" },
    ]) {
      expect(() => examples.batch(options as object)).toThrow(OptionError);
    }
  });
});

describe("splits", () => {
  test("parts of an array are exact, disjoint, and the same in every pass", async () => {
    const parts = splitExamples(numbers(101), { fractions: [0.7, 0.2, 0.1], seed: 4 });
    const found = await Promise.all(parts.map((part) => part.toArray()));
    expect(found.map(({ length }) => length)).toEqual([71, 20, 10]);
    expect(parts.map(({ length }) => length)).toEqual([71, 20, 10]);
    expect(found.flat().sort((a, b) => a - b)).toEqual(numbers(101));
    expect(await parts[1]!.toArray({ epoch: 9, seed: 9 })).toEqual(found[1]);
    const other = splitExamples(numbers(101), { fractions: [0.7, 0.3], seed: 5 });
    expect(await other[0]!.toArray()).not.toEqual(found[0]);
  });

  test("parts of a walk of unknown length are right on average, and disjoint", async () => {
    const parts = splitExamples(() => numbers(10_000), { fractions: [0.75, 0.25] });
    const [most, rest] = await Promise.all(parts.map((part) => part.toArray()));
    expect([...most!, ...rest!].sort((a, b) => a - b)).toEqual(numbers(10_000));
    // Four standard deviations of a binomial count.
    expect(Math.abs(rest!.length - 2500)).toBeLessThan(4 * Math.sqrt(10_000 * 0.75 * 0.25));
  });

  test("no speaker is in two parts, each part has one, shares are near", async () => {
    const takes = numbers(600).map((i) => ({ speaker: `s${i % 6}`, i }));
    const parts = await splitByGroup(takes, ({ speaker }) => speaker, { fractions: [0.5, 0.25, 0.25], seed: 2 });
    const found = await Promise.all(parts.map((part) => part.toArray()));
    const speakers = found.map((part) => [...new Set(part.map(({ speaker }) => speaker))]);
    expect(new Set(speakers.flat()).size).toBe(speakers.flat().length);
    expect(found.map(({ length }) => length)).toEqual(parts.map(({ length }) => length));
    expect(speakers.map(({ length }) => length).every((count) => count >= 1)).toBe(true);
    expect(found[0]!.length).toBe(300);
    const few = splitByGroup(takes, ({ i }) => i % 2, { fractions: [0.5, 0.25, 0.25] });
    await expect(few).rejects.toThrow("expected at least 3 groups, got 2");
    const lopsided = numbers(100).map((i) => ({ group: i < 98 ? 0 : i }));
    const three = await splitByGroup(lopsided, ({ group }) => group, { fractions: [0.98, 0.01, 0.01] });
    expect(three.map(({ length }) => length).sort()).toEqual([1, 1, 98]);
  });

  test("in time: earliest first, a gap at each border", async () => {
    const [train, test] = await splitByTime(numbers(100), { fractions: [0.8, 0.2], gap: 5 });
    expect(await train!.toArray()).toEqual(numbers(80));
    expect(await test!.toArray()).toEqual(numbers(100).slice(85));
    const counted = await splitByTime(
      () => numbers(10),
      { fractions: [0.5, 0.5] },
      (i) => i,
    );
    expect(await counted[1]!.toArray()).toEqual([5, 6, 7, 8, 9]);
    await expect(splitByTime([1, 3, 2], { fractions: [0.5, 0.5] }, (i) => i)).rejects.toThrow("got 2 after 3 at 2");
    await expect(splitByTime([1, 2], { fractions: [0.5, 0.5], gap: 1 })).rejects.toThrow(DataError);
  });

  test("fractions that are none, more parts than examples, and shuffled data are refused", () => {
    for (const fractions of [[0.5, 0.4], [1.5, -0.5], [], [Number.NaN], null]) {
      expect(() => splitExamples([1, 2, 3], { fractions: fractions as number[] })).toThrow(OptionError);
    }
    expect(() => splitExamples([1], { fractions: [0.5, 0.5] })).toThrow(DataError);
    const shuffled = Examples.from([1, 2, 3])
      .shuffle()
      .map((i) => i);
    expect(() => splitExamples(shuffled, { fractions: [0.5, 0.5] })).toThrow("split first, then shuffle");
  });
});
