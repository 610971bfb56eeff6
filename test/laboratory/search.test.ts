/** The search: what its parts do on their own, and that the whole is the same whoever computes it and however it was ended. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { activation, DataError, OptionError, tensor } from "../../src/index.ts";
import { studentQuantile } from "../../src/laboratory/compare/statistics.ts";
import {
  inProcessExecutor,
  type LoggedTrial,
  type SearchLog,
  type SearchOptions,
  type SearchResult,
  searchActivation,
  type TrialResult,
  type TrialSpec,
  trialExecutor,
} from "../../src/laboratory/index.ts";
import { confirmed } from "../../src/laboratory/search/confirm.ts";
import { better, type Judged } from "../../src/laboratory/search/evolution.ts";
import { partAt, sizeOf, type Tree, withPart, written } from "../../src/laboratory/search/tree.ts";
import { crossed, isHandy, mutated, randomTree } from "../../src/laboratory/search/vary.ts";
import { gainOf, vet } from "../../src/laboratory/search/vet.ts";
import { randomSource } from "../../src/laboratory/tasks/random.ts";
import { Generator } from "../../src/runtime/random.ts";
import { exclusiveOr } from "./exclusiveOr.ts";

exclusiveOr(6);

const small: SearchOptions = {
  task: { name: "exclusive or", options: { batchSize: 8, validationSize: 64 } },
  budget: { steps: 1100 },
  seed: 5,
  trialSteps: 9,
};

/** What must be the same: all but the time it took. */
const lasting = (result: SearchResult): unknown =>
  JSON.parse(JSON.stringify(result), (key, value) => (key === "seconds" ? undefined : value));

describe("trees", () => {
  const seeds = fc.integer({ min: 0, max: 2 ** 31 });
  const isTree = (tree: Tree): boolean => {
    if (tree === "x") return true;
    return "unary" in tree ? isTree(tree.of) : isTree(tree.left) && isTree(tree.right);
  };

  test("parts are where they are counted, and can be replaced there", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const tree = randomTree(randomSource(new Generator(seed)));
        const size = sizeOf(tree);
        const marked: Tree = { unary: "sine", of: "x" };
        for (let place = 0; place < size; place++) {
          const part = partAt(tree, place);
          expect(withPart(tree, place, part)).toEqual(tree);
          const changed = withPart(tree, place, marked);
          expect(partAt(changed, place)).toEqual(marked);
          expect(sizeOf(changed)).toBe(size - sizeOf(part) + 2);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("texts mean what the tree says, and name just the parameters that they use", () => {
    const tree: Tree = {
      binary: "blend",
      left: { unary: "scaled", of: { unary: "tanh", of: "x" } },
      right: {
        binary: "larger",
        left: { unary: "shifted", of: "x" },
        right: { unary: "constant", of: { unary: "scaled", of: "x" } },
      },
    };
    const { activation: text, parameters } = written(tree);
    expect(Object.values(parameters)).toEqual([{ learn: 1 }, { learn: 0 }, { learn: 1 }, { learn: 0.5 }]);
    const f = activation(text, parameters);
    for (const x of [-2, -0.3, 0, 0.7, 3]) {
      const wanted = 0.5 * Math.tanh(x) + 0.5 * Math.max(x, 1);
      expect(f.apply(tensor([x])).item()).toBeCloseTo(wanted, 5);
    }
  });

  test("what comes from trees are trees, other ones mostly, and every one is an expression or is kept back", () => {
    let others = 0;
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = randomSource(new Generator(seed));
        const [one, two] = [randomTree(random), randomTree(random)];
        for (const tree of [mutated(one, random), crossed(one, two, random)]) {
          expect(isTree(tree)).toBe(true);
          if (JSON.stringify(tree) !== JSON.stringify(one)) others++;
          if (!isHandy(tree)) continue;
          const found = vet(written(tree));
          if (typeof found === "string") continue;
          // What has passed can be made, is finite, and is the same function after it was simplified.
          const { activation: text, parameters = {} } = found.contender;
          const before = written(tree);
          const x = tensor(Float32Array.from({ length: 33 }, (_, i) => (i - 16) / 4));
          const simple = [...activation(text, parameters).apply(x).toArray()];
          const original = [...activation(before.activation, before.parameters).apply(x).toArray()];
          expect(simple.every(Number.isFinite)).toBe(true);
          for (const [i, value] of simple.entries()) expect(value).toBeCloseTo(original[i] as number, 3);
        }
      }),
      { numRuns: 60 },
    );
    expect(others).toBeGreaterThan(90);
  });
});

