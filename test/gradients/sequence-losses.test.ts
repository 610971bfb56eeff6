/**
 * The gradients of sequence losses against finite differences of their float64 definitions, on random shapes; and what
 * lies behind the end of a sequence, which must not matter whatever it holds.
 */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bceWithLogitsLoss,
  crossEntropy,
  ctcLoss,
  huberLoss,
  klDivLoss,
  logSoftmax,
  maeLoss,
  mixtureDensityLoss,
  nllLoss,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { expectClose, largestRelativeError } from "../oracle/compare.ts";
import { gradientOf } from "../oracle/finite-differences.ts";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import * as oracle from "../oracle/sequence-losses.ts";
import { parts, type Vector } from "../oracle/vector.ts";
import { runBoth, toTensor } from "../pytorch/engine.ts";

const SEARCH = { seed: 20240607, numRuns: 60 };
const family = "sequence losses";
const float32 = (values: Vector, scale = 1): Vector => values.map((value) => Math.fround(scale * value));

/** Compares an engine's loss and gradients with a float64 scalar and its finite differences. */
function expectGradients(
  name: string,
  loss: Tensor,
  leaves: Map<string, [Tensor, Vector]>,
  scalar: () => number,
): void {
  const tensors = new Map([...leaves].map(([leaf, [value]]) => [leaf, value]));
  const run = runBoth(new Map([["cotangent.output", { shape: [], data: [1] }]]), tensors, new Map([["output", loss]]));
  expectClose(
    { family, case: name, tensor: "output" },
    run.get("output")!,
    { shape: [], data: [scalar()] },
    {
      magnitude: 1,
    },
  );
  for (const [leaf, [value, values]] of leaves) {
    const wanted = { shape: value.shape, data: gradientOf(scalar, values) };
    const subject = { family, case: name, tensor: `gradient.${leaf}` };
    expectClose(subject, run.get(`gradient.${leaf}`)!, wanted, { magnitude: 0.1 });
  }
}

