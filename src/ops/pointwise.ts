/** Functions of every number of a tensor by itself. */
import { gradientOf, record, writeGradient } from "../autograd/graph.ts";
import { companion } from "../runtime/companion.ts";
import { engine } from "../runtime/engine.ts";
import { requireFloat32 } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { activations } from "./activation/maps.ts";
import { mul } from "./elementwise.ts";
import { mapNumbers } from "./map.ts";

/** The numbers of the functions among the engine's maps (assembly/elementwise/unary.ts). */
const LOG = 11;
const SQRT = 12;
const ABS = 13;

function map(what: string, kind: number, x: Tensor): Tensor {
  requireFloat32(what, x);
  const { kernels } = engine();
  const [forward, backward] = [kernels.activationForwardSlot(kind), kernels.activationBackwardSlot(kind)];
  const y = Tensor.inStep(x.shape);
  const [from, to] = [x.address, y.address];
  mapNumbers("activationForward", x.size, (at, size) => [forward, from + at, to + at, size, 0]);
  record([x], [y], () => {
    const dy = gradientOf(y);
    writeGradient(x, (dx) => {
      mapNumbers("activationBackward", x.size, (at, size) => {
        return [backward, x.address + at, to + at, dy + at, dx + at, size, 0];
      });
    });
  });
  return y;
}

/**
 * e^x, ≤ 1.1 ulp.
 *
 * ```ts
 * const x = tensor([1, 4]);
 * exp(x); // [Math.E, Math.exp(4)]
 * log(x); // [0, Math.log(4)]
 * sqrt(x); // [1, 2]
 * square(x); // [1, 16]
 * abs(tensor([-1, 1])); // [1, 1]
 * ```
 *
 * @throws {ShapeError} when x is not float32.
 */
export function exp(x: Tensor): Tensor {
  return activations.exponential(x);
}

/** The natural logarithm, ≤ 1.5 ulp: −∞ at 0, NaN below. @throws {ShapeError} when x is not float32. */
export function log(x: Tensor): Tensor {
  return map("log", LOG, x);
}

/** √x, correctly rounded, NaN below 0; its derivative at 0 is ∞. @throws {ShapeError} when x is not float32. */
export function sqrt(x: Tensor): Tensor {
  return map("sqrt", SQRT, x);
}

/** |x|, with the derivative 0 at 0. @throws {ShapeError} when x is not float32. */
export function abs(x: Tensor): Tensor {
  return map("abs", ABS, x);
}

/** x², correctly rounded. @throws {ShapeError} when x is not float32. */
export function square(x: Tensor): Tensor {
  return mul(x, x);
}

/** sin(x + quarter·π/2). */
function wave(what: string, x: Tensor, quarter: 0 | 1): Tensor {
  requireFloat32(what, x);
  const y = Tensor.inStep(x.shape);
  const [from, to] = [x.address, y.address];
  mapNumbers("sine", x.size, (at, size) => [from + at, to + at, size, quarter], companion());
  record([x], [y], () => {
    const dy = gradientOf(y);
    writeGradient(x, (dx) => {
      mapNumbers("sineBackward", x.size, (at, size) => [x.address + at, dy + at, dx + at, size, quarter], companion());
    });
  });
  return y;
}

/**
 * sin x, x in radians: ≤ 1.6 ulp for every float32 x, however large; NaN of ±∞.
 *
 * ```ts
 * sin(tensor([0, Math.PI / 2, 1e6])); // [0, 1, Math.sin(1e6)]
 * const x = tensor([1, 2]);
 * const snake = add(x, square(sin(x))); // an activation made of it
 * snake.shape; // [2]
 * ```
 *
 * @throws {ShapeError} when x is not float32.
 */
export function sin(x: Tensor): Tensor {
  return wave("sin", x, 0);
}

/**
 * cos x, x in radians: ≤ 1.6 ulp for every float32 x; NaN of ±∞.
 *
 * ```ts
 * cos(tensor([0, Math.PI])); // [1, -1]
 * ```
 *
 * @throws {ShapeError} when x is not float32.
 */
export function cos(x: Tensor): Tensor {
  return wave("cos", x, 1);
}
