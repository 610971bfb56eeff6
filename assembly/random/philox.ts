/**
 * Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"): block number c of stream
 * `seed` is a function of (c, seed) alone, so nothing has to be stored and any part can be made again.
 * The 128-bit counter is (counterLow, counterHigh, 0, 0), the 64-bit key (seedLow, seedHigh).
 */

/** The four words of one block. */
export function philoxBlock(counter: u64, seedLow: u32, seedHigh: u32): v128 {
  let c0 = <u32>counter;
  let c1 = <u32>(counter >> 32);
  let c2: u32 = 0;
  let c3: u32 = 0;
  for (let round = 0; round < 10; round++) {
    const product0 = <u64>c0 * 0xd2511f53;
    const product1 = <u64>c2 * 0xcd9e8d57;
    c0 = <u32>(product1 >> 32) ^ c1 ^ seedLow;
    c1 = <u32>product1;
    c2 = <u32>(product0 >> 32) ^ c3 ^ seedHigh;
    c3 = <u32>product0;
    seedLow += 0x9e3779b9;
    seedHigh += 0xbb67ae85;
  }
  let block = i32x4.splat(c0);
  block = i32x4.replace_lane(block, 1, c1);
  block = i32x4.replace_lane(block, 2, c2);
  return i32x4.replace_lane(block, 3, c3);
}

/** The counter as one 64-bit number. */
// @ts-ignore: decorator
@inline
export function counterOf(low: u32, high: u32): u64 {
  return (<u64>high << 32) | <u64>low;
}

/** Each word's upper 24 bits as a multiple of 2⁻²⁴ in [0, 1). */
// @ts-ignore: decorator
@inline
export function uniform4(block: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(block, 8)), f32x4.splat(5.96046448e-8));
}
