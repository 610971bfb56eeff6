/**
 * The seeded generator: Philox4x32-10, counter-based, computed by the engine. A draw is named by (seed, counter), so
 * the same seed gives the same numbers on every host, and a dropout mask can be drawn again instead of kept.
 * Source: Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".
 */
import { engine } from "./engine.ts";
import { OptionError } from "./errors.ts";

/** Where in the sequence of one seed a draw begins: four 32-bit words that the kernels take. */
export interface Draw {
  readonly seedLow: number;
  readonly seedHigh: number;
  readonly counterLow: number;
  readonly counterHigh: number;
}

const WORD = 2 ** 32;

/** Where a generator stands in its sequence. */
interface Standing {
  readonly seed: number;
  readonly counter: number;
  readonly words: { readonly values: Uint32Array; readonly next: number } | null;
}

/** Where the generators that took part in some work stood before it. */
export type Standings = ReadonlyMap<Generator, Standing>;

/** What is being watched, each inside the one before. */
const watches: Map<Generator, Standing>[] = [];

/** Runs `work` and notes where every generator stood that it draws from. */
export function watchDraws<Result>(work: () => Result): { result: Result; before: Standings } {
  const before = new Map<Generator, Standing>();
  watches.push(before);
  try {
    return { result: work(), before };
  } finally {
    watches.pop();
  }
}

/** Runs `work` with generators as they stood; afterwards they stand where they do now. */
export function redraw<Result>(before: Standings, work: () => Result): Result {
  const now = new Map([...before.keys()].map((generator) => [generator, generator.standing]));
  for (const [generator, standing] of before) generator.standing = standing;
  try {
    return work();
  } finally {
    for (const [generator, standing] of now) generator.standing = standing;
  }
}

/**
 * One sequence of random numbers.
 *
 * ```ts
 * const draw = (): Float32Array => normal([3], { from: new Generator(7) }).toArray() as Float32Array;
 * draw().join() === draw().join(); // true
 * ```
 */
export class Generator {
  #seed: number;
  #counter = 0;
  /** Words drawn ahead for `below`, a block at a time. */
  #words: { readonly values: Uint32Array; next: number } | null = null;

  /** @param seed a whole number from 0 to 2^53 − 1. */
  constructor(seed: number) {
    this.#seed = checkSeed(seed);
  }

  /**
   * Where it stands in its sequence.
   * @internal
   */
  get standing(): Standing {
    return { seed: this.#seed, counter: this.#counter, words: this.#words && { ...this.#words } };
  }

  set standing({ seed, counter, words }: Standing) {
    this.#seed = seed;
    this.#counter = counter;
    this.#words = words && { ...words };
  }

  /** Tells those who watch that it is about to move on. */
  #note(): void {
    for (const watch of watches) if (!watch.has(this)) watch.set(this, this.standing);
  }

  /** Starts over with another seed. */
  reseed(seed: number): void {
    this.#note();
    this.#seed = checkSeed(seed);
    this.#counter = 0;
    this.#words = null;
  }

  /** Takes the next `count` numbers of the sequence out of it. */
  draw(count: number): Draw {
    this.#note();
    const start = this.#counter;
    this.#counter += Math.ceil(count / 4);
    return {
      seedLow: (this.#seed % WORD) | 0,
      seedHigh: (this.#seed / WORD) | 0,
      counterLow: (start % WORD) | 0,
      counterHigh: (start / WORD) | 0,
    };
  }

  /** A random order of 0 … length − 1 (Fisher–Yates, with rejection so that every order is equally likely). */
  permutation(length: number): Int32Array {
    const order = Int32Array.from({ length }, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const other = order[j] as number;
      order[j] = order[i] as number;
      order[i] = other;
    }
    return order;
  }

  /**
   * A whole number from 0 to limit − 1, each equally likely.
   * @throws {OptionError} when limit is not a whole number from 1 to 2^32: there is nothing to draw from.
   */
  below(limit: number): number {
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > WORD) {
      throw new OptionError(`below: expected a whole number from 1 to 2^32, got ${limit}`);
    }
    const highest = WORD - (WORD % limit);
    for (;;) {
      const word = this.#word();
      if (word < highest) return word % limit;
    }
  }

  #word(): number {
    this.#note();
    if (!this.#words || this.#words.next === this.#words.values.length) {
      this.#words = { values: this.bits(256), next: 0 };
    }
    return this.#words.values[this.#words.next++] as number;
  }

  /** `count` random 32-bit words. */
  bits(count: number): Uint32Array {
    const e = engine();
    const { seedLow, seedHigh, counterLow, counterHigh } = this.draw(count);
    e.arena.open();
    try {
      const address = e.allocate(count);
      e.kernels.philoxBits(address, count, seedLow, seedHigh, counterLow, counterHigh);
      return new Uint32Array(e.i32.slice(address >>> 2, (address >>> 2) + count).buffer);
    } finally {
      e.arena.close();
    }
  }
}

function checkSeed(seed: number): number {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new OptionError(`seed: expected a whole number from 0 to 2^53 − 1, got ${seed}`);
  }
  return seed;
}

/** The generator behind initialisation and dropout, unless another one is given. */
export const generator = /* @__PURE__ */ new Generator(0);

/** The passes that are under way, each inside the one before. */
const passes: PassDraws[] = [];

/** A draw of a pass. */
interface PassDraw {
  readonly count: number;
  readonly draw: Draw;
  /** Whether it was taken out of the generator, or is one that the generator gave before. */
  readonly taken: boolean;
}

/**
 * Draws that hold for a whole pass, whose segments are computed one after the other: those of its first segment are taken
 * from the generator, and all other segments take the same again.
 */
export class PassDraws {
  readonly #draws: PassDraw[] = [];
  #first = true;
  #next = 0;

  /** Computes a segment, for the first time or again. */
  segment<Result>(first: boolean, work: () => Result): Result {
    this.#first = first;
    this.#next = 0;
    passes.push(this);
    try {
      return work();
    } finally {
      passes.pop();
    }
  }

  /** The next draw of the segment. @throws {OptionError} when the first segment drew something else. */
  take(count: number, anew: () => PassDraw): PassDraw {
    const place = this.#next++;
    const found = this.#draws[place];
    if (!found && this.#first) {
      const made = anew();
      this.#draws[place] = made;
      return made;
    }
    if (found?.count !== count) {
      throw new OptionError(
        `dropout: expected a mask of ${found?.count ?? 0} numbers as in the first segment of the pass, got ${count}`,
      );
    }
    // Computed again, the first segment leaves the generator where it left it the first time.
    if (this.#first && found.taken) generator.draw(count);
    return this.#first ? found : { ...found, taken: false };
  }
}

function passDraw(count: number, depth: number): PassDraw {
  const pass = passes[depth - 1];
  if (pass) return pass.take(count, () => passDraw(count, depth - 1));
  return { count, draw: generator.draw(count), taken: true };
}

/** As `generator.draw`, for a mask that a pass has one of, whatever segments it is computed in. */
export function drawForPass(count: number): Draw {
  return passDraw(count, passes.length).draw;
}

/** What draws masks that a pass has one of. */
export const passGenerator: Pick<Generator, "draw"> = { draw: (count) => drawForPass(count) };

/**
 * Starts the generator behind initialisation and dropout over: same seed, same bits.
 *
 * ```ts
 * seed(42);
 * const first = uniform([3]).toArray().join();
 * seed(42);
 * uniform([3]).toArray().join() === first; // true
 * ```
 */
export function seed(value: number): void {
  generator.reseed(value);
}