describe("filters", () => {
  test.each([
    ["1 / x + 1e9 * 0", "noValue"],
    ["log(x + 1)", "noValue"],
    ["sqrt(x)", "noValue"],
    ["0.01 * tanh(x)", "flat"],
    ["exp(x)", "far"],
    ["x ^ 3", "far"],
    ["tanh(20 * x)", "steep"],
    ["sin(30 * x)", "steep"],
    ["0.1 * x", "vanishing"],
    ["sigmoid(x) + 1", "vanishing"],
    ["2 * x", "exploding"],
    ["x + 2 * tanh(x)", "exploding"],
  ])("%s: %s", (text, why) => {
    expect(vet({ activation: text })).toBe(why);
  });

  test.each(["tanh", "relu", "silu", "elu", "sine", "penalizedTanh", "x", "softsign"])("%s passes", (name) => {
    expect(vet({ activation: name })).toMatchObject({ gain: expect.any(Number) });
  });

  test("the same function in other words has the same key, one that learns another", () => {
    const keyOf = (text: string, parameters = {}) => (vet({ activation: text, parameters }) as { key: string }).key;
    expect(keyOf("2 * sigmoid(2 * x) - 1")).toBe(keyOf("tanh(x)"));
    expect(keyOf("tanh(x)")).not.toBe(keyOf("tanh(1.01 * x)"));
    expect(keyOf("tanh(b * x)", { b: { learn: 1 } })).not.toBe(keyOf("tanh(x)"));
  });

  test("the gain is that of mean field theory", () => {
    expect(gainOf(activation("identity"))).toBeCloseTo(1, 5);
    // E 1[z > 0] = 1/2, whatever the variance.
    expect(gainOf(activation("relu"))).toBeCloseTo(0.5, 1);
    // The slope of a line is its gain's root.
    expect(gainOf(activation("0.5 * x"))).toBeCloseTo(0.25, 5);
    expect(gainOf(activation("1.5 * x"))).toBe(Number.POSITIVE_INFINITY);
    // tanh: the fixed point q = E tanh²(√q·z) + 0.1, found here by another sum.
    const mean = (f: (z: number) => number): number => {
      let [sum, weight] = [0, 0];
      for (let z = -9; z <= 9; z += 0.001) {
        const density = Math.exp((-z * z) / 2);
        sum += density * f(z);
        weight += density;
      }
      return sum / weight;
    };
    let q = 0.1;
    for (let i = 0; i < 60; i++) q = mean((z) => Math.tanh(Math.sqrt(q) * z) ** 2) + 0.1;
    const wanted = mean((z) => (1 - Math.tanh(Math.sqrt(q) * z) ** 2) ** 2);
    expect(Math.abs(gainOf(activation("tanh")) - wanted)).toBeLessThan(2e-3);
  });
});

describe("what is better", () => {
  const judged = (steps: number, score: number): Judged => ({
    tree: "x",
    contender: { activation: "x" },
    gain: 1,
    steps,
    score,
  });

  test("is who did not diverge, then who was trained for longer, then the lower score", () => {
    const [long, longer, short, bad] = [
      judged(9, 0.2),
      judged(9, 0.3),
      judged(1, 0.1),
      judged(27, Number.POSITIVE_INFINITY),
    ];
    expect([bad, short, longer, long].sort(better)).toEqual([long, longer, short, bad]);
  });
});

describe("the confirmation", () => {
  const trained = (...scores: (number | null)[]) => ({
    contender: { activation: "x" },
    score: 0,
    outcomes: scores.map((score) => ({
      outcome: score === null ? ("diverged" as const) : ("finished" as const),
      ...{ steps: 9, score, reason: "", learned: {} },
    })),
  });

  test("takes differences seed by seed, as wide as the number of finalists asks", () => {
    const one = trained(1, 2, 3, 4);
    const reference = trained(2, 4, 4, 7);
    // Differences −1 −2 −1 −3: mean −1.75, s = 0.957427, s/√4 = 0.478714.
    const alone = confirmed(one, reference, 1);
    expect(alone.difference?.mean).toBeCloseTo(-1.75, 12);
    expect(alone.difference?.interval?.[0]).toBeCloseTo(-1.75 - 3.182446 * 0.478714, 4);
    expect(alone.verdict).toBe("better");
    const ofTwo = confirmed(one, reference, 2);
    expect(ofTwo.difference?.interval?.[1]).toBeCloseTo(-1.75 + studentQuantile(0.9875, 3) * 0.478714, 4);
    expect(ofTwo.verdict).toBe("no difference shown");
    expect(confirmed(reference, one, 1).verdict).toBe("worse");
  });

  test("never calls better what diverges where the reference does not, or what hardly any pair shows", () => {
    const reference = trained(2, 2.1, 2.2, 2, 2.1);
    const found = confirmed(trained(1, 1.1, 1.2, 1, null), reference, 1);
    expect([found.diverged, found.verdict]).toEqual([1, "no difference shown"]);
    expect(confirmed(trained(1, 1.1, 1.2, 1, null), trained(2, 2.1, 2.2, 2, null), 1).verdict).toBe("better");
    expect(confirmed(trained(1, 1.1), trained(2, 2.1), 1).verdict).toBe("no difference shown");
    expect(confirmed(trained(null, null, null), reference, 1)).toMatchObject({ difference: null, score: null });
  });
});

