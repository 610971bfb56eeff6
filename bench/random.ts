/** Numbers of the benchmark's own: the same in every process, whatever is measured. mulberry32, uniform in [0, 1). */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** `size` numbers, uniform in [low, high). */
export function randomFloats(random: () => number, size: number, low = -1, high = 1): Float32Array {
  return Float32Array.from({ length: size }, () => low + (high - low) * random());
}

/** `size` whole numbers, uniform in 0 … count - 1. */
export function randomTokens(random: () => number, size: number, count: number): Int32Array {
  return Int32Array.from({ length: size }, () => Math.floor(random() * count));
}
