import { gradientOf, record, writeGradient } from "../autograd/graph.ts";
import { engine } from "../runtime/engine.ts";
import { ShapeError } from "../runtime/errors.ts";
import {
  broadcastShapes,
  formatShape,
  requireFloat32,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
} from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { gatherStrided } from "./strided.ts";

const ADD = 0;
const SUBTRACT = 1;
export const MULTIPLY = 2;
const DIVIDE = 3;

/** Numbers are as good as tensors where one operand is constant. */
export type Operand = Tensor | number;

/** An operand as a tensor. @throws {ShapeError} when it is not float32. */
export function asTensor(what: string, operand: Operand): Tensor {
  const t = typeof operand === "number" ? Tensor.fromArray(Float32Array.of(operand), []) : operand;
  if (t.dtype !== "float32") throw new ShapeError(`${what}: expected float32 tensors, got ${t.dtype}`);
  return t;
}

/** Strides of `shape` seen as `out`: 0 along the axes that stretch. */
export function broadcastStrides(shape: Shape, out: Shape): number[] {
  const own = stridesOf(shape);
  const missing = out.length - shape.length;
  return out.map((_, axis) => {
    const i = axis - missing;
    return i < 0 || shape[i] === 1 ? 0 : (own[i] as number);
  });
}

/** Joins neighbouring axes along which both operands walk evenly; axes of 1 vanish. */
function joinAxes(
  out: Shape,
  a: readonly number[],
  b: readonly number[],
): { sizes: number[]; a: number[]; b: number[] } {
  const joined = { sizes: [] as number[], a: [] as number[], b: [] as number[] };
  for (let axis = out.length - 1; axis >= 0; axis--) {
    const size = out[axis] as number;
    if (size === 1) continue;
    const strideA = a[axis] as number;
    const strideB = b[axis] as number;
    const inner = joined.sizes[0];
    const evenA = strideA === (joined.a[0] ?? 0) * (inner ?? 0);
    const evenB = strideB === (joined.b[0] ?? 0) * (inner ?? 0);
    if (inner !== undefined && evenA && evenB) {
      joined.sizes[0] = inner * size;
    } else {
      joined.sizes.unshift(size);
      joined.a.unshift(strideA);
      joined.b.unshift(strideB);
    }
  }
  return joined;
}

/** A kernel of two operands, as `binary` is one: addresses, the sizes of two loops, and each operand's strides there. */
export type PairKernel = (
  a: number,
  b: number,
  y: number,
  outer: number,
  inner: number,
  aOuterStride: number,
  aInnerStride: number,
  bOuterStride: number,
  bInnerStride: number,
) => void;

/** out := a ∘ b with broadcasting; no gradient. */
export function compute(operation: number, a: Tensor, b: Tensor, shape: Shape, out = Tensor.inStep(shape)): Tensor {
  const { kernels } = engine();
  return computePairs((...at) => kernels.binary(operation, ...at), a, b, shape, out);
}

/** The same for any kernel of two operands. */
export function computePairs(
  kernel: PairKernel,
  a: Tensor,
  b: Tensor,
  shape: Shape,
  out = Tensor.inStep(shape),
): Tensor {
  const joined = joinAxes(shape, broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape));
  const rank = joined.sizes.length;
  const innerA = rank > 0 ? (joined.a[rank - 1] as number) : 0;
  const innerB = rank > 0 ? (joined.b[rank - 1] as number) : 0;
  if (rank <= 2 && innerA <= 1 && innerB <= 1) {
    const inner = rank > 0 ? (joined.sizes[rank - 1] as number) : 1;
    const outer = rank > 1 ? (joined.sizes[0] as number) : 1;
    const outerA = rank > 1 ? (joined.a[0] as number) : 0;
    const outerB = rank > 1 ? (joined.b[0] as number) : 0;
    if (sizeOf(shape) > 0) {
      kernel(a.address, b.address, out.address, outer, inner, outerA, innerA, outerB, innerB);
    }
    return out;
  }
  return computePairs(kernel, expanded(a, shape), expanded(b, shape), shape, out);
}

/** `x` written out in full at the shape it broadcasts to. */
export function expanded(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const out = Tensor.inStep(shape);
  gatherStrided(x.address, out.address, shape, broadcastStrides(x.shape, shape));
  return out;
}