/** A log of which lines can be forgotten. */
function logOf(trials: Map<string, LoggedTrial> = new Map()) {
  const added: string[] = [];
  const log: SearchLog = {
    open: () => [...trials.values()].reduce((latest, { at }) => Math.max(latest, at), 0),
    get: (hash) => trials.get(hash),
    add: (hash, trial) => {
      trials.set(hash, trial);
      added.push(hash);
    },
    close: () => undefined,
  };
  return { log, trials, added };
}

describe("a search", () => {
  test("goes from random functions to a confirmed one, and accounts for all", async () => {
    const phases = new Set<string>();
    const result = await searchActivation({ ...small, onProgress: ({ phase }) => phases.add(phase) });
    const { facts } = result;
    expect([...phases]).toEqual(["searching", "playing off", "confirming"]);
    expect(facts.complete).toBe(true);
    expect(facts.spent.steps).toBeLessThanOrEqual(1100);
    // One more generation would have been too much.
    expect(facts.spent.steps).toBeGreaterThan(1100 - 60 - 500);
    const kept = Object.values(facts.kept).reduce((sum, count) => sum + count, 0);
    const unhandy = facts.seen - kept;
    expect(unhandy).toBe(facts.ranking.length);
    expect(facts.ranking.length).toBe(18 * facts.generations.length);
    expect(new Set(facts.ranking.map(({ name }) => name)).size).toBe(facts.ranking.length);
    expect(facts.finalists.length).toBe(2);
    for (const { scores, difference, learned, parameters } of facts.finalists) {
      expect(scores).toHaveLength(10);
      const pairs = scores.map((score, i) => (score as number) - (facts.reference?.scores[i] as number));
      expect(difference?.mean).toBeCloseTo(pairs.reduce((sum, pair) => sum + pair, 0) / 10, 10);
      expect(Object.keys(learned).sort()).toEqual(Object.keys(parameters ?? {}).sort());
    }
    expect(String(result)).toContain(result.verdict);
  });

  test("is the same again, with several workers and whoever is ready first; another seed gives another", async () => {
    const own = inProcessExecutor();
    let turn = 0;
    const executor = trialExecutor({
      width: 5,
      compute: async (spec) => {
        const result = await own.submit(spec);
        // Later ones overtake.
        await new Promise((resolve) => setTimeout(resolve, turn++ % 3));
        return result;
      },
    });
    const first = await searchActivation(small);
    expect(lasting(await searchActivation({ ...small, executor }))).toEqual(lasting(first));
    const other = await searchActivation({ ...small, seed: 6 });
    expect(other.facts.ranking.map(({ name }) => name)).not.toEqual(first.facts.ranking.map(({ name }) => name));
  });

  test("that was ended anywhere goes on to the same end, and trains nothing twice", async () => {
    const whole = logOf();
    const result = await searchActivation({ ...small, log: whole.log });
    for (const share of [0, 0.1, 0.5, 0.9, 0.99, 1]) {
      const count = Math.floor(whole.added.length * share);
      const rest = logOf(new Map([...whole.trials].slice(0, count)));
      const again = await searchActivation({ ...small, log: rest.log });
      expect(lasting(again)).toEqual(lasting(result));
      expect(rest.added.length).toBe(whole.added.length - count);
    }
  });

  test("that is stopped gives what it has, and says that nothing is confirmed", async () => {
    const stop = new AbortController();
    const { log, trials } = logOf();
    let over = 0;
    const onProgress = () => {
      if (++over === 30) stop.abort();
    };
    const result = await searchActivation({ ...small, log, signal: stop.signal, onProgress });
    expect(result.facts.complete).toBe(false);
    expect(result.best).toBeNull();
    expect(result.facts.ranking.length).toBe(18);
    expect(result.verdict).toMatch(/interrupted: nothing is confirmed/);
    expect(trials.size).toBe(30);
    expect(lasting(await searchActivation({ ...small, log: logOf(trials).log }))).toEqual(
      lasting(await searchActivation(small)),
    );
  });

  test("takes a training that diverges for the worst result, and trains it no further", async () => {
    const own = inProcessExecutor();
    const longer: TrialSpec[] = [];
    const compute = async (spec: TrialSpec): Promise<TrialResult> => {
      const result = await own.submit(spec);
      if (/tanh|sin/.test(spec.activation) && spec.activation !== "tanh") {
        if (spec.budget > 1) longer.push(spec);
        return { ...result, outcome: "diverged", score: null, reason: "planted" };
      }
      return result;
    };
    const executor = trialExecutor({ width: 1, compute });
    const { facts } = await searchActivation({ ...small, executor });
    expect(longer).toEqual([]);
    const diverged = facts.ranking.filter(({ score }) => score === null);
    expect(diverged.length).toBeGreaterThan(3);
    expect(facts.ranking.slice(-diverged.length)).toEqual(diverged);
    expect(facts.generations.reduce((sum, one) => sum + one.diverged, 0)).toBe(diverged.length);
    for (const { activation: text } of facts.finalists) expect(text).not.toMatch(/tanh|sin/);
  });

  test("in which everything diverges says so", async () => {
    const own = inProcessExecutor();
    const compute = async (spec: TrialSpec): Promise<TrialResult> => {
      const result = await own.submit(spec);
      return spec.activation === "tanh" ? result : { ...result, outcome: "diverged", score: null, reason: "planted" };
    };
    const result = await searchActivation({ ...small, executor: trialExecutor({ width: 1, compute }) });
    expect([result.facts.complete, result.best, result.facts.finalists]).toEqual([true, null, []]);
    expect(result.facts.reference?.scores).toHaveLength(10);
    expect(result.verdict).toBe("Nothing to compare with tanh was found: every function diverged.");
    expect(String(result)).toContain(result.verdict);
  });

  test("by time makes as many generations as there is time for beside the end, by the times in its log", async () => {
    const whole = logOf();
    const { facts } = await searchActivation({ ...small, log: whole.log });
    // As if every training had taken a second; a generation takes 18 + 6 + 2.
    const timed = new Map([...whole.trials].map(([hash, trial], i) => [hash, { ...trial, at: i + 1 }]));
    const generations = async (seconds: number): Promise<number> => {
      const { log } = logOf(new Map(timed));
      return (await searchActivation({ ...small, budget: { seconds }, log })).facts.generations.length;
    };
    const expected = (seconds: number): number => {
      const final = 9 * (8 * 3 + 3 * 10);
      let made = 1;
      while (26 * made + 26 + (final * 26 * made) / (facts.generations[made - 1]?.steps as number) <= seconds) made++;
      return made;
    };
    for (const seconds of [1, 300, 350, 400]) expect(await generations(seconds)).toBe(expected(seconds));
    expect([expected(1), expected(400)]).toEqual([1, 6]);
  });
});

