/** Figures count only when results agree: each peer's are held against plain JavaScript's. */
import type { Result, TakeTurn } from "./turn.ts";
import type { Case } from "./workloads.ts";

/** ‖expected − actual‖ / ‖expected‖. */
export function relativeDifference(expected: Float32Array, actual: Float32Array): number {
  if (expected.length !== actual.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (expected[i] - actual[i]) ** 2;
    size += expected[i] ** 2;
  }
  return Math.sqrt(difference) / Math.max(Math.sqrt(size), Number.MIN_VALUE);
}

/** The results that are right, computed once a case; the other form of the GRU by this library. */
export class Reference {
  readonly #takeTurn: TakeTurn;
  readonly #results = new Map<string, Promise<readonly Float32Array[]>>();

  constructor(takeTurn: TakeTurn) {
    this.#takeTurn = takeTurn;
  }

  /** Says what is wrong with a result, if anything (NaN is), and how accurate it is where that is not the case's. */
  async judge(benchCase: Case, result: Result): Promise<{ complaint?: string; accuracy?: string }> {
    const { arrays, resetBefore = false, tolerance = benchCase.tolerance } = result;
    const expected = await this.#of(benchCase, resetBefore);
    const differences = arrays.map((values, i) => relativeDifference(expected[i] ?? new Float32Array(), values));
    const worst = differences.reduce((a, b) => (b > a || Number.isNaN(b) ? b : a), 0);
    if (worst <= tolerance && arrays.length > 0)
      return tolerance === benchCase.tolerance ? {} : { accuracy: `off by ${(100 * worst).toPrecision(2)} % at most` };
    const array = differences.findIndex((difference) => Object.is(difference, worst));
    return { complaint: `another result: array ${array} is off by ${worst.toPrecision(2)}, allowed ${tolerance}` };
  }

  #of(benchCase: Case, resetBefore: boolean): Promise<readonly Float32Array[]> {
    const key = JSON.stringify([benchCase.name, benchCase.workload, resetBefore]);
    const known = this.#results.get(key);
    if (known) return known;
    const fresh = this.#compute(benchCase, resetBefore);
    this.#results.set(key, fresh);
    return fresh;
  }

  async #compute(benchCase: Case, resetBefore: boolean): Promise<readonly Float32Array[]> {
    const work = resetBefore ? ({ ...benchCase.work, resetAfter: false } as Case["work"]) : benchCase.work;
    const peer = resetBefore ? "unrolled" : "javascript";
    let result: readonly Float32Array[] | undefined;
    const request = { peer, threads: 1, cases: [{ ...benchCase, work }], check: true, seconds: 0 } as const;
    await this.#takeTurn(request, (message) => {
      if (message.kind === "result") result = message.arrays;
    });
    if (!result) throw new Error(`${benchCase.workload} ${benchCase.name}: the reference gave no result`);
    return result;
  }
}
