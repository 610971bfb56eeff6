/** Activations made of tanh, as policies (base/activation.ts). */
import { tanh4 } from "../base/math";

/** Where x > 0. */
// @ts-ignore: decorator
@inline
function positive(x: v128): v128 {
  return f32x4.gt(x, f32x4.splat(0));
}

/**
 * tanh x where x > 0, else a·tanh x, error ≤ 3 ulp; the derivative is 1 − tanh²x, times a where x ≤ 0. parameters: [a].
 * Source: Eger, Youssef & Gurevych 2018, "Is it time to swish? Comparing deep learning activation functions across NLP tasks".
 */
@unmanaged
export class PenalizedTanh {
  // @ts-ignore: decorator
  @inline map(x: v128, parameters: usize): v128 {
    const y = tanh4(x);
    return v128.bitselect(y, f32x4.mul(y, v128.load32_splat(parameters)), positive(x));
  }
  // @ts-ignore: decorator
  @inline derivative(x: v128, y: v128, parameters: usize): v128 {
    const one = f32x4.splat(1);
    const t = tanh4(x);
    const slope = f32x4.sub(one, f32x4.mul(t, t));
    return f32x4.mul(slope, v128.bitselect(one, v128.load32_splat(parameters), positive(x)));
  }
}
