/** Trials: the same again, and again beside other work; what diverges; executors. */
import { describe, expect, test, vi } from "vitest";
import { add, mseLoss, OptionError, seed, type Tensor, uniform, zeros } from "../../src/index.ts";
import {
  defineTask,
  inProcessExecutor,
  runTrial,
  type TrialResult,
  type TrialSpec,
  taskNamed,
  trialExecutor,
  trialHash,
} from "../../src/laboratory/index.ts";

const spec: TrialSpec = {
  activation: "tanh",
  cell: "gru",
  task: { name: "adding", options: { steps: 9 } },
  seed: 3,
  budget: 60,
};

/** Everything of a result that may not differ between two runs. */
const lasting = ({ secondsPerStep: _, ...rest }: TrialResult) => rest;

describe("a trial", () => {
  test("gives the same bits again, also while others draw random numbers, and leaves the generator where it was", async () => {
    const first = await runTrial(spec);
    seed(99);
    const before = uniform([4]).toArray().join();
    seed(99);
    const second = runTrial(spec);
    const third = runTrial({ ...spec, seed: 4 });
    // Drawn while both are under way.
    await new Promise((done) => setImmediate(done));
    expect(uniform([4]).toArray().join()).toBe(before);
    expect(lasting(await second)).toEqual(lasting(first));
    expect((await third).curve.scores).not.toEqual(first.curve.scores);
    expect(first.curve.steps).toEqual([25, 50, 60]);
    expect(first.score).toBe(first.curve.scores.at(-1));
    expect(first.secondsPerStep).toBeGreaterThan(0);
  });

  test("of a plain network lowers the loss, and the heat map is that of its time steps", async () => {
    const { curve, gradientNorms, outcome, score } = await runTrial({ ...spec, budget: 400 });
    expect(outcome).toBe("finished");
    expect(score).toBeLessThan(0.05);
    expect(curve.losses.at(-1)).toBeLessThan((curve.losses[0] as number) / 2);
    expect(gradientNorms.steps).toEqual([0, 40, 80, 120, 160, 200, 240, 280, 320, 360]);
    expect(gradientNorms.times).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    for (const row of gradientNorms.norms) {
      expect(row.length).toBe(9);
      for (const norm of row) expect(norm).toBeGreaterThan(0);
    }
  });

  test("of a linear network that turns its state without stretching it starts with gradients of one norm at all times", async () => {
    const task = { name: "adding", options: { steps: 40, hiddenSize: 17 } };
    const { gradientNorms } = await runTrial({ ...spec, activation: "identity", cell: "rnn", task, budget: 1 });
    const [first = []] = gradientNorms.norms;
    expect(first.length).toBe(40);
    const last = first.at(-1) as number;
    expect(last).toBeGreaterThan(1e-4);
    for (const norm of first) expect(Math.abs((norm as number) / last - 1)).toBeLessThan(1e-4);
  });

  test("of long sequences has a heat map of times evenly spread, the first and the last among them", async () => {
    const task = { name: "adding", options: { steps: 150, validationSize: 4, batchSize: 2 } };
    const { gradientNorms } = await runTrial({ ...spec, task, budget: 1 });
    expect(gradientNorms.times.length).toBe(64);
    expect([gradientNorms.times[0], gradientNorms.times.at(-1)]).toEqual([0, 149]);
    expect(gradientNorms.norms[0]?.length).toBe(64);
  });

  test("stops at its target when told to, at the first look that shows it", async () => {
    const task = { name: "adding", options: { steps: 6, target: 0.05, every: 10 } };
    const whole = await runTrial({ ...spec, task, budget: 300 });
    const stopped = await runTrial({ ...spec, task, budget: 300, stopAtTarget: true });
    expect(whole.outcome).toBe("finished");
    expect(whole.steps).toBe(300);
    expect(stopped.outcome).toBe("reached");
    expect(stopped.steps).toBe(whole.stepsToTarget);
    const at = whole.curve.steps.indexOf(stopped.steps);
    expect(stopped.curve.scores).toEqual(whole.curve.scores.slice(0, at + 1));
    expect(stopped.score).toBeLessThanOrEqual(0.05);
    for (const score of whole.curve.scores.slice(0, at)) expect(score).toBeGreaterThan(0.05);
  });

  test("of an expression is that of the activation it means, and starts from its parameters", async () => {
    const relu = await runTrial({ ...spec, activation: "relu" });
    const written = await runTrial({ ...spec, activation: "max(x, slope * x)", parameters: { slope: 0 } });
    expect(written.score).toBeCloseTo(relu.score as number, 5);
    const leaky = await runTrial({ ...spec, activation: "max(x, slope * x)", parameters: { slope: 0.5 } });
    expect(Math.abs((leaky.score as number) - (relu.score as number))).toBeGreaterThan(1e-4);
  });

  test("that diverges is a result with a reason", async () => {
    const result = await runTrial({ ...spec, activation: "exponential", cell: "rnn", budget: 50 });
    expect(result.outcome).toBe("diverged");
    expect(result.score).toBeNull();
    expect(result.reason).toMatch(/^step \d+: expected (a finite loss|finite gradients)/);
    expect(result.steps).toBeLessThan(50);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  test("whose score is no number has diverged", async () => {
    const task = taskNamed("adding");
    defineTask("scoreless", {
      ...task,
      prepare: (options, data) => ({ ...task.prepare(options, data), score: () => Number.NaN }),
    });
    const { outcome, steps, reason } = await runTrial({ ...spec, task: { name: "scoreless" } });
    expect([outcome, steps]).toEqual(["diverged", 25]);
    expect(reason).toBe("step 26: expected a finite score of the validation, got NaN");
  });

  test("passes on what a task throws", async () => {
    const task = taskNamed("adding");
    const loss = (output: Tensor): Tensor => add(output, zeros([2, 3, 4]));
    defineTask("broken", { ...task, prepare: (options, data) => ({ ...task.prepare(options, data), loss }) });
    await expect(runTrial({ ...spec, task: { name: "broken" } })).rejects.toThrow(
      /^add: expected shapes that broadcast/,
    );
  });

  test("ends at a signal, and one that came before it begins", async () => {
    const stop = new AbortController();
    const running = runTrial({ ...spec, budget: 1_000_000 }, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 30);
    await expect(running).rejects.toThrow("enough");
    await expect(runTrial(spec, { signal: stop.signal })).rejects.toThrow("enough");
  });

  test.each([
    [{ cell: "grup" }, /cell: expected one of rnn, lstm, gru, got "grup" \(is it gru\?\)/],
    [{ activation: "tanhh" }, /tanhh.*is it .*tanh/],
    [{ activation: "elu", parameters: { beta: 1 } }, /"beta"/],
    [{ seed: -1 }, /seed: expected a whole number from 0/],
    [{ budget: 0 }, /budget: expected a whole number ≥ 1, got 0/],
    [{ task: { name: "sorting" } }, /task: expected one of adding/],
    [{ task: { name: "adding", option: {} } }, /got "option"/],
    [{ gates: "relu" }, /got "gates"/],
  ])("%j is refused", async (wrong, message) => {
    await expect(runTrial({ ...spec, ...wrong } as never)).rejects.toThrow(message);
    await expect(runTrial({ ...spec, ...wrong } as never)).rejects.toBeInstanceOf(OptionError);
  });
});

test("hashes tell specs apart, whatever the order of what is in them", async () => {
  const hash = await trialHash(spec);
  const { activation, cell, task, seed: own, budget } = spec;
  expect(
    await trialHash({ budget, seed: own, task: { options: { steps: 9 }, name: "adding" }, cell, activation }),
  ).toBe(hash);
  expect(await trialHash({ ...spec, task: { ...task, data: undefined as never } })).toBe(hash);
  const others: Partial<TrialSpec>[] = [
    { activation: "relu" },
    { parameters: { beta: 1 } },
    { cell: "rnn" },
    { task: { name: "adding" } },
    { task: { ...task, data: "x" } },
    { seed: 4 },
    { budget: 61 },
    { stopAtTarget: true },
  ];
  const hashes = await Promise.all(others.map((other) => trialHash({ ...spec, ...other })));
  expect(new Set([hash, ...hashes]).size).toBe(others.length + 1);
  await expect(trialHash({ ...spec, parameters: { beta: Number.NaN } })).rejects.toThrow(/finite/);
});

describe("an executor", () => {
  const result: TrialResult = {
    ...{ outcome: "finished", steps: 1, stepsToTarget: null, score: 1, reason: "", learned: {}, secondsPerStep: 0 },
    ...{ curve: { steps: [], losses: [], scores: [] }, gradientNorms: { steps: [], times: [], norms: [] } },
  };

  test("computes each spec once, so many at a time, in their order", async () => {
    const begun: number[] = [];
    let [now, most] = [0, 0];
    const executor = trialExecutor({
      width: 2,
      compute: async (one) => {
        begun.push(one.seed);
        most = Math.max(most, ++now);
        await new Promise((done) => setTimeout(done, 2));
        now--;
        return { ...result, steps: one.seed };
      },
    });
    const seeds = [1, 2, 3, 2, 4, 5, 1];
    const results = await Promise.all(seeds.map((one) => executor.submit({ ...spec, seed: one })));
    expect(results.map(({ steps }) => steps)).toEqual(seeds);
    expect(await executor.submit({ ...spec, seed: 3 })).toBe(results[2]);
    expect(begun).toEqual([1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  test("asks where results are kept, puts new ones there, and tries again what failed", async () => {
    const kept = new Map([[await trialHash(spec), { ...result, steps: 77 }]]);
    const compute = vi.fn(async () => ({ ...result, outcome: "failed" as const }));
    const executor = trialExecutor({ width: 1, compute, results: kept });
    expect((await executor.submit(spec)).steps).toBe(77);
    expect(compute).not.toHaveBeenCalled();
    const other = { ...spec, seed: 8 };
    await executor.submit(other);
    await executor.submit(other);
    expect(compute).toHaveBeenCalledTimes(2);
    expect(kept.size).toBe(1);
  });

  test("refuses a spec before anything is computed, goes on after one that throws, and ends what waits when it is closed", async () => {
    const compute = vi.fn(async (one: TrialSpec, signal: AbortSignal) => {
      if (one.seed === 1) throw new Error("no");
      return await new Promise<TrialResult>((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason)),
      );
    });
    const executor = trialExecutor({ width: 1, compute });
    await expect(executor.submit({ ...spec, budget: 0 })).rejects.toThrow(OptionError);
    expect(compute).not.toHaveBeenCalled();
    await expect(executor.submit({ ...spec, seed: 1 })).rejects.toThrow("no");
    const waiting = [2, 3].map((one) => executor.submit({ ...spec, seed: one }).catch(String));
    await vi.waitFor(() => expect(compute).toHaveBeenCalledTimes(2));
    await executor.close();
    expect(await Promise.all(waiting)).toEqual(new Array(2).fill(expect.stringContaining("one that was closed")));
    expect(compute).toHaveBeenCalledTimes(2);
    await expect(executor.submit(spec)).rejects.toThrow("one that was closed");
    expect(() => trialExecutor({ width: 0, compute })).toThrow(/width/);
  });

  test("in this thread gives what a trial by itself gives", async () => {
    const executor = inProcessExecutor();
    expect(lasting(await executor.submit(spec))).toEqual(lasting(await runTrial(spec)));
    expect(executor.width).toBe(1);
    await executor.close();
  });
});

test("memory stays where it is over many trials in one engine", { timeout: 60_000 }, async () => {
  const { runtimeInfo } = await import("../../src/index.ts");
  const small = {
    ...spec,
    task: { name: "digits", options: { hiddenSize: 8, every: 3, validationSize: 8 } },
    budget: 5,
  };
  const run = async (from: number, count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await runTrial({ ...small, seed: from + i });
  };
  await run(0, 50);
  const before = runtimeInfo().memoryBytes;
  await run(100, 300);
  expect(runtimeInfo().memoryBytes).toBeLessThanOrEqual(before + 4 * 1024 * 1024);
  expect(mseLoss(zeros([1]), zeros([1])).item()).toBe(0);
});
