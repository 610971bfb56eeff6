import { MemoryError } from "./errors.ts";

/** Blocks are whole cache lines, so that no two of them share one and vector reads never straddle. */
const LINE = 64;
const PAGE = 65_536;

interface Block {
  address: number;
  bytes: number;
}

/**
 * The persistent part of the engine's memory: parameters, their gradients, optimizer state, and the chunks of the
 * arena. First fit over free blocks kept in order of address, neighbours joined; memory grows only when nothing fits.
 */
export class Heap {
  #memory: WebAssembly.Memory;
  readonly #free: Block[] = [];
  readonly #used = new Map<number, number>();
  #top: number;
  #bytesUsed = 0;
  /** Counts the changes after which views on the memory must be made anew. */
  generation = 0;

  /** @param base the first byte the engine leaves to its caller. */
  constructor(memory: WebAssembly.Memory, base: number) {
    this.#memory = memory;
    this.#top = roundUp(base, LINE);
  }

  /** Bytes the memory has grown to. */
  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Goes on in another memory, which holds the same bytes. */
  moveTo(memory: WebAssembly.Memory): void {
    this.#memory = memory;
    this.generation++;
  }

  /** Bytes in use. */
  get bytesUsed(): number {
    return this.#bytesUsed;
  }

  /** The first byte that was never handed out: where the heap ends. */
  get top(): number {
    return this.#top;
  }

  /**
   * A block of at least `bytes` bytes at a multiple of 64; its content is undefined.
   * @throws {MemoryError} when the memory cannot grow as far; nothing has changed then.
   */
  allocate(bytes: number): number {
    const wanted = Math.max(LINE, roundUp(bytes, LINE));
    const index = this.#free.findIndex((block) => block.bytes >= wanted);
    const address = index >= 0 ? this.#take(index, wanted) : this.#extend(wanted);
    this.#used.set(address, wanted);
    this.#bytesUsed += wanted;
    return address;
  }

  /** Gives a block back. */
  release(address: number): void {
    const bytes = this.#used.get(address);
    if (bytes === undefined) throw new MemoryError(`release: no block starts at ${address}`);
    this.#used.delete(address);
    this.#bytesUsed -= bytes;
    const index = this.#free.findIndex((block) => block.address > address);
    this.#free.splice(index < 0 ? this.#free.length : index, 0, { address, bytes });
    this.#join();
  }

  #take(index: number, wanted: number): number {
    const block = this.#free[index] as Block;
    const { address } = block;
    if (block.bytes === wanted) {
      this.#free.splice(index, 1);
    } else {
      block.address += wanted;
      block.bytes -= wanted;
    }
    return address;
  }

  #extend(wanted: number): number {
    const address = this.#top;
    const missing = address + wanted - this.#memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.#memory.grow(Math.ceil(missing / PAGE));
        this.generation++;
      } catch (cause) {
        const have = this.#memory.buffer.byteLength;
        throw new MemoryError(
          `engine memory: wanted ${missing} more bytes, have ${have} and the runtime refuses to grow further; ` +
            "end the step with optimizer.step(), infer inside noGrad(), or use smaller batches",
          { cause },
        );
      }
    }
    this.#top += wanted;
    return address;
  }

  #join(): void {
    for (let i = this.#free.length - 1; i > 0; i--) {
      const left = this.#free[i - 1] as Block;
      const right = this.#free[i] as Block;
      if (left.address + left.bytes === right.address) {
        left.bytes += right.bytes;
        this.#free.splice(i, 1);
      }
    }
    const last = this.#free.at(-1);
    if (last && last.address + last.bytes === this.#top) {
      this.#top = last.address;
      this.#free.pop();
    }
  }
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
