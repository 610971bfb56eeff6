import { FREE_SLOTS } from "../wasm/heap.ts";

/** The table grows by so many slots, since each growth is told to every module that has the table. */
const GROWTH = 64;

/** Which slots of the function table the pairs of functions have that are compiled at run time. */
export class PairSlots {
  readonly #free: number[] = [];
  #next = FREE_SLOTS;

  /** How long the table has to be. */
  get end(): number {
    return FREE_SLOTS + Math.ceil((this.#next - FREE_SLOTS) / GROWTH) * GROWTH;
  }

  /** The first of two slots. */
  take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    this.#next += 2;
    return this.#next - 2;
  }

  giveBack(slot: number): void {
    this.#free.push(slot);
  }
}
