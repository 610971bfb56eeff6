import type { PeerName } from "./peers.ts";
import type { Case } from "./workloads.ts";

/** What one process or worker is asked to do: the cases of one workload in one implementation. */
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

/** What a case computes; between processes each array is base64 of its float32 bytes. */
export interface Result<A = Float32Array> {
  readonly kind: "result";
  readonly case: string;
  readonly arrays: readonly A[];
  readonly resetBefore?: boolean;
  readonly tolerance?: number;
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

export type TurnMessage<A = Float32Array> = Started | Result<A> | Timing | Refusal;

/** Runs one turn where nothing else lives; hands over its messages as they come. Fails when that place breaks down. */
export type TakeTurn = (request: TurnRequest, onMessage: (message: TurnMessage) => void) => Promise<void>;

/** Milliseconds without a message after which a turn counts as stuck. */
export const PATIENCE = 180_000;

/** Where a process writes its messages, a line of JSON each; standard output belongs to the libraries. */
export const MESSAGES = 3;

export function encoded(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}

export function decoded(text: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
}
