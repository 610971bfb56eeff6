/**
 * What turns one binary into another that is nearly the same, in the form that src/runtime/binary.ts reads: the length
 * of the result, then runs of bytes to take as they are and stretches of the old binary to copy.
 */

/** Shorter stretches cost more to name than they save. */
const SHORTEST = 8;

/** Where each sequence of SHORTEST bytes occurs. */
function occurrences(bytes) {
  const found = new Map();
  for (let i = 0; i + SHORTEST <= bytes.length; i++) {
    const key = bytes.toString("latin1", i, i + SHORTEST);
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(i);
  }
  return found;
}

/** Two's complement by its sign in the lowest bit: 0, -1, 1, -2, … become 0, 1, 2, 3, … */
const zigzag = (value) => (value < 0 ? -2 * value - 1 : 2 * value);

/** The longest stretch of `old` that `next` goes on with at `at`, of several the one nearest to `near`. */
function longestMatch(old, next, at, places, near) {
  const best = { from: 0, length: 0 };
  for (const from of places) {
    let length = SHORTEST;
    while (from + length < old.length && at + length < next.length && old[from + length] === next[at + length])
      length++;
    const nearer = Math.abs(from - near) < Math.abs(best.from - near);
    if (length > best.length || (length === best.length && nearer)) Object.assign(best, { from, length });
  }
  return best;
}

/** @returns {Buffer} the patch that makes `next` of `old`. */
export function makePatch(old, next) {
  const places = occurrences(old);
  const patch = [];
  const number = (value) => {
    for (; value > 127; value >>>= 7) patch.push((value & 127) | 128);
    patch.push(value);
  };
  let fresh = [];
  let from = 0;
  const run = (match) => {
    number(fresh.length);
    patch.push(...fresh);
    number(match.length);
    number(zigzag(match.from - from));
    from = match.from + match.length;
    fresh = [];
  };
  number(next.length);
  for (let at = 0; at < next.length; ) {
    const candidates = places.get(next.toString("latin1", at, at + SHORTEST)) ?? [];
    const match = longestMatch(old, next, at, candidates, from);
    if (match.length === 0) {
      fresh.push(next[at++]);
    } else {
      run(match);
      at += match.length;
    }
  }
  if (fresh.length > 0) run({ from, length: 0 });
  return Buffer.from(patch);
}
