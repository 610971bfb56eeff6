/** The companion's steps of optimizers: tails, guards, lists of blocks, and what is only read. */

import { describe, expect, test } from "vitest";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { type AllKernels, builds, lengths, loadEngine } from "./engine.ts";

/** Each kernel with the number of arrays it keeps; all of them work number by number. */
const steps: Record<string, { states: number; run: (kernels: AllKernels, list: number, count: number) => void }> = {
  rmsprop: { states: 1, run: (k, list, count) => k.rmspropStep(list, count, 0.1, 0.9, 1e-3, 0.1, 0, 0) },
  "rmsprop with momentum": {
    states: 2,
    run: (k, list, count) => k.rmspropStep(list, count, 0.1, 0.9, 1e-3, 0.1, 0.9, 0),
  },
  "rmsprop, centered": { states: 2, run: (k, list, count) => k.rmspropStep(list, count, 0.1, 0.9, 1e-3, 0.1, 0, 1) },
  "rmsprop, all": { states: 3, run: (k, list, count) => k.rmspropStep(list, count, 0.1, 0.9, 1e-3, 0.1, 0.9, 1) },
  adagrad: { states: 1, run: (k, list, count) => k.adagradStep(list, count, 0.1, 1e-8, 0.1) },
  adadelta: { states: 2, run: (k, list, count) => k.adadeltaStep(list, count, 0.1, 0.9, 1e-4, 0.1) },
  moments: { states: 2, run: (k, list, count) => k.momentsStep(list, count, 0.1, 0.2, 0.9, 0.99, 1e-8, 0.1, 3, 1) },
  "moments, not adaptive": {
    states: 2,
    run: (k, list, count) => k.momentsStep(list, count, 0, 0.2, 0.9, 0.99, 1e-8, 0.1, 3, 0),
  },
  lion: { states: 1, run: (k, list, count) => k.lionStep(list, count, 0.1, 0.9, 0.99, 0.1) },
  averaged: { states: 1, run: (k, list, count) => k.averagedStep(list, count, 0.1, 0.2, 0.1, 0.3) },
  "averaged, taken over": { states: 1, run: (k, list, count) => k.averagedStep(list, count, 0.1, 0.2, 0.1, 1) },
  average: { states: 1, run: (k, list, count) => k.averageStep(list, count, 0.3) },
};

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);

  /** A block with positive states, its list of fields, and its buffers. */
  function block(length: number, states: number, from = 0, of = length) {
    const next = randomNumbers(of);
    const whole = Array.from({ length: 2 + states }, (_, i) => randomVector(next, of).map(i < 2 ? (x) => x : Math.abs));
    const values = whole.map((numbers) => Float32Array.from(numbers.subarray(from, from + length)));
    const buffers = values.map((numbers) => engine.floats(numbers));
    const [p, g, ...kept] = buffers.map(({ address }) => address);
    return { fields: [p, g, kept[0] ?? 0, kept[1] ?? 0, kept[2] ?? 0, 0, length], buffers, values };
  }

  describe.each(Object.entries(steps))("%s", (_, { states, run }) => {
    test.each(lengths.filter((length) => length < 128))(
      "%i numbers: as each of them alone, nothing else touched",
      (length) => {
        const whole = block(length, states);
        run(engine.kernels, engine.integers(whole.fields), 1);
        expect([...whole.buffers[1].values]).toEqual([...whole.values[1]]);
        const changed = whole.buffers.map(({ values }) => [...values]);
        expect(changed[2]).not.toEqual([...whole.values[2]]);
        engine.release();
        const alone = changed.map(() => [] as number[]);
        for (let i = 0; i < length; i++) {
          const single = block(1, states, i, length);
          run(engine.kernels, engine.integers(single.fields), 1);
          for (const [j, { values }] of single.buffers.entries()) alone[j].push(values[0]);
          engine.release();
        }
        expect(changed).toEqual(alone);
      },
    );

    test("a list of blocks is changed as each of them alone", () => {
      const sizes = [5, 1, 8, 13];
      const [together, alone] = [0, 1].map(() => sizes.map((size) => block(size, states)));
      const list = engine.integers(together.flatMap(({ fields }) => fields));
      run(engine.kernels, list, sizes.length);
      for (const { fields } of alone) run(engine.kernels, engine.integers(fields), 1);
      const numbers = (of: typeof together) => of.map(({ buffers }) => buffers.map(({ values }) => [...values]));
      expect(numbers(together)).toEqual(numbers(alone));
      engine.release();
    });
  });

  test("lion: no direction moves nothing, and NaN is not hidden", () => {
    const p = engine.floats([1, 1, 1, 1, 1]);
    const g = engine.floats([0, 2, -2, Number.NaN, Number.NEGATIVE_INFINITY]);
    const m = engine.floats([0, 0, 0, 0, 0]);
    engine.kernels.lionStep(engine.integers([p.address, g.address, m.address, 0, 0, 0, 5]), 1, 0.25, 0.9, 0.99, 0);
    expect([...p.values]).toEqual([1, 0.75, 1.25, Number.NaN, 1.25]);
    engine.release();
  });

  test("rmsprop, centered: a deviation that rounding makes negative counts as none", () => {
    const [p, g] = [engine.floats([1]), engine.floats([3])];
    const [v, a] = [engine.floats([8.99]), engine.floats([3])];
    const list = engine.integers([p.address, g.address, v.address, a.address, 0, 0, 1]);
    engine.kernels.rmspropStep(list, 1, 0.5, 1, 1, 0, 0, 1);
    expect([...p.values]).toEqual([-0.5]);
    engine.release();
  });
});
