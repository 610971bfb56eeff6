/** What schedules do beyond PyTorch's fifty steps: their ends, their state, and what they refuse. */

import { describe, expect, test } from "vitest";
import {
  constantSchedule,
  cosineSchedule,
  exponentialSchedule,
  multiStepSchedule,
  OptionError,
  oneCycleSchedule,
  polynomialSchedule,
  reduceOnPlateauSchedule,
  type Schedule,
  stepSchedule,
  WeightsError,
  warmUpSchedule,
} from "../../src/index.ts";
import { testRefusals } from "./refusals.ts";

const learningRate = 0.5;

const all: Record<string, Schedule> = {
  constant: constantSchedule({ learningRate }),
  step: stepSchedule({ learningRate, stepSize: 3 }),
  multiStep: multiStepSchedule({ learningRate, milestones: [2, 9, 9] }),
  exponential: exponentialSchedule({ learningRate, gamma: 0.9 }),
  polynomial: polynomialSchedule({ learningRate, steps: 10, power: 0.5, minimum: 0.1 }),
  cosine: cosineSchedule({ learningRate, steps: 10, minimum: 0.1 }),
  restarts: cosineSchedule({ learningRate, steps: 3, restarts: true, factor: 3 }),
  oneCycle: oneCycleSchedule({ learningRate, steps: 10 }),
  plateau: reduceOnPlateauSchedule({ learningRate }),
};

describe.each(Object.entries(all))("%s", (_, schedule) => {
  test("is a finite rate from 0 to the largest, the same whenever it is asked, for any number of steps", () => {
    const rates = Array.from({ length: 40 }, (_, step) => schedule.rateAt(step));
    for (const rate of [...rates, schedule.rateAt(1_000_000)]) {
      expect(rate).toBeGreaterThanOrEqual(0);
      expect(rate).toBeLessThanOrEqual(learningRate);
    }
    expect(rates.map((_, step) => schedule.rateAt(39 - step)).reverse()).toEqual(rates);
  });

  test("after a warm-up it is itself, and the warm-up rises to its first rate", () => {
    const warm = warmUpSchedule({ steps: 4, schedule });
    const first = schedule.rateAt(0);
    for (const [step, part] of [0.25, 0.4375, 0.625, 0.8125].entries()) {
      expect(warm.rateAt(step)).toBeCloseTo(first * part, 12);
    }
    for (let step = 0; step < 20; step++) expect(warm.rateAt(4 + step)).toBe(schedule.rateAt(step));
  });

  test("refuses what is no step", () => {
    for (const schedules of [schedule, warmUpSchedule({ steps: 2, schedule })]) {
      for (const step of [-1, 0.5, Number.NaN, "1" as never]) expect(() => schedules.rateAt(step)).toThrow(OptionError);
    }
  });
});

test("once it has come down, a rate stays down", () => {
  expect(all.cosine?.rateAt(10)).toBe(0.1);
  expect(all.cosine?.rateAt(11)).toBe(0.1);
  expect(all.polynomial?.rateAt(99)).toBe(0.1);
  const end = learningRate / 25 / 1e4;
  expect(all.oneCycle?.rateAt(9)).toBe(end);
  expect(all.oneCycle?.rateAt(10)).toBe(end);
});

test("restarts begin anew after 3, 3 + 9 and 3 + 9 + 27 steps", () => {
  const tops = Array.from({ length: 60 }, (_, step) => step).filter(
    (step) => all.restarts?.rateAt(step) === learningRate,
  );
  expect(tops).toEqual([0, 3, 12, 39]);
});

test("a cycle too short for its phases has a rate at every step", () => {
  for (const steps of [1, 2, 3]) {
    for (const options of [
      {},
      { threePhases: true },
      { warmUpPart: 0 },
      { warmUpPart: 0.5, anneal: "linear" as const },
    ]) {
      const schedule = oneCycleSchedule({ learningRate, steps, ...options });
      const rates = Array.from({ length: steps + 2 }, (_, step) => schedule.rateAt(step));
      expect(rates.every((rate) => rate > 0 && rate <= learningRate)).toBe(true);
      expect(rates.slice(steps - 1)).toEqual(Array(3).fill(rates.at(-1)));
    }
  }
});

