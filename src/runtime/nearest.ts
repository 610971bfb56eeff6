/**
 * The fewest letters to change, add, leave out or exchange with their neighbours on the way from one word to another.
 * Source: Damerau 1964, "A technique for computer detection and correction of spelling errors".
 */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const changed = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isExchanged = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const exchanged = isExchanged ? (before[j - 2] as number) + 1 : changed;
      next.push(Math.min(changed, exchanged, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    before = row;
    row = next;
  }
  return row[to.length] as number;
}

/** The known names that may have been meant, as the end of a sentence; nothing when none is near. */
export function nearest(name: string, known: readonly string[]): string {
  const plain = (word: string): string => word.toLowerCase().replace(/[_-]/g, "");
  const most = Math.max(1, Math.floor(name.length / 3));
  const near = known
    .map((word) => ({ word, far: distance(plain(name.slice(0, 64)), plain(word)) }))
    .filter(({ far }) => far <= most)
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ word }) => word);
  return near.length === 0 ? "" : ` (${near.length === 1 ? "is it" : "is it one of"} ${near.join(", ")}?)`;
}
