/** What a sweep over float32 bit patterns finds. */
import { type ActivationMap, activation, activationMap } from "unrolled";
import { type Reference, references } from "./references.ts";

/** The largest error, and where. */
export interface Worst {
  readonly error: number;
  readonly x: number;
}

/** What was found over some inputs. */
export interface Finding {
  readonly inputs: number;
  /** In ulp of the float32 that the exact value rounds to, or of the reference's `floor`. */
  readonly value: Worst;
  /** In units of 2⁻²³, which is an ulp of 1: slopes are about that large. Of those from 2 on in their own ulp. */
  readonly slope: Worst;
  /** NaN, infinities or numbers where something else belongs, and the first input with one. */
  readonly wrong: number;
  readonly wrongAt: number | null;
}

export const nothing: Finding = {
  inputs: 0,
  value: { error: 0, x: 0 },
  slope: { error: 0, x: 0 },
  wrong: 0,
  wrongAt: null,
};

export function together(a: Finding, b: Finding): Finding {
  return {
    inputs: a.inputs + b.inputs,
    value: b.value.error > a.value.error ? b.value : a.value,
    slope: b.slope.error > a.slope.error ? b.slope : a.slope,
    wrong: a.wrong + b.wrong,
    wrongAt: a.wrongAt ?? b.wrongAt,
  };
}

/** Numbers that go through the engine at a time. */
const BLOCK = 16_384;

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);
/** The ulp of numbers with each exponent: 2⁻¹⁴⁹ of the subnormal ones. */
const ulps = Float64Array.from({ length: 256 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 150));
/** What rounds to infinity. */
const OVERFLOW = 2 ** 128 - 2 ** 103;

/** The error in units of `ulp`, or of the ulp of what is expected, or of `floor` where that is larger; infinite where the one is no number that the other is. */
export function errorOf(got: number, expected: number, ulp?: number, floor = 0): number {
  if (Number.isNaN(expected)) return Number.isNaN(got) ? 0 : Number.POSITIVE_INFINITY;
  if (Math.abs(expected) >= OVERFLOW)
    return got === Math.sign(expected) * Number.POSITIVE_INFINITY ? 0 : Number.POSITIVE_INFINITY;
  if (!Number.isFinite(got)) return Number.POSITIVE_INFINITY;
  if (ulp !== undefined) return Math.abs(got - expected) / ulp;
  float[0] = Math.max(Math.abs(expected), floor);
  return Math.abs(got - expected) / (ulps[((word[0] as number) >>> 23) & 255] as number);
}

/** The error of a slope in units of 2⁻²³, of larger ones in ulp. */
function slopeError(got: number, expected: number): number {
  return errorOf(got, expected, Math.abs(expected) < 2 ? 2 ** -23 : undefined);
}

/** Larger errors are looked at again. */
const SUSPICIOUS = 4;
/** How near a corner roundings of x may have either side's slope. */
const NEAR = 2 ** -21;

/** At a corner, where rounding decides, the slopes of both sides are right. */
function slopeErrorAt(x: number, got: number, slope: Reference["slope"]): number {
  const error = slopeError(got, slope(x));
  if (error <= SUSPICIOUS) return error;
  return Math.min(error, slopeError(got, slope(x * (1 - NEAR))), slopeError(got, slope(x * (1 + NEAR))));
}

/** The map that a name in `references` stands for. */
export function mapOf(name: string): ActivationMap {
  return activationMap(
    name === "gelu (tanh)" ? activation("gelu", { approximate: "tanh" }) : activation(name as never),
  );
}

/** Sweeps over the bit patterns from, from + stride, … below `to`. */
export function sweep(name: string, from: number, to: number, stride: number): Finding {
  const reference = references[name] as Reference;
  const map = mapOf(name);
  const x = new Float32Array(BLOCK);
  const bits = new Uint32Array(x.buffer);
  const [values, slopes] = [new Float32Array(BLOCK), new Float32Array(BLOCK)];
  let found = nothing;
  for (let next = from; next < to; ) {
    const count = Math.min(BLOCK, Math.ceil((to - next) / stride));
    for (let i = 0; i < count; i++) bits[i] = next + i * stride;
    next += count * stride;
    const part = x.subarray(0, count);
    map(part, { into: values.subarray(0, count) });
    map.derivative(part, { into: slopes.subarray(0, count) });
    found = together(found, compare(part, values, slopes, reference));
  }
  return found;
}

/** Compares results with what they should be. */
export function compare(x: Float32Array, values: Float32Array, slopes: Float32Array, exact: Reference): Finding {
  let [worst, at, worstSlope, slopeAt, wrong] = [0, 0, 0, 0, 0];
  let wrongAt: number | null = null;
  for (let i = 0; i < x.length; i++) {
    const input = x[i] as number;
    const error = errorOf(values[i] as number, exact.value(input), undefined, exact.floor);
    // Of an input that is none, the slope says nothing.
    const slope = Number.isNaN(input) ? 0 : slopeErrorAt(input, slopes[i] as number, exact.slope);
    if (error === Number.POSITIVE_INFINITY || slope === Number.POSITIVE_INFINITY) {
      wrong++;
      wrongAt ??= input;
      continue;
    }
    if (error > worst) [worst, at] = [error, input];
    if (slope > worstSlope) [worstSlope, slopeAt] = [slope, input];
  }
  return {
    inputs: x.length,
    value: { error: worst, x: at },
    slope: { error: worstSlope, x: slopeAt },
    wrong,
    wrongAt,
  };
}
