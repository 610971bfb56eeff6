/** The newer recurrences, one of each, with options that bring out what they do. */
import {
  ClosedFormContinuous,
  IndRNN,
  LegendreMemoryUnit,
  MinGRU,
  MinimalGatedUnit,
  MinLSTM,
  type Module,
  QRNN,
  RGLRU,
  type SequencePass,
  SRU,
  type Tensor,
} from "../../src/index.ts";

export type State = unknown;
export type Sizes = { inputSize: number; hiddenSize: number };
export type Directions = { layers?: number; bidirectional?: boolean; reverse?: boolean; dropout?: number };
export type AnyRecurrence = {
  forward(x: Tensor, state?: State, pass?: SequencePass): { output: Tensor; state: State };
} & Module;

type Make = (options: Sizes & Directions) => unknown;

const makers: Record<string, Make> = {
  IndRNN: (options) => new IndRNN({ ...options, activation: "tanh" }),
  "IndRNN gelu": (options) => new IndRNN({ ...options, activation: "gelu" }),
  MinGRU: (options) => new MinGRU(options),
  MinLSTM: (options) => new MinLSTM(options),
  MinimalGatedUnit: (options) => new MinimalGatedUnit(options),
  QRNN: (options) => new QRNN({ ...options, window: 3 }),
  "QRNN ifo": (options) => new QRNN({ ...options, pooling: "ifo" }),
  "QRNN without a past": (options) => new QRNN({ ...options, window: 1, pooling: "f" }),
  RGLRU: ({ inputSize: hiddenSize, layers, bidirectional, reverse, dropout }) =>
    // A layer on two directions would have to be twice as wide as its input.
    new RGLRU({ hiddenSize, layers: bidirectional ? 1 : layers, bidirectional, reverse, dropout }),
  SRU: (options) => new SRU({ ...options, highwayScale: 1.2, highwayBias: -1 }),
  LegendreMemoryUnit: (options) => new LegendreMemoryUnit({ ...options, order: 4, theta: 6 }),
  ClosedFormContinuous: (options) => new ClosedFormContinuous({ ...options, backboneSize: 5, backboneLayers: 2 }),
};

/** Name and maker of each; RGLRU takes `inputSize` for its one size. */
export const newerRecurrences = Object.entries(makers) as [string, (options: Sizes & Directions) => AnyRecurrence][];

/** A state like another, its parts replaced in their order. */
export function withParts(like: State, next: () => Tensor): State {
  if (like !== null && typeof like === "object" && !("shape" in like)) {
    return Object.fromEntries(Object.keys(like).map((name) => [name, next()]));
  }
  return next();
}