describe("refusals", () => {
  const refused: [string, Partial<SearchOptions>, RegExp][] = [
    ["no steps", { budget: { steps: 0 } }, /budget steps: expected a finite number > 0, got 0/],
    ["no seconds", { budget: { seconds: 0 } }, /budget seconds: expected a finite number > 0, got 0/],
    ["steps that are none", { budget: { steps: Number.NaN } }, /got NaN/],
    ["endless seconds", { budget: { seconds: Number.POSITIVE_INFINITY } }, /got Infinity/],
    ["a budget of neither", { budget: {} as never }, /expected \{ steps \} or \{ seconds \}, got \{\}/],
    ["a budget of both", { budget: { steps: 9, seconds: 9 } as never }, /expected \{ steps \} or \{ seconds \}/],
    ["a number", { budget: 100 as never }, /expected \{ steps \} or \{ seconds \}, got 100/],
    [
      "too few steps",
      { budget: { steps: 500 } },
      /expected at least \d+, which one generation and the confirmation take/,
    ],
    ["no such task", { task: "ading" }, /got "ading" \(is it adding\?\)/],
    ["no such cell", { cell: "grup" as never }, /got "grup" \(is it gru\?\)/],
    ["no such reference", { reference: "tahn" }, /"tahn" \(is it tanh\?\)/],
    ["a seed below 0", { seed: -1 }, /seed: expected a whole number/],
    ["a seed too large", { seed: 2 ** 40 }, /seed: expected at most 10\^9/],
    ["a training of no length", { trialSteps: 0 }, /trialSteps/],
    ["an unknown option", { generations: 3 } as never, /"generations"/],
  ];
  test.each(refused)("%s", async (_, options, message) => {
    await expect(searchActivation({ ...small, ...options })).rejects.toThrow(OptionError);
    await expect(searchActivation({ ...small, ...options })).rejects.toThrow(message);
  });

  test("a log of another search", async () => {
    const log: SearchLog = {
      ...logOf().log,
      open: () => {
        throw new DataError("another");
      },
    };
    await expect(searchActivation({ ...small, log })).rejects.toThrow(DataError);
  });
});
