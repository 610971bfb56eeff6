/** Which functions are trained next: at random at first, then offspring of the best so far. */
import type { Contender } from "../compare/row.ts";
import type { RandomSource } from "../tasks/task.ts";
import { type Tree, written } from "./tree.ts";
import { crossed, isHandy, mutated, pick, randomTree } from "./vary.ts";
import { type FilterName, filterNames, vet } from "./vet.ts";

/** A function that takes part. */
export interface Candidate {
  readonly tree: Tree;
  readonly contender: Contender;
  /** By what factor the square of a gradient changes each step at initialisation. */
  readonly gain: number;
}

/** A candidate and how far it came. */
export interface Judged extends Candidate {
  /** The steps of its longest trial. */
  readonly steps: number;
  /** The score of that; infinite when it diverged. */
  readonly score: number;
}

/** The better first: who did not diverge, then who was trained for longer, and then who has the lower score. */
export function better(a: Judged, b: Judged): number {
  const diverged = Number(a.score === Number.POSITIVE_INFINITY) - Number(b.score === Number.POSITIVE_INFINITY);
  if (diverged !== 0) return diverged;
  if (a.steps !== b.steps) return b.steps - a.steps;
  return a.score === b.score ? 0 : a.score - b.score;
}

/** Of a generation: how many are new, and how many are of two parents; the others are of one. */
const NEW = 0.2;
const OF_TWO = 0.2;

/** Parents are the best of so many, drawn from the youngest: who was lucky once is forgotten in time. */
const TOURNAMENT = 5;
const YOUNGEST = 72;

/** Trees that are looked at for a place, before it is left empty. */
const ATTEMPTS = 500;

/** Makes generations. */
export class Evolution {
  /** How many trees each filter has kept back. */
  readonly kept: Record<FilterName, number> = Object.fromEntries(filterNames.map((name) => [name, 0])) as Record<
    FilterName,
    number
  >;
  /** How many trees were looked at. */
  seen = 0;
  readonly #random: RandomSource;
  /** Functions that were there, by their values. */
  readonly #known = new Set<string>();
  readonly #judged: Judged[] = [];

  /** @param reference a function that is trained anyway, and so is none of the new ones. */
  constructor(random: RandomSource, reference: Contender) {
    this.#random = random;
    const found = vet(reference);
    if (typeof found === "object") this.#known.add(found.key);
  }

  /** All that were trained, the best first. */
  get ranking(): Judged[] {
    return this.#judged.toSorted(better);
  }

  /** Takes note of how a generation did. */
  judge(generation: readonly Judged[]): void {
    this.#judged.push(...generation);
  }

  /** Functions that have passed every filter; fewer than `size` where hardly any does. */
  generation(size: number): Candidate[] {
    const found: Candidate[] = [];
    for (let attempt = 0; attempt < ATTEMPTS * size && found.length < size; attempt++) {
      const tree = this.#next();
      if (!isHandy(tree)) continue;
      const candidate = this.#pass(tree);
      if (candidate) found.push(candidate);
    }
    return found;
  }

  #next(): Tree {
    const kind = this.#random();
    if (this.#judged.length === 0 || kind < NEW) return randomTree(this.#random);
    if (kind < NEW + OF_TWO) return crossed(this.#parent(), this.#parent(), this.#random);
    return mutated(this.#parent(), this.#random);
  }

  #parent(): Tree {
    const youngest = this.#judged.slice(-YOUNGEST);
    const drawn = Array.from({ length: TOURNAMENT }, () => pick(this.#random, youngest));
    return (drawn.toSorted(better)[0] as Judged).tree;
  }

  #pass(tree: Tree): Candidate | null {
    this.seen++;
    const found = vet(written(tree));
    const why = typeof found === "string" ? found : this.#known.has(found.key) ? "known" : null;
    if (why !== null) this.kept[why]++;
    if (why !== null || typeof found === "string") return null;
    this.#known.add(found.key);
    return { tree, contender: found.contender, gain: found.gain };
  }
}
