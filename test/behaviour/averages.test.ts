/** Averages of weights: what is followed, swapped in and out, kept and refused; the trigger of AWD-LSTM. */

import { describe, expect, test } from "vitest";
import {
  ASGD,
  EMA,
  NonMonotonicTrigger,
  OptionError,
  Parameter,
  SGD,
  SWA,
  type WeightAverage,
  WeightsError,
} from "../../src/index.ts";
import { addGradients, makeParameters, numbersOf, train } from "./optimizers.ts";
import { testRefusals } from "./refusals.ts";

const kinds: Record<string, (parameters: Parameter[]) => WeightAverage> = {
  EMA: (parameters) => new EMA(parameters, { decay: 0.9 }),
  "EMA, warming up": (parameters) => new EMA(parameters, { decay: 0.9, warmUp: true }),
  SWA: (parameters) => new SWA(parameters),
};

/** Follows a training from step to step. */
function follow(average: WeightAverage, parameters: Parameter[], from: number, to: number): void {
  const optimizer = new SGD(parameters, { learningRate: 0.1 });
  for (let step = from; step < to; step++) {
    train(optimizer, parameters, step, step + 1);
    average.update();
  }
}

describe.each(Object.entries(kinds))("%s", (_, make) => {
  test("swaps in and out to the bit, and its parameters know that they changed", () => {
    const parameters = makeParameters();
    const average = make(parameters);
    follow(average, parameters, 0, 5);
    const own = numbersOf(parameters);
    const versions = parameters.map(({ version }) => version);
    average.swap();
    const averaged = numbersOf(parameters);
    expect(average.isSwapped).toBe(true);
    expect(averaged).not.toEqual(own);
    expect(parameters.every(({ version }, i) => version > (versions[i] as number))).toBe(true);
    average.swap();
    expect(numbersOf(parameters)).toEqual(own);
    expect(average.applied(() => numbersOf(parameters))).toEqual(averaged);
    expect(numbersOf(parameters)).toEqual(own);
  });

  test("takes itself back when what it was applied for throws, or later settles", async () => {
    const parameters = makeParameters();
    const average = make(parameters);
    follow(average, parameters, 0, 3);
    const own = numbersOf(parameters);
    const fail = () => {
      throw new Error("no");
    };
    expect(() => average.applied(fail)).toThrow("no");
    expect(numbersOf(parameters)).toEqual(own);
    const later = average.applied(async () => {
      await Promise.resolve();
      return numbersOf(parameters);
    });
    expect(average.isSwapped).toBe(true);
    expect(await later).not.toEqual(own);
    expect(numbersOf(parameters)).toEqual(own);
    await expect(average.applied(async () => fail())).rejects.toThrow("no");
    expect(numbersOf(parameters)).toEqual(own);
  });

  test("its state in another one goes on to the same bits", () => {
    const whole = makeParameters();
    const first = make(whole);
    follow(first, whole, 0, 8);
    const parts = makeParameters();
    const before = make(parts);
    follow(before, parts, 0, 4);
    const state = before.stateDict();
    const after = make(parts);
    after.loadStateDict({ ...state, numbers: JSON.parse(JSON.stringify(state.numbers)) });
    follow(after, parts, 4, 8);
    expect(after.stateDict()).toEqual(first.stateDict());
    expect(after.updates).toBe(8);
  });

  test("a state that does not fit is refused and changes nothing", () => {
    const parameters = makeParameters();
    const average = make(parameters);
    follow(average, parameters, 0, 2);
    const state = average.stateDict();
    const wrong = [
      { ...state, kind: "SGD" },
      { ...state, numbers: {} },
      { ...state, numbers: { updates: 0.5 } },
      { ...state, arrays: {} },
      { ...state, arrays: { ...state.arrays, "7.average": new Float32Array(1) } },
      { ...state, arrays: { ...state.arrays, "1.average": new Float32Array(1) } },
    ];
    for (const bad of wrong) {
      expect(() => average.loadStateDict(bad)).toThrow(WeightsError);
      expect(average.stateDict()).toEqual(state);
    }
  });

  test("is neither changed nor kept while it stands in the place of the parameters", () => {
    const parameters = makeParameters();
    const average = make(parameters);
    expect(() => average.swap()).toThrow(/at least one update/);
    average.update();
    const state = average.stateDict();
    average.swap();
    const refused = [
      () => average.update(),
      () => average.stateDict(),
      () => average.loadStateDict(state),
      () => average.applied(() => 1),
    ];
    for (const action of refused) {
      expect(action).toThrow(OptionError);
      expect(action).toThrow(/swap\(\)/);
    }
  });
});

test("SWA is the mean of what it has seen; EMA begins with the first", () => {
  const parameter = new Parameter([1]);
  const [swa, ema] = [new SWA([parameter]), new EMA([parameter], { decay: 0.75 })];
  for (const value of [8, 4, 0]) {
    parameter.set([value]);
    swa.update();
    ema.update();
  }
  expect(swa.applied(() => parameter.toArray()[0])).toBe(4);
  expect(ema.applied(() => parameter.toArray()[0])).toBe(0.75 * 7);
});