describe("gradient = finite difference", () => {
  test("crossEntropy, smoothed, weighted or not, with lengths", () => {
    const classes = fc.constantFrom(2, 3, 4, 5, 7, 8, 13, 17);
    const property = fc.property(
      classes,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      fc.nat(),
      (...given) => {
        const [count, smoothing, weighted, seed] = given;
        const [steps, batch] = [4, 3];
        const next = randomNumbers(seed);
        const lengths = [steps, 1 + (seed % steps), (seed >> 3) % (steps + 1)];
        const data = float32(randomVector(next, steps * batch * count), 3);
        const targets = Int32Array.from({ length: steps * batch }, () => Math.floor(((next() + 1) / 2) * count));
        const weight = weighted
          ? float32(randomVector(next, count)).map((value) => Math.fround(value + 1.5))
          : undefined;
        const x = toTensor({ shape: [steps, batch, count], data }, true);
        const loss = crossEntropy(x, tensor(targets, [steps, batch]), {
          lengths,
          labelSmoothing: smoothing,
          weight: weight && toTensor({ shape: [count], data: weight }),
        });
        const scalar = () => {
          let [total, weights] = [0, 0];
          for (const [row, logits] of parts(data, steps * batch).entries()) {
            if (Math.floor(row / batch) >= lengths[row % batch]) continue;
            total += oracle.smoothedCrossEntropy(logits, targets[row], smoothing, weight);
            weights += weight?.[targets[row]] ?? 1;
          }
          return total / weights;
        };
        expectGradients(`crossEntropy ${JSON.stringify(given)}`, loss, new Map([["x", [x, data]]]), scalar);
      },
    );
    fc.assert(property, SEARCH);
  });

  test("ctcLoss with respect to the logits", () => {
    const small = fc.integer({ min: 1, max: 7 });
    const property = fc.property(small, fc.integer({ min: 2, max: 6 }), fc.nat(), (steps, classes, seed) => {
      const next = randomNumbers(seed);
      const blank = seed % classes;
      const length = (seed >> 4) % (Math.floor(steps / 2) + 1);
      const target = Array.from(
        { length },
        () => (blank + 1 + Math.floor(((next() + 1) / 2) * (classes - 1))) % classes,
      );
      const data = float32(randomVector(next, steps * classes), 2);
      const x = toTensor({ shape: [steps, 1, classes], data }, true);
      const targets = tensor(Int32Array.from(target));
      const loss = ctcLoss(logSoftmax(x), targets, [steps], [length], { blank, reduction: "sum" });
      const scalar = () => oracle.ctc(parts(data, steps).map(logSoftmaxOf), target, blank).loss;
      const name = `ctcLoss T ${steps} C ${classes} seed ${seed}`;
      expectGradients(name, loss, new Map([["x", [x, data]]]), scalar);
    });
    fc.assert(property, SEARCH);
  });

  test("mixtureDensityLoss", () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(),
      (k, d, seed) => {
        const next = randomNumbers(seed);
        const rows = 3;
        const numbers = { logits: rows * k, means: rows * k * d, logScales: rows * k * d, target: rows * d };
        const shapes = { logits: [rows, k], means: [rows, k, d], logScales: [rows, k, d], target: [rows, d] };
        const leaves = new Map<string, [Tensor, Vector]>();
        for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) {
          const data = float32(randomVector(next, numbers[name]), name === "logScales" ? 0.5 : 1.5);
          leaves.set(name, [toTensor({ shape: shapes[name], data }, true), data]);
        }
        const [logits, means, logScales, target] = [...leaves.values()].map(([value]) => value);
        const loss = mixtureDensityLoss({ logits, means, logScales }, target, { reduction: "sum" });
        const vectors = [...leaves.values()].map(([, data]) => data);
        const scalar = () => {
          const split = vectors.map((values) => parts(values, rows));
          return split[0].reduce((sum, _, r) => {
            return sum + oracle.mixtureDensity(split[0][r], split[1][r], split[2][r], split[3][r]);
          }, 0);
        };
        expectGradients(`mixture K ${k} D ${d} seed ${seed}`, loss, leaves, scalar);
      },
    );
    fc.assert(property, SEARCH);
  });

  const positive = (value: number) => Math.fround(0.1 + Math.abs(value));
  const plain = (value: number) => value;
  test.each([
    ["maeLoss", maeLoss, oracle.pairs.absolute, plain],
    ["huberLoss", (x: Tensor, t: Tensor) => huberLoss(x, t, { delta: 0.5 }), oracle.pairs.huber(0.5), plain],
    [
      "bceWithLogitsLoss",
      (x: Tensor, t: Tensor) => bceWithLogitsLoss(x, t, { positiveWeight: 3 }),
      oracle.pairs.binaryEntropy(3),
      positive,
    ],
    ["klDivLoss", klDivLoss, oracle.pairs.divergence, positive],
    [
      "klDivLoss of logs",
      (x: Tensor, t: Tensor) => klDivLoss(x, t, { logTarget: true }),
      oracle.pairs.divergenceOfLogs,
      plain,
    ],
  ] as const)("%s", (name, loss, { value }, toTarget) => {
    const property = fc.property(fc.integer({ min: 1, max: 37 }), fc.nat(), (count, seed) => {
      const next = randomNumbers(seed);
      const x = float32(randomVector(next, count), 2);
      const t = randomVector(next, count).map(toTarget);
      const leaves = new Map<string, [Tensor, Vector]>([
        ["x", [toTensor({ shape: [count], data: x }, true), x]],
        ["target", [toTensor({ shape: [count], data: t }, true), t]],
      ]);
      const scalar = () => x.reduce((sum, number, i) => sum + value(number, t[i]), 0) / count;
      const [a, b] = [...leaves.values()].map(([value]) => value);
      expectGradients(`${name} [${count}] seed ${seed}`, loss(a, b), leaves, scalar);
    });
    fc.assert(property, SEARCH);
  });
});

function logSoftmaxOf(row: Vector): Vector {
  const total = oracle.logSum([...row]);
  return row.map((value) => value - total);
}

describe("the oracle of ctc", () => {
  test("equals the sum over all paths, and its gradient is the finite difference", () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const next = randomNumbers(seed);
      const [steps, classes, blank] = [1 + (seed % 5), 2 + (seed % 3), seed % 2];
      const data = randomVector(next, steps * classes);
      const rows = parts(data, steps).map(logSoftmaxOf);
      const free = Float64Array.from(rows.flatMap((row) => [...row]));
      const freeRows = Array.from({ length: steps }, (_, t) => free.subarray(t * classes, (t + 1) * classes));
      for (const [name, logProbability] of oracle.everyLabelling(rows, blank)) {
        const target = name === "" ? [] : name.split(" ").map(Number);
        const run = oracle.ctc(rows, target, blank);
        expect(run.loss).toBeCloseTo(-logProbability, 10);
        const wanted = gradientOf(() => oracle.ctc(freeRows, target, blank).loss, free);
        const flat = run.gradient.flatMap((row) => [...row]);
        expect(largestRelativeError(flat, wanted).error).toBeLessThan(1e-7);
      }
    }
  });
});