describe("reduceOnPlateau", () => {
  const make = () => reduceOnPlateauSchedule({ learningRate: 1, factor: 0.5, patience: 1, cooldown: 1 });

  test("goes on from its state as if it had never stopped, and through a warm-up too", () => {
    const values = [3, 2, 2, 2, 2.5, 1, 1, 1, 1, 1, 1, 4];
    const rates = (schedule: Schedule, shown: number[]) =>
      shown.map((value) => {
        schedule.observe?.(value);
        return schedule.rateAt(50);
      });
    const wanted = rates(make(), values);
    for (let cut = 0; cut < values.length; cut++) {
      const first = warmUpSchedule({ steps: 5, schedule: make() });
      const before = rates(first, values.slice(0, cut));
      const second = warmUpSchedule({ steps: 5, schedule: make() });
      second.loadStateDict?.(JSON.parse(JSON.stringify(first.stateDict?.())));
      expect([...before, ...rates(second, values.slice(cut))]).toEqual(wanted);
    }
    expect(new Set(wanted).size).toBeGreaterThan(2);
  });

  test("a value that is not finite is never better", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const schedule = make();
      schedule.observe(1);
      schedule.observe(value);
      schedule.observe(value);
      expect(schedule.rateAt(0)).toBe(0.5);
      expect(Object.values(schedule.stateDict()).every(Number.isFinite)).toBe(true);
    }
  });

  test("a state that is none of its kind is refused and changes nothing", () => {
    const schedule = make();
    schedule.observe(3);
    const before = schedule.stateDict();
    for (const state of [{}, null, { ...before, best: Number.NaN }, { ...before, bad: "1" }]) {
      expect(() => schedule.loadStateDict(state as never)).toThrow(WeightsError);
      expect(schedule.stateDict()).toEqual(before);
    }
  });

  test("other schedules neither observe nor keep state, with a warm-up or not", () => {
    for (const schedule of [all.cosine as Schedule, warmUpSchedule({ steps: 2, schedule: all.cosine as Schedule })]) {
      expect([schedule.observe, schedule.stateDict, schedule.loadStateDict]).toEqual([undefined, undefined, undefined]);
    }
  });
});

describe("options that are refused", () => {
  const { NaN: nan } = Number;
  testRefusals([
    [
      "a negative rate",
      () => constantSchedule({ learningRate: -1 }),
      OptionError,
      /constantSchedule learningRate: .*-1/,
    ],
    ["no rate", () => constantSchedule({} as never), OptionError, /got undefined/],
    ["an unknown option", () => constantSchedule({ learningRate, rate: 1 } as never), OptionError, /"rate"/],
    ["a step size", () => stepSchedule({ learningRate, stepSize: 0 }), OptionError, /stepSize: .*got 0/],
    ["γ above 1", () => exponentialSchedule({ learningRate, gamma: 1.1 }), OptionError, /gamma: .*got 1.1/],
    ["γ NaN", () => stepSchedule({ learningRate, stepSize: 1, gamma: nan }), OptionError, /gamma: .*got NaN/],
    ["milestones", () => multiStepSchedule({ learningRate, milestones: [3, 2] }), OptionError, /ascend, got 3, 2/],
    ["a milestone", () => multiStepSchedule({ learningRate, milestones: [0] }), OptionError, /milestones: .*got 0/],
    ["no milestones", () => multiStepSchedule({ learningRate } as never), OptionError, /milestones: .*undefined/],
    ["a power", () => polynomialSchedule({ learningRate, steps: 3, power: 0 }), OptionError, /power: .*got 0/],
    [
      "a minimum above the rate",
      () => cosineSchedule({ learningRate, steps: 3, minimum: 1 }),
      OptionError,
      /minimum: expected a number from 0 to 0.5, got 1/,
    ],
    ["a factor alone", () => cosineSchedule({ learningRate, steps: 3, factor: 2 }), OptionError, /expected restarts/],
    ["steps", () => oneCycleSchedule({ learningRate, steps: 1.5 }), OptionError, /steps: .*got 1.5/],
    ["a part", () => oneCycleSchedule({ learningRate, steps: 9, warmUpPart: 2 }), OptionError, /warmUpPart: .*got 2/],
    ["a divisor", () => oneCycleSchedule({ learningRate, steps: 9, divisor: 0 }), OptionError, /divisor: .*got 0/],
    ["a form", () => oneCycleSchedule({ learningRate, steps: 9, anneal: "cos" as never }), OptionError, /got "cos"/],
    ["no schedule", () => warmUpSchedule({ steps: 9, schedule: 0.1 as never }), OptionError, /schedule: .*number/],
    ["patience", () => reduceOnPlateauSchedule({ learningRate, patience: -1 }), OptionError, /patience: .*got -1/],
    ["factor 1", () => reduceOnPlateauSchedule({ learningRate, factor: 1 }), OptionError, /factor: .*got 1/],
    ["a mode", () => reduceOnPlateauSchedule({ learningRate, mode: "most" as never }), OptionError, /mode: .*most/],
    [
      "a value in words",
      () => reduceOnPlateauSchedule({ learningRate }).observe("1" as never),
      OptionError,
      /observe: expected a number/,
    ],
  ]);
});
