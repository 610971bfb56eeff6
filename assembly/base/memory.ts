/** The first byte above the engine's own constants; everything from here on belongs to the caller. */
export function heapBase(): usize {
  return __heap_base;
}

/** Whether this is the relaxed build, whose products may be fused with the sum they are added to. */
export function isRelaxed(): bool {
  return ASC_FEATURE_RELAXED_SIMD;
}
