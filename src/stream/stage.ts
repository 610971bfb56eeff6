import type { stagePlan } from "../runtime/plan.ts";
import type { Parameter } from "../tensor/parameter.ts";

/** The kernels a stage may run, by their numbers in the engine. */
export const stageKinds = { lookup: 0, linear: 1, rnn: 2, lstm: 3, gru: 4 } as const;

/** What a stage's kernel works on: the fields of the engine's record, `kernel` excepted. */
export type StageFields = Omit<Parameters<typeof stagePlan>[0], "kernel">;

/** One layer of a stream: a kernel of the engine, the memory it works on, and what has to be packed for it. */
export interface KernelStage {
  /** Takes numbers of this size, or one token out of `tokens`. */
  readonly input: { readonly size: number } | { readonly tokens: number };
  readonly outputSize: number;
  readonly kind: keyof typeof stageKinds;
  /** `state` is where the result lies after a step. */
  readonly fields: StageFields & { readonly state: number };
  /** What `pack` reads: a stream packs before its first step, and again when one of them has changed. */
  readonly parameters: readonly Parameter[];
  /** Brings the copies that the kernel reads up to date. */
  pack(): void;
  /** Goes back to the initial state; a stage without one needs no `reset`. */
  reset?(): void;
}

/** A layer that takes its step by itself, by a call of its own, with the weights as they are. */
export interface StepStage {
  /** Takes numbers of this size. */
  readonly input: { readonly size: number };
  readonly outputSize: number;
  /** Reads the sample at an address, and returns that of the result, which is the same at every step. */
  step(input: number): number;
  /** Where the result lies after a step. */
  readonly result: number;
  /** Goes back to the initial state. */
  reset(): void;
}

/** One layer of a stream. */
export type StreamStage = KernelStage | StepStage;
