import { type ActivationName, activation, activations } from "../../index.ts";

/** Activations over an axis, which no recurrent layer takes. */
const overAnAxis: readonly string[] = ["softmax", "logSoftmax"];

/** Prints every activation with its range, one a line. */
export function listActivations(): void {
  const names = Object.keys(activations).filter((name) => !overAnAxis.includes(name));
  const width = Math.max(...names.map((name) => name.length));
  for (const name of names) {
    const [low, high] = activation(name as ActivationName).range.map(bound);
    console.log(`${name.padEnd(width)}  ${low} … ${high}`);
  }
}

function bound(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "∞" : "−∞";
}
