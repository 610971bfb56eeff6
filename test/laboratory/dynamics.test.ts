/** Lyapunov exponents, Jacobians and radii of recurrences for which they are known. */
import { diagnose, eigenvalues, spectralRadius } from "unrolled/laboratory";
import { describe, expect, test } from "vitest";
import {
  GRU,
  initialize,
  LSTM as LongShort,
  type LSTM,
  type Module,
  matmul,
  mul,
  normal,
  ones,
  type Parameter,
  Recurrence,
  RNN,
  seed,
  sub,
  sum,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.ts";

/** A linear recurrence h_t = W·h_{t-1} + x_t. */
function linearNetwork(weight: readonly (readonly number[])[]): RNN {
  const n = weight.length;
  const rnn = new RNN({ inputSize: n, hiddenSize: n, activation: "identity", bias: false });
  weightOf(rnn).set(weight.flat());
  return rnn;
}

function weightOf(layer: RNN | LSTM | GRU): Parameter {
  return layer.namedParameters().find(([name]) => name === "weight_hh_l0")?.[1] as Parameter;
}

function exponentsOf(rnn: RNN, steps: number, options: { exponents: number; sequences?: number }): readonly number[] {
  const x = normal([steps, 3, rnn.inputSize]);
  return diagnose(rnn, () => sum(rnn.forward(x).state), options).layers[0].exponents as number[];
}

describe("Lyapunov exponents", () => {
  test("of a linear network are the logarithms of its eigenvalues' moduli", () => {
    seed(1);
    // Not normal; 0.9, a pair of modulus 0.6 that turns, and −0.3.
    const weight = [
      [0.9, 2, 0, 1],
      [0, 0.36, -0.48, 3],
      [0, 0.48, 0.36, 0.5],
      [0, 0, 0, -0.3],
    ];
    const wanted = eigenvalues(tensor(weight)).map(({ modulus }) => Math.log(modulus));
    const found = exponentsOf(linearNetwork(weight), 400, { exponents: 4 });
    expect(found).toHaveLength(4);
    found.forEach((exponent, i) => {
      expect(Math.abs(exponent - wanted[i])).toBeLessThan(5e-3);
    });
  });

  test("of an orthogonal network are 0", () => {
    seed(2);
    const rnn = linearNetwork(Array.from({ length: 12 }, () => new Array<number>(12).fill(0)));
    initialize.orthogonal(weightOf(rnn));
    for (const exponent of exponentsOf(rnn, 50, { exponents: 12 })) expect(Math.abs(exponent)).toBeLessThan(1e-5);
  });

  test("there are no more than the state has numbers, and none when none are wanted", () => {
    const rnn = linearNetwork([[0.5]]);
    const [only, ...others] = exponentsOf(rnn, 20, { exponents: 5 });
    expect(only).toBeCloseTo(Math.log(0.5), 5);
    expect(others).toEqual([]);
    const x = zeros([4, 1, 1]);
    expect(diagnose(rnn, () => sum(rnn.forward(x).state), { exponents: 0 }).layers[0].exponents).toBeNull();
  });

  test("of the logistic map is ln 2", () => {
    const map = {
      step: (_: Tensor, h: Tensor) => {
        const next = mul(4, mul(h, sub(1, h)));
        return { output: next, state: next };
      },
      initialState: (batch: number) => mul(ones([batch, 1]), 0.3),
    };
    const layer = new Recurrence(map);
    const { layers } = diagnose(layer, () => sum(layer.forward(zeros([3000, 1, 1])).state), { exponents: 1 });
    expect(Math.abs((layers[0].exponents?.[0] as number) - Math.LN2)).toBeLessThan(0.02);
  });

  test("of a tanh network are those of its Jacobians in float64", () => {
    seed(3);
    const rnn = new RNN({ inputSize: 2, hiddenSize: 3 });
    const x = normal([40, 1, 2]);
    const [weight, states] = [weightOf(rnn).toArray(), rnn.forward(x).output.toArray()];
    // The determinant's logarithm is the sum of all exponents, whatever the vectors: over the steps that count.
    const determinant =
      weight[0] * (weight[4] * weight[8] - weight[5] * weight[7]) -
      weight[1] * (weight[3] * weight[8] - weight[5] * weight[6]) +
      weight[2] * (weight[3] * weight[7] - weight[4] * weight[6]);
    let wanted = 0;
    for (let t = 0; t < 30; t++) {
      let slopes = 1;
      for (let i = 0; i < 3; i++) slopes *= 1 - states[3 * t + i] ** 2;
      wanted += Math.log(Math.abs(determinant * slopes)) / 30;
    }
    const found = diagnose(rnn, () => sum(rnn.forward(x).state), { exponents: 3 }).layers[0].exponents as number[];
    expect(Math.abs(found.reduce((a, b) => a + b) - wanted)).toBeLessThan(1e-4);
  });
});

describe("radii", () => {
  test("of the mean Jacobian of a tanh network: that of diag(mean slope)·W", () => {
    seed(4);
    const rnn = new RNN({ inputSize: 2, hiddenSize: 6 });
    const x = normal([8, 2, 2]);
    const h = rnn.forward(x).output.toArray();
    const slopes = Float32Array.from({ length: 6 }, (_, i) => {
      let mean = 0;
      for (let row = 0; row < 16; row++) mean += (1 - h[row * 6 + i] ** 2) / 16;
      return mean;
    });
    const wanted = spectralRadius(mul(tensor(slopes, [6, 1]), weightOf(rnn)).detach());
    const { jacobianRadius, radii } = diagnose(rnn, () => sum(rnn.forward(x).state)).layers[0];
    expect(Math.abs((jacobianRadius as number) - wanted)).toBeLessThan(1e-6);
    expect(Math.abs((radii as { h: number }).h - spectralRadius(weightOf(rnn)))).toBeLessThan(1e-12);
  });

  test("a state that nothing but a gate keeps: an LSTM with weights of 0 keeps σ(bias) of its cell", () => {
    const lstm = new LongShort({ inputSize: 1, hiddenSize: 4 });
    for (const parameter of lstm.parameters()) parameter.set(new Float32Array(parameter.size));
    initialize.forgetGateBias(lstm, 2);
    const { jacobianRadius, radii, exponents } = diagnose(lstm, () => sum(lstm.forward(ones([12, 2, 1])).state.c))
      .layers[0];
    const kept = 1 / (1 + Math.exp(-2));
    expect(jacobianRadius).toBeCloseTo(kept, 6);
    expect(exponents?.[0]).toBeCloseTo(Math.log(kept), 5);
    expect(radii).toEqual({ i: 0, f: 0, g: 0, o: 0 });
  });

  test("of each block of a GRU, and of a projected LSTM's blocks times W_hr", () => {
    seed(5);
    const gru = new GRU({ inputSize: 2, hiddenSize: 7 });
    const x = normal([3, 2, 2]);
    const blocks = (weight: Tensor, count: number): Tensor[] => {
      const [rows, width] = weight.shape as [number, number];
      const size = (rows / count) * width;
      return Array.from({ length: count }, (_, b) =>
        tensor(weight.toArray().slice(b * size, (b + 1) * size) as Float32Array, [rows / count, width]),
      );
    };
    const { radii } = diagnose(gru, () => sum(gru.forward(x).state)).layers[0];
    expect(Object.keys(radii as object)).toEqual(["r", "z", "n"]);
    blocks(weightOf(gru), 3).forEach((block, b) => {
      expect(Math.abs(Object.values(radii as object)[b] - spectralRadius(block))).toBeLessThan(1e-12);
    });
    const lstm = new LongShort({ inputSize: 2, hiddenSize: 7, projectionSize: 3 });
    const projection = lstm.namedParameters().find(([name]) => name === "weight_hr_l0")?.[1] as Parameter;
    const found = diagnose(lstm, () => sum(lstm.forward(x).state.h)).layers[0];
    expect(found.stateSize).toBe(10);
    blocks(weightOf(lstm), 4).forEach((block, b) => {
      const wanted = spectralRadius(matmul(block, projection).detach());
      expect(Math.abs(Object.values(found.radii as object)[b] - wanted)).toBeLessThan(1e-5);
    });
  });

  test("are left out where the matrix is larger than is wanted", () => {
    const rnn = new RNN({ inputSize: 2, hiddenSize: 6 });
    const x = normal([4, 1, 2]);
    const of = (largestSpectrum: number) =>
      diagnose(rnn, () => sum(rnn.forward(x).state), { largestSpectrum }).layers[0];
    expect(of(5)).toMatchObject({ radii: null, jacobianRadius: null });
    expect(of(6).radii).not.toBeNull();
  });
});

test("recurrences whose state has a second axis before the batch have Jacobians as well", async () => {
  const { QRNN, LegendreMemoryUnit, SRU, IndRNN, ClosedFormContinuous } = await import("../../src/index.ts");
  seed(6);
  const sizes = { inputSize: 3, hiddenSize: 4 };
  const layers: Module[] = [
    new QRNN({ ...sizes, window: 3 }),
    new LegendreMemoryUnit({ ...sizes, order: 5, theta: 10 }),
    new SRU({ ...sizes, inputSize: 4 }),
    new IndRNN(sizes),
    new ClosedFormContinuous(sizes),
  ];
  const sizesOfStates = [4 + 2 * 3, 9, 4, 4, 4];
  layers.forEach((layer, l) => {
    const x = normal([9, 2, layer instanceof SRU ? 4 : 3]);
    const { output } = layer.forward(x) as { output: Tensor };
    const weights = normal(output.shape as number[]);
    const found = diagnose(layer, () => sum(mul((layer.forward(x) as { output: Tensor }).output, weights)));
    expect(found.loss).toBe(sum(mul(output, weights)).item());
    const [{ stateSize, jacobianRadius, exponents, gradient }] = found.layers;
    expect(stateSize).toBe(sizesOfStates[l]);
    expect(jacobianRadius).toBeGreaterThan(0);
    expect(exponents?.[0]).toBeLessThan(1);
    // What QRNN and SRU give is not their state, of which nothing is made after the last step.
    const felt = layer instanceof QRNN || layer instanceof SRU ? gradient.norms.slice(0, -1) : gradient.norms;
    expect(felt.every((norm) => norm > 0)).toBe(true);
  });
});
