import { withSharedMemory } from "./threads/sharedMemory.ts";

/** What a module is started from. */
export type Binary = WebAssembly.Module | Uint8Array<ArrayBuffer>;

interface Instance<K> {
  readonly kernels: K;
  /** Compiled for a shared memory; null while the memory is this thread's own. */
  readonly shared: WebAssembly.Module | null;
}

/** One module of kernels over the engine's memory: the core, or a companion of it. */
export class KernelModule<K> {
  readonly #binary: Binary;
  readonly #bytes: Uint8Array<ArrayBuffer> | null;
  #instance: Instance<K> | null = null;

  /** @param bytes what a compiled module was compiled from, if that is known: without it memory cannot be shared. */
  constructor(binary: Binary, bytes: Uint8Array<ArrayBuffer> | null = null) {
    this.#binary = binary;
    this.#bytes = binary instanceof WebAssembly.Module ? bytes : binary;
  }

  get kernels(): K {
    return (this.#instance as Instance<K>).kernels;
  }

  /** What workers instantiate; only once the memory is shared. */
  get shared(): WebAssembly.Module {
    return this.#instance?.shared as WebAssembly.Module;
  }

  /** The table of the functions that other modules call, of a module that has one. */
  get table(): WebAssembly.Table {
    return (this.kernels as { readonly table: WebAssembly.Table }).table;
  }

  get canShare(): boolean {
    return this.#bytes !== null;
  }

  /** The same module, not started. */
  copy(): KernelModule<K> {
    return new KernelModule(this.#binary, this.#bytes);
  }

  /**
   * Starts over a memory that only this thread sees.
   * @param table the core's table, for a companion.
   * @throws whatever the host throws when it refuses.
   */
  start(memory: WebAssembly.Memory, table?: WebAssembly.Table): void {
    this.#instance = { kernels: instantiate(this.#binary, memory, table), shared: null };
  }

  /** Starts over a shared memory. @throws whatever the host throws when it refuses. */
  startShared(memory: WebAssembly.Memory, table?: WebAssembly.Table): void {
    if (!this.#bytes) throw new TypeError("expected the bytes that the module was compiled from");
    const shared = new WebAssembly.Module(withSharedMemory(this.#bytes));
    this.#instance = { kernels: instantiate(shared, memory, table), shared };
  }
}

function instantiate<K>(binary: Binary, memory: WebAssembly.Memory, table?: WebAssembly.Table): K {
  const module = binary instanceof WebAssembly.Module ? binary : new WebAssembly.Module(binary);
  const env: WebAssembly.ModuleImports = table ? { memory, table } : { memory };
  return new WebAssembly.Instance(module, { env }).exports as K;
}
