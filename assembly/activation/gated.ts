/** Activations that let x through a gate of x, as policies (base/activation.ts). */
import { constant, exp4, sigmoid4 } from "../base/math";

const CONSTANTS: usize = memory.data<f32>([
  1.0, // 0
  2.0, // 1
  4.0, // 2
  20.0, // 3: beyond, mish is x
  -104.0, // 4: below, eˣ is 0
  -3.40282347e38, // 5: the least finite number
]);

// @ts-ignore: decorator
@inline
function number(index: usize): v128 {
  return constant(CONSTANTS, index);
}

/** x where the gate is not 0, else 0: an infinite x does not turn what is shut into NaN. */
// @ts-ignore: decorator
@inline
function through(x: v128, gate: v128): v128 {
  return v128.andnot(x, f32x4.eq(gate, f32x4.splat(0)));
}

/**
 * x·σ(βx), error ≤ 4 ulp for β = 1 and |βx|/2 ulp more for others; the derivative is σ·(1 + βx·(1 − σ)). At ±∞ both are
 * their limits. parameters: [β]. Source: Ramachandran, Zoph & Le 2017, "Searching for activation functions".
 */
@unmanaged
export class Swish {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    const s = sigmoid4(f32x4.mul(x, v128.load32_splat(parameters)));
    return through(f32x4.mul(x, s), s);
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    const z = f32x4.mul(x, v128.load32_splat(parameters));
    const s = sigmoid4(z);
    const rest = f32x4.sub(number(0), s);
    return through(f32x4.mul(s, f32x4.add(number(0), through(f32x4.mul(z, rest), rest))), s);
  }
}

/**
 * x·tanh(log(1 + eˣ)) = x·n/(n + 2) with n = eˣ(eˣ + 2), error ≤ 4 ulp; the derivative is (n + 4x(n − eˣ)/(n + 2))/(n + 2),
 * its error ≤ 4 ulp of 1. At ±∞ both are their limits.
 * Source: Misra 2019, "Mish: a self regularized non-monotonic activation function".
 */
@unmanaged
export class Mish {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    const e = exp4(f32x4.pmin(x, number(3)));
    const n = f32x4.mul(e, f32x4.add(e, number(1)));
    return f32x4.mul(f32x4.pmax(x, number(5)), f32x4.div(n, f32x4.add(n, number(1))));
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    const within = f32x4.pmax(f32x4.pmin(x, number(3)), number(4));
    const e = exp4(within);
    const n = f32x4.mul(e, f32x4.add(e, number(1)));
    const d = f32x4.add(n, number(1));
    const more = f32x4.div(f32x4.mul(f32x4.mul(within, number(2)), f32x4.sub(n, e)), d);
    return f32x4.div(f32x4.add(n, more), d);
  }
}
