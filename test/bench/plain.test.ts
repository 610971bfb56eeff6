/** The plain-JavaScript side of the benchmark must be right before its time means anything: checked by differences. */
import { describe, expect, test } from "vitest";
import { activationNames, plainActivations } from "../../bench/plain/activations.ts";
import { PlainAdam } from "../../bench/plain/adam.ts";
import { type CellName, PlainCharacterModel, plainCells } from "../../bench/plain/character-model.ts";
import { kernelNames, plainKernels } from "../../bench/plain/kernels.ts";
import { addProductTransposed, addTransposedProduct, matmul } from "../../bench/plain/matrix.ts";
import { plainParameter } from "../../bench/plain/parameter.ts";
import { PlainSGD } from "../../bench/plain/sgd.ts";
import { randomFloats, randomSource, randomTokens } from "../../bench/random.ts";

const sizes = { steps: 5, batch: 3, characters: 7, embeddingSize: 5, hiddenSize: 6 };
const cells = Object.keys(plainCells) as CellName[];

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

/** Σ_k a(i, k)·b(k, j) as the definition has it. */
function product(
  rows: number,
  inner: number,
  columns: number,
  a: (i: number, k: number) => number,
  b: (k: number, j: number) => number,
): number[] {
  return Array.from({ length: rows * columns }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += a(Math.floor(at / columns), k) * b(k, at % columns);
    return sum;
  });
}

describe.each([
  [1, 1, 1],
  [2, 4, 8],
  [3, 5, 7],
  [7, 11, 13],
])("products of [%i, %i] by [%i]", (m, k, n) => {
  const random = randomSource(m * 100 + k);

  test("matmul, within 1e-5", () => {
    const a = randomFloats(random, m * k);
    const b = randomFloats(random, k * n);
    const c = new Float32Array(m * n).fill(9);
    matmul(a, b, c, m, k, n);
    const expected = product(
      m,
      k,
      n,
      (i, p) => a[i * k + p],
      (p, j) => b[p * n + j],
    );
    expect(largestDifference(c, expected)).toBeLessThan(1e-5);
  });

  test("x·wᵀ adds, within 1e-5", () => {
    const x = randomFloats(random, m * k);
    const w = randomFloats(random, n * k);
    const y = new Float32Array(m * n).fill(2);
    addProductTransposed(x, w, y, m, k, n);
    const expected = product(
      m,
      k,
      n,
      (i, p) => x[i * k + p],
      (p, j) => w[j * k + p],
    );
    expect(
      largestDifference(
        y,
        expected.map((v) => v + 2),
      ),
    ).toBeLessThan(1e-5);
  });

  test("dyᵀ·x adds, within 1e-5", () => {
    const dy = randomFloats(random, m * n);
    const x = randomFloats(random, m * k);
    const dw = new Float32Array(n * k).fill(2);
    addTransposedProduct(dy, x, dw, m, n, k);
    const expected = product(
      n,
      m,
      k,
      (i, p) => dy[p * n + i],
      (p, j) => x[p * k + j],
    );
    expect(
      largestDifference(
        dw,
        expected.map((v) => v + 2),
      ),
    ).toBeLessThan(1e-5);
  });
});

describe.each(activationNames)("%s", (name) => {
  test("derivative agrees with central differences within 1e-3", () => {
    const at = Float32Array.from({ length: 41 }, (_, i) => (i - 20) / 4 + 0.0625);
    const step = 2 ** -7;
    const above = plainActivations[name](at.map((v) => v + step));
    const below = plainActivations[name](at.map((v) => v - step));
    const differences = above.map((v, i) => (v - below[i]) / (2 * step));
    expect(largestDifference(plainActivations[name].derivative(at), differences)).toBeLessThan(1e-3);
  });
});

test("known values of the maps, within 1e-6", () => {
  const at = Float32Array.of(1);
  expect(plainActivations.sigmoid(at)[0]).toBeCloseTo(0.7310586, 6);
  expect(plainActivations.gelu(at)[0]).toBeCloseTo(0.8413447, 6);
  expect(plainActivations.softplus(at)[0]).toBeCloseTo(1.3132617, 6);
  expect(plainActivations.elu(Float32Array.of(-1))[0]).toBeCloseTo(-0.6321206, 6);
});

