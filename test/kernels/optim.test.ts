import { describe, expect, test } from "vitest";
import { adam, sgd } from "../oracle/optimizers.ts";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { builds, expectWithin, lengths, loadEngine } from "./engine.ts";

const STEPS = 5;

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;

  /** A parameter block, the gradients of STEPS steps, and each number's own history for the oracle. */
  function example(length: number) {
    const next = randomNumbers(length);
    const start = randomVector(next, length);
    const gradients = Array.from({ length: STEPS }, () => randomVector(next, length));
    const histories = Array.from(start, (_, i) => gradients.map((gradient) => gradient[i]));
    return { start, gradients, histories };
  }

  const sgdOptions = [
    { learningRate: 0.1 },
    { learningRate: 0.1, weightDecay: 0.03 },
    { learningRate: 0.1, momentum: 0.9, dampening: 0.2 },
    { learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 },
  ];
  describe.each(sgdOptions)("sgdStep %o", (options) => {
    test.each(lengths)("%i numbers", (length) => {
      const {
        learningRate,
        momentum = 0,
        dampening = 0,
        weightDecay = 0,
        nesterov = false,
      } = options as Parameters<typeof sgd>[2];
      const { start, gradients, histories } = example(length);
      const p = engine.floats(start);
      // The buffer begins as the guards' NaN: the first step must not read it.
      const buffer = momentum ? engine.floats(length).address : 0;
      gradients.forEach((gradient, step) => {
        const g = engine.floats(gradient);
        const flags = [nesterov ? 1 : 0, step === 0 ? 1 : 0] as const;
        const block = engine.integers([p.address, g.address, buffer, 0, 0, 0, length]);
        kernels.sgdStep(block, 1, learningRate, momentum, dampening, weightDecay, ...flags);
        expect([...g.values]).toEqual([...gradient]);
        const expected = start.map((value, i) => sgd(value, histories[i], options)[step]);
        expectWithin(p.values, expected, () => 5e-7);
      });
      engine.release();
    });
  });

  const adamOptions = [
    { decoupled: false, weightDecay: 0 },
    { decoupled: false, weightDecay: 0.1 },
    { decoupled: true, weightDecay: 0.1 },
  ];
  describe.each(adamOptions)("adamStep %o", ({ decoupled, weightDecay }) => {
    test.each(lengths)("%i numbers", (length) => {
      const [learningRate, beta1, beta2, epsilon] = [0.01, 0.9, 0.999, 1e-8];
      const { start, gradients, histories } = example(length);
      const p = engine.floats(start);
      const m = engine.floats(new Float32Array(length)).address;
      const v = engine.floats(new Float32Array(length)).address;
      gradients.forEach((gradient, step) => {
        const g = engine.floats(gradient).address;
        const correction1 = 1 - beta1 ** (step + 1);
        const correction2Root = Math.sqrt(1 - beta2 ** (step + 1));
        kernels.adamStep(
          engine.integers([p.address, g, m, v, 0, 0, length]),
          1,
          learningRate,
          beta1,
          beta2,
          epsilon,
          weightDecay,
          correction1,
          correction2Root,
          decoupled ? 1 : 0,
        );
        const options = { learningRate, betas: [beta1, beta2] as const, epsilon, weightDecay };
        const expected = start.map((value, i) => adam(value, histories[i], options, decoupled)[step]);
        expectWithin(p.values, expected, () => 5e-7);
      });
      engine.release();
    });
  });

  test("a list of blocks is changed as each of them alone", () => {
    const sizes = [5, 1, 8, 13];
    const blocks = () =>
      sizes.map((size) => {
        const [p, g, m, v] = [1, 2, 3, 4].map((seed) => randomVector(randomNumbers(seed * size), size).map(Math.abs));
        return { parameter: engine.floats(p), rest: [g, m, v].map((values) => engine.floats(values).address), size };
      });
    const list = (of: ReturnType<typeof blocks>) =>
      engine.integers(of.flatMap(({ parameter, rest, size }) => [parameter.address, ...rest, 0, 0, size]));
    const adam = [0.01, 0.9, 0.999, 1e-8, 0.1, 0.1, 0.03, 1] as const;
    const sgd = [0.1, 0.9, 0.2, 0.03, 0, 0] as const;
    const [together, alone] = [blocks(), blocks()];
    kernels.adamStep(list(together), sizes.length, ...adam);
    kernels.sgdStep(list(together), sizes.length, ...sgd);
    for (const block of alone) {
      kernels.adamStep(list([block]), 1, ...adam);
      kernels.sgdStep(list([block]), 1, ...sgd);
    }
    const numbers = (of: ReturnType<typeof blocks>) => of.map(({ parameter }) => [...parameter.values]);
    expect(numbers(together)).toEqual(numbers(alone));
    engine.release();
  });
});