test("EMA's decay grows as (1 + n)/(10 + n)", () => {
  const parameter = new Parameter([1]);
  const ema = new EMA([parameter], { decay: 0.2, warmUp: true });
  ema.update();
  parameter.set([1]);
  ema.update();
  expect(ema.stateDict().arrays["0.average"]?.[0]).toBeCloseTo(1 - 2 / 11, 6);
  ema.update();
  ema.update();
  const wanted = 1 - (2 / 11) * 0.2 * 0.2;
  expect(ema.stateDict().arrays["0.average"]?.[0]).toBeCloseTo(wanted, 6);
});

describe("ASGD", () => {
  test("averages from when it is told to: the mean of the parameters from the second step on", () => {
    const parameters = makeParameters();
    const optimizer = new ASGD(parameters, { learningRate: 0.1, lambd: 0 });
    train(optimizer, parameters, 0, 4);
    expect(optimizer.applied(() => numbersOf(parameters))).toEqual(numbersOf(parameters));
    optimizer.startAveraging();
    const seen: number[][][] = [];
    for (let step = 4; step < 10; step++) {
      train(optimizer, parameters, step, step + 1);
      seen.push(numbersOf(parameters));
    }
    const averaged = optimizer.applied(() => numbersOf(parameters));
    averaged.forEach((values, i) => {
      values.forEach((value, j) => {
        const of = seen.slice(1).map((step) => step[i]?.[j] as number);
        expect(value).toBeCloseTo(of.reduce((a, b) => a + b) / of.length, 5);
      });
    });
  });

  test("when it began to average is part of its state", () => {
    const [whole, parts] = [makeParameters(), makeParameters()];
    const first = new ASGD(whole, { learningRate: 0.1 });
    train(first, whole, 0, 3);
    first.startAveraging();
    train(first, whole, 3, 9);
    const before = new ASGD(parts, { learningRate: 0.1 });
    train(before, parts, 0, 3);
    before.startAveraging();
    train(before, parts, 3, 5);
    const after = new ASGD(parts, { learningRate: 0.1 });
    after.loadStateDict(before.stateDict());
    train(after, parts, 5, 9);
    expect(after.stateDict()).toEqual(first.stateDict());
  });

  test("takes no step while the averages stand in the place of the parameters", () => {
    const parameters = makeParameters();
    const optimizer = new ASGD(parameters);
    train(optimizer, parameters, 0, 2);
    const state = optimizer.stateDict();
    optimizer.swap();
    addGradients(parameters, 3);
    const before = numbersOf(parameters);
    expect(() => optimizer.step()).toThrow(OptionError);
    expect(() => optimizer.stateDict()).toThrow(/swap\(\)/);
    expect(() => optimizer.loadStateDict(state)).toThrow(/swap\(\)/);
    expect(numbersOf(parameters)).toEqual(before);
    optimizer.swap();
    expect(optimizer.stateDict()).toEqual(state);
  });
});

describe("NonMonotonicTrigger", () => {
  /** Algorithm 1 of Merity, Keskar & Socher 2017: T is set where t > n and v > min of the logs before t − n. */
  function oracle(values: readonly number[], n: number): boolean[] {
    let done = false;
    return values.map((v, t) => {
      const triggered = !done && t > n && v > Math.min(...values.slice(0, t - n));
      done ||= triggered;
      return triggered;
    });
  }

  test.each([1, 2, 5])("patience %i: as in the paper", (patience) => {
    const series = [
      [9, 8, 7, 6, 5, 4, 3, 2, 1],
      [9, 8, 7, 8, 8.5, 7.5, 7.4, 8, 9, 9],
      [5, 6, 7, 8, 9, 10, 11],
      [5, 5, 5, 5, 5, 5, 5.1, 5.2, 5.2],
    ];
    for (const values of series) {
      const trigger = new NonMonotonicTrigger({ patience });
      expect(values.map((value) => trigger.observe(value))).toEqual(oracle(values, patience));
      expect(trigger.isTriggered).toBe(oracle(values, patience).includes(true));
      const cut = new NonMonotonicTrigger({ patience });
      for (const value of values.slice(0, 4)) cut.observe(value);
      const other = new NonMonotonicTrigger({ patience });
      other.loadStateDict(JSON.parse(JSON.stringify(cut.stateDict())));
      for (const value of values.slice(4)) other.observe(value);
      expect(other.stateDict()).toEqual(trigger.stateDict());
    }
  });
});

describe("what is refused", () => {
  const parameters = makeParameters();
  testRefusals([
    ["a decay above 1", () => new EMA(parameters, { decay: 1.1 }), OptionError, /EMA decay: .*got 1.1/],
    ["a decay that is NaN", () => new EMA(parameters, { decay: Number.NaN }), OptionError, /got NaN/],
    ["an option", () => new EMA(parameters, { rate: 1 } as never), OptionError, /EMA: .*"rate"/],
    ["no parameters", () => new SWA([]), OptionError, /SWA: expected parameters, got none/],
    ["a stranger", () => new SWA([1 as never]), OptionError, /SWA: expected parameters, got number at 0/],
    ["patience", () => new NonMonotonicTrigger({ patience: 0 }), OptionError, /patience: .*got 0/],
    ["a loss", () => new NonMonotonicTrigger().observe(Number.NaN), OptionError, /finite loss, got NaN/],
    ["a state", () => new NonMonotonicTrigger().loadStateDict({} as never), WeightsError, /expected \{ values/],
  ]);
});
