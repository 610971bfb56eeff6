/**
 * The work that every peer is given, as plain data: what to compute, from which numbers, and what it costs at least.
 * The numbers themselves are drawn by each process from the same seeds, so nothing large travels between them.
 */
import { type CellName, plainCells } from "../plain/character-model.ts";
import { microseconds, milliseconds, nanosecondsPerNumber, type Unit } from "../suite.ts";

/** An array of numbers, uniform in [low, high); drawn from the seed by mulberry32, rounded down where `whole`. */
export interface Draw {
  readonly shape: readonly number[];
  readonly seed: number;
  readonly low: number;
  readonly high: number;
  readonly whole?: boolean;
}

export interface RecurrentSizes {
  readonly cell: CellName;
  readonly steps: number;
  readonly batch: number;
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** GRU only: the reset gate after the product, as PyTorch has it. A peer that cannot is held against the other form. */
  readonly resetAfter: boolean;
}

/** C[M, N] = A[M, K]·B[K, N]. */
export interface MatmulWork {
  readonly kind: "matmul";
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** B is a layer's weight: the same at every run, so a peer may lay it out beforehand where it has a way to say so. */
  readonly fixed: boolean;
}

/** y = f(x) for `count` numbers. */
export interface MapWork {
  readonly kind: "map";
  /** gelu is the exact one, with the error function. */
  readonly function: "sigmoid" | "tanh" | "exp" | "gelu";
  readonly count: number;
}

/** One sample [I] into a layer that keeps its state; checked over the first steps. */
export interface StreamWork extends RecurrentSizes {
  readonly kind: "stream";
}

/** A sequence [T, B, I] through a layer from a zero state. */
export interface SequenceWork extends RecurrentSizes {
  readonly kind: "sequence";
}

/** One step of a character model: embedding [C, I], a recurrent layer, a head [C, H], mean cross-entropy, optimizer. */
export interface TrainingWork extends RecurrentSizes {
  readonly kind: "training";
  readonly characters: number;
  readonly optimizer: "Adam" | "SGD";
  readonly learningRate: number;
}

export type Work = MatmulWork | MapWork | StreamWork | SequenceWork | TrainingWork;

/** What one run cannot do without: its limit is the slowest of the three on an ideal core. */
export interface Cost {
  /** Floating-point operations of the matrix products. */
  readonly operations?: number;
  /** Bytes of weights that have to be read once. */
  readonly readBytes?: number;
  /** Bytes read, and as many written. */
  readonly copyBytes?: number;
}

export interface Case {
  readonly workload: string;
  readonly name: string;
  readonly unit: Unit;
  readonly work: Work;
  readonly inputs: Readonly<Record<string, Draw>>;
  readonly cost: Cost;
  /** Largest ‖expected − actual‖ / ‖expected‖ of any array that the case computes. */
  readonly tolerance: number;
}

/** Steps of a stream whose outputs are compared. */
export const CHECKED_STEPS = 20;
/** Different samples that a stream reads, round and round. */
export const STREAM_SAMPLES = 8;

const mapNames = ["sigmoid", "tanh", "exp", "gelu"] as const;
const cells = Object.keys(plainCells) as CellName[];
const gatesOf: Readonly<Record<CellName, number>> = { RNN: 1, LSTM: 4, GRU: 3 };

/** Weights of the layer in PyTorch's names and shapes, uniform in ±1/√H. */
function layerWeights({ cell, inputSize, hiddenSize }: RecurrentSizes): Record<string, Draw> {
  const rows = gatesOf[cell] * hiddenSize;
  const high = 1 / Math.sqrt(hiddenSize);
  const draw = (seed: number, ...shape: number[]): Draw => ({ shape, seed, low: -high, high });
  return {
    weight_ih_l0: draw(11, rows, inputSize),
    weight_hh_l0: draw(12, rows, hiddenSize),
    bias_ih_l0: draw(13, rows),
    bias_hh_l0: draw(14, rows),
  };
}

/** Operations of one step of one sequence: multiply and add for each weight. */
function stepOperations({ cell, inputSize, hiddenSize }: RecurrentSizes): number {
  return 2 * gatesOf[cell] * hiddenSize * (inputSize + hiddenSize);
}

function productCase(sizes: Omit<MatmulWork, "kind">): Case {
  const { m, k, n, fixed } = sizes;
  return {
    workload: fixed ? "product with a weight" : "matmul",
    name: fixed ? `M = ${m}, ${k} → ${n}` : `${m}×${k}×${n}`,
    unit: milliseconds,
    work: { kind: "matmul", ...sizes },
    inputs: {
      a: { shape: [m, k], seed: 1, low: -1, high: 1 },
      b: { shape: [k, n], seed: 2, low: -1, high: 1 },
    },
    cost: { operations: 2 * m * k * n, ...(fixed ? { readBytes: 4 * k * n } : {}) },
    tolerance: 1e-5,
  };
}

