/**
 * The engine: one WebAssembly instance and its memory, found and started by itself at first use.
 *
 * The binary is the relaxed build where the runtime has relaxed SIMD, else the plain SIMD build; both are inlined as
 * text, so that no bundler, server or header has to take part. Instantiation is synchronous.
 */
import { instantiateSync } from "@assemblyscript/loader";
import type { Kernels } from "../wasm/kernels.ts";
import { relaxed } from "../wasm/relaxed.ts";
import { simd } from "../wasm/simd.ts";
import { Arena } from "./arena.ts";
import { ConfigurationError, UnsupportedRuntimeError } from "./errors.ts";
import { detectFeatures } from "./features.ts";
import { Heap } from "./heap.ts";
import { requireKnown } from "./options.ts";

/** One page less than 4 GiB: the address behind a block, which loops run up to, is then never 2^32, which is 0. */
const MOST_PAGES = 65_535;

/** Which of the two binaries runs. */
export type Build = "simd" | "relaxed";

/** Settings of the engine; they must be made before its first use. */
export interface Configuration {
  /**
   * Run the build whose results are the same bits on every host: products are rounded before they are added.
   * Default false: the fastest build the runtime can execute.
   */
  deterministic?: boolean;
  /** A compiled engine (`unrolled/kernels.wasm`), for runtimes that forbid compiling bytes. */
  module?: WebAssembly.Module;
}

/** Kernels, memory and the views on it. */
export class Engine {
  readonly kernels: Kernels;
  readonly build: Build;
  readonly heap: Heap;
  readonly arena: Arena;
  readonly #memory: WebAssembly.Memory;
  #f32: Float32Array<ArrayBuffer>;
  #i32: Int32Array<ArrayBuffer>;

  constructor(source: WebAssembly.Module | Uint8Array<ArrayBuffer>) {
    this.#memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
    const { exports } = instantiateSync<Record<string, unknown>>(source, { env: { memory: this.#memory } });
    this.kernels = exports as unknown as Kernels;
    this.build = this.kernels.isRelaxed() ? "relaxed" : "simd";
    this.heap = new Heap(this.#memory, this.kernels.heapBase());
    this.arena = new Arena(this.heap);
    const buffer = this.#memory.buffer as ArrayBuffer;
    this.#f32 = new Float32Array(buffer);
    this.#i32 = new Int32Array(buffer);
  }

  /** The whole memory as float32; valid until the next allocation. */
  get f32(): Float32Array<ArrayBuffer> {
    if (this.#f32.length === 0) this.#f32 = new Float32Array(this.#memory.buffer as ArrayBuffer);
    return this.#f32;
  }

  /** The whole memory as int32; valid until the next allocation. */
  get i32(): Int32Array<ArrayBuffer> {
    if (this.#i32.length === 0) this.#i32 = new Int32Array(this.#memory.buffer as ArrayBuffer);
    return this.#i32;
  }

  /** `count` four-byte numbers in the current step; content undefined. */
  allocate(count: number): number {
    return this.arena.allocate(count * 4);
  }

  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }
}

let current: Engine | null = null;
let configuration: Configuration = {};

/** The running engine; the first call starts it. */
export function engine(): Engine {
  current ??= start();
  return current;
}

/**
 * Settings, to be made before the engine's first use.
 * @throws {ConfigurationError} when the engine already runs and would have to be another one.
 */
export function configure(settings: Configuration): void {
  requireKnown("configure", settings, ["deterministic", "module"]);
  const next = { ...configuration, ...settings };
  if (current) {
    if (next.deterministic && current.build !== "simd") {
      throw new ConfigurationError(
        "configure: wanted { deterministic: true }, but the engine already runs the relaxed build; call configure() first",
      );
    }
    if (settings.module) {
      throw new ConfigurationError(
        "configure: wanted another module, but the engine already runs; call configure() first",
      );
    }
  }
  configuration = next;
}

/**
 * Starts the engine from a binary of the user's own keeping (`unrolled/kernels.wasm`) instead of the inlined one.
 * @param source a URL, a response, bytes, or a compiled module.
 * @throws {ConfigurationError} when the engine already runs; {UnsupportedRuntimeError} when the binary cannot run here.
 */
export async function load(source: string | URL | Response | BufferSource | WebAssembly.Module): Promise<void> {
  requireWebAssembly();
  const module = await compile(source);
  const before = configuration;
  configure({ module });
  try {
    engine();
  } catch (error) {
    configuration = before;
    throw error;
  }
}

async function compile(
  source: string | URL | Response | BufferSource | WebAssembly.Module,
): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return compileBytes(source as BufferSource);
  const response = source instanceof Response ? source : await fetch(source);
  if (!response.ok) {
    throw new ConfigurationError(`load: wanted the engine at ${response.url}, got HTTP status ${response.status}`);
  }
  return compileBytes(await response.arrayBuffer());
}

async function compileBytes(bytes: BufferSource): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new UnsupportedRuntimeError("load: expected a binary that this runtime can compile, got another", { cause });
  }
}

function requireWebAssembly(): { relaxedSimd: boolean } {
  const features = detectFeatures();
  if (!features.webAssembly) {
    throw new UnsupportedRuntimeError("this runtime has no WebAssembly; unrolled needs WebAssembly with 128-bit SIMD");
  }
  if (!features.simd) {
    throw new UnsupportedRuntimeError(
      "this runtime's WebAssembly has no 128-bit SIMD, which unrolled needs (Chrome 91, Firefox 89, Safari 16.4, Node 16.4 and later have it)",
    );
  }
  return features;
}

function start(): Engine {
  const { relaxedSimd } = requireWebAssembly();
  if (configuration.module) {
    const given = startGiven(configuration.module);
    if (configuration.deterministic && given.build !== "simd") {
      throw new ConfigurationError("configure: wanted { deterministic: true }, got the module of the relaxed build");
    }
    return given;
  }
  const text = relaxedSimd && !configuration.deterministic ? relaxed : simd;
  try {
    return new Engine(decode(text));
  } catch (cause) {
    throw new UnsupportedRuntimeError(
      "this runtime does not allow WebAssembly to be compiled from bytes; hand over a compiled module with configure({ module })",
      { cause },
    );
  }
}

function startGiven(module: WebAssembly.Module): Engine {
  try {
    return new Engine(module);
  } catch (cause) {
    throw new ConfigurationError("configure: expected the module unrolled/kernels.wasm, got one that does not start", {
      cause,
    });
  }
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** What runs: the build, and the bytes of memory it has and uses. */
export interface RuntimeInfo {
  readonly build: Build;
  /** Bytes of WebAssembly memory the engine has grown to. */
  readonly memoryBytes: number;
  /** Bytes in use: parameters, gradients, optimizer state and the reserve of the current step. */
  readonly heapBytes: number;
}

/** Starts the engine if need be and says what runs. */
export function runtimeInfo(): RuntimeInfo {
  const { build, memoryBytes, heap } = engine();
  return { build, memoryBytes, heapBytes: heap.bytesUsed };
}
