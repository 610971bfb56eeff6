/** Reading labellings from log-probabilities: against every path there is, in small cases. */

import {
  ctcBeamSearch,
  ctcGreedyDecode,
  ctcLoss,
  NumericError,
  OptionError,
  ones,
  ShapeError,
  type Tensor,
  tensor,
} from "unrolled";
import { describe, expect, test } from "vitest";
import { testRefusals } from "../behaviour/refusals.ts";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { collapse, everyLabelling, everyPath, logSum } from "../oracle/sequence-losses.ts";
import { parts, type Vector } from "../oracle/vector.ts";
import { toTensor } from "../pytorch/engine.ts";

/** Random log-probabilities of one sequence, as rounded to float32. */
function example(seed: number, steps: number, classes: number): { rows: Vector[]; input: Tensor } {
  const data = randomVector(randomNumbers(seed), steps * classes).map((value) => 2 * value);
  const rows = parts(data, steps).map((row) => {
    const total = logSum([...row]);
    return row.map((value) => Math.fround(value - total));
  });
  return { rows, input: toTensor({ shape: [steps, 1, classes], data: rows.flatMap((row) => [...row]) }) };
}

const cases = Array.from({ length: 120 }, (_, seed) => ({
  seed,
  steps: 1 + (seed % 5),
  classes: 2 + (Math.floor(seed / 5) % 3),
  blank: seed % 2,
}));

describe("ctcBeamSearch = trying every path", () => {
  test.each(cases)("%j", ({ seed, steps, classes, blank }) => {
    const { rows, input } = example(seed, steps, classes);
    const wanted = [...everyLabelling(rows, blank)].sort(([, a], [, b]) => b - a);
    const [found] = ctcBeamSearch(input, { blank, beamWidth: 2000, topPaths: 2000 });
    expect(found.map(({ labels }) => labels.join(" "))).toEqual(wanted.map(([name]) => name));
    for (const [i, { logProbability }] of found.entries()) expect(logProbability).toBeCloseTo(wanted[i][1], 10);
    expect(logSum(found.map(({ logProbability }) => logProbability))).toBeCloseTo(0, 5);
    const [[best]] = ctcBeamSearch(input, { blank, beamWidth: 2000 });
    expect(best).toEqual(found[0]);
    const loss = ctcLoss(input, tensor(best.labels), [steps], [best.labels.length], { blank, reduction: "sum" });
    expect(loss.item()).toBeCloseTo(-best.logProbability, 5);
  });

  test("a narrow beam follows the same prefixes as a plain search that keeps them by name", () => {
    for (const { seed, classes, blank } of cases) {
      const { rows, input } = example(seed, 12, classes);
      for (const width of [1, 2, 3, 5]) {
        const wanted = plainSearch(rows, blank, width);
        const [found] = ctcBeamSearch(input, { blank, beamWidth: width, topPaths: width });
        expect(found.map(({ labels }) => labels.join(" "))).toEqual(wanted.map(([name]) => name));
        for (const [i, { logProbability }] of found.entries()) expect(logProbability).toBeCloseTo(wanted[i][1], 9);
      }
    }
  });

  test("what is impossible is not found", () => {
    const never = Number.NEGATIVE_INFINITY;
    const [found] = ctcBeamSearch(tensor([[[0, never]], [[never, 0]]]), { topPaths: 5 });
    expect(found).toEqual([{ labels: Int32Array.of(1), logProbability: 0 }]);
  });
});

/** Prefix beam search by definition: a table of prefixes by name, made anew at each step. */
function plainSearch(rows: Vector[], blank: number, width: number): [string, number][] {
  const none = Number.NEGATIVE_INFINITY;
  let beam = new Map([["", { blank: 0, ending: none }]]);
  for (const row of rows) {
    const next = new Map<string, { blank: number; ending: number }>();
    const of = (name: string) => {
      if (!next.has(name)) next.set(name, { blank: none, ending: none });
      return next.get(name)!;
    };
    for (const [name, { blank: withBlank, ending }] of beam) {
      const labels = name === "" ? [] : name.split(" ").map(Number);
      const total = logSum([withBlank, ending]);
      of(name).blank = logSum([of(name).blank, total + row[blank]]);
      for (const [label, log] of row.entries()) {
        if (label === blank) continue;
        if (label === labels.at(-1)) of(name).ending = logSum([of(name).ending, ending + log]);
        const longer = of([...labels, label].join(" "));
        longer.ending = logSum([longer.ending, (label === labels.at(-1) ? withBlank : total) + log]);
      }
    }
    const kept = [...next].sort(([, a], [, b]) => logSum([b.blank, b.ending]) - logSum([a.blank, a.ending]));
    beam = new Map(kept.slice(0, width));
  }
  return [...beam].map(([name, { blank: b, ending }]) => [name, logSum([b, ending])]);
}