function productCases(): Case[] {
  const squares = [64, 128, 192, 256, 512].map((size) => productCase({ m: size, k: size, n: size, fixed: false }));
  const weights = [
    [128, 512],
    [256, 1024],
  ].flatMap(([k, n]) => [4, 8, 32, 64].map((m) => productCase({ m, k, n, fixed: true })));
  return [...squares, ...weights];
}

function mapCase(name: MapWork["function"], count: number): Case {
  return {
    workload: "map",
    name: `${name}, n = ${count === 4096 ? "4096" : "1M"}`,
    unit: nanosecondsPerNumber(count),
    work: { kind: "map", function: name, count },
    inputs: { x: { shape: [count], seed: 3, low: -8, high: 8 } },
    cost: { copyBytes: 4 * count },
    tolerance: 1e-5,
  };
}

function streamCase(cell: CellName, hiddenSize: number): Case {
  const sizes = { cell, steps: 1, batch: 1, inputSize: hiddenSize, hiddenSize, resetAfter: true };
  return {
    workload: "streaming step",
    name: `${cell}, H = ${hiddenSize}`,
    unit: microseconds,
    work: { kind: "stream", ...sizes },
    inputs: { ...layerWeights(sizes), x: { shape: [STREAM_SAMPLES, hiddenSize], seed: 4, low: -1, high: 1 } },
    cost: { operations: stepOperations(sizes), readBytes: 2 * stepOperations(sizes) },
    tolerance: 1e-4,
  };
}

function sequenceCase(cell: CellName, batch: number): Case {
  const sizes = { cell, steps: 100, batch, inputSize: 128, hiddenSize: 128, resetAfter: true };
  return {
    workload: "sequence inference",
    name: `${cell} 128, T = 100, B = ${batch}`,
    unit: milliseconds,
    work: { kind: "sequence", ...sizes },
    inputs: { ...layerWeights(sizes), x: { shape: [sizes.steps, batch, sizes.inputSize], seed: 5, low: -1, high: 1 } },
    cost: { operations: sizes.steps * batch * stepOperations(sizes) },
    tolerance: 1e-4,
  };
}

type TrainingSizes = Omit<TrainingWork, "kind" | "resetAfter">;

/** Windows of a text that begin and end with token 0, which is how brain.js wants them; targets are the next tokens. */
function trainingCase(sizes: TrainingSizes, unit: Unit): Case {
  const { cell, steps, batch, inputSize, hiddenSize, characters, optimizer } = sizes;
  const work: TrainingWork = { kind: "training", resetAfter: true, ...sizes };
  const high = 1 / Math.sqrt(hiddenSize);
  const layer = Object.entries(layerWeights(work)).map(([name, draw]) => [`layer.${name}`, draw] as const);
  const products = stepOperations(work) + 2 * hiddenSize * characters;
  return {
    workload: "training step",
    name: `${cell} ${hiddenSize}, B = ${batch}, T = ${steps}, ${optimizer}`,
    unit,
    work,
    inputs: {
      "embedding.weight": { shape: [characters, inputSize], seed: 21, low: -1, high: 1 },
      ...Object.fromEntries(layer),
      "head.weight": { shape: [characters, hiddenSize], seed: 22, low: -high, high },
      "head.bias": { shape: [characters], seed: 23, low: -high, high },
      text: { shape: [steps + 1, batch], seed: 24, low: 1, high: characters, whole: true },
    },
    cost: { operations: 3 * steps * batch * products },
    tolerance: 1e-3,
  };
}

function trainingCases(): Case[] {
  const large = { characters: 65, inputSize: 64, steps: 64, optimizer: "Adam", learningRate: 2e-3 } as const;
  const tiny = { characters: 27, inputSize: 32, steps: 20, optimizer: "SGD", learningRate: 0.05 } as const;
  return [
    ...cells.map((cell) => trainingCase({ ...large, cell, hiddenSize: 128, batch: 32 }, milliseconds)),
    ...cells.map((cell) => trainingCase({ ...large, cell, hiddenSize: 256, batch: 64 }, milliseconds)),
    trainingCase({ ...large, cell: "LSTM", hiddenSize: 128, batch: 1 }, milliseconds),
    ...[1, 16].map((batch) => trainingCase({ ...tiny, cell: "RNN", hiddenSize: 32, batch }, microseconds)),
  ];
}

/** Everything that is measured, in the order of the table. RNN is Elman's network with tanh. */
export const cases: readonly Case[] = [
  ...productCases(),
  ...[4096, 1_000_000].flatMap((count) => mapNames.map((name) => mapCase(name, count))),
  ...cells.flatMap((cell) => [32, 64, 128, 256, 512].map((size) => streamCase(cell, size))),
  ...cells.flatMap((cell) => [1, 8, 32].map((batch) => sequenceCase(cell, batch))),
  ...trainingCases(),
];
