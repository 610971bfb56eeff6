/**
 * Activations as policies: f and f′ on four lanes. A kernel that takes a policy class `A` calls
 * `changetype<A>(0).map(x, parameters)`, which inlines completely; every other kernel goes through the slots of
 * elementwise/unary.ts. `parameters` is the address of the activation's own floats (0 when it has none).
 */

import {
  exp4,
  expm1Negative4,
  largerSigmoid4,
  log1p4,
  naturalLogarithm4,
  negativeMagnitude,
  sigmoid4,
  sigmoidGated4,
  tanh4,
} from "./math";
import { normalGated4, normalGatedDerivative4 } from "./normal";

/** What a kernel may ask of a policy class. */
export interface Activation {
  map(x: v128, parameters: usize): v128;
  derivative(x: v128, y: v128, parameters: usize): v128;
}

const CONSTANTS: usize = memory.data<f32>([
  1.0, // 0
  1.59576912, // 1: 2·√(2/π)
  0.0713548163, // 2: 2·√(2/π)·0.044715
  0.214064449, // 3: three times that
  15.0, // 4
  -15.0, // 5
]);

const WIDE: usize = memory.data<f64>([
  1.5957691216057308, // 0: 2·√(2/π)
  0.07135481627159024, // 1: 2·√(2/π)·0.044715
]);

// @ts-ignore: decorator
@inline
function one(): v128 {
  return v128.load32_splat(CONSTANTS);
}

/** Lanes where x > 0. */
// @ts-ignore: decorator
@inline
function positive(x: v128): v128 {
  return f32x4.gt(x, f32x4.splat(0));
}

/** f(x) = x. */
@unmanaged
export class Identity {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    return x;
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    return one();
  }
}

/** eˣ, error ≤ 1.1 ulp, and its own derivative. */
@unmanaged
export class Exponential {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    return exp4(x);
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    return y;
  }
}

/** σ(x) = 1 / (1 + e⁻ˣ), error ≤ 2 ulp; σ′ = y(1 − y). */
@unmanaged
export class Sigmoid {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    return sigmoid4(x);
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    return f32x4.mul(y, f32x4.sub(one(), y));
  }
}

/** tanh(x), error ≤ 2 ulp; tanh′ = 1 − y². */
@unmanaged
export class Tanh {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    return tanh4(x);
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    return f32x4.sub(one(), f32x4.mul(y, y));
  }
}

/** max(x, 0), NaN kept; relu′ = 1 where y > 0, else 0 (at 0: 0). */
@unmanaged
export class Relu {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    return f32x4.pmax(x, f32x4.splat(0));
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    return v128.and(one(), positive(y));
  }
}

/** x where x > 0, else slope·x; the derivative is 1 or slope (at 0: slope). parameters: [slope], of any sign. */
@unmanaged
export class LeakyRelu {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    return v128.bitselect(x, f32x4.mul(x, v128.load32_splat(parameters)), positive(x));
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    return v128.bitselect(one(), v128.load32_splat(parameters), positive(x));
  }
}

/** x where x > 0, else α·(eˣ − 1); the derivative is 1 or α·eˣ. parameters: [α]. Error ≤ 2.5 ulp, also at 0. */
@unmanaged
export class Elu {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    const negative = f32x4.mul(v128.load32_splat(parameters), expm1Negative4(f32x4.pmin(x, f32x4.splat(0))));
    return v128.bitselect(x, negative, positive(x));
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    return v128.bitselect(one(), f32x4.mul(v128.load32_splat(parameters), exp4(x)), positive(x));
  }
}

/** log(1 + eˣ) = max(x, 0) + log1p(e^−|x|), without a threshold, error ≤ 2 ulp; softplus′ = σ(x). */
@unmanaged
export class Softplus {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    const e = exp4(negativeMagnitude(x));
    return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), log1p4(e));
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    return sigmoid4(x);
  }
}

/**
 * x·Φ(x), Φ the normal distribution function: error ≤ 6 ulp, the negative tail included, as long as Φ(x) is a normal
 * number (x > −13), ≤ 16·2⁻¹⁴⁹ beyond. gelu′ = Φ(x) + x·φ(x), error ≤ 4·10⁻⁷.
 */
@unmanaged
export class Gelu {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    return normalGated4(x);
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    return normalGatedDerivative4(x);
  }
}

