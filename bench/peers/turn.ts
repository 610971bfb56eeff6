import type { PeerName } from "./peers.ts";
import type { Case } from "./workloads.ts";

/** What one process is asked to do: the cases of one workload in one implementation. */
export interface TurnRequest {
  readonly peer: PeerName;
  readonly threads: number;
  readonly cases: readonly Case[];
  /** Send what each case computes, before it is timed. */
  readonly check: boolean;
  /** Seconds of sampling for each case; 0 to time nothing. */
  readonly seconds: number;
}

/** Sent once, when the library is there. */
export interface Started {
  readonly kind: "started";
  readonly version: string;
  readonly details?: string;
}

/** What a case computes: each array base64 of its float32 bytes. */
export interface Result {
  readonly kind: "result";
  readonly case: string;
  readonly arrays: readonly string[];
  readonly resetBefore?: boolean;
}

export interface Timing {
  readonly kind: "timing";
  readonly case: string;
  /** Median over the samples, seconds a run. */
  readonly seconds: number;
  /** Runs that were timed; 1 where a single run takes long. */
  readonly runs: number;
  readonly note?: string;
}

/** The case cannot be done, or failed. */
export interface Refusal {
  readonly kind: "refusal";
  readonly case: string;
  readonly reason: string;
}

export type TurnMessage = Started | Result | Timing | Refusal;

/** Where a process writes its messages, a line of JSON each; standard output belongs to the libraries. */
export const MESSAGES = 3;
