/** A training as the bytes of a safetensors file: tensors by name, and everything else as JSON in its metadata. */
import { decodeSafetensors, encodeSafetensors } from "../io/safetensors.ts";
import type { OptimizerState } from "../optim/optimizer.ts";
import { WeightsError } from "../runtime/errors.ts";
import type { Generator } from "../runtime/random.ts";
import { isPlainObject } from "../tensor/structure.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { CallbackState } from "./callback.ts";
import type { Progress, Validation } from "./history.ts";

/** Says that a file is a training, and how it is to be read. */
const FORMAT = "unrolled-training";
const VERSION = "1";

/** What in the options decides where in the data a step is. */
export interface Layout {
  readonly batchSize: number;
  readonly accumulate: number;
  readonly shuffle: boolean;
  /** Examples of a dataset; null for a source of batches. */
  readonly length: number | null;
}

/** Where a training is. */
export interface Position {
  /** Steps done. */
  readonly step: number;
  /** Passes over the data begun before this one, in this training. */
  readonly epoch: number;
  /** Steps done of this pass. */
  readonly inEpoch: number;
  /** Whether the pass is over, though it has not been told yet. */
  readonly passEnded: boolean;
  /** Passes that the trainer has walked in all. */
  readonly passes: number;
  readonly seconds: number;
}

type Standing = Generator["standing"];

/** All that going on depends on. */
export interface Checkpoint {
  readonly layout: Layout;
  readonly position: Position;
  readonly seed: number;
  /** Where the generator of the order stood before this pass, and that of dropout now. */
  readonly generators: { readonly order: Standing; readonly common: Standing };
  readonly model: Readonly<Record<string, Tensor>>;
  readonly optimizer: OptimizerState;
  readonly schedule: Readonly<Record<string, number>> | null;
  /** The state that the next batch continues, where batches continue each other. */
  readonly carried: unknown;
  readonly loss: Float32Array;
  readonly validation: readonly Validation[];
  readonly progress: Progress | null;
  readonly callbacks: Readonly<Record<string, CallbackState>>;
}

/** The bytes of a file. @throws {WeightsError} when a text of `metadata` has a name that the format needs itself. */
export function encodeCheckpoint(
  checkpoint: Checkpoint,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const { model, optimizer, carried, loss, callbacks, ...rest } = checkpoint;
  const tensors: Record<string, Tensor> = {};
  const put = (name: string, tensor: Tensor): void => {
    tensors[name] = tensor;
  };
  for (const [name, tensor] of Object.entries(model)) put(`model.${name}`, tensor);
  for (const [name, array] of Object.entries(optimizer.arrays)) put(`optimizer.${name}`, flat(array));
  for (const [name, state] of Object.entries(callbacks)) {
    for (const [own, tensor] of Object.entries(state.tensors ?? {})) put(`callback.${name}/${own}`, tensor);
  }
  put("history.loss", flat(loss));
  const reserved = ["format", "version", "training"].find((name) => Object.hasOwn(metadata, name));
  if (reserved !== undefined) throw new WeightsError(`checkpoint metadata: ${reserved} is the format's own`);
  const training = {
    ...rest,
    optimizer: { kind: optimizer.kind, numbers: optimizer.numbers },
    carried: takeApart(carried, put),
    callbacks: Object.fromEntries(Object.entries(callbacks).map(([name, { numbers }]) => [name, numbers])),
  };
  const text = JSON.stringify(training, (_, value) => (isNonFinite(value) ? String(value) : value));
  return encodeSafetensors(tensors, { ...metadata, format: FORMAT, version: VERSION, training: text });
}

