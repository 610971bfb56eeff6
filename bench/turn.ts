import type { Implementation } from "./suite.ts";

/** What one child process is asked to do: time one implementation of one workload, or compare both. */
export interface TurnRequest {
  task: "time" | "compare";
  workload: string;
  implementation: Implementation;
  only: string;
  /** Seconds that Benchmark.js may sample one case for. */
  seconds: number;
}

/** What it sends back for each case. */
export interface Timing {
  kind: "timing";
  case: string;
  /** Median of Benchmark.js's samples, seconds a run. */
  seconds: number;
}

export interface Comparison {
  kind: "comparison";
  case: string;
  /** ‖javascript − wasm‖ / ‖javascript‖, the largest over everything the case computes. */
  difference: number;
}

export type TurnMessage = Timing | Comparison;
