/** Lion and Adafactor, which PyTorch 1.13 lacks, against the equations of their papers in float64. */

import fc from "fast-check";
import { describe, test } from "vitest";
import { Adafactor, Lion, mul, type Optimizer, Parameter, sum, tensor } from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import { adafactor, lion } from "../oracle/optimizers.ts";
import { randomNumbers, randomVector } from "../oracle/random.ts";

const STEPS = 50;

/** A parameter, the gradients of fifty steps, and what an optimizer makes of it: after each step, in a row. */
function run(shape: number[], seed: number, make: (parameter: Parameter) => Optimizer) {
  const next = randomNumbers(seed);
  const parameter = new Parameter(shape);
  const start = Float32Array.from(randomVector(next, parameter.size));
  const gradients = Array.from({ length: STEPS }, () => Float32Array.from(randomVector(next, parameter.size)));
  parameter.set(start);
  const optimizer = make(parameter);
  const path: number[] = [];
  for (const gradient of gradients) {
    optimizer.zeroGrad();
    sum(mul(parameter, tensor(gradient, shape))).backward();
    optimizer.step();
    path.push(...parameter.toArray());
  }
  return { start: [...start], gradients: gradients.map((gradient) => [...gradient]), path };
}

const sizes = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 13, 16, 17, 31);

describe("Lion = algorithm 2 of Chen et al. 2023", () => {
  test.each([
    { learningRate: 0.02 },
    { learningRate: 0.05, weightDecay: 0.3 },
    { learningRate: 0.05, betas: [0.5, 0.8] as const, weightDecay: 0.1 },
  ])("%o", (options) => {
    const shape = [7, 3];
    const { start, gradients, path } = run(shape, 5, (parameter) => new Lion([parameter], options));
    const oracle = start.map((value, i) =>
      lion(
        value,
        gradients.map((gradient) => gradient[i]),
        options,
      ),
    );
    const data = Array.from({ length: STEPS }, (_, step) => oracle.map((values) => values[step])).flat();
    const wanted = { shape: [STEPS, ...shape], data };
    expectClose({ family: "Lion", case: JSON.stringify(options), tensor: "path" }, { ...wanted, data: path }, wanted);
  });
});

describe("Adafactor = algorithms 4 to 6 of Shazeer & Stern 2018", () => {
  const options = fc.record({
    learningRate: fc.constantFrom(0.01, 0.3),
    beta2Decay: fc.constantFrom(-0.8, -0.5, 0),
    clipThreshold: fc.constantFrom(1, 0.5, 100),
    weightDecay: fc.constantFrom(0, 0.1),
    relativeStep: fc.boolean(),
    scaleParameter: fc.boolean(),
  });
  const shapes = fc.oneof(
    fc.tuple(sizes),
    fc.tuple(sizes, sizes),
    fc.tuple(fc.constantFrom(1, 3, 5), fc.constantFrom(2, 3), fc.constantFrom(1, 4)),
  );

  test("on random shapes", () => {
    fc.assert(
      fc.property(shapes, options, fc.integer({ min: 1, max: 1000 }), (shape, chosen, seed) => {
        const { start, gradients, path } = run([...shape], seed, (parameter) => new Adafactor([parameter], chosen));
        const data = adafactor(start, gradients, shape.length > 1 ? (shape[0] as number) : 0, chosen).flat();
        const wanted = { shape: [STEPS, ...shape], data };
        const subject = { family: "Adafactor", case: `[${shape}] ${JSON.stringify(chosen)}`, tensor: "path" };
        expectClose(subject, { ...wanted, data: path }, wanted);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  test("gradients of zeros move nothing", () => {
    for (const shape of [[3, 2], [4]]) {
      const parameter = new Parameter(shape);
      parameter.set(Array.from({ length: parameter.size }, (_, i) => i - 1));
      const optimizer = new Adafactor([parameter]);
      sum(mul(parameter, tensor(new Float32Array(parameter.size), shape))).backward();
      optimizer.step();
      const values = { shape, data: Array.from({ length: parameter.size }, (_, i) => i - 1) };
      expectClose(
        { family: "Adafactor", case: "zeros", tensor: `[${shape}]` },
        { shape, data: parameter.toArray() },
        values,
        {
          tolerance: 0,
        },
      );
    }
  });
});
