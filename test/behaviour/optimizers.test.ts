/** What all optimizers have in common: state, groups, frozen parameters, accumulated gradients. */

import { describe, expect, test } from "vitest";
import {
  Adam,
  AdamW,
  add,
  div,
  mul,
  type OptimizerState,
  OptionError,
  Parameter,
  SGD,
  sum,
  tensor,
  WeightsError,
} from "../../src/index.ts";
import { addGradients, makeParameters, numbersOf, optimizers, train } from "./optimizers.ts";
import { testRefusals } from "./refusals.ts";

/** A state as a file would bring it back. */
function throughText(state: OptimizerState): OptimizerState {
  const arrays = Object.entries(state.arrays).map(([name, values]) => [name, Float32Array.from(values)]);
  return { kind: state.kind, numbers: JSON.parse(JSON.stringify(state.numbers)), arrays: Object.fromEntries(arrays) };
}

describe.each(Object.entries(optimizers))("%s", (_, make) => {
  test("10 steps, its state in another one, and 10 steps are 20 steps, bit for bit", () => {
    const [whole, parts] = [makeParameters(), makeParameters()];
    const first = make(whole);
    train(first, whole, 0, 20);
    const before = make(parts);
    train(before, parts, 0, 10);
    const state = throughText(before.stateDict());
    const resumed = makeParameters(2);
    resumed.forEach((parameter, i) => {
      parameter.set((parts[i] as Parameter).toArray());
    });
    const after = make(resumed);
    after.learningRate = 123;
    after.loadStateDict(state);
    train(after, resumed, 10, 20);
    expect(numbersOf(resumed)).toEqual(numbersOf(whole));
    expect(after.stateDict()).toEqual(first.stateDict());
    expect(numbersOf(resumed)).not.toEqual(numbersOf(parts));
  });

  test("an old state undoes what came after it", () => {
    const parameters = makeParameters();
    const optimizer = make(parameters);
    const fresh = optimizer.stateDict();
    train(optimizer, parameters, 0, 3);
    optimizer.loadStateDict(fresh);
    expect(optimizer.stateDict()).toEqual(fresh);
    const values = makeParameters();
    parameters.forEach((parameter, i) => {
      parameter.set((values[i] as Parameter).toArray());
    });
    train(optimizer, parameters, 0, 3);
    const again = makeParameters();
    train(make(again), again, 0, 3);
    expect(numbersOf(parameters)).toEqual(numbersOf(again));
  });

  test("a group is as an optimizer of its own, and a rate set later scales all", () => {
    const [together, alone] = [makeParameters(), makeParameters()];
    const grouped = make([
      { parameters: together.slice(0, 2) },
      { parameters: together.slice(2), learningRate: 0.01, weightDecay: 0.2 },
    ]);
    const first = make(alone.slice(0, 2));
    const second = make([{ parameters: alone.slice(2), weightDecay: 0.2 }]);
    second.learningRate = 0.01;
    const rate = grouped.learningRate;
    for (let step = 0; step < 6; step++) {
      if (step === 3) {
        grouped.learningRate = rate / 2;
        first.learningRate = rate / 2;
        second.learningRate = 0.005;
      }
      for (const optimizer of [grouped, first, second]) optimizer.zeroGrad();
      addGradients(together, step);
      grouped.step();
      addGradients(alone, step);
      first.step();
      second.step();
    }
    expect(numbersOf(together)).toEqual(numbersOf(alone));
    expect(grouped.groups.map(({ learningRate }) => learningRate)).toEqual([rate / 2, 0.005]);
    expect(grouped.groups.map(({ parameters }) => parameters)).toEqual([together.slice(0, 2), together.slice(2)]);
  });

  test("a frozen parameter is never changed and takes no state, until it is let go", () => {
    const parameters = makeParameters();
    const [frozen] = parameters as [Parameter];
    frozen.requiresGrad = false;
    const start = [...frozen.toArray()];
    const optimizer = make(parameters);
    train(optimizer, parameters, 0, 3);
    expect([...frozen.toArray()]).toEqual(start);
    expect(Object.keys(optimizer.stateDict().arrays).filter((name) => name.startsWith("0."))).toEqual([]);
    frozen.requiresGrad = true;
    train(optimizer, parameters, 3, 5);
    const alone = makeParameters();
    for (const parameter of alone.slice(1)) parameter.requiresGrad = false;
    const other = make(alone);
    train(other, alone, 3, 5);
    expect([...frozen.toArray()]).toEqual([...(alone[0] as Parameter).toArray()]);
  });

  test("one that is frozen after steps, its gradient still there, stays as it is", () => {
    const parameters = makeParameters();
    const optimizer = make(parameters);
    train(optimizer, parameters, 0, 2);
    const [frozen, free] = parameters as [Parameter, Parameter];
    frozen.requiresGrad = false;
    const before = numbersOf([frozen, free]);
    optimizer.step();
    expect([...frozen.toArray()]).toEqual(before[0]);
    expect([...free.toArray()]).not.toEqual(before[1]);
  });

  test("a state that does not fit is refused and changes nothing", () => {
    const parameters = makeParameters();
    const optimizer = make(parameters);
    train(optimizer, parameters, 0, 2);
    const state = optimizer.stateDict();
    const { numbers, arrays } = state;
    const [key] = Object.keys(arrays);
    const without = Object.fromEntries(Object.entries(arrays).filter(([name]) => name !== key));
    const wrong: [unknown, RegExp][] = [
      [null, /expected an object, got null/],
      [{ ...state, kind: "Other" }, /expected the state of \w+, got that of Other/],
      [{ ...state, numbers: null }, /numbers: expected an object/],
      [{ ...state, numbers: { ...numbers, steps: [1] } }, /steps: expected 4 numbers, got 1/],
      [{ ...state, numbers: { ...numbers, steps: [1, 2, 0.5, 2] } }, /steps: expected whole numbers, got 0.5/],
      [{ ...state, numbers: { ...numbers, steps: [1, 2, -1, 2] } }, /steps: expected finite numbers ≥ 0, got -1/],
      [{ ...state, numbers: { ...numbers, learningRate: Number.NaN } }, /learningRate: .* got NaN/],
      [{ ...state, numbers: { ...numbers, groupLearningRates: [1, 2] } }, /groupLearningRates: expected 1 numbers/],
      [{ ...state, arrays: { ...arrays, "9.expAvg": new Float32Array(1) } }, /got 9.expAvg/],
    ];
    if (key) {
      wrong.push(
        [{ ...state, arrays: { ...arrays, [key]: new Float32Array(99) } }, /expected \d+ numbers, got 99/],
        [{ ...state, arrays: { ...arrays, [key]: [1, 2] } }, /expected a Float32Array/],
        [{ ...state, arrays: without }, /expected/],
        [{ ...state, arrays: {} }, /after 2 steps, got none/],
      );
    }
    for (const [bad, message] of wrong) {
      expect(() => optimizer.loadStateDict(bad as OptimizerState)).toThrow(WeightsError);
      expect(() => optimizer.loadStateDict(bad as OptimizerState)).toThrow(message);
      expect(optimizer.stateDict()).toEqual(state);
    }
  });

  test("what stateDict returned is a copy", () => {
    const parameters = makeParameters();
    const optimizer = make(parameters);
    train(optimizer, parameters, 0, 1);
    const state = optimizer.stateDict();
    const before = throughText(state);
    train(optimizer, parameters, 1, 2);
    expect(state).toEqual(before);
  });

  test("a parameter without a gradient is left alone, however far the others are", () => {
    const parameters = makeParameters();
    const optimizer = make(parameters);
    train(optimizer, parameters.slice(1), 0, 2);
    expect(optimizer.stateDict().numbers.steps).toEqual([0, 2, 2, 2]);
    expect([...(parameters[0] as Parameter).toArray()]).toEqual([...(makeParameters()[0] as Parameter).toArray()]);
  });

  test("several backward before one step count as one of their sum; zeroGrad forgets them", () => {
    const [parts, whole] = [makeParameters(), makeParameters()];
    const [accumulating, plain] = [make(parts), make(whole)];
    addGradients(parts, 7);
    accumulating.zeroGrad();
    for (const step of [1, 2, 3]) addGradients(parts, step);
    accumulating.step();
    for (const step of [1, 2, 3]) addGradients(whole, step);
    plain.step();
    expect(numbersOf(parts)).toEqual(numbersOf(whole));
    // A step does not clear: the next backward adds.
    addGradients(parts, 4);
    const before = numbersOf(parts);
    accumulating.step();
    expect(numbersOf(parts)).not.toEqual(before);
  });
});

