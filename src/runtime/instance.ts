import { HEAP_START } from "../wasm/heap.ts";
import type { CatalogueKernels, CompanionKernels, Kernels } from "../wasm/kernels.ts";
import { Arena } from "./arena.ts";
import type { Build } from "./binary.ts";
import { Heap } from "./heap.ts";
import { type Binary, KernelModule } from "./module.ts";
import { PairSlots } from "./pairSlots.ts";
import { obstacle } from "./threads/host.ts";
import { sharedMemory } from "./threads/sharedMemory.ts";
import { Threads } from "./threads/threads.ts";

/** One page less than 4 GiB: the address behind a block, which loops run up to, is then never 2^32, which is 0. */
const MOST_PAGES = 65_535;

/** The modules that may start beside the core, and their kernels. */
export interface BesideCore {
  readonly companion: CompanionKernels;
  readonly catalogue: CatalogueKernels;
}

/** A kernel that each of them has: what tells it from other modules. */
const evidence = { companion: "scanForward", catalogue: "catalogueForwardSlot" } as const;

/** Kernels, memory and the views on it, and the threads that share them. */
export class Engine {
  readonly build: Build;
  readonly heap: Heap;
  readonly arena: Arena;
  #core: KernelModule<Kernels>;
  /** What runs beside the core, by name; a pair of activation kernels by its slot. */
  #beside = new Map<keyof BesideCore | number, KernelModule<object>>();
  readonly #pairs = new PairSlots();
  #memory: WebAssembly.Memory;
  #isShared = false;
  #threads: Threads | null = null;
  #generation = 0;
  #f32: Float32Array<ArrayBuffer>;
  #i32: Int32Array<ArrayBuffer>;

  /** @param bytes what a module was compiled from, if that is known: without it memory cannot be shared. */
  constructor(binary: Binary, bytes: Uint8Array<ArrayBuffer> | null = null) {
    this.#memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
    this.#core = new KernelModule(binary, bytes);
    this.#core.start(this.#memory);
    this.build = this.kernels.isRelaxed() ? "relaxed" : "simd";
    this.heap = new Heap(this.#memory, HEAP_START);
    this.arena = new Arena(this.heap);
    this.#f32 = new Float32Array(this.#buffer);
    this.#i32 = new Int32Array(this.#buffer);
  }

  get kernels(): Kernels {
    return this.#core.kernels;
  }

  /** The kernels of a module beside the core; null until it is attached. */
  beside<Name extends keyof BesideCore>(name: Name): BesideCore[Name] | null {
    return (this.#beside.get(name)?.kernels as BesideCore[Name] | undefined) ?? null;
  }

  /** Starts a module beside the core, here and in every worker. @throws whatever the host throws when it refuses. */
  attach<Name extends keyof BesideCore>(name: Name, binary: Binary): BesideCore[Name] {
    const module = this.#start(binary);
    if (!(evidence[name] in module.kernels)) throw new TypeError(`expected the ${name}'s kernels, got other exports`);
    this.#add(name, module);
    return module.kernels as BesideCore[Name];
  }

  /**
   * Starts a module compiled at run time that puts a map and its gradient into two slots of the function table, in this
   * order, here and in every worker.
   * @param bytesFor the module for the first of the two slots. It imports the engine's memory first, then its table.
   * @returns the first slot, which `detachPair` gives back.
   * @throws whatever the host throws when it refuses to compile.
   */
  attachPair(bytesFor: (slot: number) => Uint8Array<ArrayBuffer>): number {
    const slot = this.#pairs.take();
    try {
      this.#add(slot, this.#start(bytesFor(slot)));
    } catch (error) {
      this.#pairs.giveBack(slot);
      throw error;
    }
    return slot;
  }

  /** Lets the slots of a pair be used again; nothing may call it any more. */
  detachPair(slot: number): void {
    if (this.#beside.delete(slot)) this.#pairs.giveBack(slot);
  }

  #start(binary: Binary): KernelModule<object> {
    const module = new KernelModule<object>(binary);
    growTable(this.#core.table, this.#pairs.end);
    if (this.#isShared) module.startShared(this.#memory, this.#core.table);
    else module.start(this.#memory, this.#core.table);
    return module;
  }

  #add(name: keyof BesideCore | number, module: KernelModule<object>): void {
    this.#beside.set(name, module);
    this.#threads?.attach(module, this.#pairs.end);
  }

  /** The whole memory as float32; valid until the next allocation. */
  get f32(): Float32Array<ArrayBuffer> {
    if (this.#generation !== this.heap.generation) this.#look();
    return this.#f32;
  }

  /** The whole memory as int32; valid until the next allocation. */
  get i32(): Int32Array<ArrayBuffer> {
    if (this.#generation !== this.heap.generation) this.#look();
    return this.#i32;
  }

  #look(): void {
    this.#f32 = new Float32Array(this.#buffer);
    this.#i32 = new Int32Array(this.#buffer);
    this.#generation = this.heap.generation;
  }

  /** A shared memory's buffer is another class with the same use: it is never handed out, only read and written. */
  get #buffer(): ArrayBuffer {
    return this.#memory.buffer as ArrayBuffer;
  }

  /** `count` four-byte numbers in the current step; content undefined. */
  allocate(count: number): number {
    return this.arena.allocate(count * 4);
  }

  get memoryBytes(): number {
    return this.heap.memoryBytes;
  }

  /** The workers that share a pass with this thread; null when there are none. */
  get threads(): Threads | null {
    return this.#threads;
  }

  /**
   * Lets `count` threads share the work, this one included. The engine moves to a memory that workers see too when it
   * is not there yet: all addresses stay. Where that cannot be, one thread does the work and `complain` is told why.
   */
  useThreads(count: number, complain: (reason: string) => void): void {
    if (this.#threads && this.#threads.hired === count - 1) return;
    this.#threads?.stop();
    this.#threads = null;
    if (count === 1) return;
    const reason = obstacle() ?? this.#share();
    if (reason !== null) {
      complain(reason);
      return;
    }
    const modules = [this.#core, ...this.#beside.values()];
    const slots = this.#pairs.end;
    this.#threads = new Threads({ workers: count - 1, modules, slots, memory: this.#memory, complain });
  }

  /** Moves to a shared memory; says why it could not. */
  #share(): string | null {
    if (this.#isShared) return null;
    const core = this.#core.copy();
    const beside = new Map([...this.#beside].map(([name, module]) => [name, module.copy()]));
    if (![core, ...beside.values()].every(({ canShare }) => canShare)) {
      return "the engine was started from a compiled module; load(url) and the inlined engine can share their memory";
    }
    const memory = sharedMemory(this.heap.memoryBytes, MOST_PAGES);
    if (!memory) return "this runtime refuses a shared WebAssembly memory";
    try {
      core.startShared(memory);
      growTable(core.table, this.#pairs.end);
      for (const module of beside.values()) module.startShared(memory, core.table);
      new Uint8Array(memory.buffer).set(new Uint8Array(this.#buffer));
      this.#core = core;
      this.#beside = beside;
      this.#memory = memory;
      this.#isShared = true;
      this.heap.moveTo(memory);
      return null;
    } catch (error) {
      return `this runtime refuses WebAssembly with shared memory: ${error instanceof Error ? error.message : error}`;
    }
  }
}

function growTable(table: WebAssembly.Table, slots: number): void {
  if (table.length < slots) table.grow(slots - table.length);
}
