/**
 * Random numbers from Philox4x32-10, four a block: a call that makes n numbers uses blocks counter … counter + ⌈n/4⌉ − 1,
 * so the next call starts at counter + ⌈n/4⌉. Number i depends on seed, counter and i only.
 * Seeds and counters are unsigned 64-bit numbers, given as two halves. Every kernel assigns.
 */

import { storeTail } from "../base/lanes";
import { cosineOfTurn4, log4, sineOfTurn4 } from "../base/math";
import { counterOf, philoxBlock, uniform4 } from "./philox";

/** Stores the first `count` lanes, at most four. */
function storeBlock(y: usize, v: v128, count: i32): void {
  if (count >= 4) v128.store(y, v);
  else storeTail(y, v, count);
}

/** y[i] := word i of the stream, u32. */
export function philoxBits(y: usize, n: i32, seedLow: u32, seedHigh: u32, counterLow: u32, counterHigh: u32): void {
  for (let counter = counterOf(counterLow, counterHigh); n > 0; counter++) {
    storeBlock(y, philoxBlock(counter, seedLow, seedHigh), n);
    y += 16;
    n -= 4;
  }
}

/** y[i] := uniform in [low, high), from 24 random bits each; low when rounding would reach high. */
export function fillUniform(
  y: usize,
  n: i32,
  low: f32,
  high: f32,
  seedLow: u32,
  seedHigh: u32,
  counterLow: u32,
  counterHigh: u32,
): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  for (let counter = counterOf(counterLow, counterHigh); n > 0; counter++) {
    const u = uniform4(philoxBlock(counter, seedLow, seedHigh));
    const value = f32x4.add(lows, f32x4.mul(u, f32x4.splat(high - low)));
    storeBlock(y, v128.bitselect(value, lows, f32x4.lt(value, highs)), n);
    y += 16;
    n -= 4;
  }
}

/** y[i] := 1 with the probability, else 0. */
export function bernoulli(
  y: usize,
  n: i32,
  probability: f32,
  seedLow: u32,
  seedHigh: u32,
  counterLow: u32,
  counterHigh: u32,
): void {
  const one = f32x4.splat(1);
  const limit = f32x4.splat(probability);
  for (let counter = counterOf(counterLow, counterHigh); n > 0; counter++) {
    storeBlock(y, v128.and(one, f32x4.lt(uniform4(philoxBlock(counter, seedLow, seedHigh)), limit)), n);
    y += 16;
    n -= 4;
  }
}

/**
 * Four standard normal numbers from one block (Box & Muller 1958): √(−2 ln u) times cosine and sine of a random angle,
 * u from words 0 and 1, in (0, 1], the angles from words 2 and 3. |result| ≤ √(48 ln 2) = 5.77.
 */
function normalBlock(block: v128): v128 {
  const u = uniform4(block);
  const open = f32x4.sub(f32x4.splat(1), v128.shuffle<f32>(u, u, 0, 1, 0, 1));
  const radius = f32x4.sqrt(f32x4.mul(log4(open), f32x4.splat(-2)));
  // A turn is a number of quarters plus f, |f| ≤ 1/8; lanes 2 and 3 are the cosines of an angle a quarter earlier: sines.
  const turn = v128.shuffle<f32>(u, u, 2, 3, 2, 3);
  const nearest = f32x4.nearest(f32x4.mul(turn, f32x4.splat(4)));
  const f = f32x4.sub(turn, f32x4.mul(nearest, f32x4.splat(0.25)));
  const quarters = i32x4.sub(i32x4.trunc_sat_f32x4_s(nearest), i32x4(0, 0, 1, 1));
  const odd = i32x4.ne(v128.and(quarters, i32x4.splat(1)), i32x4.splat(0));
  const value = v128.bitselect(sineOfTurn4(f), cosineOfTurn4(f), odd);
  // cos(¼q turns + f): cos, −sin, −cos, sin for q = 0, 1, 2, 3, negative where q + 1 has its second bit.
  const sign = i32x4.shl(v128.and(i32x4.add(quarters, i32x4.splat(1)), i32x4.splat(2)), 30);
  return f32x4.mul(radius, v128.xor(value, sign));
}

/** y[i] := normal with the given mean and standard deviation. */
export function fillNormal(
  y: usize,
  n: i32,
  mean: f32,
  standardDeviation: f32,
  seedLow: u32,
  seedHigh: u32,
  counterLow: u32,
  counterHigh: u32,
): void {
  for (let counter = counterOf(counterLow, counterHigh); n > 0; counter++) {
    const normal = normalBlock(philoxBlock(counter, seedLow, seedHigh));
    storeBlock(y, f32x4.add(f32x4.splat(mean), f32x4.mul(f32x4.splat(standardDeviation), normal)), n);
    y += 16;
    n -= 4;
  }
}
