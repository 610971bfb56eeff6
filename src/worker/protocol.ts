/** What a page and the worker that trains for it say to each other: plain data, that any port can carry. */
import type { History, Progress } from "../train/history.ts";

const NAME = "unrolled-training/";

/** Marks a message of this protocol, and its version, among others that a worker may be sent. */
export const PROTOCOL = `${NAME}1`;

/** An error on its way to the other side. */
export interface WrittenError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

/** A training as `Trainer.save` writes it, and the model alone as `Module.save` does. */
export interface TrainingSnapshot {
  /** Steps that were done when it was taken. */
  readonly step: number;
  /** What `fit` and `trainInWorker` take as `resume`: weights, optimizer, position in the data, and all else. */
  readonly checkpoint: Uint8Array<ArrayBuffer>;
  /** What `Module.load` takes: a safetensors file of the weights. */
  readonly weights: Uint8Array<ArrayBuffer>;
}

/** How a training goes, as the page is told. */
export interface TrainingProgress extends Progress {
  /** The losses of all steps since the page was told last, this one's at the end. */
  readonly losses: Float32Array;
  /** Over the time since the page was told last. */
  readonly stepsPerSecond: number;
}

export interface Start {
  readonly kind: "start";
  readonly setup: unknown;
  readonly resume: Uint8Array | undefined;
  /** Milliseconds between two tellings of progress. */
  readonly progressEvery: number;
  /** Milliseconds, and steps, after which a snapshot is due; infinity where the other decides, or none is to be. */
  readonly snapshotEvery: { readonly time: number; readonly steps: number };
}

/** What the page says. */
export type Order =
  | Start
  | { readonly kind: "pause" | "continue" | "snapshot"; readonly id: number }
  | { readonly kind: "ask"; readonly id: number; readonly question: string; readonly argument: unknown }
  | { readonly kind: "abort" }
  | { readonly kind: "ping" };

/** What the worker says. */
export type Report =
  | { readonly kind: "progress"; readonly progress: TrainingProgress }
  | { readonly kind: "told"; readonly value: unknown }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "refusal"; readonly id: number; readonly error: WrittenError }
  | { readonly kind: "snapshot"; readonly snapshot: TrainingSnapshot }
  | { readonly kind: "done"; readonly history: History; readonly snapshot: TrainingSnapshot }
  | { readonly kind: "failed"; readonly error: WrittenError; readonly snapshot: TrainingSnapshot | undefined }
  | { readonly kind: "pong" };

/** The protocol that a message is of, of whatever version; undefined when it is somebody else's. */
export function protocolOf(data: unknown): string | undefined {
  const protocol = typeof data === "object" ? (data as { protocol?: unknown } | null)?.protocol : undefined;
  return typeof protocol === "string" && protocol.startsWith(NAME) ? protocol : undefined;
}
