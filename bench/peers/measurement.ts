import { medianOf } from "../rows.ts";
import { type Ceiling, limitOf } from "./limit.ts";
import type { PeerDescription } from "./peers.ts";
import { LONG_RUN } from "./timing.ts";
import type { Case } from "./workloads.ts";

/** A peer with the number of threads it is told to use. */
export interface Implementation {
  readonly peer: PeerDescription;
  readonly threads: number;
}

/** One measured cell, as it goes into the JSON file. */
export interface Row {
  workload: string;
  case: string;
  implementation: string;
  threads: number;
  /** Median of the turns' medians; null where there is none, and `reason` says why. */
  median: number | null;
  unit: string;
  /** Limit of one 128-bit core over the median: above 1 only for native code with wider vectors, or more threads. */
  shareOfCeiling: number | null;
  /** (slowest turn − fastest turn) / median. */
  spread: number | null;
  turns: number;
  note?: string;
  reason?: string;
}

interface Cell {
  seconds: number[];
  /** A single run takes so long that one turn has to do. */
  finished: boolean;
  note?: string;
  accuracy?: string;
  reason?: string;
}

/** What is known of each case in each implementation so far. */
export class Measurement {
  readonly #cells = new Map<string, Cell>();

  add(benchCase: Case, implementation: Implementation, seconds: number, note?: string): void {
    const cell = this.#cell(benchCase, implementation);
    cell.seconds.push(seconds);
    cell.finished = seconds > LONG_RUN;
    cell.note = note;
  }

  /** Says how far the result is from the others', where that is worth a word. */
  remark(benchCase: Case, implementation: Implementation, accuracy: string): void {
    this.#cell(benchCase, implementation).accuracy = accuracy;
  }

  /** Takes back what was measured, and says why. */
  refuse(benchCase: Case, implementation: Implementation, reason: string): void {
    Object.assign(this.#cell(benchCase, implementation), { seconds: [], finished: true, reason });
  }

  /** Does another turn tell anything about it? */
  isOpen(benchCase: Case, implementation: Implementation): boolean {
    return !this.#cell(benchCase, implementation).finished;
  }

  row(benchCase: Case, implementation: Implementation, ceiling: Ceiling): Row {
    const { seconds, accuracy, reason, ...cell } = this.#cell(benchCase, implementation);
    const note = [cell.note, accuracy].filter(Boolean).join("; ");
    const { workload, name, unit, cost } = benchCase;
    const { peer, threads } = implementation;
    const base = { workload, case: name, implementation: peer.name, threads, unit: unit.name, turns: seconds.length };
    if (seconds.length === 0)
      return { ...base, median: null, shareOfCeiling: null, spread: null, reason: reason ?? "gave no figure" };
    const median = medianOf(seconds);
    const spread = (Math.max(...seconds) - Math.min(...seconds)) / median;
    const shareOfCeiling = limitOf(cost, ceiling) / median;
    return { ...base, median: median * unit.scale, shareOfCeiling, spread, ...(note ? { note } : {}) };
  }

  #cell({ workload, name }: Case, { peer, threads }: Implementation): Cell {
    const key = JSON.stringify([workload, name, peer.name, threads]);
    const known = this.#cells.get(key);
    if (known) return known;
    const cell: Cell = { seconds: [], finished: false };
    this.#cells.set(key, cell);
    return cell;
  }
}
