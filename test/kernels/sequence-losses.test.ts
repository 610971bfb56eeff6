/** The kernels of sequence losses keep to their buffers, and give the numbers of their definitions at every length. */

import { describe, expect, test } from "vitest";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import * as oracle from "../oracle/sequence-losses.ts";
import { parts } from "../oracle/vector.ts";
import { builds, expectWithin, lengths, loadEngine } from "./engine.ts";

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
});
