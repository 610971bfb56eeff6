/** What no run can be faster than on one core with 128-bit vectors. */
import type { Cost } from "./workloads.ts";

export interface Ceiling {
  readonly measuredBy: string;
  /** 10⁹ operations a second, the better of multiply-then-add and fused multiply-add. */
  readonly gigaflops: number;
  /** Seconds to read that many bytes of floats, over and over. */
  readonly read: Readonly<Record<number, number>>;
  /** Seconds to copy that many bytes, over and over. */
  readonly copy: Readonly<Record<number, number>>;
}

export interface Probes {
  readonly read: readonly number[];
  readonly copy: readonly number[];
}

/** Everything that the costs ask to be measured. */
export function probesOf(costs: readonly Cost[]): Probes {
  const sizes = (pick: (cost: Cost) => number | undefined) => [
    ...new Set(costs.map(pick).filter((bytes) => bytes !== undefined)),
  ];
  return { read: sizes(({ readBytes }) => readBytes), copy: sizes(({ copyBytes }) => copyBytes) };
}

/** Seconds that one run takes at least: as long as its slowest part on a core that overlaps all the rest. */
export function limitOf({ operations = 0, readBytes, copyBytes }: Cost, ceiling: Ceiling): number {
  return Math.max(
    operations / ceiling.gigaflops / 1e9,
    readBytes ? ceiling.read[readBytes] : 0,
    copyBytes ? ceiling.copy[copyBytes] : 0,
  );
}
