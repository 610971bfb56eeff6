import { DataError } from "../runtime/errors.ts";

/** What can be compared piece by piece: a text, by its characters, or anything in order. */
export type Pieces = string | ArrayLike<unknown>;

/** A text by its code points, so that a character outside the basic plane is one. */
function piecesOf(what: string, pieces: Pieces): ArrayLike<unknown> {
  if (typeof pieces === "string") return Array.from(pieces);
  if (pieces === null || typeof pieces !== "object" || typeof pieces.length !== "number") {
    throw new DataError(`${what}: expected a text or an array, got ${pieces === null ? "null" : typeof pieces}`);
  }
  return pieces;
}

/**
 * Levenshtein's distance: the fewest insertions, deletions and replacements that make one of the other.
 *
 * ```ts
 * editDistance("kitten", "sitting"); // 3
 * editDistance([1, 2, 3], [1, 3]); // 1
 * ```
 *
 * Time: the product of both lengths; holds one row of the shorter.
 * @throws {DataError} when one is neither a text nor an array.
 */
export function editDistance(a: Pieces, b: Pieces): number {
  const [first, second] = [piecesOf("editDistance a", a), piecesOf("editDistance b", b)];
  const [long, short] = first.length < second.length ? [second, first] : [first, second];
  const row = Int32Array.from({ length: short.length + 1 }, (_, j) => j);
  for (let i = 1; i <= long.length; i++) {
    let diagonal = row[0] as number;
    row[0] = i;
    for (let j = 1; j <= short.length; j++) {
      const above = row[j] as number;
      const replaced = diagonal + (long[i - 1] === short[j - 1] ? 0 : 1);
      row[j] = Math.min(replaced, above + 1, (row[j - 1] as number) + 1);
      diagonal = above;
    }
  }
  return row[short.length] as number;
}

/** Edits by length of the references, over all texts together. */
function errorRate(
  what: string,
  hypotheses: string | readonly string[],
  references: string | readonly string[],
  split: (text: string) => string[],
): number {
  const [given, wanted] = [hypotheses, references].map((texts) => (typeof texts === "string" ? [texts] : texts)) as [
    readonly string[],
    readonly string[],
  ];
  for (const texts of [given, wanted]) {
    if (!Array.isArray(texts) || texts.some((text) => typeof text !== "string")) {
      throw new DataError(`${what}: expected texts, got something else`);
    }
  }
  if (given.length !== wanted.length) {
    throw new DataError(`${what}: expected a reference for each hypothesis, got ${wanted.length} for ${given.length}`);
  }
  let [edits, length] = [0, 0];
  given.forEach((text, i) => {
    const reference = split(wanted[i] as string);
    edits += editDistance(split(text), reference);
    length += reference.length;
  });
  return edits === 0 ? 0 : edits / length;
}

/** The words between white space. */
export function wordsOf(text: string): string[] {
  return text.split(/\s+/u).filter((word) => word !== "");
}

/**
 * Word error rate: the edits of words that make the references of the hypotheses, by the number of words in the references,
 * of all texts together. 0 when nothing is wrong; ∞ when all references are empty and a hypothesis is not.
 *
 * ```ts
 * wordErrorRate("the cat sat", "the cat sat down"); // 0.25
 * ```
 *
 * @throws {DataError} when there is not a reference for each hypothesis.
 */
export function wordErrorRate(hypotheses: string | readonly string[], references: string | readonly string[]): number {
  return errorRate("wordErrorRate", hypotheses, references, wordsOf);
}

/**
 * Character error rate: as `wordErrorRate`, by characters (code points), white space included.
 *
 * ```ts
 * characterErrorRate(["abc", "d"], ["abd", "d"]); // 0.25
 * ```
 *
 * @throws {DataError} when there is not a reference for each hypothesis.
 */
export function characterErrorRate(
  hypotheses: string | readonly string[],
  references: string | readonly string[],
): number {
  return errorRate("characterErrorRate", hypotheses, references, (text) => Array.from(text));
}