/**
 * What is in a file.
 * @throws {WeightsError} when it is cut off, damaged, no training, or of another version.
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const { format, version, training: text } = metadata;
  if (format !== FORMAT) throw new WeightsError(`checkpoint: expected a file of ${FORMAT}, got ${format ?? "another"}`);
  if (version !== VERSION) throw new WeightsError(`checkpoint: expected version ${VERSION}, got ${version}`);
  const training = parse(text);
  requireParts(training);
  const under = (prefix: string): Record<string, Tensor> => tensorsUnder(tensors, prefix);
  const states = Object.entries(training.callbacks).map(([name, numbers]) => [
    name,
    { numbers, tensors: under(`callback.${name}/`) },
  ]);
  const arrays = Object.entries(under("optimizer.")).map(([name, tensor]) => [name, tensor.toArray()]);
  return {
    ...training,
    model: under("model."),
    optimizer: { ...training.optimizer, arrays: Object.fromEntries(arrays) },
    carried: putTogether(training.carried, tensors),
    loss: (tensors["history.loss"]?.toArray() as Float32Array | undefined) ?? new Float32Array(0),
    callbacks: Object.fromEntries(states),
  };
}

/** What the JSON of a file holds. */
type Written = Omit<Checkpoint, "model" | "optimizer" | "loss" | "callbacks"> & {
  readonly optimizer: Omit<OptimizerState, "arrays">;
  readonly callbacks: Readonly<Record<string, Readonly<Record<string, number>>>>;
};

const nonFinite: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

function isNonFinite(value: unknown): value is number {
  return typeof value === "number" && !Number.isFinite(value);
}

function parse(text: string | undefined): Written {
  try {
    return JSON.parse(text ?? "", (_, value) =>
      typeof value === "string" && Object.hasOwn(nonFinite, value) ? nonFinite[value] : value,
    );
  } catch (cause) {
    throw new WeightsError("checkpoint training: expected JSON, got something else", { cause });
  }
}

/** @throws {WeightsError} when something is missing that every training has. */
function requireParts(training: Written): void {
  const parts = ["layout", "position", "seed", "generators", "optimizer", "validation", "callbacks"] as const;
  const missing = parts.find((part) => training?.[part] === undefined || training[part] === null);
  if (missing !== undefined) throw new WeightsError(`checkpoint training: expected ${missing}, got none`);
  const { step, epoch, inEpoch, passes } = training.position;
  for (const [name, value] of Object.entries({ step, epoch, inEpoch, passes })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new WeightsError(`checkpoint ${name}: expected a whole number ≥ 0, got ${value}`);
    }
  }
}

/** The standing of a generator as JSON keeps it: words drawn ahead as an array. */
export function writtenStanding({ seed, counter, words }: Standing): Standing {
  return { seed, counter, words: words && { values: Array.from(words.values) as never, next: words.next } };
}

/** The reverse of `writtenStanding`. @throws {WeightsError} when it is none. */
export function readStanding({ seed, counter, words }: Standing): Standing {
  if (![seed, counter, words?.next ?? 0].every((value) => Number.isSafeInteger(value) && value >= 0)) {
    throw new WeightsError("checkpoint generators: expected whole numbers ≥ 0, got something else");
  }
  return { seed, counter, words: words && { values: Uint32Array.from(words.values), next: words.next } };
}

function flat(array: Float32Array): Tensor {
  return Tensor.fromArray(array, [array.length]);
}

function tensorsUnder(tensors: Readonly<Record<string, Tensor>>, prefix: string): Record<string, Tensor> {
  const inside = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(inside.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** A structure with the place of each tensor instead of the tensor, which is put there. */
function takeApart(value: unknown, put: (name: string, tensor: Tensor) => void, place = "carried"): unknown {
  if (value instanceof Tensor) {
    put(place, value);
    return { tensor: place };
  }
  if (Array.isArray(value)) return { array: value.map((entry, i) => takeApart(entry, put, `${place}.${i}`)) };
  if (!isPlainObject(value)) return null;
  const entries = Object.entries(value).map(([name, entry]) => [name, takeApart(entry, put, `${place}.${name}`)]);
  return { object: Object.fromEntries(entries) };
}

/** The reverse of `takeApart`. @throws {WeightsError} when a tensor is missing. */
function putTogether(written: unknown, tensors: Readonly<Record<string, Tensor>>): unknown {
  if (!isPlainObject(written)) return undefined;
  const { tensor, array, object } = written as { tensor?: string; array?: unknown[]; object?: object };
  if (tensor !== undefined) {
    return tensors[tensor] ?? refuse(tensor);
  }
  if (array) return array.map((entry) => putTogether(entry, tensors));
  const entries = Object.entries(object ?? {}).map(([name, entry]) => [name, putTogether(entry, tensors)]);
  return Object.fromEntries(entries);
}

function refuse(name: string): never {
  throw new WeightsError(`checkpoint: expected a tensor ${name}, got none`);
}
