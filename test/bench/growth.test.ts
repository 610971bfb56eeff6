/** The arithmetic of the growth bench: fits of what is known, and a page from made-up figures. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitPolynomial, fitPowerLaw, largestDeviation, valueAt } from "../../bench/growth/fit.ts";
import { growthOf, leastOf, memoryOf } from "../../bench/growth/growth.ts";
import { renderReport } from "../../bench/growth/report.ts";
import { formula, growthTable, memoryTable } from "../../bench/growth/table.ts";

const sizes = [32, 64, 96, 128, 192, 256, 384, 512];
const pointsOf = (cost: (size: number) => number) => sizes.map((size) => ({ size, cost: cost(size) }));

describe("fits", () => {
  test("a power law comes back", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e3, noNaN: true }),
        fc.double({ min: -2, max: 3, noNaN: true }),
        (factor, exponent) => {
          const found = fitPowerLaw(pointsOf((size) => factor * size ** exponent));
          expect(found.exponent).toBeCloseTo(exponent, 8);
          expect(found.factor / factor).toBeCloseTo(1, 6);
        },
      ),
    );
  });

  test("polynomials come back, whatever the unit", () => {
    const coefficient = fc.double({ min: 0.1, max: 10, noNaN: true });
    fc.assert(
      fc.property(coefficient, coefficient, coefficient, fc.constantFrom(1e-6, 1, 1e6), (a, b, c, unit) => {
        const found = fitPolynomial(
          pointsOf((size) => unit * (a + b * size + c * size ** 2)),
          2,
        );
        expect(found.rSquared).toBeCloseTo(1, 9);
        [a, b, c].forEach((wanted, power) => {
          // Beside the square the lower terms are small: what they contribute is what has to be right.
          const share = Math.abs(found.coefficients[power] / unit - wanted) * 32 ** power;
          expect(share).toBeLessThan(1e-6 * (a + b * 32 + c * 32 ** 2));
        });
      }),
    );
  });

  test("the line of least relative errors, by hand", () => {
    // 1/y² weights 1 and 1/4: through (1, 1), (2, 2) and, once more at 2, (2, 1) the line meets 2 at (2/4 + 1)/(1/4 + 1).
    const found = fitPolynomial(
      [
        { size: 1, cost: 1 },
        { size: 2, cost: 2 },
        { size: 2, cost: 1 },
      ],
      1,
    );
    expect(valueAt(found, 1)).toBeCloseTo(1, 12);
    expect(valueAt(found, 2)).toBeCloseTo(1.2, 12);
    expect(found.rSquared).toBeGreaterThan(0);
    expect(found.rSquared).toBeLessThan(1);
  });

  test("the point furthest off is found, and counts as a share of what was measured", () => {
    const points = pointsOf((size) => size).map((point) => (point.size === 96 ? { ...point, cost: 192 } : point));
    const line = { coefficients: [0, 1], rSquared: 1 };
    expect(largestDeviation(points, line)).toEqual({ size: 96, share: 0.5 });
  });

  test("of several turns the least of each point counts", () => {
    const turns = [pointsOf((size) => size), pointsOf((size) => (size < 100 ? 0.5 : 2) * size)];
    expect(leastOf(turns)).toEqual(pointsOf((size) => (size < 100 ? 0.5 : 1) * size));
  });

  test("too few sizes are refused", () => {
    expect(() =>
      fitPolynomial(
        [
          { size: 3, cost: 1 },
          { size: 3, cost: 2 },
        ],
        1,
      ),
    ).toThrow(/more than 1 different sizes/);
    expect(() => fitPowerLaw([{ size: 3, cost: 1 }])).toThrow(/different sizes/);
  });
});

describe("what is shown", () => {
  const growths = (["T", "B", "H", "layers"] as const).flatMap((variable) =>
    (["training step", "inference"] as const).map((kind) =>
      growthOf(
        "GRU",
        kind,
        variable,
        pointsOf((size) => 1e-6 * size * size - 2e-6 * size + 3e-3),
      ),
    ),
  );
  const memory = [
    memoryOf("LSTM", [
      { size: 16, cost: 4e6 },
      { size: 512, cost: 1e8 },
    ]),
  ];

  test("a formula in words, with its signs", () => {
    const quadratic = growths.find(({ variable }) => variable === "H");
    expect(quadratic && formula(quadratic)).toBe("1.00 µs·H² − 2.00 µs·H + 3.00 ms");
  });

  test("batches of less than a tile are shown, but take no part in the fit", () => {
    const points = [1, 2, 4, 8, 16].map((size) => ({ size, cost: size < 4 ? 9 : size }));
    const { polynomial, powerLaw, fitted } = growthOf("RNN", "inference", "B", points);
    expect(powerLaw.exponent).toBeCloseTo(1, 10);
    expect(polynomial.rSquared).toBeCloseTo(1, 10);
    expect(fitted.map(({ size }) => size)).toEqual([4, 8, 16]);
  });

  test("tables have a line for each sweep", () => {
    expect(
      growthTable(growths)
        .split("\n")
        .filter((line) => line.includes("GRU")),
    ).toHaveLength(growths.length);
    expect(memoryTable(memory)).toContain("100.0 MB");
  });

  test("documented memory: 7·128 + 32 + 64 + 3 numbers for each of 16·32 positions", () => {
    expect(memory[0].points[0].documented).toBe(4 * (7 * 128 + 32 + 64 + 3) * 16 * 32);
  });

  test("the page has a drawing for each chart and takes nothing from elsewhere", () => {
    const machine = { node: "v0", platform: "none", arch: "none", cpu: "A <fast> one" };
    const page = renderReport({ machine, seconds: 1, turns: 2, time: growths, memory });
    expect(page.match(/<svg /g)).toHaveLength(4 * 2 + 1);
    expect(page).toContain("A &lt;fast&gt; one");
    expect(page).not.toMatch(/NaN|undefined|(src|href)=/);
  });
});
