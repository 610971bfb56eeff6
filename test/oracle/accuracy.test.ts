/** Every activation over float32, thinned: one bit pattern in 20,011, what lies round places where something happens, and what is no number. */
import { describe, expect, test } from "vitest";
import { references } from "../../bench/accuracy/references.ts";
import { compare, type Finding, mapOf, sweep } from "../../bench/accuracy/sweep.ts";
import { activationCatalogue } from "../../src/index.ts";

const STRIDE = 20_011;

/** What is promised of values, in ulp; where nothing is said, 4. */
const bounds: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    ["identity", "relu", "hardShrink", "hardTanh", "relu6", "threshold", "thresholdedRelu", "affine"].map((name) => [
      name,
      0,
    ]),
  ),
  // One rounding, that of a product or a sum; of hardSigmoid two.
  ...{ leakyRelu: 0.5, softShrink: 0.5, sparseSigmoid: 0.5, hardSigmoid: 1 },
  ...{ sigmoid: 2, tanh: 2, exponential: 1.1, penalizedTanh: 3, elu: 2, celu: 2, softplus: 2, logSigmoid: 2 },
  ...{ silu: 3.5, swish: 3.5, "gelu (tanh)": 3.5, sine: 2, isru: 2.5, isrlu: 2.5, modifiedElliott: 2.5, elliott: 2 },
  ...{ softsign: 2, hardSilu: 2, snake: 2, sparsePlus: 2, squareplus: 3 },
};

/** What is promised of slopes, in units of 2⁻²³; where nothing is said, 2.5. */
const slopeBounds: Readonly<Record<string, number>> = { tanhShrink: 12 };

const names = Object.keys(references);

/** Bit patterns round a place, on both sides of it. */
function round(x: number): number[] {
  const bits = new Uint32Array(Float32Array.of(x).buffer)[0] as number;
  return Array.from({ length: 41 }, (_, i) => (bits + i - 20) >>> 0);
}

/** Corners of activations, ends of ranges of exponents, places where kernels take other ways. */
const places = [
  ...[0, 0.25, 0.5, 0.625, 1, 1.25, 2, 2.5, 3, 4, 6, 8, 9, 10, 13, 15, 16, 17.3, 20, 40, 86, 87.33, 88.72, 88.73, 89],
  ...[103.28, 103.97, 104, 105, 110, 115, 116, 128, 1e9, 1e18, 1.8446744e19, 1e30, 1.7014118e38, 3.4028235e38],
  ...[2 ** -149, 2 ** -126, 2 ** -75, 2 ** -24, 2 ** -12, Number.POSITIVE_INFINITY],
];
const patterns = Uint32Array.from(places.flatMap((place) => [...round(place), ...round(-place)]));
const around = new Float32Array([...patterns].flatMap((bits) => [...new Float32Array(Uint32Array.of(bits).buffer)]));

function expectWithin(name: string, { value, slope, wrong, wrongAt }: Finding): void {
  expect([name, wrong, wrongAt]).toEqual([name, 0, null]);
  expect(value.error, `${name} at ${value.x}`).toBeLessThanOrEqual(bounds[name] ?? 4);
  expect(slope.error, `${name}′ at ${slope.x}`).toBeLessThanOrEqual(slopeBounds[name] ?? 2.5);
}

test("there is a reference for every activation that is not learned", () => {
  const learned = Object.entries(activationCatalogue).filter(([, entry]) => "learned" in entry);
  const all = new Set([...names, ...learned.map(([name]) => name)]);
  expect(Object.keys(activationCatalogue).filter((name) => !all.has(name))).toEqual([]);
});

describe.each(names)("%s", (name) => {
  test("is as accurate as it says over all of float32", () => {
    const found = sweep(name, 0, 2 ** 32, STRIDE);
    expect(found.inputs).toBeGreaterThan(214_000);
    expectWithin(name, found);
  });

  test("and round every place where something happens, and at what is no number", () => {
    const map = mapOf(name);
    const x = new Float32Array([...around, Number.NaN, 0, -0]);
    const reference = references[name] as (typeof references)[string];
    expectWithin(name, compare(x, map(x), map.derivative(x), reference));
    for (const nan of map(Float32Array.of(Number.NaN, -Number.NaN))) expect(nan).toBeNaN();
  });
});
