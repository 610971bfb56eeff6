/** A stretch of a line of things: `size` of them from `first` on. */
export interface Range {
  readonly first: number;
  readonly size: number;
}

/** Cuts `length` things into at most `parts` ranges of whole tiles, as equal as tiles allow; the last may end sooner. */
export function ranges(length: number, parts: number, tile: number): Range[] {
  const tiles = Math.ceil(length / tile);
  const count = Math.max(1, Math.min(parts, tiles));
  return Array.from({ length: count }, (_, i) => {
    const first = Math.floor((i * tiles) / count) * tile;
    return { first, size: Math.min(length, Math.floor(((i + 1) * tiles) / count) * tile) - first };
  });
}
