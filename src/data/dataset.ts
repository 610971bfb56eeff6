import { DataError, OptionError, ShapeError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import type { Lengths } from "../tensor/lengths.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What a network is shown at once, and what it should have said. */
export interface Batch {
  readonly input: Tensor;
  readonly target: Tensor;
  /** How many steps each sequence has, where they differ and are padded to the longest. */
  readonly lengths?: Lengths;
}

/** Examples that can be fetched by number. */
export interface Dataset {
  /** How many examples there are. */
  readonly length: number;
  /** The examples of these numbers, as one batch. A `Trainer` asks inside the step, so operations may compute it. */
  batch(indices: Int32Array): Batch;
}

export interface ArrayDatasetOptions {
  /**
   * Put the batch on the second axis of inputs that are sequences ([T, B, I]), and with "both" on that of targets too,
   * where every time step has one ([T, B]); default false: on the first axis.
   */
  timeMajor?: boolean | "both";
}

/**
 * Examples from two tensors whose first axis counts them: inputs [N, ...] and targets [N, ...].
 *
 * ```ts
 * const data = arrayDataset(normal([10, 7, 3]), zeros([10, 1]), { timeMajor: true });
 * data.length; // 10
 * data.batch(Int32Array.of(4, 2)).input.shape; // [7, 2, 3]
 * ```
 *
 * @param options timeMajor: inputs [N, T, ...] become batches [T, B, ...], as recurrent layers read them; "both": targets too.
 * @throws {DataError} when there are none; {ShapeError} when inputs and targets are not equally many.
 */
export function arrayDataset(inputs: Tensor, targets: Tensor, options: ArrayDatasetOptions = {}): Dataset {
  requireKnown("arrayDataset", options, ["timeMajor"]);
  const { timeMajor = false } = options;
  if (![false, true, "both"].includes(timeMajor)) {
    throw new OptionError(`arrayDataset timeMajor: expected false, true or "both", got ${JSON.stringify(timeMajor)}`);
  }
  const [length] = inputs.shape;
  if (length === undefined || targets.shape[0] !== length) {
    throw new ShapeError(
      `arrayDataset: expected as many inputs as targets, got ${formatShape(inputs.shape)} and ${formatShape(targets.shape)}`,
    );
  }
  if (length === 0) throw new DataError("arrayDataset: expected at least one example, got none");
  const inputsOf = gatherer("inputs", inputs, timeMajor !== false);
  const targetsOf = gatherer("targets", targets, timeMajor === "both");
  return { length, batch: (indices) => ({ input: inputsOf(indices), target: targetsOf(indices) }) };
}

/** What fetches examples of one tensor by number, the batch on its first axis or on its second. */
function gatherer(what: string, from: Tensor, timeMajor: boolean): (indices: Int32Array) => Tensor {
  if (timeMajor && from.shape.length < 2) {
    throw new ShapeError(`arrayDataset: expected ${what} [N, T, ...] with timeMajor, got ${formatShape(from.shape)}`);
  }
  const data = from.toArray();
  return (indices) => (timeMajor ? gatherTimeMajor(data, from, indices) : gather(data, from, indices));
}

type Numbers = Float32Array | Int32Array;

function like(data: Numbers, length: number): Numbers {
  return data instanceof Int32Array ? new Int32Array(length) : new Float32Array(length);
}

function gather(data: Numbers, { shape }: Tensor, indices: Int32Array): Tensor {
  const each = sizeOf(shape.slice(1));
  const out = like(data, indices.length * each);
  indices.forEach((index, i) => {
    out.set(data.subarray(index * each, (index + 1) * each), i * each);
  });
  return Tensor.fromArray(out, shape.with(0, indices.length));
}

function gatherTimeMajor(data: Numbers, { shape }: Tensor, indices: Int32Array): Tensor {
  const steps = shape[1] as number;
  const each = sizeOf(shape.slice(2));
  const out = like(data, indices.length * steps * each);
  indices.forEach((index, b) => {
    for (let t = 0; t < steps; t++) {
      const from = (index * steps + t) * each;
      out.set(data.subarray(from, from + each), (t * indices.length + b) * each);
    }
  });
  return Tensor.fromArray(out, [steps, indices.length, ...shape.slice(2)]);
}

/**
 * Windows of a token sequence for a language model: input is `window` tokens from anywhere, target the same one token
 * later; both int32 [T, B].
 *
 * ```ts
 * const windows = textWindows(Int32Array.of(5, 6, 7, 8, 9), { window: 2, stride: 2 });
 * const { input, target } = windows.batch(Int32Array.of(0, 1));
 * input; // [[5, 7], [6, 8]]
 * target; // [[6, 8], [7, 9]]
 * ```
 *
 * @param options stride from one window's start to the next; 1 unless given, `window` for windows that do not overlap.
 * @throws {OptionError} when window or stride is not a whole number ≥ 1; {DataError} when no window fits.
 */
export function textWindows(tokens: Int32Array, options: { window: number; stride?: number }): Dataset {
  requireKnown("textWindows", options, ["window", "stride"]);
  const { window, stride = 1 } = options;
  for (const [name, value] of Object.entries({ window, stride })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new OptionError(`textWindows ${name}: expected a whole number ≥ 1, got ${value}`);
    }
  }
  const length = Math.floor((tokens.length - window - 1) / stride) + 1;
  if (length < 1) throw new DataError(`textWindows: expected more than ${window} tokens, got ${tokens.length}`);
  return {
    length,
    batch: (indices) => {
      const batch = indices.length;
      const input = new Int32Array(window * batch);
      const target = new Int32Array(window * batch);
      indices.forEach((index, b) => {
        const start = index * stride;
        for (let t = 0; t < window; t++) {
          input[t * batch + b] = tokens[start + t] as number;
          target[t * batch + b] = tokens[start + t + 1] as number;
        }
      });
      return { input: Tensor.fromArray(input, [window, batch]), target: Tensor.fromArray(target, [window, batch]) };
    },
  };
}