describe("accumulated gradients", () => {
  const pieces = [
    [1, -2, 3],
    [0.5, 0.25, -1],
  ];

  test("are the sum over the parts, and their mean when each loss is divided by their number", () => {
    const p = new Parameter([3]);
    for (const piece of pieces) sum(mul(p, tensor(piece))).backward();
    expect([...(p.grad?.toArray() ?? [])]).toEqual([1.5, -1.75, 2]);
    new SGD([p], { learningRate: 0 }).zeroGrad();
    expect(p.grad).toBeNull();
    for (const piece of pieces) div(sum(mul(p, tensor(piece))), 2).backward();
    expect([...(p.grad?.toArray() ?? [])]).toEqual([0.75, -0.875, 1]);
  });

  test("stay over a step, as in PyTorch", () => {
    const p = new Parameter([3]);
    const optimizer = new SGD([p], { learningRate: 1 });
    sum(mul(p, tensor([1, -2, 3]))).backward();
    optimizer.step();
    sum(add(mul(p, tensor([1, 1, 1])), p)).backward();
    expect([...(p.grad?.toArray() ?? [])]).toEqual([3, 0, 5]);
  });
});

describe("parameters and groups that are refused", () => {
  const [a, b] = [new Parameter([2]), new Parameter([3])];
  testRefusals([
    ["none", () => new Adam([]), OptionError, /Adam: expected parameters, got none/],
    ["no array", () => new Adam(a as never), OptionError, /expected an array of parameters/],
    ["a stranger", () => new Adam([a, {} as never]), OptionError, /expected parameters, got object at 1/],
    [
      "an empty group",
      () => new Adam([{ parameters: [] }]),
      OptionError,
      /Adam group 0: expected parameters, got none/,
    ],
    [
      "a group of null",
      () => new Adam([{ parameters: null as never }]),
      OptionError,
      /group 0 parameters: .* got null/,
    ],
    [
      "one parameter in two groups",
      () => new Adam([{ parameters: [a, b] }, { parameters: [b] }]),
      OptionError,
      /Adam group 1: .*one that is in group 0/,
    ],
    [
      "a parameter among groups",
      () => new Adam([{ parameters: [a] }, b as never]),
      OptionError,
      /Adam group 1: expected \{ parameters, … \}, got a parameter/,
    ],
    [
      "a group among parameters",
      () => new Adam([a, { parameters: [b] } as never]),
      OptionError,
      /expected parameters, got object at 1/,
    ],
    [
      "an unknown option of a group",
      () => new AdamW([{ parameters: [a], decay: 1 } as never]),
      OptionError,
      /AdamW group 0: .*"decay"/,
    ],
    [
      "a group's weight decay",
      () => new AdamW([{ parameters: [a], weightDecay: -1 }]),
      OptionError,
      /AdamW weightDecay: .*got -1/,
    ],
    [
      "a group's learning rate",
      () => new SGD([{ parameters: [a], learningRate: Number.NaN }], { learningRate: 1 }),
      OptionError,
      /learningRate: .*got NaN/,
    ],
    [
      "rates in proportion to none",
      () => new SGD([{ parameters: [a], learningRate: 1 }], { learningRate: 0 }),
      OptionError,
      /learning rate above 0/,
    ],
    ["betas that are one", () => new Adam([a], { betas: 0.9 as never }), OptionError, /betas: expected two numbers/],
    ["a rate in words", () => new Adam([a], { learningRate: "0.1" as never }), OptionError, /learningRate: .*got 0.1/],
  ]);
});
