import { describe, expect, test } from "vitest";
import { byScore, clearlyBetter, ranked, summarise } from "../../src/laboratory/compare/row.ts";
import { estimate, medianOf, studentQuantile } from "../../src/laboratory/compare/statistics.ts";
import type { TrialResult } from "../../src/laboratory/index.ts";

test("Student's quantiles are those of the tables", () => {
  // Two-sided 95 %, 99 % and 90 %: the usual tables, and R's qt to seven digits.
  const known: [share: number, degrees: number, t: number][] = [
    [0.975, 1, 12.706205],
    [0.975, 2, 4.3026527],
    [0.975, 3, 3.1824463],
    [0.975, 4, 2.7764451],
    [0.975, 9, 2.2621572],
    [0.975, 29, 2.0452296],
    [0.975, 30, 2.0422725],
    [0.975, 1000, 1.9623391],
    [0.995, 4, 4.6040949],
    [0.995, 7, 3.4994833],
    [0.95, 4, 2.1318468],
    [0.5, 3, 0],
  ];
  for (const [share, degrees, t] of known) expect(studentQuantile(share, degrees)).toBeCloseTo(t, 6);
});

test("an interval is that of the definition, and holds the mean as often as it says", () => {
  // Mean 3, deviation √2.5: 3 ± 2.7764451·√(2.5/5).
  expect(estimate([1, 2, 3, 4, 5])).toEqual({
    mean: 3,
    interval: [expect.closeTo(1.0367568, 6), expect.closeTo(4.9632432, 6)],
  });
  expect(estimate([7])).toEqual({ mean: 7, interval: null });
  expect(estimate([])).toBeNull();
  expect(estimate([2, 2, 2])).toEqual({ mean: 2, interval: [2, 2] });
  // Normal numbers by Box and Muller from a plain generator: 4,000 samples of five.
  let state = 12345;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  let held = 0;
  for (let i = 0; i < 4000; i++) {
    const [low, high] = estimate(Array.from({ length: 5 }, () => 10 + 3 * normal()))!.interval!;
    if (low <= 10 && 10 <= high) held++;
  }
  // Three standard errors are 0.0103.
  expect(held / 4000).toBeGreaterThan(0.9397);
  expect(held / 4000).toBeLessThan(0.9603);
});

test("medians count what never came as later than all else", () => {
  const never = Number.POSITIVE_INFINITY;
  expect(medianOf([3, 1, 2])).toBe(2);
  expect(medianOf([4, 1, 3, 2])).toBe(2.5);
  expect(medianOf([1, never, 2])).toBe(2);
  expect(medianOf([1, never, never])).toBe(never);
  expect(medianOf([5, never])).toBe(never);
  expect(medianOf([])).toBeNull();
});

describe("rows", () => {
  const result = (score: number | null, more: Partial<TrialResult> = {}): TrialResult => ({
    outcome: score === null ? "diverged" : "finished",
    steps: 10,
    stepsToTarget: null,
    score,
    curve: { steps: [], losses: [], scores: [] },
    gradientNorms: { steps: [], times: [], norms: [] },
    learned: {},
    reason: "",
    secondsPerStep: 1,
    ...more,
  });
  const row = (activation: string, ...results: TrialResult[]) =>
    summarise(
      { activation, cell: "rnn", task: { name: "adding" }, learningRate: 1 },
      results.map((one, seed) => ({ seed, result: one })),
    );
  const scored = (name: string, ...scores: (number | null)[]) => row(name, ...scores.map((score) => result(score)));

  test("summaries leave out what failed, and count what diverged", () => {
    const summary = row(
      "f",
      result(1, { stepsToTarget: 20, secondsPerStep: 3 }),
      result(3, { stepsToTarget: 40 }),
      result(null),
      result(null, { outcome: "failed", stepsToTarget: null }),
    );
    expect(summary).toMatchObject({ reached: 2, of: 3, diverged: 1, failed: 1, stepsToTarget: 40, secondsPerStep: 1 });
    expect(summary.score?.mean).toBe(2);
    expect(row("f", result(null, { outcome: "failed" }))).toMatchObject({
      score: null,
      of: 0,
      failed: 1,
      stepsToTarget: null,
    });
  });

  test("places are shared where intervals overlap, and only there", () => {
    const rows = ranked([
      scored("far", 9, 9.1, 9.2),
      scored("wide", 1, 3, 5),
      scored("good", 1, 1.1, 1.2),
      scored("better", 0.1, 0.11, 0.12),
    ]);
    expect(rows.map(({ activation, rank }) => [activation, ...rank])).toEqual([
      ["better", 1, 2],
      ["good", 2, 3],
      ["wide", 1, 3],
      ["far", 4, 4],
    ]);
  });

  test("one seed tells nothing of others, nor do two that happen to be the same", () => {
    for (const rows of [ranked([scored("a", 1), scored("b", 100)]), ranked([scored("a", 1, 1), scored("b", 2, 2)])]) {
      expect(rows.map(({ rank }) => rank)).toEqual([
        [1, 2],
        [1, 2],
      ]);
    }
    expect(ranked([scored("a", 1, 1, 1), scored("b", 2, 2, 2)]).map(({ rank }) => rank)).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test("what mostly diverges stands behind what never does, however good the rest is", () => {
    const [steady, wild, hopeless] = [
      scored("steady", 5, 6, 7),
      scored("wild", 0, null, null),
      scored("hopeless", null, null),
    ];
    expect(clearlyBetter(steady, wild)).toBe(true);
    expect(clearlyBetter(wild, steady)).toBe(false);
    expect(clearlyBetter(scored("seldom", 1, 1.1, 1.2, null), scored("never", 9, 9.1, 9.2))).toBe(false);
    expect([hopeless, wild, steady].toSorted(byScore).map(({ activation }) => activation)).toEqual([
      "steady",
      "wild",
      "hopeless",
    ]);
    expect(ranked([hopeless, wild, steady]).map(({ rank }) => rank)).toEqual([
      [1, 1],
      [2, 3],
      [2, 3],
    ]);
  });
});
