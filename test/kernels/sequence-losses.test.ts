/** The kernels of sequence losses keep to their buffers, and give the numbers of their definitions at every length. */

import { describe, expect, test } from "vitest";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import * as oracle from "../oracle/sequence-losses.ts";
import { parts } from "../oracle/vector.ts";
import { builds, expectWithin, lengths, loadEngine, ulp } from "./engine.ts";

const IGNORE = -100;

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;

  /** Runs a kernel with each of its buffers in turn at the end of memory: one byte further traps. */
  function atTheEdge(buffers: (readonly number[] | number)[], run: (addresses: number[]) => void): void {
    for (let last = 0; last < buffers.length; last++) {
      engine.endWithMemory(last);
      run(
        buffers.map((buffer) =>
          typeof buffer === "number" ? engine.floats(new Float32Array(buffer)).address : engine.integers(buffer),
        ),
      );
      engine.release();
    }
  }

  test("smoothedCrossEntropy stays inside", () => {
    for (const n of lengths) {
      atTheEdge([2 * n, [0, 0], n, 2, 2 * n], ([x, targets, weight, loss, dx]) => {
        kernels.smoothedCrossEntropy(x, targets, weight, loss, dx, 2, n, IGNORE, 1, 0.1);
        kernels.smoothedCrossEntropy(x, targets, 0, loss, 0, 2, n, IGNORE, 1, 0.1);
      });
    }
  });

  test.each([0, 1, 2, 3, 4])("pointwiseLoss %i stays inside", (kind) => {
    for (const n of lengths) {
      atTheEdge([2 * n, 2 * n, 2 * n, n], ([x, t, y, p]) => kernels.pointwiseLoss(kind, x, t, y, 2, n, p, 0));
      atTheEdge([2 * n, 2 * n, 2 * n, 2 * n, 2 * n, n], ([x, t, dy, dx, dt, p]) => {
        kernels.pointwiseLossBackward(kind, x, t, dy, dx, dt, 2, n, p, 0);
        kernels.pointwiseLossBackward(kind, x, t, dy, dx, 0, 1, 2 * n, 0, 1);
        kernels.pointwiseLossBackward(kind, x, t, dy, 0, dt, 1, 2 * n, 0, 1);
      });
    }
  });

  test("mixtureDensity stays inside", () => {
    for (const [k, d] of [
      [1, 1],
      [1, 5],
      [3, 1],
      [2, 7],
      [5, 4],
    ]) {
      const sizes = [2 * k, 2 * k * d, 2 * k * d, 2 * d];
      atTheEdge([...sizes, 2, 2 * k], ([x, m, s, y, loss, room]) => {
        kernels.mixtureDensity(x, m, s, y, loss, 2, k, d, room);
      });
      atTheEdge([...sizes, 2, ...sizes, 2 * (k + d)], ([x, m, s, y, loss, dx, dm, ds, dy, room]) => {
        kernels.mixtureDensityBackward(x, m, s, y, loss, dx, dm, ds, dy, 2, k, d, room);
      });
    }
  });

  test("ctc stays inside its buffers and its workspace", () => {
    for (const [steps, classes, labels] of [
      [1, 2, 0],
      [1, 2, 1],
      [4, 3, 2],
      [7, 5, 3],
    ]) {
      const targets = Array.from({ length: 2 * labels }, (_, i) => 1 + (i % (classes - 1)));
      const sequences = [0, steps, labels, labels, Math.max(0, steps - 2), labels];
      for (const gradient of [true, false]) {
        const size = kernels.ctcWorkspaceSize(steps, labels, classes, gradient);
        const count = steps * 2 * classes;
        atTheEdge([count, targets, sequences, 2, count, size], ([y, t, s, loss, dy, room]) => {
          kernels.ctc(y, t, s, loss, gradient ? dy : 0, steps, 2, classes, 0, false, room);
          if (gradient) kernels.ctcBackward(dy, loss, steps, 2, classes);
        });
      }
    }
  });

  test("maskTargets stays inside, and may work in place", () => {
    atTheEdge(
      [
        [1, 2, 3, 4, 5, 6],
        [2, 0, 1],
        [0, 0, 0, 0, 0, 0],
      ],
      ([targets, ends, masked]) => {
        kernels.maskTargets(targets, ends, masked, 2, 3, IGNORE);
      },
    );
    const targets = engine.integers([1, 2, 3, 4, 5, 6]);
    kernels.maskTargets(targets, engine.integers([2, 0, 1]), targets, 2, 3, IGNORE);
    const floats = engine.floats(0);
    expect([...new Int32Array(floats.values.buffer, targets, 6)]).toEqual([1, IGNORE, 3, 4, IGNORE, IGNORE]);
    engine.release();
  });

  test.each(lengths)("smoothedCrossEntropy = its definition, %i classes", (columns) => {
    const next = randomNumbers(columns);
    const x = randomVector(next, columns).map((value) => Math.fround(4 * value));
    const weight = randomVector(next, columns).map((value) => Math.fround(1.5 + value));
    const target = columns >> 1;
    const [logits, weights] = [engine.floats(x), engine.floats(weight)];
    const [loss, gradient] = [engine.floats(1), engine.floats(columns)];
    const at = engine.integers([target]);
    for (const smoothing of [0, 0.1, 1]) {
      for (const weighted of [weights.address, 0]) {
        const wanted = oracle.smoothedCrossEntropy(x, target, smoothing, weighted ? weight : undefined);
        const run = (to: number) =>
          kernels.smoothedCrossEntropy(
            logits.address,
            at,
            weighted,
            loss.address,
            to,
            1,
            columns,
            IGNORE,
            1,
            smoothing,
          );
        run(gradient.address);
        const beside = loss.values[0];
        run(0);
        expect(loss.values[0]).toBe(beside);
        expectWithin(loss.values, [wanted], (value) => 1e-6 * (Math.abs(value) + 4));
      }
    }
    engine.release();
  });

  test("without smoothing, smoothedCrossEntropy = crossEntropy", () => {
    const x = randomVector(randomNumbers(3), 14).map((value) => 5 * value);
    const [logits, at] = [engine.floats(x), engine.integers([3, IGNORE])];
    const [plain, smooth, dPlain, dSmooth] = [2, 2, 14, 14].map((size) => engine.floats(size));
    kernels.crossEntropy(logits.address, at, 0, plain.address, dPlain.address, 2, 7, IGNORE, 0.5);
    kernels.smoothedCrossEntropy(logits.address, at, 0, smooth.address, dSmooth.address, 2, 7, IGNORE, 0.5, 0);
    expectWithin(smooth.values, plain.values, () => 5e-7);
    expectWithin(dSmooth.values, dPlain.values, () => 1e-7);
    engine.release();
  });

  test("ctc keeps its precision over long sequences", () => {
    const [steps, classes] = [300, 5];
    const next = randomNumbers(11);
    const target = Array.from({ length: 60 }, (_, i) => 1 + ((i * i) % 4));
    const rows = parts(randomVector(next, steps * classes), steps).map((row) => {
      const logits = row.map((value) => 3 * value);
      const total = oracle.logSum([...logits]);
      return logits.map((value) => Math.fround(value - total));
    });
    const wanted = oracle.ctc(rows, target, 0);
    const y = engine.floats(rows.flatMap((row) => [...row]));
    const [loss, gradient] = [engine.floats(1), engine.floats(steps * classes)];
    const room = engine.floats(kernels.ctcWorkspaceSize(steps, 60, classes, true)).address;
    const [labels, sequence] = [engine.integers(target), engine.integers([0, steps, 60])];
    kernels.ctc(y.address, labels, sequence, loss.address, gradient.address, steps, 1, classes, 0, false, room);
    expectWithin(loss.values, [wanted.loss], (value) => 1e-7 * value);
    expectWithin(
      gradient.values,
      wanted.gradient.flatMap((row) => [...row]),
      (value) => 1e-7 * Math.abs(value) + 1e-9,
    );
    engine.release();
  });

  test("exponential, logarithm and logAddExp in float64", () => {
    let worst = 0;
    for (let x = -707.9; x < 708.9; x += 0.0713) {
      const wanted = Math.exp(x);
      worst = Math.max(worst, Math.abs(kernels.exponential(x) - wanted) / wanted);
      const log = kernels.logarithm(wanted);
      worst = Math.max(worst, Math.abs(log - Math.log(wanted)) / Math.max(1, Math.abs(log)));
    }
    for (let x = 0.5; x < 2; x += 0.00137) {
      const log = Math.log(x);
      worst = Math.max(worst, Math.abs(kernels.logarithm(x) - log) / (Math.abs(log) + 0.2));
    }
    expect(worst).toBeLessThan(1e-15);
    const none = Number.NEGATIVE_INFINITY;
    const odd = [0, 1, Number.POSITIVE_INFINITY, Number.NaN].map((x) => [
      kernels.exponential(-x),
      kernels.logarithm(x),
    ]);
    expect(odd.flat()).toEqual([1, none, Math.exp(-1), 0, 0, Number.POSITIVE_INFINITY, Number.NaN, Number.NaN]);
    expect([kernels.logAddExp(none, none), kernels.logAddExp(none, -3)]).toEqual([none, -3]);
    expect(kernels.logAddExp(-1000, -1001)).toBeCloseTo(-1000 + Math.log1p(Math.exp(-1)), 12);
  });

  /** Each loss of pairs with its derivatives, as lists of the terms that are added. */
  const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  const missed = (x: number, t: number, p: number) => (1 + (p - 1) * t) / (1 + Math.exp(x));
  type Terms = (x: number, t: number, p: number) => number[];
  const within = (x: number, p: number) => Math.max(-p, Math.min(p, x));
  const pairLosses: [string, Terms, Terms, Terms][] = [
    ["absolute", (x, t) => [Math.abs(x - t)], (x, t) => [Math.sign(x - t)], (x, t) => [Math.sign(t - x)]],
    [
      "Huber",
      (x, t, p) => [oracle.pairs.huber(p).value(x, t)],
      (x, t, p) => [within(x - t, p)],
      (x, t, p) => [within(t - x, p)],
    ],
    [
      "divergence",
      (x, t) => (t === 0 ? [0] : [t * Math.log(t), -t * x]),
      (_, t) => [-t],
      (x, t) => [Math.log(t), 1, -x],
    ],
    [
      "divergence of logs",
      (x, t) => [Math.exp(t) * t, -Math.exp(t) * x],
      (_, t) => [-Math.exp(t)],
      (x, t) => [Math.exp(t) * t, -Math.exp(t) * x, Math.exp(t)],
    ],
    [
      "binary entropy",
      (x, t, p) => [(1 - t) * x, (1 + (p - 1) * t) * softplus(-x)],
      (x, t, p) => [1 - t, -missed(x, t, p)],
      (x, _, p) => [(p - 1) * softplus(-x), -x],
    ],
  ];

  test.each(pairLosses)("pointwiseLoss %s, value and derivatives", (name, value, dx, dt) => {
    const kind = pairLosses.findIndex(([other]) => other === name);
    for (const n of lengths) {
      const next = randomNumbers(n);
      const x = randomVector(next, 2 * n).map((number) => Math.fround(6 * number));
      // Targets from 0 to 1, but for logarithms of them; some equal what is predicted.
      const t = randomVector(next, 2 * n).map((number, i) => {
        if (kind <= 1) return i % 5 === 0 ? x[i] : Math.fround(3 * number);
        return kind === 3 ? Math.fround(4 * number - 4) : Math.fround(0.001 + Math.abs(number) * 0.99);
      });
      const p = randomVector(next, n).map((number) => Math.fround(1.25 + number));
      const [X, T, P, dy] = [x, t, p, new Float32Array(2 * n).fill(1)].map((data) => engine.floats(data));
      const [y, dX, dT] = [0, 1, 2].map(() => engine.floats(2 * n));
      kernels.pointwiseLoss(kind, X.address, T.address, y.address, 2, n, P.address, 0);
      kernels.pointwiseLossBackward(kind, X.address, T.address, dy.address, dX.address, dT.address, 2, n, P.address, 0);
      const results = [
        [y, value],
        [dX, dx],
        [dT, dt],
      ] as const;
      for (const [{ values }, terms] of results) {
        const all = Array.from(x, (number, i) => terms(number, t[i], p[i % n]));
        const sums = all.map((list) => list.reduce((sum, term) => sum + term, 0));
        // x - t is rounded before it is squared or compared: a unit of x or t is one more term.
        const size = (i: number) => Math.max(...all[i].map(Math.abs), Math.abs(sums[i]), kind <= 1 ? 1e-6 : 0);
        expectWithin(values, sums, (_, i) => 6 * ulp(size(i)) + (kind <= 1 ? 2 * ulp(6) : 0));
      }
      engine.release();
    }
  });
});
