/** The first byte above the engine's own constants; everything from here on belongs to the caller. */
export function heapBase(): usize {
  return __heap_base;
}
