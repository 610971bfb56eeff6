import { engine } from "../runtime/engine.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import { type Generator, generator } from "../runtime/random.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** Numbers in nested arrays, all of one depth and one length an axis. */
export type NestedNumbers = number | readonly NestedNumbers[];

export interface TensorOptions {
  /** Compute a gradient for it on `backward`; default false. */
  requiresGrad?: boolean;
}

/**
 * A tensor from numbers. Float32Array and nested arrays give float32, Int32Array gives int32 (tokens, classes).
 *
 * ```ts
 * tensor([[1, 2], [3, 4]]).shape; // [2, 2]
 * tensor(Float32Array.of(1, 2, 3, 4), [2, 2]); // [[1, 2], [3, 4]]
 * tensor(Int32Array.of(7, 8)).dtype; // "int32"
 * ```
 *
 * @param shape taken from the nesting, or `[length]`, when omitted.
 * @throws {ShapeError} when the numbers do not fill the shape, or nested arrays are ragged; {OptionError} when an option
 *   is unknown.
 */
export function tensor(
  data: NestedNumbers | Float32Array | Int32Array,
  shape?: Shape,
  options: TensorOptions = {},
): Tensor {
  requireKnown("tensor", options, ["requiresGrad"]);
  const { requiresGrad = false } = options;
  const made = fromData(data, shape);
  if (requiresGrad && made.dtype !== "float32") {
    throw new ShapeError("tensor: expected float32 numbers where requiresGrad is set, got int32");
  }
  made.requiresGrad = requiresGrad;
  return made;
}

function fromData(data: NestedNumbers | Float32Array | Int32Array, shape?: Shape): Tensor {
  if (shape) checkShape("tensor", shape);
  if (data instanceof Float32Array || data instanceof Int32Array) {
    return Tensor.fromArray(data.slice(), shape ?? [data.length]);
  }
  if (typeof data !== "number" && !Array.isArray(data)) {
    throw new ShapeError("tensor: expected a number, nested arrays of numbers, a Float32Array or an Int32Array");
  }
  const found = nestedShape(data);
  const flat = new Float32Array(sizeOf(found));
  flatten(data, found, 0, flat, 0);
  return Tensor.fromArray(flat, shape ?? found);
}

function nestedShape(data: NestedNumbers): number[] {
  const shape: number[] = [];
  let level: NestedNumbers | undefined = data;
  while (Array.isArray(level)) {
    shape.push(level.length);
    level = level[0] as NestedNumbers | undefined;
  }
  return shape;
}

function flatten(data: NestedNumbers, shape: Shape, axis: number, out: Float32Array, at: number): number {
  if (typeof data === "number") {
    if (axis !== shape.length)
      throw new ShapeError(`tensor: expected arrays of one depth, got a number at axis ${axis}`);
    out[at] = data;
    return at + 1;
  }
  if (!Array.isArray(data) || data.length !== shape[axis]) {
    throw new ShapeError(
      `tensor: expected nested arrays that fill ${formatShape(shape)}, got a ragged one at axis ${axis}`,
    );
  }
  let next = at;
  for (const entry of data) next = flatten(entry, shape, axis + 1, out, next);
  return next;
}

/** A tensor of one value everywhere. */
export function full(shape: Shape, value: number, options?: TensorOptions): Tensor {
  checkShape("full", shape);
  return tensor(new Float32Array(sizeOf(shape)).fill(value), shape, options);
}

/** A tensor of zeros. */
export function zeros(shape: Shape, options?: TensorOptions): Tensor {
  return full(shape, 0, options);
}

/** A tensor of ones. */
export function ones(shape: Shape, options?: TensorOptions): Tensor {
  return full(shape, 1, options);
}

/** Random numbers spread evenly over [low, high). */
export function uniform(shape: Shape, options: { low?: number; high?: number; from?: Generator } = {}): Tensor {
  requireKnown("uniform", options, ["low", "high", "from"]);
  const { low = 0, high = 1, from = generator } = options;
  if (!(low <= high)) throw new OptionError(`uniform: expected low ≤ high, got ${low} and ${high}`);
  return sample(shape, (address, count) => {
    const d = from.draw(count);
    engine().kernels.fillUniform(address, count, low, high, d.seedLow, d.seedHigh, d.counterLow, d.counterHigh);
  });
}

/** Random numbers from the normal distribution. */
export function normal(
  shape: Shape,
  options: { mean?: number; standardDeviation?: number; from?: Generator } = {},
): Tensor {
  requireKnown("normal", options, ["mean", "standardDeviation", "from"]);
  const { mean = 0, standardDeviation = 1, from = generator } = options;
  if (!(standardDeviation >= 0)) {
    throw new OptionError(`normal: expected standardDeviation ≥ 0, got ${standardDeviation}`);
  }
  return sample(shape, (address, count) => {
    const d = from.draw(count);
    const { kernels } = engine();
    kernels.fillNormal(address, count, mean, standardDeviation, d.seedLow, d.seedHigh, d.counterLow, d.counterHigh);
  });
}

/** Draws in the engine and keeps the result. */
function sample(shape: Shape, fill: (address: number, count: number) => void): Tensor {
  checkShape("random tensor", shape);
  const { arena } = engine();
  arena.open();
  try {
    const drawn = Tensor.inStep(shape);
    fill(drawn.address, drawn.size);
    return drawn.detach();
  } finally {
    arena.close();
  }
}
