/** The catalogue: against PyTorch where that has the activation, and what it says of itself; as gate and activation of cells. */

import { describe, expect, test, vi } from "vitest";
import {
  activation,
  activationCatalogue,
  type CatalogueEntry,
  type CatalogueName,
  GRU,
  IndRNN,
  LSTM,
  mul,
  noGrad,
  normal,
  RNN,
  seed,
  sum,
  tensor,
} from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import { gradientOf, numbers, toTensor } from "./engine.ts";
import { readFixtures } from "./fixtures.ts";

interface Options {
  activation: CatalogueName;
  [option: string]: unknown;
}

describe("the catalogue = torch", () => {
  for (const fixture of readFixtures<Options>("catalogue")) {
    test(fixture.name, () => {
      const { activation: name, ...options } = fixture.options;
      const leaf = toTensor(fixture.tensor("x"), true);
      const y = activation(name, options).apply(leaf);
      const subject = { family: "catalogue", case: fixture.name };
      expectClose({ ...subject, tensor: "y" }, numbers(y), fixture.tensor("y"));
      sum(y).backward();
      expectClose({ ...subject, tensor: "gradient" }, gradientOf("x", leaf), fixture.tensor("derivative"));
    });
  }
});

describe("what is learned = torch", () => {
  for (const fixture of readFixtures<Options>("learned-activations")) {
    test(fixture.name, () => {
      const { activation: name, ...options } = fixture.options;
      const learned = Object.entries(options).map(([option, value]) => [option, { learn: value as number }]);
      const f = activation(name, Object.fromEntries(learned));
      const leaf = toTensor(fixture.tensor("x"), true);
      const y = f.apply(leaf);
      const subject = { family: "learned-activations", case: fixture.name };
      expectClose({ ...subject, tensor: "y" }, numbers(y), fixture.tensor("y"));
      sum(mul(y, toTensor(fixture.tensor("gradient")))).backward();
      expectClose({ ...subject, tensor: "dx" }, gradientOf("x", leaf), fixture.tensor("dx"));
      expect(f.learned.size).toBe(learned.length);
      for (const [option, parameter] of f.learned) {
        expectClose({ ...subject, tensor: option }, gradientOf(option, parameter), fixture.tensor(option));
      }
    });
  }
});

const names = Object.keys(activationCatalogue) as CatalogueName[];
const points = [-1000, -300, ...Array.from({ length: 40_001 }, (_, i) => (i - 20_000) / 1000), 300, 1000];

describe.each(names)("%s", (name) => {
  const entry: CatalogueEntry = activationCatalogue[name];
  const f = activation(name);

  test("has the range and the largest slope that it says", () => {
    const values = points.map((x) => f.valueAt(x));
    const [least, largest] = entry.range;
    expect(Math.min(...values)).toBeGreaterThanOrEqual(least - 1e-4);
    expect(Math.max(...values)).toBeLessThanOrEqual(largest + 1e-4);
    // A bound that is told is nearly reached; one that is not is passed.
    if (Number.isFinite(least)) expect(Math.min(...values)).toBeLessThan(least + 0.06);
    else expect(Math.min(...values)).toBeLessThan(-15);
    if (Number.isFinite(largest)) expect(Math.max(...values)).toBeGreaterThan(largest - 0.06);
    else expect(Math.max(...values)).toBeGreaterThan(15);
    const slopes = points.map((x) => Math.abs(f.slopeAt(x)));
    expect(Math.max(...slopes)).toBeGreaterThan(entry.gain * 0.99);
    expect(Math.max(...slopes)).toBeLessThan(entry.gain * 1.0001);
  });

  test("has the slope that small differences show, away from corners", () => {
    for (const x of [-3.3, -1.7, -0.83, -0.21, 0.13, 0.77, 1.61, 2.9]) {
      const h = 1e-5;
      const shown = (f.valueAt(x + h) - f.valueAt(x - h)) / (2 * h);
      expect(f.slopeAt(x)).toBeCloseTo(shown, 6);
    }
  });

  test("runs in every cell, as activation and as gate, forward, backward and in a stream", () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    seed(5);
    const sizes = { inputSize: 3, hiddenSize: 5 };
    const layers = [
      new RNN({ ...sizes, activation: f }),
      new IndRNN({ ...sizes, activation: f }),
      new LSTM({ ...sizes, activation: f, gateActivation: f }),
      new GRU({ ...sizes, activation: f, gateActivation: f }),
    ];
    // Large enough to get over thresholds.
    const x = mul(normal([4, 2, 3]), 3);
    for (const layer of layers) {
      const { output } = layer.forward(x);
      const own = Array.from(output.toArray());
      sum(mul(output, output)).backward();
      const gradients = layer.parameters().flatMap((parameter) => Array.from(parameter.grad?.toArray() ?? []));
      expect([...own, ...gradients].every(Number.isFinite)).toBe(true);
      expect(gradients.some((value) => value !== 0)).toBe(true);
    }
    const layer = layers[0] as RNN;
    const one = Float32Array.of(0.3, -0.2, 0.9);
    const whole = noGrad(() => layer.forward(tensor(one, [1, 1, 3])).output).toArray();
    expect(Array.from(layer.stream().push(one))).toEqual(Array.from(whole));
    vi.restoreAllMocks();
  });
});

test("options that it does not have, and names near the one that was meant", () => {
  expect(() => activation("mish", { beta: 1 } as never)).toThrow(/mish/);
  expect(() => activation("hardTanh", { minimum: Number.NaN })).toThrow(/minimum: expected a finite number/);
  expect(() => activation("hardtahn")).toThrow(/got "hardtahn" \(is it hardTanh\?\)/);
  expect(() => activation("penalised_tanh")).toThrow(/is it penalizedTanh\?/);
});
