/** Functions of every number of a tensor by itself. */
import { gradientOf, record, writeGradient } from "../autograd/graph.ts";
import { engine } from "../runtime/engine.ts";
import { requireFloat32 } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { activations } from "./activation.ts";
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

/** e^x, ≤ 1.1 ulp. @throws {ShapeError} when x is not float32. */
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
