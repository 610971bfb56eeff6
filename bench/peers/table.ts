import type { Implementation, Row } from "./measurement.ts";

export function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

export function titleOf({ peer, threads }: Implementation): string {
  return threads === 1 ? peer.title : `${peer.title}, ${threads} threads`;
}

/** Half of slowest − fastest turn, in percent of the median. */
export function spreadText(spread: number | null): string {
  return `±${(50 * (spread ?? 0)).toFixed(0)}`;
}

/** Rows as a table has them: a line a case. */
export function linesOf(rows: readonly Row[], columns: number): Row[][] {
  return Array.from({ length: rows.length / columns }, (_, i) => rows.slice(i * columns, (i + 1) * columns));
}

/** The implementations that have a figure for any of these rows, and the rows of those, a line a case. */
export function withFigures(
  rows: readonly Row[],
  implementations: readonly Implementation[],
): [Implementation[], Row[][]] {
  const lines = linesOf(rows, implementations.length);
  const has = implementations.map((_, i) => lines.some((line) => line[i].median !== null));
  return [implementations.filter((_, i) => has[i]), lines.map((line) => line.filter((_, i) => has[i]))];
}
