import { FREE_SLOTS } from "../wasm/heap.ts";

/** Which slots of the function table the pairs of functions have that are compiled at run time. */
export class PairSlots {
  readonly #free: number[] = [];
  #end = FREE_SLOTS;

  /** The first slot that nothing has ever used: the table is as long as this. */
  get end(): number {
    return this.#end;
  }

  /** The first of two slots. */
  take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    this.#end += 2;
    return this.#end - 2;
  }

  giveBack(slot: number): void {
    this.#free.push(slot);
  }
}
