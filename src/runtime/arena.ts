import { MemoryError } from "./errors.ts";
import type { Heap } from "./heap.ts";

const LINE = 64;
const FIRST_CHUNK = 1 << 20;

/** The stretch of time for which blocks of the arena stay valid. */
export interface Scope {
  readonly alive: boolean;
  /** Whether the next allocation ends it: its blocks may be read, but no longer be relied on by what allocates. */
  readonly ending: boolean;
}

interface OpenScope {
  alive: boolean;
  ending: boolean;
}

interface Mark {
  readonly chunk: number;
  readonly offset: number;
}

interface Level {
  scope: OpenScope;
  readonly mark: Mark;
}

interface Chunk {
  readonly address: number;
  readonly bytes: number;
}

/**
 * The memory of one training or inference step: allocation moves a pointer, and the whole step is forgotten at once.
 *
 * Scopes nest like calls. The outermost one is always open; `endStep` ends the innermost one, but lazily: what it holds
 * stays readable until the next allocation, so a loss may be read after `optimizer.step()`. The arena draws chunks from
 * the heap and joins them into one when it is next empty, so a loop of equal steps allocates nothing.
 */
export class Arena {
  readonly #heap: Heap;
  #chunks: Chunk[] = [];
  #chunk = 0;
  #offset = 0;
  #levels: Level[] = [{ scope: { alive: true, ending: false }, mark: { chunk: 0, offset: 0 } }];

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** The scope that the next block will belong to. */
  get scope(): Scope {
    return this.#innermost().scope;
  }

  /** Bytes reserved, used or not. */
  get bytesReserved(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  }

  /**
   * A block at a multiple of 64 bytes, valid until its scope ends; its content is undefined.
   * @throws {MemoryError} when the memory cannot grow.
   */
  allocate(bytes: number): number {
    this.#settle();
    const wanted = Math.max(LINE, Math.ceil(bytes / LINE) * LINE);
    for (; this.#chunk < this.#chunks.length; this.#chunk++, this.#offset = 0) {
      const chunk = this.#chunks[this.#chunk] as Chunk;
      if (this.#offset + wanted <= chunk.bytes) {
        const address = chunk.address + this.#offset;
        this.#offset += wanted;
        return address;
      }
    }
    this.#chunks.push(this.#reserve(wanted));
    this.#offset = wanted;
    return (this.#chunks[this.#chunk] as Chunk).address;
  }

  /** A chunk that holds `wanted` bytes: half as much again as there is, or what the memory still has room for. */
  #reserve(wanted: number): Chunk {
    const generous = Math.max(wanted, FIRST_CHUNK, Math.floor(this.bytesReserved / 2));
    for (const bytes of [generous, Math.max(wanted, FIRST_CHUNK)]) {
      try {
        return { address: this.#heap.allocate(bytes), bytes };
      } catch (error) {
        if (!(error instanceof MemoryError)) throw error;
      }
    }
    return { address: this.#heap.allocate(wanted), bytes: wanted };
  }

  /** Opens a scope inside the current one. Every `open` has its `close`. */
  open(): void {
    this.#settle();
    this.#levels.push({
      scope: { alive: true, ending: false },
      mark: { chunk: this.#chunk, offset: this.#offset },
    });
  }

  /** Ends the innermost scope and everything in it. */
  close(): void {
    const level = this.#levels.pop() as Level;
    level.scope.alive = false;
    this.#rewind(level.mark);
  }

  /** Ends the current step: its blocks stay readable until the next allocation. */
  endStep(): void {
    this.#innermost().scope.ending = true;
  }

  #innermost(): Level {
    return this.#levels[this.#levels.length - 1] as Level;
  }

  /** Carries out a pending `endStep`. */
  #settle(): void {
    const level = this.#innermost();
    if (!level.scope.ending) return;
    level.scope.alive = false;
    level.scope = { alive: true, ending: false };
    this.#rewind(level.mark);
  }

  #rewind(mark: Mark): void {
    this.#chunk = mark.chunk;
    this.#offset = mark.offset;
    if (mark.chunk > 0 || mark.offset > 0 || this.#chunks.length < 2) return;
    const total = this.bytesReserved;
    for (const chunk of this.#chunks) this.#heap.release(chunk.address);
    this.#chunks = [];
    try {
      this.#chunks.push({ address: this.#heap.allocate(total), bytes: total });
    } catch (error) {
      // There is no such stretch in one piece: the next step takes its chunks one by one, as this one did.
      if (!(error instanceof MemoryError)) throw error;
    }
  }
}
