import { lanes, offset, plain, signed, types, unsigned, vector } from "./bytes.ts";

/** Where functions are written, one after the other, so that none needs memory of its own before it is finished. */
let room = new Uint8Array(0);
const ROOM = 65_536;

/** A function that is being written; there is one at a time. */
export class Body {
  readonly #parameters: number;
  readonly #types: number[] = [];
  /** What is read from memory before everything else. */
  readonly #start: number[] = [];
  readonly #spread = new Map<string, number>();
  #length = 0;

  constructor(parameters: number) {
    this.#parameters = parameters;
    if (room.length === 0) room = new Uint8Array(ROOM);
  }

  /** A new local variable. */
  local(type: number): number {
    return this.#parameters + this.#types.push(type) - 1;
  }

  /**
   * A local variable with one number of memory in all lanes. It is read once, at the start: in a loop over several vectors
   * that costs less than to read it for each.
   * @param base the local variable with the address that `at` is counted from; null: from 0.
   */
  spread(base: number | null, at: number): number {
    const key = `${base} ${at}`;
    const known = this.#spread.get(key);
    if (known !== undefined) return known;
    const variable = this.local(types.v128);
    const from = base === null ? [plain.i32Const, ...signed(0)] : [plain.localGet, base];
    this.#start.push(...from, ...lanes(vector.load32Splat, ...offset(at)), plain.localSet, ...unsigned(variable));
    this.#spread.set(key, variable);
    return variable;
  }

  push(...bytes: readonly number[]): void {
    this.append(bytes);
  }

  append(bytes: ArrayLike<number>): void {
    const end = this.#length + bytes.length;
    if (end > room.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(room);
      room = larger;
    }
    // A few bytes at a time, which a copy by `set` would take longer to begin with than to do.
    for (let i = 0, at = this.#length; at < end; i++, at++) room[at] = bytes[i] as number;
    this.#length = end;
  }

  get(local: number): void {
    this.onLocal(plain.localGet, local);
  }

  set(local: number): void {
    this.onLocal(plain.localSet, local);
  }

  /** An instruction on a local variable. */
  onLocal(instruction: number, local: number): void {
    this.append(local < 128 ? [instruction, local] : [instruction, ...unsigned(local)]);
  }

  /** local := local + bytes, or − where it is negative. */
  advance(local: number, by: number): void {
    this.get(local);
    this.push(plain.i32Const, ...signed(by), plain.i32Add);
    this.set(local);
  }

  /** The function as it stands in the code section. */
  finish(): Uint8Array {
    const groups = [...unsigned(this.#types.length), ...this.#types.flatMap((type) => [1, type])];
    const before = [...groups, ...this.#start];
    const size = unsigned(before.length + this.#length + 1);
    const bytes = new Uint8Array(size.length + before.length + this.#length + 1);
    bytes.set(size);
    bytes.set(before, size.length);
    bytes.set(room.subarray(0, this.#length), size.length + before.length);
    bytes[bytes.length - 1] = plain.end;
    return bytes;
  }
}
