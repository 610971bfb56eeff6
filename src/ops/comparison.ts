/** Comparing and choosing, number by number, shapes broadcasting as in NumPy. */
import { gradientOf, record, withGradients, writeGradient } from "../autograd/graph.ts";
import { engine } from "../runtime/engine.ts";
import { OptionError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import { broadcastShapes } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { add, asTensor, compute, expanded, MULTIPLY, mul, type Operand, sumTo } from "./elementwise.ts";

/** The numbers of the operations among the engine's binary ones. */
const MAXIMUM = 4;
const MINIMUM = 5;
const GREATER = 6;
const GREATER_OR_EQUAL = 7;
const EQUAL = 8;

function comparison(what: string, operation: number, left: Operand, right: Operand): Tensor {
  const [a, b] = [asTensor(what, left), asTensor(what, right)];
  return compute(operation, a, b, broadcastShapes(what, a.shape, b.shape));
}

/**
 * 1 where a > b, else 0; with NaN 0. No gradient flows through.
 *
 * ```ts
 * const x = tensor([1, 2, 3]);
 * greater(x, 2); // [0, 0, 1]
 * greaterEqual(x, 2); // [0, 1, 1]
 * less(x, 2); // [1, 0, 0]
 * lessEqual(x, 2); // [1, 1, 0]
 * equal(x, tensor([[1], [2]])); // [[1, 0, 0], [0, 1, 0]]
 * ```
 *
 * @throws {ShapeError} when shapes do not broadcast.
 */
export function greater(a: Operand, b: Operand): Tensor {
  return comparison("greater", GREATER, a, b);
}

/** 1 where a ≥ b, else 0. @throws {ShapeError} when shapes do not broadcast. */
export function greaterEqual(a: Operand, b: Operand): Tensor {
  return comparison("greaterEqual", GREATER_OR_EQUAL, a, b);
}

/** 1 where a < b, else 0. @throws {ShapeError} when shapes do not broadcast. */
export function less(a: Operand, b: Operand): Tensor {
  return comparison("less", GREATER, b, a);
}

/** 1 where a ≤ b, else 0. @throws {ShapeError} when shapes do not broadcast. */
export function lessEqual(a: Operand, b: Operand): Tensor {
  return comparison("lessEqual", GREATER_OR_EQUAL, b, a);
}

/** 1 where a = b, else 0. @throws {ShapeError} when shapes do not broadcast. */
export function equal(a: Operand, b: Operand): Tensor {
  return comparison("equal", EQUAL, a, b);
}

/** y = a ∘ b whose gradient goes to each operand times a share of its own. */
function shared(
  what: string,
  operation: number,
  operands: readonly [Operand, Operand],
  shares: readonly ((a: Tensor, b: Tensor) => Tensor)[],
): Tensor {
  const [a, b] = [asTensor(what, operands[0]), asTensor(what, operands[1])];
  const shape = broadcastShapes(what, a.shape, b.shape);
  const y = compute(operation, a, b, shape);
  record([a, b], [y], () => {
    const dy = Tensor.at(gradientOf(y), shape);
    for (const [i, operand] of [a, b].entries()) {
      writeGradient(operand, (address) => {
        const share = withGradients(false, () => (shares[i] as (a: Tensor, b: Tensor) => Tensor)(a, b));
        sumTo(compute(MULTIPLY, dy, share, shape), operand.shape, address);
      });
    }
  });
  return y;
}

/** 1 where the first is chosen, ½ where both are the same. */
const greaterShare = (a: Tensor, b: Tensor): Tensor => add(greater(a, b), mul(equal(a, b), 0.5));
const lessShare = (a: Tensor, b: Tensor): Tensor => greaterShare(b, a);

/**
 * The larger of two numbers, NaN where one is. Where they are the same each gets half of the gradient.
 *
 * ```ts
 * maximum(tensor([1, 5]), tensor([3, 2])); // [3, 5]
 * minimum(tensor([1, 5]), 2); // [1, 2]
 * ```
 *
 * @throws {ShapeError} when shapes do not broadcast.
 */
export function maximum(a: Operand, b: Operand): Tensor {
  return shared("maximum", MAXIMUM, [a, b], [greaterShare, lessShare]);
}

/**
 * The smaller of two numbers, NaN where one is. Where they are the same each gets half of the gradient.
 * @throws {ShapeError} when shapes do not broadcast.
 */
export function minimum(a: Operand, b: Operand): Tensor {
  return shared("minimum", MINIMUM, [a, b], [lessShare, greaterShare]);
}

/**
 * x kept within [min, max]; one of the two may be left out. The derivative is 1 there, the bounds included, and 0 outside.
 *
 * ```ts
 * clamp(tensor([-2, 0.5, 3]), { min: -1, max: 1 }); // [-1, 0.5, 1]
 * ```
 *
 * @throws {OptionError} when there is no bound, or min > max.
 */
export function clamp(x: Tensor, options: { min?: number; max?: number }): Tensor {
  requireKnown("clamp", options, ["min", "max"]);
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = options;
  if (!(min <= max) || (options.min === undefined && options.max === undefined)) {
    throw new OptionError(`clamp: expected bounds min ≤ max, got ${options.min} and ${options.max}`);
  }
  const input = asTensor("clamp x", x);
  return withInside(input, min, max);
}

function withInside(x: Tensor, min: number, max: number): Tensor {
  const y = withGradients(false, () => minimum(maximum(x, min), max));
  const fresh = Tensor.view(y, 0, x.shape);
  record([x], [fresh], () => {
    writeGradient(x, (dx) => {
      const dy = Tensor.at(gradientOf(fresh), x.shape);
      const inside = withGradients(false, () => mul(greaterEqual(x, min), lessEqual(x, max)));
      compute(MULTIPLY, dy, inside, x.shape, Tensor.at(dx, x.shape));
    });
  });
  return fresh;
}

/**
 * a where the condition is not 0, else b, shapes broadcasting. Gradients go to what was chosen; what was not may be
 * anything, NaN as well.
 *
 * ```ts
 * const x = tensor([-2, 4]);
 * where(greater(x, 0), sqrt(x), 0); // [0, 2]
 * ```
 *
 * @param condition float32, as comparisons give it; no gradient flows through it.
 * @throws {ShapeError} when shapes do not broadcast.
 */
export function where(condition: Operand, a: Operand, b: Operand): Tensor {
  const tensors = [asTensor("where condition", condition), asTensor("where a", a), asTensor("where b", b)] as const;
  const shape = tensors.reduce((so, t) => broadcastShapes("where", so, t.shape), [] as readonly number[]);
  const [chosen, left, right] = tensors.map((t) => expanded(t, shape)) as [Tensor, Tensor, Tensor];
  const { kernels } = engine();
  const y = Tensor.inStep(shape);
  kernels.select(chosen.address, left.address, right.address, y.address, y.size);
  record([tensors[1], tensors[2]], [y], () => {
    const dy = gradientOf(y);
    const zeros = engine().allocate(y.size);
    kernels.fill(zeros, y.size, 0);
    const send = (operand: Tensor, first: number, second: number): void =>
      writeGradient(operand, (address) => {
        const part = Tensor.inStep(shape);
        kernels.select(chosen.address, first, second, part.address, y.size);
        sumTo(part, operand.shape, address);
      });
    send(tensors[1], dy, zeros);
    send(tensors[2], zeros, dy);
  });
  return y;
}
