/** Comparisons whose outcome is known before: what must win wins, what must tie ties, what must diverge does. */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { OptionError } from "../../src/index.ts";
import {
  type CompareOptions,
  type Comparison,
  compareActivations,
  inProcessExecutor,
  type TrialResult,
  trialExecutor,
} from "../../src/laboratory/index.ts";
import { exclusiveOr } from "./exclusiveOr.ts";

exclusiveOr(12);

const small: CompareOptions = { tasks: ["exclusive or"], activations: ["identity", "tanh"], seeds: 3, budget: 200 };

/** A comparison as it lasts: without times. */
const lasting = (comparison: Comparison): unknown =>
  JSON.parse(JSON.stringify(comparison), (key, value) => (key === "secondsPerStep" ? undefined : value));

describe("a planted comparison", () => {
  let comparison: Comparison;
  const done: number[] = [];

  beforeAll(async () => {
    comparison = await compareActivations({
      ...small,
      cells: ["rnn", "lstm"],
      activations: ["exponential", "identity", "tanh"],
      onProgress: (progress) => {
        expect(progress.total).toBe(18);
        done.push(progress.done);
      },
    });
  });

  test("finds that a linear network cannot, and another can", () => {
    const [rnn] = comparison.groups;
    expect(rnn?.title).toBe("exclusive or, rnn");
    const of = (name: string) => rnn!.rows.find((row) => row.name === name)!;
    const [linear, tanh] = [of("identity"), of("tanh")];
    expect(tanh).toMatchObject({ rank: [1, expect.any(Number)], reached: 3, of: 3, diverged: 0 });
    expect(tanh.score!.mean).toBeLessThan(0.05);
    expect(tanh.stepsToTarget).toBeLessThan(200);
    expect(linear).toMatchObject({ reached: 0, of: 3, diverged: 0, stepsToTarget: null });
    // Below 1/4 only by as much as half of 200 drawn bits may be off.
    expect(linear.score!.mean).toBeGreaterThan(0.23);
    expect(linear.rank[0]).toBeGreaterThan(tanh.rank[1] - 1);
    expect(linear.score!.interval![0]).toBeGreaterThan(tanh.score!.interval![1]);
  });

  test("tells of every trial, and of all groups together", () => {
    expect(done).toEqual(Array.from({ length: 18 }, (_, i) => i + 1));
    expect(comparison.complete).toBe(true);
    expect(comparison.groups.map(({ cell, rows }) => [cell, rows.length])).toEqual([
      ["rnn", 3],
      ["lstm", 3],
    ]);
    for (const { rows } of comparison.groups) {
      for (const { trials } of rows) expect(trials.map(({ seed }) => seed)).toEqual([1, 2, 3]);
    }
    const identity = comparison.standings.find(({ name }) => name === "identity")!;
    const tanh = comparison.standings.find(({ name }) => name === "tanh")!;
    expect(tanh.groups).toBe(2);
    expect(tanh.meanRank).toBeLessThan(identity.meanRank);
    expect(tanh.unbeaten).toBe(2);
  });

  test("is a table, and data that say the same", () => {
    const text = String(comparison);
    expect(text).toContain("exclusive or, rnn: mean squared error, learned at 0.05");
    expect(text).toMatch(/^1(–\d)? +tanh +\S+ +\S+ … \S+ +\d+ \(3 of 3\) +0 of 3 +\d/m);
    expect(text).toContain("3 seeds of 200 steps");
    const data = JSON.parse(JSON.stringify(comparison));
    expect(data).toMatchObject({
      format: "unrolled comparison",
      complete: true,
      settings: { seeds: [1, 2, 3], budget: 200 },
    });
    expect(data.groups[0].rows[0].trials[0].result.curve.steps.at(-1)).toBe(200);
  });
});

test("the same again gives the same but for times", async () => {
  expect(lasting(await compareActivations(small))).toEqual(lasting(await compareActivations(small)));
});

test("an activation that diverges gives failures, not a crash", async () => {
  const { groups } = await compareActivations({
    tasks: [{ name: "adding", options: { steps: 20 } }],
    activations: ["exponential", "tanh"],
    seeds: 2,
    budget: 25,
  });
  const [tanh, exponential] = groups[0]!.rows;
  expect(tanh).toMatchObject({ name: "tanh", rank: [1, 1], diverged: 0 });
  expect(exponential).toMatchObject({ name: "exponential", rank: [2, 2], diverged: 2, of: 2, score: null });
  expect(groups[0]!.title).toBe("adding (steps 20), rnn");
});

