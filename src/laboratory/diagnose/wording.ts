/** Numbers in plain words. */

/** Three digits, as people write them. */
export function short(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text =
    size >= 1e-3 && size < 1e5 ? String(Number(value.toPrecision(3))) : value.toExponential(1).replace("e+", "e");
  return text.replace("-", "−").replace("e-", "e−");
}

export function percent(share: number): string {
  return `${short(100 * share)} %`;
}

const BARS = "▁▂▃▄▅▆▇█";
const WIDTH = 60;

/** A row of bars for the logarithms of some numbers, thinned to a line; what is 0 or not finite is a blank. */
export function bars(values: readonly number[]): string {
  const count = Math.min(values.length, WIDTH);
  const logs = Array.from({ length: count }, (_, i) =>
    Math.log10(values[Math.floor(((i + 0.5) * values.length) / count)] as number),
  );
  const finite = logs.filter(Number.isFinite);
  const [least, largest] = [Math.min(...finite), Math.max(...finite)];
  // At least three powers of ten, so that what hardly changes looks it.
  const span = Math.max(3, largest - least);
  return logs
    .map((log) =>
      Number.isFinite(log) ? (BARS[Math.min(7, Math.floor(8 * (1 - (largest - log) / span)))] ?? BARS[0]) : " ",
    )
    .join("");
}
