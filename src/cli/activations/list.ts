import { type ActivationName, activation, activationCatalogue, activations, type CatalogueEntry } from "../../index.ts";

/** Activations over an axis, which no recurrent layer takes. */
const overAnAxis: readonly string[] = ["softmax", "logSoftmax"];

/** Characters of an expression that a line has room for. */
const LONGEST = 80;

/** Prints every activation with its range and, where it is one, its expression, one a line. */
export function listActivations(): void {
  const builtIn = Object.keys(activations)
    .filter((name) => !overAnAxis.includes(name))
    .map((name) => [name, activation(name as ActivationName).range, "in the engine's core"] as const);
  const catalogue = Object.entries(activationCatalogue).map(([name, entry]) => {
    const { range, formula, options, learned = false }: CatalogueEntry = entry;
    const sign = learned ? "learned from" : "=";
    const given = Object.entries(options).map(([option, value]) => `${option} ${sign} ${Number(value.toPrecision(6))}`);
    const shown = formula.length > LONGEST ? `${formula.slice(0, LONGEST)}…` : formula;
    return [name, range, [shown, ...given].join(", ")] as const;
  });
  const rows = [...builtIn, ...catalogue].map(([name, [low, high], what]) => [
    name,
    `${bound(low)} … ${bound(high)}`,
    what,
  ]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  for (const [name, range, what] of rows as [string, string, string][]) {
    console.log(`${name.padEnd(widths[0] as number)}  ${range.padEnd(widths[1] as number)}  ${what}`);
  }
}

function bound(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "∞" : "−∞";
}