describe("what lies behind the end of a sequence", () => {
  const [steps, batch, classes] = [5, 3, 4];
  const lengths = [5, 2, 0];
  const next = randomNumbers(5);
  const data = float32(randomVector(next, steps * batch * classes));
  const targets = Int32Array.from({ length: steps * batch }, (_, i) => (i * 7) % classes);
  const behind = (row: number) => Math.floor(row / batch) >= lengths[row % batch];
  const spoilt = data.map((value, i) => (behind(Math.floor(i / classes)) ? Number.NaN : value));
  const spoiltTargets = targets.map((target, row) => (behind(row) ? 999 : target));

  const losses = {
    crossEntropy: (x: Tensor, t: Tensor) => crossEntropy(x, t, { lengths }),
    "crossEntropy smoothed": (x: Tensor, t: Tensor) => crossEntropy(x, t, { lengths, labelSmoothing: 0.3 }),
    nllLoss: (x: Tensor, t: Tensor) => nllLoss(x, t, { lengths: Int32Array.from(lengths) }),
    "crossEntropy, lengths a tensor": (x: Tensor, t: Tensor) =>
      crossEntropy(x, t, { lengths: tensor(Int32Array.from(lengths)) }),
    ctcLoss: (x: Tensor) => ctcLoss(x, tensor(Int32Array.of(1, 2, 3)), lengths, [2, 1, 0]),
  };
  test.each(Object.entries(losses))("%s: NaN and no class change nothing and get no gradient", (_, loss) => {
    const [clean, dirty] = [data, spoilt].map((values) =>
      toTensor({ shape: [steps, batch, classes], data: values }, true),
    );
    const wanted = loss(clean, tensor(targets, [steps, batch]));
    const actual = loss(dirty, tensor(spoiltTargets, [steps, batch]));
    wanted.backward();
    actual.backward();
    expect(Number.isFinite(actual.item())).toBe(true);
    expect(actual.item()).toBe(wanted.item());
    const gradient = dirty.grad!.toArray();
    expect(gradient).toEqual(clean.grad!.toArray());
    expect([...gradient].filter((_, i) => behind(Math.floor(i / classes))).every((value) => value === 0)).toBe(true);
    expect(gradient.some((value) => value !== 0)).toBe(true);
  });

  test("a mean over no step is NaN, a sum is 0", () => {
    const [x, t] = [tensor([[[1, 2]]]), tensor(Int32Array.of(9), [1, 1])];
    expect(crossEntropy(x, t, { lengths: [0] }).item()).toBeNaN();
    expect(crossEntropy(x, t, { lengths: [0], reduction: "sum" }).item()).toBe(0);
  });
});

describe("ctcLoss without a path", () => {
  const x = () => toTensor({ shape: [2, 2, 3], data: Float64Array.of(1, 2, 3, 3, 2, 1, 0, 1, 0, 2, 2, 2) }, true);
  // Two equal labels need three steps; the other sequence is fine.
  const targets = tensor(Int32Array.of(1, 1, 2, 0), [2, 2]);

  test("the loss is infinite and its gradient NaN", () => {
    const logits = x();
    const losses = ctcLoss(logSoftmax(logits), targets, [2, 2], [2, 1], { reduction: "none" });
    expect(losses.toArray()[0]).toBe(Number.POSITIVE_INFINITY);
    expect(Number.isFinite(losses.toArray()[1])).toBe(true);
    const loss = ctcLoss(logSoftmax(logits), targets, [2, 2], [2, 1]);
    expect(loss.item()).toBe(Number.POSITIVE_INFINITY);
    loss.backward();
    const gradient = parts(Float64Array.from(logits.grad!.toArray()), 4);
    for (const row of [0, 2]) expect([...gradient[row]].every(Number.isNaN)).toBe(true);
    for (const row of [1, 3]) expect([...gradient[row]].every(Number.isFinite)).toBe(true);
  });

  test("zeroInfinity makes both 0", () => {
    const logits = x();
    const loss = ctcLoss(logSoftmax(logits), targets, [2, 2], [2, 1], { zeroInfinity: true, reduction: "none" });
    expect(loss.toArray()[0]).toBe(0);
    const mean = ctcLoss(logSoftmax(logits), targets, [2, 2], [2, 1], { zeroInfinity: true });
    expect(mean.item()).toBeCloseTo(loss.toArray()[1] / 2, 6);
    mean.backward();
    const gradient = parts(Float64Array.from(logits.grad!.toArray()), 4);
    for (const row of [0, 2]) expect([...gradient[row]]).toEqual([0, 0, 0]);
  });

  test("no steps spell nothing with certainty, and nothing else", () => {
    const logits = x();
    const none = ctcLoss(logSoftmax(logits), targets, [0, 0], [0, 1], { reduction: "none" });
    expect([...none.toArray()]).toEqual([0, Number.POSITIVE_INFINITY]);
  });
});
