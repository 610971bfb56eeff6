import { DataError } from "../runtime/errors.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Batch } from "./dataset.ts";
import { type Block, blockOf, type Example, type NameOf } from "./example.ts";

/** Which sides of an example are sequences, whose first axis is time. */
export type Sequences = "input" | "both" | "none";

export interface CollateOptions {
  readonly sequences: Sequences;
  /** What shorter sequences are filled up with. */
  readonly inputPadding: number;
  readonly targetPadding: number;
  /** The number in the pass of an example of the batch, for messages. */
  readonly numberOf: (b: number) => number;
}

/**
 * Examples as one batch: sequences [T, ...] become [longest T, B, ...] and bring their lengths, anything else is stacked on
 * the first axis ([B, ...]), labels become int32 [B].
 * @throws {DataError} naming the example whose shape, kind or label does not fit.
 */
export function collate(examples: readonly Example[], options: CollateOptions): Batch {
  const { sequences, numberOf } = options;
  const nameOf = (side: string) => (b: number) => `${side} of example ${numberOf(b)}`;
  const inputs = blocksOf(examples, "input", nameOf("input"));
  const input = stack(inputs, sequences !== "none", options.inputPadding, nameOf("input"));
  if (examples.some(({ label }) => label !== undefined)) {
    const target = labelsOf(examples, sequences === "both", nameOf("label"));
    return sequences === "none" ? { input, target } : { input, target, lengths: lengthsOf(inputs) };
  }
  const targets = blocksOf(examples, "target", nameOf("target"));
  const target = stack(targets, sequences === "both", options.targetPadding, nameOf("target"));
  if (sequences === "none") return { input, target };
  const lengths = lengthsOf(inputs);
  if (sequences === "both") requireEqualLengths(lengths, targets, nameOf("target"));
  return { input, target, lengths };
}

/** How many time steps an example's input has. */
export function lengthOf(example: Example, number: number): number {
  return blockOf(example.input, () => `input of example ${number}`, 0).shape[0] ?? 0;
}

function lengthsOf(inputs: readonly Block[]): Int32Array {
  return Int32Array.from(inputs, ({ shape }) => shape[0] as number);
}

function blocksOf(examples: readonly Example[], side: "input" | "target", nameOf: NameOf): Block[] {
  return examples.map((example, b) => blockOf(example?.[side] as Example["input"], nameOf, b));
}

function labelsOf(examples: readonly Example[], timed: boolean, nameOf: NameOf): Tensor {
  const labels = new Int32Array(examples.length);
  examples.forEach(({ label = -1, target }, b) => {
    if (target !== undefined || timed) {
      throw new DataError(`${nameOf(b)}: expected a label or targets of each step, got ${timed ? "a label" : "both"}`);
    }
    if (!Number.isSafeInteger(label) || label < 0 || label >= 2 ** 31) {
      throw new DataError(`${nameOf(b)}: expected a whole number ≥ 0, got ${examples[b]?.label}`);
    }
    labels[b] = label;
  });
  return Tensor.fromArray(labels, [labels.length]);
}

function requireEqualLengths(lengths: Int32Array, targets: readonly Block[], nameOf: NameOf): void {
  const wrong = targets.findIndex(({ shape }, b) => shape[0] !== lengths[b]);
  if (wrong < 0) return;
  throw new DataError(
    `${nameOf(wrong)}: expected ${lengths[wrong]} steps as its input has, got ${targets[wrong]?.shape[0]}`,
  );
}

/** @throws {DataError} unless block `b` differs from the first by no more than its length, where there is time. */
function requireLike(head: Block, { data, shape }: Block, timed: boolean, nameOf: NameOf, b: number): void {
  if (timed && !((shape[0] ?? 0) >= 1)) {
    throw new DataError(`${nameOf(b)}: expected a sequence of at least one step, got ${formatShape(shape)}`);
  }
  const from = timed ? 1 : 0;
  let same = shape.length === head.shape.length;
  for (let axis = from; same && axis < shape.length; axis++) same = shape[axis] === head.shape[axis];
  if (!same) {
    const wanted = `${timed ? "steps of " : ""}${formatShape(head.shape.slice(from))}`;
    throw new DataError(`${nameOf(b)}: expected ${wanted} as the first of its batch has, got ${formatShape(shape)}`);
  }
  const integers = head.data instanceof Int32Array;
  if (data instanceof Int32Array !== integers) {
    throw new DataError(`${nameOf(b)}: expected ${integers ? "int32" : "float32"} as the first of its batch is`);
  }
}

/** One tensor of equal blocks, or of sequences that are equal but for their lengths. */
function stack(blocks: readonly Block[], timed: boolean, padding: number, nameOf: NameOf): Tensor {
  const [head] = blocks as [Block];
  const inner = timed ? head.shape.slice(1) : head.shape;
  let steps = 1;
  blocks.forEach((block, b) => {
    requireLike(head, block, timed, nameOf, b);
    if (timed) steps = Math.max(steps, block.shape[0] as number);
  });
  const count = blocks.length;
  const each = sizeOf(inner);
  const size = steps * count * each;
  const out = head.data instanceof Int32Array ? new Int32Array(size) : new Float32Array(size);
  if (padding !== 0) out.fill(padding);
  blocks.forEach(({ data }, b) => {
    for (let from = 0, to = b * each; from < data.length; from += each, to += count * each) {
      copy(data, from, out, to, each);
    }
  });
  return Tensor.fromArray(out, timed ? [steps, count, ...inner] : [count, ...inner]);
}

/** Few numbers are copied sooner than a view of them is made. */
function copy(data: ArrayLike<number>, from: number, out: Float32Array | Int32Array, to: number, count: number): void {
  if (count > 32 && ArrayBuffer.isView(data)) out.set((data as Float32Array).subarray(from, from + count), to);
  else for (let i = 0; i < count; i++) out[to + i] = data[from + i] as number;
}
