/** Activations that let x through a gate of x, as policies (base/activation.ts). */
import { multiplyAdd } from "../base/lanes";
import { constant, exp4, expFraction4, largerSigmoid4, negativeMagnitude, raisedPower4, sigmoidGated4 } from "../base/math";

const CONSTANTS: usize = memory.data<f32>([
  20.0, // 0: beyond, mish is x
  2.0, // 1
  4.0, // 2
  -104.0, // 3: below, eˣ is 0
  4.54747351e-13, // 4: 2⁻⁴¹
  1.09951163e12, // 5: 2⁴⁰
  -115.0, // 6: below, mish is 0
]);

// @ts-ignore: decorator
@inline
function number(index: usize): v128 {
  return constant(CONSTANTS, index);
}

/**
 * x·σ(βx), error ≤ 3.5 ulp for β = 1 and |βx|/2 ulp more for others; the derivative is σ + βx·σ(βx)σ(−βx). At ±∞ both are
 * their limits. parameters: [β]. Source: Ramachandran, Zoph & Le 2017, "Searching for activation functions".
 */
@unmanaged
export class Swish {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    return sigmoidGated4(x, f32x4.mul(x, v128.load32_splat(parameters)));
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    const z = f32x4.mul(x, v128.load32_splat(parameters));
    const e = exp4(negativeMagnitude(z));
    const larger = largerSigmoid4(e);
    const smaller = f32x4.mul(e, larger);
    const s = v128.bitselect(smaller, larger, i32x4.shr_s(z, 31));
    // Where the smaller is 0, x may be infinite.
    return f32x4.add(s, v128.andnot(f32x4.mul(z, f32x4.mul(larger, smaller)), f32x4.eq(e, f32x4.splat(0))));
  }
}

/**
 * x·tanh(log(1 + eˣ)) = x·n/(n + 2) with n = eˣ(eˣ + 2), error ≤ 4 ulp: x·eˣ(1 + eˣ/2)/(1 + eˣ + e²ˣ/2), both sides times
 * 2⁴⁰, so that the division alone rounds a subnormal result. With n as above the derivative is (n + 4x(n − eˣ)/(n + 2))/(n + 2), its error ≤ 3·10⁻⁷. At ±∞ both are their
 * limits. Source: Misra 2019, "Mish: a self regularized non-monotonic activation function".
 */
@unmanaged
export class Mish {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    const within = f32x4.pmax(f32x4.pmin(x, number(0)), number(6));
    const power = raisedPower4(within);
    const q = expFraction4(within);
    // N = e + e²/2, with e/2 as a factor: where it is small its error hardly counts.
    const half = f32x4.mul(multiplyAdd(q, power, power), number(4));
    const e = f32x4.mul(half, number(1));
    const raised = f32x4.mul(multiplyAdd(e, half, e), number(5));
    // Below 0, x joins eˣ before that is rounded; above, N is that of the denominator, whose error it takes away.
    const scaled = f32x4.mul(multiplyAdd(within, q, within), power);
    const below = multiplyAdd(scaled, half, scaled);
    const n = v128.bitselect(f32x4.mul(within, raised), below, f32x4.gt(x, f32x4.splat(0)));
    const y = f32x4.div(n, f32x4.add(raised, number(5)));
    return v128.bitselect(x, y, f32x4.gt(x, number(0)));
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    const within = f32x4.pmax(f32x4.pmin(x, number(0)), number(3));
    const e = exp4(within);
    const n = f32x4.mul(e, f32x4.add(e, number(1)));
    const d = f32x4.add(n, number(1));
    const more = f32x4.div(f32x4.mul(f32x4.mul(within, number(2)), f32x4.sub(n, e)), d);
    return f32x4.div(f32x4.add(n, more), d);
  }
}
