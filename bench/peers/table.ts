import Table from "cli-table3";
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

function cellText({ median, shareOfCeiling, spread }: Row): string {
  if (median === null) return "—";
  return `${rounded(median)}\n${percent(shareOfCeiling ?? 0)} ±${(50 * (spread ?? 0)).toFixed(0)}`;
}

/** One workload: a line a case, a column an implementation; median, share of the ceiling, half the spread in percent. */
export function tableOf(implementations: readonly Implementation[], rows: readonly Row[]): string {
  const table = new Table({
    head: [
      rows[0].workload,
      "unit",
      ...implementations.map((implementation) => titleOf(implementation).replace(", ", "\n")),
    ],
    colAligns: ["left", "left", ...implementations.map(() => "right" as const)],
    style: { head: [], border: [], compact: true },
  });
  for (let r = 0; r < rows.length; r += implementations.length) {
    const line = rows.slice(r, r + implementations.length);
    table.push([line[0].case, line[0].unit, ...line.map(cellText)]);
  }
  return table.toString();
}
