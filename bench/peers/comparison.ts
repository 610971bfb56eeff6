/** Who is faster, and by how much: what a reader asks first. */
import type { Implementation, Row } from "./measurement.ts";
import { titleOf } from "./table.ts";

/** Another implementation's median over this library's: above 1 this library is faster. */
export interface Ratio {
  readonly title: string;
  readonly ratio: number;
}

/** One case of this library beside the others that use at most as many threads. */
export interface Comparison {
  readonly workload: string;
  readonly case: string;
  readonly threads: number;
  readonly median: number;
  readonly unit: string;
  readonly shareOfCeiling: number;
  /** The fastest of those in JavaScript and WebAssembly. */
  readonly portable?: Ratio;
  readonly pytorch?: Ratio;
  /** The fastest of the other native ones. */
  readonly native?: Ratio;
}

type Entry = readonly [Implementation, Row];

function fastest(entries: readonly Entry[], own: number, matches: (of: Implementation) => boolean): Ratio | undefined {
  const found = entries.filter(([implementation, { median }]) => median !== null && matches(implementation));
  if (found.length === 0) return undefined;
  const [implementation, { median }] = found.reduce((a, b) => ((b[1].median ?? 0) < (a[1].median ?? 0) ? b : a));
  return { title: titleOf(implementation), ratio: (median ?? 0) / own };
}

/** @param rows as many for each case as there are implementations, in their order. */
export function compare(rows: readonly Row[], implementations: readonly Implementation[]): Comparison[] {
  return rows.flatMap((row, r): Comparison[] => {
    const { workload, case: name, threads, median, unit, shareOfCeiling } = row;
    if (row.implementation !== "unrolled" || median === null) return [];
    const first = r - (r % implementations.length);
    const others = implementations
      .map((implementation, i): Entry => [implementation, rows[first + i]])
      .filter(([{ peer, threads: count }]) => !peer.own && count <= threads);
    return [
      {
        ...{ workload, case: name, threads, median, unit, shareOfCeiling: shareOfCeiling ?? 0 },
        portable: fastest(others, median, ({ peer }) => !peer.native),
        pytorch: fastest(others, median, ({ peer }) => peer.name === "pytorch"),
        native: fastest(others, median, ({ peer }) => peer.native && peer.name !== "pytorch"),
      },
    ];
  });
}

/** "× 3.4", or "× 0.82" where this library is the slower one. */
export function ratioText(ratio: number): string {
  return `× ${ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(ratio < 0.1 ? 1 : 2)}`;
}

/** Nearer to each other than this, two figures are level: machines are not that quiet. */
export const LEVEL = 0.03;
const NAMED_LOSSES = 6;

type Kind = "portable" | "pytorch" | "native";

function summaryLine(what: string, kind: Kind, comparisons: readonly Comparison[]): string[] {
  const known = comparisons.flatMap((comparison) => {
    const ratio = comparison[kind];
    return ratio ? [{ ...comparison, against: ratio }] : [];
  });
  if (known.length === 0) return [];
  const threads = known[0].threads > 1 ? `, ${known[0].threads} threads` : "";
  const mean = Math.exp(known.reduce((sum, { against }) => sum + Math.log(against.ratio), 0) / known.length);
  const lost = known
    .filter(({ against }) => against.ratio < 1 - LEVEL)
    .sort((a, b) => a.against.ratio - b.against.ratio);
  const won = known.filter(({ against }) => against.ratio > 1 + LEVEL).length;
  const names = lost.slice(0, NAMED_LOSSES).map(({ workload, case: name, against }) => {
    const by = kind === "portable" ? ` (${against.title})` : "";
    return `${workload} ${name} ${ratioText(against.ratio)}${by}`;
  });
  const more = lost.length > NAMED_LOSSES ? `; and ${lost.length - NAMED_LOSSES} more` : "";
  const level = known.length - won - lost.length;
  const counts = `${won} of ${known.length} faster, ${level} level, ${lost.length} slower`;
  const worst = names.length > 0 ? `: ${names.join("; ")}${more}` : "";
  return [`unrolled against ${what}${threads}: ${ratioText(mean)} on average; ${counts}${worst}`];
}

/** A line for each kind of opponent and number of threads: the geometric mean, wins and losses, the worst by name. */
export function summaryOf(comparisons: readonly Comparison[]): string[] {
  const kinds = [
    ["the best JavaScript or WebAssembly peer", "portable"],
    ["PyTorch, native", "pytorch"],
    ["ONNX Runtime, native", "native"],
  ] as const;
  const counts = [...new Set(comparisons.map(({ threads }) => threads))];
  return counts.flatMap((count) => {
    const own = comparisons.filter(({ threads }) => threads === count);
    return kinds.flatMap(([what, kind]) => summaryLine(what, kind, own));
  });
}