describe("ctcGreedyDecode = the most probable of all paths", () => {
  test.each(cases)("%j", ({ seed, steps, classes, blank }) => {
    const { rows, input } = example(seed, steps, classes);
    const weigh = (path: number[]) => path.reduce((sum, label, t) => sum + rows[t][label], 0);
    const best = everyPath(steps, classes).reduce((most, path) => (weigh(path) > weigh(most) ? path : most));
    const [found] = ctcGreedyDecode(input, { blank });
    expect([...found.labels]).toEqual(collapse(best, blank));
    expect(found.logProbability).toBeCloseTo(weigh(best), 10);
  });
});

describe("batches", () => {
  const [steps, batch, classes] = [6, 4, 3];
  const data = Float32Array.from(randomVector(randomNumbers(2), steps * batch * classes), (value) => 2 * value - 3);
  const lengths = [6, 0, 3, 1];
  const spoilt = data.map((value, i) => {
    const row = Math.floor(i / classes);
    return Math.floor(row / batch) < lengths[row % batch] ? value : Number.NaN;
  });
  const alone = (b: number) =>
    toTensor({
      shape: [lengths[b], 1, classes],
      data: Array.from({ length: lengths[b] }, (_, t) => [
        ...data.subarray((t * batch + b) * 3, (t * batch + b + 1) * 3),
      ]).flat(),
    });

  test("each sequence as if it were alone, whatever lies behind its end", () => {
    const given = toTensor({ shape: [steps, batch, classes], data: spoilt });
    const greedy = ctcGreedyDecode(given, { lengths });
    const beams = ctcBeamSearch(given, { lengths, beamWidth: 4, topPaths: 3 });
    for (let b = 0; b < batch; b += 1) {
      expect(greedy[b]).toEqual(ctcGreedyDecode(alone(b))[0]);
      expect(beams[b]).toEqual(ctcBeamSearch(alone(b), { beamWidth: 4, topPaths: 3 })[0]);
    }
    expect(greedy[1]).toEqual({ labels: new Int32Array(), logProbability: 0 });
    expect(beams[1]).toEqual([{ labels: new Int32Array(), logProbability: 0 }]);
  });
});

describe("the examples in the documentation", () => {
  test("ctcGreedyDecode", () => {
    const logProbabilities = tensor([[[-3, -0.1]], [[-0.1, -3]], [[-3, -0.1]]]);
    expect([...ctcGreedyDecode(logProbabilities)[0].labels]).toEqual([1, 1]);
  });

  test("ctcBeamSearch", () => {
    const row = [[Math.log(0.6), Math.log(0.4)]];
    const [[best, second]] = ctcBeamSearch(tensor([row, row]), { topPaths: 2 });
    expect([...best.labels]).toEqual([1]);
    expect(Math.exp(best.logProbability)).toBeCloseTo(0.64, 6);
    expect([...second.labels]).toEqual([]);
    expect(Math.exp(second.logProbability)).toBeCloseTo(0.36, 6);
  });
});

describe("refusals", () => {
  const good = ones([3, 2, 4]);
  testRefusals([
    ["two axes", () => ctcGreedyDecode(ones([3, 4])), ShapeError, /ctcGreedyDecode .*\[T, B, C\], got \[3, 4\]/],
    ["integers", () => ctcBeamSearch(tensor(new Int32Array(4), [1, 1, 4])), ShapeError, /expected float32/],
    ["a blank that is no class", () => ctcGreedyDecode(good, { blank: 4 }), OptionError, /blank: .*from 0 to 3, got 4/],
    ["a length above T", () => ctcBeamSearch(good, { lengths: [3, 4] }), OptionError, /lengths: .*from 0 to 3, got 4/],
    ["too few lengths", () => ctcGreedyDecode(good, { lengths: [3] }), ShapeError, /lengths: .*2 sequences, got 1/],
    ["no beam", () => ctcBeamSearch(good, { beamWidth: 0 }), OptionError, /beamWidth: .*≥ 1, got 0/],
    ["half a path", () => ctcBeamSearch(good, { topPaths: 0.5 }), OptionError, /topPaths: .*got 0.5/],
    [
      "more paths than the beam",
      () => ctcBeamSearch(good, { beamWidth: 2, topPaths: 3 }),
      OptionError,
      /at most beamWidth, 2, got 3/,
    ],
    ["a beam for greedy decoding", () => ctcGreedyDecode(good, { beamWidth: 2 } as never), OptionError, /"beamWidth"/],
    ["an unknown option", () => ctcBeamSearch(good, { width: 2 } as never), OptionError, /"width"/],
    ["NaN", () => ctcBeamSearch(tensor([[[0, Number.NaN]]])), NumericError, /got NaN at step 0 of sequence 0/],
    ["∞", () => ctcGreedyDecode(tensor([[[0, Number.POSITIVE_INFINITY]]])), NumericError, /got Infinity at step 0/],
  ]);
});
