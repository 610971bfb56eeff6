/** No kernel reads beyond a buffer: each buffer in turn ends with the memory, where one byte further traps. */

import { describe, test } from "vitest";
import { type AllKernels, builds, lengths, loadEngine } from "./engine.ts";

type Call = (kernels: AllKernels, buffers: number[], n: number, list: (fields: number[]) => number) => void;

/** Each kernel with the lengths of its buffers, of which there are as many as float32 (or i32, all zeros) arguments. */
const calls: Record<string, { sizes: (n: number) => number[]; run: Call }> = {
  activationForward: {
    sizes: (n) => [n, n, 1],
    run: (k, [x, y, parameters], n) => {
      for (let kind = 0; kind < 14; kind++) k.activationForward(k.activationForwardSlot(kind), x, y, n, parameters);
    },
  },
  activationBackward: {
    sizes: (n) => [n, n, n, n, 1],
    run: (k, [x, y, dy, dx, parameters], n) => {
      for (let kind = 0; kind < 14; kind++)
        k.activationBackward(k.activationBackwardSlot(kind), x, y, dy, dx, n, parameters);
    },
  },
  binary: { sizes: (n) => [n, n, n], run: (k, [a, b, y], n) => k.binary(3, a, b, y, 1, n, n, 1, n, 1) },
  broadcast: { sizes: (n) => [1, n, 3 * n], run: (k, [a, b, y], n) => k.binary(0, a, b, y, 3, n, 0, 0, 0, 1) },
  compare: {
    sizes: (n) => [n, n, n],
    run: (k, [a, b, y], n) => {
      for (let operation = 4; operation <= 8; operation++) k.binary(operation, a, b, y, 1, n, n, 1, n, 1);
    },
  },
  select: { sizes: (n) => [n, n, n, n], run: (k, [c, a, b, y], n) => k.select(c, a, b, y, n) },
  extremes: {
    sizes: (n) => [6 * n, 2 * n, 2 * n],
    run: (k, [x, y, index], n) => k.extremes(x, y, index, 2, 3, n, 1),
  },
  gatherAlong: {
    sizes: (n) => [6 * n, 8 * n, 8 * n],
    run: (k, [x, index, y], n) => k.gatherAlong(x, index, y, 2, 3, 4, n),
  },
  scatterAlong: {
    sizes: (n) => [8 * n, 8 * n, 6 * n],
    run: (k, [dy, index, dx], n) => k.scatterAlong(dy, index, dx, 2, 3, 4, n),
  },
  sine: { sizes: (n) => [n, n], run: (k, [x, y], n) => k.sine(x, y, n, 1) },
  sineBackward: { sizes: (n) => [n, n, n], run: (k, [x, dy, dx], n) => k.sineBackward(x, dy, dx, n, 0) },
  power: { sizes: (n) => [n, 1, 2 * n], run: (k, [a, b, y], n) => k.power(a, b, y, 2, n, 0, 1, 0, 0) },
  cumulativeSum: { sizes: (n) => [6 * n, 6 * n], run: (k, [x, y], n) => k.cumulativeSum(x, y, 2, 3, n, false) },
  cumulativeSumFromEnd: { sizes: (n) => [2 * n, 2 * n], run: (k, [x, y], n) => k.cumulativeSum(x, y, 2, n, 1, true) },
  accumulate: { sizes: (n) => [n, n], run: (k, [x, y], n) => k.accumulate(x, y, n) },
  scale: { sizes: (n) => [n, n], run: (k, [x, y], n) => k.scale(x, y, n, 2) },
  fill: { sizes: (n) => [n], run: (k, [y], n) => k.fill(y, n, 2) },
  squaredDifference: { sizes: (n) => [n, n, n], run: (k, [a, b, y], n) => k.squaredDifference(a, b, y, n) },
  squaredDifferenceBackward: {
    sizes: (n) => [n, n, n, n],
    run: (k, [a, b, dy, da], n) => k.squaredDifferenceBackward(a, b, dy, da, n),
  },
  sumRows: { sizes: (n) => [3 * n, 3], run: (k, [x, y], n) => k.sumAxis(x, y, 3, n, 1) },
  sumColumns: { sizes: (n) => [3 * n, n], run: (k, [x, y], n) => k.sumAxis(x, y, 1, 3, n) },
  expandAxis: { sizes: (n) => [n, 3 * n], run: (k, [x, y], n) => k.expandAxis(x, y, 1, 3, n) },
  sumOfSquares: { sizes: (n) => [n], run: (k, [x], n) => k.sumOfSquares(x, n) },
  allFinite: { sizes: (n) => [n], run: (k, [x], n) => k.allFinite(x, n) },
  softmax: { sizes: (n) => [2 * n, 2 * n], run: (k, [x, y], n) => k.softmax(x, y, 2, n) },
  logSoftmax: { sizes: (n) => [2 * n, 2 * n], run: (k, [x, y], n) => k.logSoftmax(x, y, 2, n) },
  softmaxBackward: {
    sizes: (n) => [2 * n, 2 * n, 2 * n],
    run: (k, [y, dy, dx], n) => k.softmaxBackward(y, dy, dx, 2, n),
  },
  logSoftmaxBackward: {
    sizes: (n) => [2 * n, 2 * n, 2 * n],
    run: (k, [y, dy, dx], n) => k.logSoftmaxBackward(y, dy, dx, 2, n),
  },
  normForward: {
    sizes: (n) => [2 * n, n, n, 2 * n, 2, 2],
    run: (k, [x, gain, bias, y, means, variances], n) => {
      for (const mode of [0, 1, 2]) k.normForward(x, gain, bias, y, means, variances, 2, n, mode, 1e-5);
    },
  },
  normBackward: {
    sizes: (n) => [2 * n, n, 2 * n, 2, 2, 2 * n, n, n, 2 * n],
    run: (k, [x, gain, dy, means, variances, dx, dGain, dBias, workspace], n) => {
      for (const mode of [0, 1, 2]) {
        k.normBackward(x, gain, dy, means, variances, dx, dGain, dBias, 2, n, mode, 1e-5, workspace);
      }
    },
  },
  reverseRows: {
    sizes: (n) => [6 * n, 2, 6 * n],
    run: (k, [x, lengths, y], n) => {
      k.reverseRows(x, lengths, y, 3, 2, 2, 1, n);
      k.reverseRows(x, 0, y, 3, 2, 1, 3, n);
    },
  },
  maskedSoftmax: {
    sizes: (n) => [6 * n, 6 * n],
    run: (k, [x, y], n) => {
      k.maskedSoftmax(x, 0, y, 6, n, 1, 3, true, 0.5);
      k.maskedSoftmax(x, 0, y, 6, n, 1, 3, false, 0.5);
    },
  },
  maskedSoftmaxWithMask: {
    sizes: (n) => [6 * n, 3 * n, 6 * n],
    run: (k, [x, mask, y], n) => k.maskedSoftmax(x, mask, y, 6, n, 3, 3, false, 0.5),
  },
  maskFault: { sizes: (n) => [3 * n], run: (k, [mask], n) => k.maskFault(mask, 3, n, 3, false) },
  maskOfLengths: { sizes: (n) => [2, 2 * n], run: (k, [lengths, y], n) => k.maskOfLengths(lengths, y, 2, n) },
  gatherPatches: {
    // Two channels of 2 × n, kernel 1 × 1 and 2 × 3 with zeros round it.
    sizes: (n) => [4 * n, 24 * n],
    run: (k, [x, patches], n) => {
      k.gatherPatches(x, patches, 2, 2, n, 1, 1, 1, 1, 1, 1, 0, 0, n, 0, 2 * n);
      k.gatherPatches(x, patches, 2, 2, n, 2, 3, 1, 1, 1, 1, 0, 1, n, 0, n);
      k.gatherPatches(x, patches, 2, 2, n, 2, 3, 1, 2, 1, 1, 1, 2, Math.ceil(n / 2), 1, 2);
    },
  },
  scatterPatches: {
    sizes: (n) => [12 * n, 4 * n],
    run: (k, [patches, dx], n) => k.scatterPatches(patches, dx, 2, 2, n, 2, 3, 1, 1, 1, 1, 0, 1, n, 0, n),
  },
  maxPool: {
    sizes: (n) => [4 * n, 2 * n, 2 * n],
    run: (k, [x, y, places], n) => k.maxPool(x, y, places, 2, 2, n, 2, 3, 1, 1, 0, 1, 1, n),
  },
  maxPoolBackward: {
    sizes: (n) => [2 * n, 2 * n, 4 * n],
    run: (k, [dy, places, dx], n) => k.maxPoolBackward(dy, places, dx, 2, 2 * n, n),
  },
  averagePool: {
    sizes: (n) => [4 * n, 2 * n],
    run: (k, [x, y], n) => {
      k.averagePool(x, y, 2, 2, n, 2, 3, 1, 1, 0, 1, 1, n, true, false);
      k.averagePool(x, y, 2, 2, n, 2, 3, 1, 1, 0, 1, 1, n, false, true);
    },
  },
  gatherRows: { sizes: (n) => [n, 2, 2 * n], run: (k, [table, at, y], n) => k.gatherRows(table, at, y, 2, n) },
  scatterAddRows: {
    sizes: (n) => [2 * n, 2, n],
    run: (k, [dy, at, dTable], n) => k.scatterAddRows(dy, at, dTable, 2, n, n),
  },
  crossEntropy: {
    sizes: (n) => [2 * n, 2, n, 2, 2 * n],
    run: (k, [x, targets, weight, loss, dx], n) => k.crossEntropy(x, targets, weight, loss, dx, 2, n, -1, 1),
  },
  negativeLogLikelihood: {
    sizes: (n) => [2 * n, 2, n, 2],
    run: (k, [x, targets, weight, loss], n) => k.negativeLogLikelihood(x, targets, weight, loss, 2, n, -1),
  },
  negativeLogLikelihoodBackward: {
    sizes: (n) => [2, n, 2, 2 * n],
    run: (k, [targets, weight, dLoss, dx], n) => k.negativeLogLikelihoodBackward(targets, weight, dLoss, dx, 2, n, -1),
  },
  sgdStep: {
    sizes: (n) => [n, n],
    run: (k, [p, g], n, list) => k.sgdStep(list([p, g, 0, 0, 0, 0, n]), 1, 1, 0, 0, 0, 0, 0),
  },
  momentum: {
    sizes: (n) => [n, n, n],
    run: (k, [p, g, b], n, list) => k.sgdStep(list([p, g, b, 0, 0, 0, n]), 1, 1, 0.9, 0, 0, 0, 0),
  },
  adamStep: {
    sizes: (n) => [n, n, n, n],
    run: (k, [p, g, m, v], n, list) => k.adamStep(list([p, g, m, v, 0, 0, n]), 1, 1, 0.9, 0.99, 1e-8, 0, 1, 1, 0),
  },
  amsgrad: {
    sizes: (n) => [n, n, n, n, n],
    run: (k, [p, g, m, v, x], n, list) => k.adamStep(list([p, g, m, v, x, 0, n]), 1, 1, 0.9, 0.99, 1e-8, 0, 1, 1, 0),
  },
  rmspropStep: {
    sizes: (n) => [n, n, n, n, n],
    run: (k, [p, g, v, a, b], n, list) => k.rmspropStep(list([p, g, v, a, b, 0, n]), 1, 0.1, 0.9, 1e-8, 0.1, 0.9, 1),
  },
  adagradStep: {
    sizes: (n) => [n, n, n],
    run: (k, [p, g, s], n, list) => k.adagradStep(list([p, g, s, 0, 0, 0, n]), 1, 0.1, 1e-8, 0.1),
  },
  adadeltaStep: {
    sizes: (n) => [n, n, n, n],
    run: (k, [p, g, v, d], n, list) => k.adadeltaStep(list([p, g, v, d, 0, 0, n]), 1, 0.1, 0.9, 1e-8, 0.1),
  },
  momentsStep: {
    sizes: (n) => [n, n, n, n],
    run: (k, [p, g, m, v], n, list) => {
      k.momentsStep(list([p, g, m, v, 0, 0, n]), 1, 0.1, 0.2, 0.9, 0.99, 1e-8, 0.1, 3, 1);
    },
  },
  lionStep: {
    sizes: (n) => [n, n, n],
    run: (k, [p, g, m], n, list) => k.lionStep(list([p, g, m, 0, 0, 0, n]), 1, 0.1, 0.9, 0.99, 0.1),
  },
  averagedStep: {
    sizes: (n) => [n, n, n],
    run: (k, [p, g, a], n, list) => k.averagedStep(list([p, g, a, 0, 0, 0, n]), 1, 0.1, 0.2, 0.1, 0.5),
  },
  averageStep: {
    sizes: (n) => [n, n],
    run: (k, [p, a], n, list) => k.averageStep(list([p, 0, a, 0, 0, 0, n]), 1, 0.5),
  },
  adafactorStep: {
    sizes: (n) => [3 * n, 3 * n, 3, n],
    run: (k, [p, g, r, c], n, list) => {
      k.adafactorStep(list([p, g, r, c, 0, 3, 3 * n]), 1, 0.1, 0.5, 1e-30, 1e-3, 1, 0);
    },
  },
  adafactorVector: {
    sizes: (n) => [n, n, n],
    run: (k, [p, g, v], n, list) => k.adafactorStep(list([p, g, v, 0, 0, 0, n]), 1, 0.1, 0.5, 1e-30, 1e-3, 1, 0),
  },
  philoxBits: { sizes: (n) => [n], run: (k, [y], n) => k.philoxBits(y, n, 1, 2, 3, 4) },
  fillUniform: { sizes: (n) => [n], run: (k, [y], n) => k.fillUniform(y, n, 0, 1, 1, 2, 3, 4) },
  fillNormal: { sizes: (n) => [n], run: (k, [y], n) => k.fillNormal(y, n, 0, 1, 1, 2, 3, 4) },
  dropout: { sizes: (n) => [n, n], run: (k, [x, y], n) => k.dropout(x, y, n, 0.5, 1, 2, 3, 4) },
};

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);

  test.each(Object.entries(calls))("%s", (_, { sizes, run }) => {
    for (const n of lengths) {
      for (let last = 0; last < sizes(n).length; last++) {
        engine.endWithMemory(last);
        const buffers = sizes(n).map((size) => engine.floats(new Float32Array(size)).address);
        run(engine.kernels, buffers, n, engine.integers);
        engine.release();
      }
    }
  });

  test.each([
    [1, 7],
    [7, 1],
    [2, 14],
  ])("strided copies, strides %i and %i", (outer, inner) => {
    const length = 5 * outer + 6 * inner + 1;
    for (let last = 0; last < 2; last++) {
      for (const kernel of [engine.kernels.gatherStrided, engine.kernels.scatterStrided]) {
        const gathers = kernel === engine.kernels.gatherStrided;
        engine.endWithMemory(last);
        const x = engine.floats(new Float32Array(gathers ? length : 42)).address;
        const y = engine.floats(new Float32Array(gathers ? 42 : length)).address;
        kernel(x, y, 2, engine.integers([6, 7]), engine.integers([outer, inner]));
        engine.release();
      }
    }
  });
});
