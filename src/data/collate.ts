import { DataError } from "../runtime/errors.ts";
import { formatShape, sameShape, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Batch } from "./dataset.ts";
import { blockOf, type Example, type NumberBlock } from "./example.ts";

/** Which sides of an example are sequences, whose first axis is time. */
export type Sequences = "input" | "both" | "none";

export interface CollateOptions {
  readonly sequences: Sequences;
  /** What shorter sequences are filled up with. */
  readonly inputPadding: number;
  readonly targetPadding: number;
  /** The examples' numbers in the pass, for messages. */
  readonly numbers: ArrayLike<number>;
}

/**
 * Examples as one batch: sequences [T, ...] become [longest T, B, ...] and bring their lengths, anything else is stacked on
 * the first axis ([B, ...]), labels become int32 [B].
 * @throws {DataError} naming the example whose shape, kind or label does not fit.
 */
export function collate(examples: readonly Example[], options: CollateOptions): Batch {
  const { sequences, numbers } = options;
  const nameOf = (side: string) => (b: number) => `${side} of example ${numbers[b]}`;
  const inputs = blocksOf(examples, "input", nameOf("input"));
  const targets = examples.some(({ label }) => label !== undefined)
    ? labelsOf(examples, nameOf("label"))
    : blocksOf(examples, "target", nameOf("target"));
  const input = stack(inputs, sequences !== "none", options.inputPadding, nameOf("input"));
  const target = stack(targets, sequences === "both", options.targetPadding, nameOf("target"));
  if (sequences === "none") return { input, target };
  const lengths = Int32Array.from(inputs, ({ shape }) => shape[0] as number);
  if (sequences === "both") requireEqualLengths(lengths, targets, nameOf("target"));
  return { input, target, lengths };
}

/** How many time steps an example's input has. */
export function lengthOf(example: Example, number: number): number {
  const { shape } = blockOf(() => `input of example ${number}`, example.input);
  return shape[0] ?? 0;
}

function blocksOf(examples: readonly Example[], side: "input" | "target", nameOf: (b: number) => string) {
  return examples.map((example, b) => blockOf(() => nameOf(b), example?.[side] as Example["input"]));
}

function labelsOf(examples: readonly Example[], nameOf: (b: number) => string): NumberBlock[] {
  return examples.map(({ label, target }, b) => {
    if (target !== undefined || !Number.isSafeInteger(label) || (label as number) < 0 || (label as number) >= 2 ** 31) {
      throw new DataError(
        `${nameOf(b)}: expected a whole number ≥ 0 and no target, got ${target === undefined ? label : "both"}`,
      );
    }
    return { data: Int32Array.of(label as number), shape: [] };
  });
}

function requireEqualLengths(
  lengths: Int32Array,
  targets: readonly NumberBlock[],
  nameOf: (b: number) => string,
): void {
  const wrong = targets.findIndex(({ shape }, b) => shape[0] !== lengths[b]);
  if (wrong < 0) return;
  throw new DataError(
    `${nameOf(wrong)}: expected ${lengths[wrong]} steps as its input has, got ${targets[wrong]?.shape[0]}`,
  );
}

/** One tensor of equal blocks, or of sequences that are equal but for their lengths. */
function stack(blocks: readonly NumberBlock[], timed: boolean, padding: number, nameOf: (b: number) => string): Tensor {
  const [head] = blocks as [NumberBlock];
  const integers = head.data instanceof Int32Array;
  const inner = timed ? head.shape.slice(1) : head.shape;
  blocks.forEach(({ data, shape }, b) => {
    if (timed && !((shape[0] ?? 0) >= 1)) {
      throw new DataError(`${nameOf(b)}: expected a sequence of at least one step, got ${formatShape(shape)}`);
    }
    if (!sameShape(timed ? shape.slice(1) : shape, inner)) {
      const wanted = timed ? `steps of ${formatShape(inner)}` : formatShape(inner);
      throw new DataError(`${nameOf(b)}: expected ${wanted} as the first of its batch has, got ${formatShape(shape)}`);
    }
    if (data instanceof Int32Array !== integers) {
      throw new DataError(`${nameOf(b)}: expected ${integers ? "int32" : "float32"} as the first of its batch is`);
    }
  });
  const count = blocks.length;
  const each = sizeOf(inner);
  const steps = timed ? Math.max(...blocks.map(({ shape }) => shape[0] as number)) : 1;
  const out = integers ? new Int32Array(steps * count * each) : new Float32Array(steps * count * each);
  if (padding !== 0) out.fill(padding);
  blocks.forEach(({ data, shape }, b) => {
    const own = timed ? (shape[0] as number) : 1;
    if (each === 1) for (let t = 0; t < own; t++) out[t * count + b] = data[t] as number;
    else for (let t = 0; t < own; t++) out.set(data.subarray(t * each, (t + 1) * each), (t * count + b) * each);
  });
  return Tensor.fromArray(out, timed ? [steps, count, ...inner] : [count, ...inner]);
}
