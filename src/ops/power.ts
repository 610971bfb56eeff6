import { gradientOf, record, withGradients, writeGradient } from "../autograd/graph.ts";
import { companion } from "../runtime/companion.ts";
import { broadcastShapes } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { equal, greaterEqual, where } from "./comparison.ts";
import { asTensor, computePairs, mul, type Operand, sub, sumTo } from "./elementwise.ts";
import { log } from "./pointwise.ts";

/** xᵉ; no gradient. */
function raise(x: Tensor, exponent: Tensor): Tensor {
  return computePairs(companion().power, x, exponent, broadcastShapes("pow", x.shape, exponent.shape));
}

/**
 * x to the power `exponent`, a number or a tensor, shapes broadcasting; ≤ 0.51 ulp.
 *
 * x⁰ = 1 for every x, 0 and NaN too, and 1ᵉ = 1 for every e; below 0, whole exponents give numbers and others NaN; 0 to a
 * negative power is ∞.
 *
 *     dx = dy · e · x^(e − 1), 0 where e = 0;    de = dy · xᵉ · log x, 0 where x = 0 and e ≥ 0 (NaN below 0)
 *
 * ```ts
 * const x = tensor([1, 2, 3], undefined, { requiresGrad: true });
 * const y = pow(x, 3);
 * y; // [1, 8, 27]
 * sum(y).backward();
 * x.grad; // [3, 12, 27]
 * pow(2, tensor([1, 10])); // [2, 1024]
 * ```
 *
 * @throws {ShapeError} when shapes do not broadcast, or a tensor is not float32.
 */
export function pow(x: Operand, exponent: Operand): Tensor {
  const [base, power] = [asTensor("pow x", x), asTensor("pow exponent", exponent)];
  const y = raise(base, power);
  record([base, power], [y], () => {
    const dy = Tensor.at(gradientOf(y), y.shape);
    const send = (operand: Tensor, slope: () => Tensor): void =>
      writeGradient(operand, (address) =>
        sumTo(
          withGradients(false, () => mul(dy, slope())),
          operand.shape,
          address,
        ),
      );
    send(base, () => where(equal(power, 0), 0, mul(power, raise(base, sub(power, 1)))));
    send(power, () => where(mul(equal(base, 0), greaterEqual(power, 0)), 0, mul(y, log(base))));
  });
  return y;
}
