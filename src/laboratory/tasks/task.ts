/** What a task is: where batches come from, and how what a network says is judged. */
import type { Batch } from "../../data/dataset.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { TaskOption } from "../trial.ts";

/** The next random number, evenly spread over [0, 1). */
export type RandomSource = () => number;

/** How a task is trained unless a spec says otherwise; the same for every activation. */
export interface TrainingDefaults {
  /** Units of the recurrent layer. */
  readonly hiddenSize: number;
  /** Sequences a training step. */
  readonly batchSize: number;
  /** Of Adam, constant. */
  readonly learningRate: number;
  /** Gradients are scaled to at most this norm. */
  readonly clipNorm: number;
  /** The score at which the task counts as learned: at most this. */
  readonly target: number;
  /** Training steps between two looks at the validation. */
  readonly every: number;
  /** Sequences of the validation, the same for every seed. */
  readonly validationSize: number;
}

/** The options of a task with the values that they have by default; `TrainingDefaults` are among them. */
export type TaskDefaults = TrainingDefaults & Readonly<Record<string, TaskOption>>;

/** A task with its options settled: what a trial trains on. */
export interface Problem {
  /** What a time step brings: so many numbers, inputs [T, B, numbers], or a token below `tokens`, inputs int32 [T, B]. */
  readonly input: { readonly numbers: number } | { readonly tokens: number };
  /** How many numbers the network says. */
  readonly outputSize: number;
  /** Whether it speaks after the last time step, output [B, outputSize], or at every one, [T, B, outputSize]. */
  readonly speaks: "last" | "every";
  /** Over how many time steps something must be remembered; gated cells start with memories of up to this length. */
  readonly memory: number;
  /** So many sequences to learn from. */
  readonly batch: (count: number, random: RandomSource) => Batch;
  /** So many sequences to be judged by; by default drawn as those to learn from are. */
  readonly validation?: (count: number, random: RandomSource) => Batch;
  /** From what the network says to a number that training lowers. */
  readonly loss: (output: Tensor, target: Tensor) => Tensor;
  /** From what the network says of the validation to a score: lower is better. */
  readonly score: (output: Tensor, target: Tensor) => number;
}

/** A kind of problem that networks can be compared by. */
export interface Task {
  /** What is to be learned, in a line. */
  readonly description: string;
  /** What the score is, such as "mean squared error". */
  readonly score: string;
  /** Every option with its default. */
  readonly defaults: TaskDefaults;
  /**
   * The problem that these options make.
   * @param data a text that the problem is made of, or null for what is built in.
   * @throws {OptionError} when an option is out of range; {DataError} when the data will not do.
   */
  readonly prepare: (options: TaskDefaults, data: string | null) => Problem;
}