/** Sums `x` over the axes along which `shape` was stretched: the gradient of broadcasting. Writes to `address`. */
export function sumTo(x: Tensor, shape: Shape, address: number): void {
  const { kernels } = engine();
  let sizes = [...x.shape];
  let from = x.address;
  const missing = sizes.length - shape.length;
  for (let axis = 0; axis < sizes.length; axis++) {
    const wanted = axis < missing ? 1 : (shape[axis - missing] as number);
    if (sizes[axis] === wanted) continue;
    const outer = sizeOf(sizes.slice(0, axis));
    const inner = sizeOf(sizes.slice(axis + 1));
    const to = engine().allocate(outer * inner);
    kernels.sumAxis(from, to, outer, sizes[axis] as number, inner);
    sizes = sizes.with(axis, 1);
    from = to;
  }
  engine().f32.copyWithin(address >>> 2, from >>> 2, (from >>> 2) + sizeOf(shape));
}

/** Sends `dy ∘ other` (or dy itself) to an operand that may have been stretched. */
function sendTo(operand: Tensor, gradient: () => Tensor): void {
  writeGradient(operand, (address) => sumTo(gradient(), operand.shape, address));
}

function binary(
  what: string,
  operation: number,
  left: Operand,
  right: Operand,
  gradientLeft: (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => Tensor,
  gradientRight: (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => Tensor,
): Tensor {
  const a = asTensor(what, left);
  const b = asTensor(what, right);
  const shape = broadcastShapes(what, a.shape, b.shape);
  const y = compute(operation, a, b, shape);
  record([a, b], [y], () => {
    const dy = Tensor.at(gradientOf(y), shape);
    sendTo(a, () => gradientLeft(dy, a, b, y));
    sendTo(b, () => gradientRight(dy, a, b, y));
  });
  return y;
}

/**
 * a + b, shapes broadcasting as in NumPy.
 *
 * ```ts
 * const [a, b] = [tensor([[1], [2]]), tensor([10, 20])];
 * add(a, b); // [[11, 21], [12, 22]]
 * sub(1, a); // [[0], [-1]]
 * mul(a, 3); // [[3], [6]]
 * div(b, a); // [[10, 20], [5, 10]]
 * neg(b); // [-10, -20]
 * ```
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 */
export function add(a: Operand, b: Operand): Tensor {
  return binary(
    "add",
    ADD,
    a,
    b,
    (dy) => dy,
    (dy) => dy,
  );
}

/** a − b, shapes broadcasting. @throws {ShapeError} when the shapes do not broadcast. */
export function sub(a: Operand, b: Operand): Tensor {
  return binary(
    "sub",
    SUBTRACT,
    a,
    b,
    (dy) => dy,
    (dy) => scaled(dy, -1),
  );
}

/** a ⊙ b, shapes broadcasting. @throws {ShapeError} when the shapes do not broadcast. */
export function mul(a: Operand, b: Operand): Tensor {
  const times = (dy: Tensor, factor: Tensor): Tensor => compute(MULTIPLY, dy, factor, dy.shape);
  return binary(
    "mul",
    MULTIPLY,
    a,
    b,
    (dy, _, right) => times(dy, right),
    (dy, left) => times(dy, left),
  );
}

/** a / b, shapes broadcasting. @throws {ShapeError} when the shapes do not broadcast. */
export function div(a: Operand, b: Operand): Tensor {
  // d(a/b)/db = −(a/b)/b
  return binary(
    "div",
    DIVIDE,
    a,
    b,
    (dy, _, right) => compute(DIVIDE, dy, right, dy.shape),
    (dy, _, right, y) => scaled(compute(DIVIDE, compute(MULTIPLY, dy, y, dy.shape), right, dy.shape), -1),
  );
}

/** −x. */
export function neg(x: Tensor): Tensor {
  return mul(x, -1);
}

/** factor · x; no gradient. */
function scaled(x: Tensor, factor: number): Tensor {
  const out = Tensor.inStep(x.shape);
  engine().kernels.scale(x.address, out.address, x.size, factor);
  return out;
}

/**
 * x written out in full at a shape that it broadcasts to.
 *
 * ```ts
 * broadcastTo(tensor([1, 2]), [3, 2]); // [[1, 2], [1, 2], [1, 2]]
 * ```
 *
 * @throws {ShapeError} when it does not.
 */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  requireFloat32("broadcastTo x", x);
  if (!sameShape(broadcastShapes("broadcastTo", x.shape, shape), shape)) {
    throw new ShapeError(
      `broadcastTo: expected a shape that ${formatShape(x.shape)} stretches to, got ${formatShape(shape)}`,
    );
  }
  const y = Tensor.inStep(shape);
  gatherStrided(x.address, y.address, shape, broadcastStrides(x.shape, shape));
  record([x], [y], () => sendTo(x, () => Tensor.at(gradientOf(y), shape)));
  return y;
}
