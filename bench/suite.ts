/** The vocabulary of the benchmark: a suite has cases, and each implementation offers the same cases to run. */

export const implementations = ["javascript", "wasm"] as const;
export type Implementation = (typeof implementations)[number];

/** What a measured time is told in: seconds of one run times `scale`. */
export interface Unit {
  readonly name: string;
  readonly scale: number;
}

/** One thing to time. `run` does it once; `result` tells what it computes, for the check before any timing. */
export interface Case {
  readonly name: string;
  readonly unit: Unit;
  /** Floating-point operations of one run, where telling them makes sense. */
  readonly operations?: number;
  /** Largest ‖javascript − wasm‖ / ‖javascript‖ that is no mistake; default 1e-4. */
  readonly tolerance?: number;
  /** What is being timed: made once, before the first run, so that preparation is never on the clock. */
  prepare(): Prepared;
}

export interface Prepared {
  run(): void;
  result(): Float32Array[];
}

export interface Suite {
  readonly workload: string;
  readonly cases: Record<Implementation, () => Case[]>;
}

export const milliseconds: Unit = { name: "ms", scale: 1e3 };
export const microseconds: Unit = { name: "µs", scale: 1e6 };

export function nanosecondsPerNumber(count: number): Unit {
  return { name: "ns/number", scale: 1e9 / count };
}

/** Does `--only` select this case? An empty pattern selects everything. */
export function isSelected(pattern: string, workload: string, name: string): boolean {
  return `${workload} ${name}`.toLowerCase().includes(pattern.toLowerCase());
}