function modelWithWeights(cell: CellName): PlainCharacterModel {
  const model = new PlainCharacterModel(cell, sizes);
  const random = randomSource(11);
  for (const { value } of model.parameters) value.set(randomFloats(random, value.length, -0.8, 0.8));
  return model;
}

describe.each(cells)("%s model", (cell) => {
  const random = randomSource(5);
  const tokens = randomTokens(random, sizes.steps * sizes.batch, sizes.characters);
  const targets = randomTokens(random, sizes.steps * sizes.batch, sizes.characters);

  test("each parameter's gradient agrees with differences along it within 1 %", () => {
    const model = modelWithWeights(cell);
    model.lossAndGradients(tokens, targets);
    const gradients = model.parameters.map(({ gradient }) => gradient.slice());
    model.parameters.forEach(({ name, value }, p) => {
      const start = value.slice();
      const gradient = gradients[p];
      const length = Math.hypot(...gradient);
      const step = 0.02;
      value.set(start.map((v, i) => v + (step * gradient[i]) / length));
      const above = model.lossAndGradients(tokens, targets);
      value.set(start.map((v, i) => v - (step * gradient[i]) / length));
      const below = model.lossAndGradients(tokens, targets);
      value.set(start);
      const slope = (above - below) / (2 * step);
      expect(Math.abs(slope / length - 1), name).toBeLessThan(0.01);
    });
  });

  test("Adam brings the loss below a quarter in 200 steps", () => {
    const model = modelWithWeights(cell);
    const optimizer = new PlainAdam(model.parameters, 0.02);
    const first = model.lossAndGradients(tokens, targets);
    optimizer.step();
    let loss = first;
    for (let step = 0; step < 200; step++) {
      loss = model.lossAndGradients(tokens, targets);
      optimizer.step();
    }
    expect(loss).toBeLessThan(first / 4);
  });

  test("pushing samples one by one gives the sequence's states, within 1e-6", () => {
    const whole = new plainCells[cell]({ steps: 6, batch: 1, inputSize: 5, hiddenSize: 7 });
    const single = new plainCells[cell]({ steps: 1, batch: 1, inputSize: 5, hiddenSize: 7 });
    const source = randomSource(3);
    whole.parameters.forEach(({ value }, p) => {
      value.set(randomFloats(source, value.length));
      single.parameters[p].value.set(value);
    });
    const x = randomFloats(source, 6 * 5);
    const states = whole.forward(x);
    for (let t = 0; t < 6; t++) {
      const pushed = single.push(x.subarray(t * 5, t * 5 + 5));
      for (let j = 0; j < 7; j++) expect(Math.abs(pushed[j] - states[t * 7 + j])).toBeLessThan(1e-6);
    }
  });
});

test("Adam's first step is the learning rate in the gradient's direction, within 1e-6", () => {
  const parameter = plainParameter("w", 2);
  parameter.gradient.set([3, -0.5]);
  new PlainAdam([parameter], 0.1).step();
  expect(parameter.value[0]).toBeCloseTo(-0.1, 6);
  expect(parameter.value[1]).toBeCloseTo(0.1, 6);
  expect(parameter.gradient).toEqual(new Float32Array(2));
});

test("SGD's step is the learning rate times the gradient, within 1e-6", () => {
  const parameter = plainParameter("w", 2);
  parameter.value.set([1, 1]);
  parameter.gradient.set([3, -0.5]);
  new PlainSGD([parameter], 0.1).step();
  expect(parameter.value[0]).toBeCloseTo(0.7, 6);
  expect(parameter.value[1]).toBeCloseTo(1.05, 6);
  expect(parameter.gradient).toEqual(new Float32Array(2));
});

describe.each(kernelNames)("the kernel of %s", (name) => {
  test("is the map of that name, or Math.exp", () => {
    const x = randomFloats(randomSource(3), 100, -8, 8);
    const y = new Float32Array(x.length);
    plainKernels[name](x, y);
    expect(y).toEqual(name === "exp" ? x.map(Math.exp) : plainActivations[name](x));
  });
});