/** u in float64: two lanes of x·(2√(2/π) + 2√(2/π)·0.044715·x²). */
// @ts-ignore: decorator
@inline
function cubic2(x: v128): v128 {
  const c1 = v128.load64_splat(WIDE);
  const c3 = v128.load64_splat(WIDE + 8);
  return f64x2.mul(x, f64x2.add(c1, f64x2.mul(c3, f64x2.mul(x, x))));
}

/** The four lanes of two vectors of two float64. */
// @ts-ignore: decorator
@inline
function narrowed(low: v128, high: v128): v128 {
  return v128.shuffle<f64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** Lanes 2 and 3 in the places of 0 and 1. */
// @ts-ignore: decorator
@inline
function upperHalf(x: v128): v128 {
  return v128.shuffle<f64>(x, x, 1, 1);
}

/**
 * ½x(1 + tanh u), u = √(2/π)(x + 0.044715x³), computed as x·σ(2u), which keeps the negative tail; error ≤ 4 ulp: 2u is a sum
 * of two numbers, x·σ(z + ε) = x·σ(z)·(1 + ε) where it is far below 0. Derivative: s + x·s(1 − s)·2u′ with s = σ(2u), error
 * ≤ 10⁻⁶. At ±∞ both are their limits.
 */
@unmanaged
export class GeluTanh {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    const low = cubic2(f64x2.promote_low_f32x4(x));
    const high = cubic2(f64x2.promote_low_f32x4(upperHalf(x)));
    const z = narrowed(low, high);
    const restLow = f64x2.sub(low, f64x2.promote_low_f32x4(z));
    const rest = narrowed(restLow, f64x2.sub(high, f64x2.promote_low_f32x4(upperHalf(z))));
    const y = sigmoidGated4(x, z);
    // Above 0 the rest does not count, and may be ∞ − ∞.
    return f32x4.add(y, v128.and(f32x4.mul(y, rest), f32x4.lt(y, f32x4.splat(0))));
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    const c1 = v128.load32_splat(CONSTANTS + 4);
    const c3 = v128.load32_splat(CONSTANTS + 8);
    const c3Thrice = v128.load32_splat(CONSTANTS + 12);
    // Farther out the slope is 0 or 1.
    const within = f32x4.pmax(f32x4.pmin(x, v128.load32_splat(CONSTANTS + 16)), v128.load32_splat(CONSTANTS + 20));
    const square = f32x4.mul(within, within);
    const e = exp4(f32x4.mul(negativeMagnitude(within), f32x4.add(c1, f32x4.mul(c3, square))));
    const larger = largerSigmoid4(e);
    const smaller = f32x4.mul(e, larger);
    const s = v128.bitselect(smaller, larger, i32x4.shr_s(x, 31));
    const inner = f32x4.add(c1, f32x4.mul(c3Thrice, square));
    return f32x4.add(s, f32x4.mul(f32x4.mul(within, f32x4.mul(larger, smaller)), inner));
  }
}

/** x·σ(x), error ≤ 3.5 ulp; silu′ = σ(x) + x·σ(x)σ(−x), error ≤ 3·10⁻⁷. At ±∞ both are their limits. */
@unmanaged
export class Silu {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    return sigmoidGated4(x, x);
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    const e = exp4(negativeMagnitude(x));
    const larger = largerSigmoid4(e);
    const smaller = f32x4.mul(e, larger);
    const s = v128.bitselect(smaller, larger, i32x4.shr_s(x, 31));
    // Where the smaller is 0, x may be infinite.
    const more = v128.andnot(f32x4.mul(x, f32x4.mul(larger, smaller)), f32x4.eq(e, f32x4.splat(0)));
    return f32x4.add(s, more);
  }
}

/** log x, error ≤ 1.5 ulp, subnormal numbers included: −∞ at 0, NaN below, ∞ at ∞; log′ = 1/x. */
@unmanaged
export class Logarithm {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    return naturalLogarithm4(x);
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    return f32x4.div(one(), x);
  }
}

/** √x, correctly rounded, NaN below 0; the derivative is 1/(2√x). */
@unmanaged
export class SquareRoot {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    return f32x4.sqrt(x);
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    return f32x4.div(f32x4.splat(0.5), y);
  }
}

/** |x|; the derivative is the sign of x, 0 at 0. */
@unmanaged
export class Magnitude {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    return f32x4.abs(x);
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    const sign = v128.or(one(), v128.and(x, f32x4.splat(-0.0)));
    return v128.and(sign, f32x4.ne(x, f32x4.splat(0)));
  }
}
