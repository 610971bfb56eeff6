import { engine } from "../runtime/engine.ts";

/** base^exponent, a whole number ≥ 0: products, unlike `**`, round alike in every JavaScript engine. */
export function power(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  const root = power(base, Math.floor(exponent / 2));
  return exponent % 2 === 0 ? root * root : root * root * base;
}

/** base^exponent, base ≥ 0, for any exponent, by the engine's own logarithm: it rounds alike everywhere too. */
export function realPower(base: number, exponent: number): number {
  if (Number.isSafeInteger(exponent) && exponent >= 0) return power(base, exponent);
  const { exponential, logarithm } = engine().kernels;
  return exponential(exponent * logarithm(base));
}
