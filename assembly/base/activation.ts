/**
 * Activations as policies: f and f′ on four lanes. A kernel that takes a policy class `A` calls
 * `changetype<A>(0).map(x, parameters)`, which inlines completely; every other kernel goes through the slots of
 * elementwise/unary.ts. `parameters` is the address of the activation's own floats (0 when it has none).
 */

import { exp4, expm1Negative4, log1p4, naturalLogarithm4, negativeMagnitude, sigmoid4, tanh4 } from "./math";
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

/**
 * ½x(1 + tanh u), u = √(2/π)(x + 0.044715x³), computed as x·σ(2u), which keeps the negative tail;
 * relative error ≤ (4 + 2|u|)·2⁻²³. Derivative: s + x·s(1 − s)·2u′ with s = σ(2u), error ≤ 4.5·10⁻⁷(1 + |x|); σ is taken
 * of −|2u|, where it keeps the relative precision of 1 − s.
 */
@unmanaged
export class GeluTanh {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    const c1 = v128.load32_splat(CONSTANTS + 4);
    const c3 = v128.load32_splat(CONSTANTS + 8);
    return f32x4.mul(x, sigmoid4(f32x4.mul(x, f32x4.add(c1, f32x4.mul(c3, f32x4.mul(x, x))))));
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    const c1 = v128.load32_splat(CONSTANTS + 4);
    const c3 = v128.load32_splat(CONSTANTS + 8);
    const c3Thrice = v128.load32_splat(CONSTANTS + 12);
    const square = f32x4.mul(x, x);
    const tail = sigmoid4(f32x4.mul(negativeMagnitude(x), f32x4.add(c1, f32x4.mul(c3, square))));
    const rest = f32x4.sub(one(), tail);
    const s = v128.bitselect(tail, rest, i32x4.shr_s(x, 31));
    const sigmoidSlope = f32x4.mul(tail, rest);
    const inner = f32x4.add(c1, f32x4.mul(c3Thrice, square));
    return f32x4.add(s, f32x4.mul(f32x4.mul(x, sigmoidSlope), inner));
  }
}

/** x·σ(x), error ≤ 3 ulp; silu′ = σ(x)(1 + x(1 − σ(x))), error ≤ 1.5·10⁻⁷(1 + |x|). */
@unmanaged
export class Silu {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    return f32x4.mul(x, sigmoid4(x));
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    const s = sigmoid4(x);
    return f32x4.mul(s, f32x4.add(one(), f32x4.mul(x, f32x4.sub(one(), s))));
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
