import { type Implementation, implementations, isSelected, type Suite } from "./suite.ts";

/** One measured line, as it goes into the JSON file. */
export interface Row {
  workload: string;
  case: string;
  implementation: Implementation;
  /** Median of the turns' medians. */
  median: number;
  unit: string;
  /** (slowest turn − fastest turn) / median. */
  spread: number;
  /** Plain JavaScript's median over this one's: how many times faster. */
  ratio: number;
  /** ‖javascript − wasm‖ / ‖javascript‖, the largest over everything the case computes. */
  difference: number;
  /** 10⁹ floating-point operations a second, where the case tells its operations. */
  gigaflops?: number;
}

/** Seconds a run, one entry a turn, by workload, case and implementation; and how far the implementations differ. */
export class Measurements {
  readonly #turns = new Map<string, number[]>();
  readonly #differences = new Map<string, number>();

  /** Notes the relative difference between the implementations' results. */
  compare(workload: string, name: string, difference: number): void {
    this.#differences.set(JSON.stringify([workload, name]), difference);
  }

  differenceOf(workload: string, name: string): number {
    return this.#differences.get(JSON.stringify([workload, name])) ?? 0;
  }

  add(workload: string, name: string, implementation: Implementation, seconds: number): void {
    const key = JSON.stringify([workload, name, implementation]);
    const turns = this.#turns.get(key);
    if (turns) turns.push(seconds);
    else this.#turns.set(key, [seconds]);
  }

  of(workload: string, name: string, implementation: Implementation): number[] {
    return this.#turns.get(JSON.stringify([workload, name, implementation])) ?? [];
  }
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The rows of every selected case that was measured, JavaScript first. */
export function rowsOf(suites: readonly Suite[], only: string, measurements: Measurements): Row[] {
  return suites.flatMap(({ workload, cases }) =>
    cases.javascript().flatMap(({ name, unit, operations }) => {
      if (!isSelected(only, workload, name)) return [];
      const baseline = medianOf(measurements.of(workload, name, "javascript"));
      return implementations.map((implementation): Row => {
        const turns = measurements.of(workload, name, implementation);
        const seconds = medianOf(turns);
        return {
          workload,
          case: name,
          implementation,
          median: seconds * unit.scale,
          unit: unit.name,
          spread: (Math.max(...turns) - Math.min(...turns)) / seconds,
          ratio: baseline / seconds,
          difference: measurements.differenceOf(workload, name),
          ...(operations ? { gigaflops: operations / seconds / 1e9 } : {}),
        };
      });
    }),
  );
}