test("of several learning rates each combination's best counts, and the others are told", async () => {
  const { groups } = await compareActivations({ ...small, seeds: 2, learningRates: [1e-6, 0.02] });
  const tanh = groups[0]!.rows.find(({ name }) => name === "tanh")!;
  expect(tanh.learningRate).toBe(0.02);
  expect(tanh.otherRates).toMatchObject([{ learningRate: 1e-6, diverged: 0 }]);
  expect(tanh.otherRates[0]!.score!.mean).toBeGreaterThan(tanh.score!.mean);
});

describe("an executor of one's own", () => {
  const result: TrialResult = {
    ...{ outcome: "finished", steps: 1, stepsToTarget: null, score: 1, reason: "", learned: {}, secondsPerStep: 0 },
    ...{ curve: { steps: [], losses: [], scores: [] }, gradientNorms: { steps: [], times: [], norms: [] } },
  };

  test("is asked for no more than it works on, and is left open; what failed is not held against anybody", async () => {
    let [now, most] = [0, 0];
    const close = vi.fn();
    const inner = trialExecutor({
      width: 3,
      close,
      compute: async ({ seed, activation }) => {
        now++;
        await new Promise((done) => setTimeout(done, 1));
        now--;
        return seed === 2 && activation === "tanh"
          ? { ...result, outcome: "failed", score: null, reason: "the host was away" }
          : result;
      },
    });
    const executor = {
      ...inner,
      width: 3,
      close: () => inner.close(),
      submit: (spec: Parameters<typeof inner.submit>[0]) => {
        most = Math.max(most, now + 1);
        return inner.submit(spec);
      },
    };
    const { groups, note } = await compareActivations({ ...small, executor });
    expect(note).toMatch(/ 1 of 6 trainings failed and are left out: the host was away\.$/);
    expect(close).not.toHaveBeenCalled();
    expect(most).toBeLessThanOrEqual(3);
    const tanh = groups[0]!.rows.find(({ name }) => name === "tanh");
    expect(tanh).toMatchObject({ of: 2, failed: 1, diverged: 0 });
  });

  test("that fails ends the comparison with its error", async () => {
    const executor = trialExecutor({ width: 1, compute: () => Promise.reject(new Error("no such luck")) });
    await expect(compareActivations({ ...small, executor })).rejects.toThrow("no such luck");
  });
});

describe("a signal", () => {
  test("leaves what is over, with every combination's finished seeds", async () => {
    const stop = new AbortController();
    const { complete, groups, note } = await compareActivations({
      ...small,
      seeds: 50,
      signal: stop.signal,
      onProgress: ({ done }) => {
        if (done === 3) stop.abort();
      },
    });
    expect(complete).toBe(false);
    expect(note).toContain("interrupted");
    const counts = groups[0]!.rows.map(({ name, of }) => [name, of] as const).sort();
    expect(counts).toEqual([
      ["identity", 2],
      ["tanh", 1],
    ]);
  });

  test("that comes before the first trial is over is thrown", async () => {
    const reason = new Error("not now");
    await expect(compareActivations({ ...small, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const stop = new AbortController();
    setTimeout(() => stop.abort(reason), 20);
    await expect(compareActivations({ ...small, budget: 1_000_000, signal: stop.signal })).rejects.toBe(reason);
  });
});

test.each([
  [{ tasks: [] }, /tasks: expected a list of at least one/],
  [{ tasks: ["ading"] }, /is it adding\?/],
  [{ tasks: ["copy", "copy"] }, /tasks: expected each once/],
  [{ cells: ["lstn"] }, /is it lstm\?/],
  [{ activations: [] }, /activations: expected a list of at least one/],
  [{ activations: ["tanh", "tanh"] }, /activations: expected each once, got tanh twice/],
  [{ activations: ["tanh", "thna"] }, /thna/],
  [{ seeds: 0 }, /seeds: expected a whole number ≥ 1, got 0/],
  [{ seeds: [] }, /seeds: expected a list of at least one/],
  [{ seeds: [1, 1] }, /seeds: expected each once, got 1 twice/],
  [{ seeds: [-1] }, /seeds: expected a whole number from 0/],
  [{ budget: 0 }, /budget: expected a whole number ≥ 1, got 0/],
  [{ learningRates: [0] }, /learningRate: expected a number > 0, got 0/],
  [{ bugdet: 5 }, /got "bugdet"/],
])("%j is refused before anything is trained", async (wrong, message) => {
  const executor = inProcessExecutor();
  const submit = vi.spyOn(executor, "submit");
  const refused = compareActivations({ ...small, executor, ...wrong } as never);
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toBeInstanceOf(OptionError);
  expect(submit).not.toHaveBeenCalled();
});
