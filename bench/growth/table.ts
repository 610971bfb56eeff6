import Table from "cli-table3";
import { valueAt } from "./fit.ts";
import type { Growth, MemoryGrowth } from "./growth.ts";

const powers = ["", "", "²"];

/** Seconds in the unit that suits them. */
export function duration(seconds: number): string {
  const [value, unit] = Math.abs(seconds) < 1e-3 ? [seconds * 1e6, "µs"] : [seconds * 1e3, "ms"];
  return `${value.toPrecision(3)} ${unit}`;
}

/** The fitted polynomial in words, highest power first: "0.43 ms·T + 1.2 ms". */
export function formula({ variable, polynomial }: Growth): string {
  const letter = variable === "layers" ? "L" : variable;
  return polynomial.coefficients
    .map((coefficient, power) => {
      const value = duration(Math.abs(coefficient));
      return { sign: coefficient < 0 ? "−" : "+", text: power === 0 ? value : `${value}·${letter}${powers[power]}` };
    })
    .reverse()
    .map(({ sign, text }, i) => (i === 0 ? `${sign === "−" ? "−" : ""}${text}` : ` ${sign} ${text}`))
    .join("");
}

export function deviationText({ deviation, variable }: Growth): string {
  const share = `${deviation.share < 0 ? "−" : "+"}${Math.abs(100 * deviation.share).toFixed(0)} %`;
  return `${share} at ${variable === "layers" ? "L" : variable} = ${deviation.size}`;
}

/** A line a sweep: from where to where, the exponent, the fitted polynomial, and the point furthest from it. */
export function growthTable(growths: readonly Growth[]): string {
  const table = new Table({
    head: ["cell", "what", "sizes", "from", "to", "exponent", "R²", "fit", "R²", "furthest off"],
    colAligns: ["left", "left", "left", "right", "right", "right", "right", "left", "right", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const growth of growths) {
    const { points, powerLaw, polynomial, variable } = growth;
    const [first, last] = [points[0], points[points.length - 1]];
    table.push([
      growth.cell,
      growth.kind,
      `${variable} ${first.size}–${last.size}`,
      duration(first.cost),
      duration(last.cost),
      powerLaw.exponent.toFixed(2),
      powerLaw.rSquared.toFixed(4),
      formula(growth),
      polynomial.rSquared.toFixed(4),
      deviationText(growth),
    ]);
  }
  return table.toString();
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function memoryTable(memory: readonly MemoryGrowth[]): string {
  const sizes = memory[0].points.map(({ size }) => size);
  const table = new Table({
    head: ["memory of a training step", "", ...sizes.map((size) => `T = ${size}`)],
    colAligns: ["left", "left", ...sizes.map(() => "right" as const)],
    style: { head: [], border: [], compact: true },
  });
  for (const { cell, points } of memory) {
    table.push([cell, "documented", ...points.map(({ documented }) => megabytes(documented))]);
    table.push(["", "in reserve", ...points.map(({ reserved }) => megabytes(reserved))]);
  }
  return table.toString();
}

/** Points of the fitted curve, close enough to each other to look like one. */
export function curveOf({ fitted, polynomial }: Growth): [number, number][] {
  const [first, last] = [fitted[0].size, fitted[fitted.length - 1].size];
  const count = 60;
  return Array.from({ length: count + 1 }, (_, i) => {
    const size = first * (last / first) ** (i / count);
    return [size, valueAt(polynomial, size)];
  });
}
