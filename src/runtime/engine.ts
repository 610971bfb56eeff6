/**
 * The engine: one WebAssembly instance and its memory, found and started by itself at first use.
 *
 * The binary is the relaxed build where the runtime has relaxed SIMD, else the plain SIMD build; both are inlined as
 * text, so that no bundler, server or header has to take part. Instantiation is synchronous.
 */
import { relaxed } from "../wasm/core/relaxed.ts";
import { simd } from "../wasm/core/simd.ts";
import { type Build, binaryOf } from "./binary.ts";
import { ConfigurationError, UnsupportedRuntimeError } from "./errors.ts";
import { detectFeatures } from "./features.ts";
import { type BesideCore, Engine } from "./instance.ts";
import { requireKnown } from "./options.ts";
import { coreCount } from "./threads/host.ts";

export type { Build } from "./binary.ts";

/** Settings of the engine. All but `threads` must be made before its first use. */
export interface Configuration {
  /**
   * Run the build whose results are the same bits on every host: products are rounded before they are added.
   * Default false: the fastest build the runtime can execute.
   */
  deterministic?: boolean;
  /** A compiled engine (`unrolled/kernels.wasm`), for runtimes that forbid compiling bytes. */
  module?: WebAssembly.Module;
  /**
   * The compiled companion of that engine (`unrolled/companion.wasm`, of the same build): the kernels of convolution,
   * attention's masks, norms, scans and most losses. Only beside `module`, and only for who uses one of them.
   */
  companion?: WebAssembly.Module;
  /** Likewise its compiled catalogue (`unrolled/catalogue.wasm`): the activations that the engine itself does not have. */
  catalogue?: WebAssembly.Module;
  /**
   * Threads that share the work of large passes, this one included: 1 to 64, or "auto" for as many as there are cores,
   * eight at most. Default 1. Results are the same bits for any number. The workers start in the background and take
   * part from then on (`threadsReady` waits for them); they never keep a process alive.
   *
   * A recurrent pass is split by sequences, a product by rows or columns, a map by ranges, each only where the work is
   * worth it. In a page this needs cross-origin isolation; where workers or shared memory cannot be had, one thread does
   * the work and one line on the console says how to change that. May be changed between passes.
   */
  threads?: number | "auto";
}

const MOST_THREADS = 64;
/** Beyond this many, the batches of small models have no more sequences to give. */
const MOST_THREADS_BY_DEFAULT = 8;

let current: Engine | null = null;
let configuration: Configuration = {};
/** What `load` compiled the module of the configuration from. */
let loadedBytes: Uint8Array<ArrayBuffer> | null = null;

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
  requireKnown("configure", settings, ["deterministic", "module", "companion", "catalogue", "threads"]);
  const next = { ...configuration, ...settings };
  const threads = threadCount(next.threads);
  for (const name of ["companion", "catalogue"] as const) {
    if (next[name] && !next.module) {
      throw new ConfigurationError(`configure ${name}: expected it beside the module it belongs to, got it alone`);
    }
  }
  if (current) {
    if (next.deterministic && current.build !== "simd") {
      throw new ConfigurationError(
        "configure: wanted { deterministic: true }, but the engine already runs the relaxed build; call configure() first",
      );
    }
    if (settings.module || settings.companion || settings.catalogue) {
      throw new ConfigurationError(
        "configure: wanted another module, but the engine already runs; call configure() first",
      );
    }
  }
  configuration = next;
  if (settings.threads !== undefined) current?.useThreads(threads, complain);
}

/** The compiled module of what runs beside the core, where one was handed over. */
export function moduleBeside(name: keyof BesideCore): WebAssembly.Module | undefined {
  return configuration[name];
}

/** @throws {ConfigurationError} unless it is a number of threads. */
function threadCount(wanted: number | "auto" | undefined): number {
  if (wanted === undefined) return 1;
  if (wanted === "auto") return Math.min(coreCount(), MOST_THREADS_BY_DEFAULT);
  if (!Number.isSafeInteger(wanted) || wanted < 1 || wanted > MOST_THREADS) {
    throw new ConfigurationError(
      `configure threads: expected "auto" or a whole number from 1 to ${MOST_THREADS}, got ${wanted}`,
    );
  }
  return wanted;
}

function complain(reason: string): void {
  console.info(`unrolled runs on one thread: ${reason}.`);
}

/**
 * Starts the engine if need be, waits until the workers of `configure({ threads })` are up or known not to come, and
 * says how many threads share the work. Nothing needs to wait for this: until then, fewer threads do the same.
 */
export async function threadsReady(): Promise<number> {
  const { threads } = engine();
  await threads?.settled();
  return engine().threads?.count ?? 1;
}

/**
 * Starts the engine from a binary of the user's own keeping (`unrolled/kernels.wasm`) instead of the inlined one.
 * @param source a URL, a response, bytes, or a compiled module.
 * @throws {ConfigurationError} when the engine already runs; {UnsupportedRuntimeError} when the binary cannot run here.
 */
export async function load(source: string | URL | Response | BufferSource | WebAssembly.Module): Promise<void> {
  requireWebAssembly();
  const bytes = source instanceof WebAssembly.Module ? null : await bytesOf(source);
  const module = bytes ? await compile(bytes) : (source as WebAssembly.Module);
  const before = configuration;
  configure({ module });
  loadedBytes = bytes;
  try {
    engine();
  } catch (error) {
    configuration = before;
    loadedBytes = null;
    throw error;
  }
}

/** A copy of the bytes behind a source, or what is fetched from it. */
async function bytesOf(source: string | URL | Response | BufferSource): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof ArrayBuffer) return new Uint8Array(source.slice());
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice();
  const response = source instanceof Response ? source : await fetch(source);
  if (!response.ok) {
    throw new ConfigurationError(`load: wanted the engine at ${response.url}, got HTTP status ${response.status}`);
  }
  return new Uint8Array(await response.arrayBuffer());
}

async function compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
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
      "this runtime's WebAssembly has no 128-bit SIMD (since Chrome 91, Firefox 89, Safari 16.4, Node 16.4)",
    );
  }
  return features;
}

function start(): Engine {
  const started = startOnOneThread();
  const threads = threadCount(configuration.threads);
  if (threads > 1) started.useThreads(threads, complain);
  return started;
}

function startOnOneThread(): Engine {
  const { relaxedSimd } = requireWebAssembly();
  if (configuration.module) {
    const given = startGiven(configuration.module);
    if (configuration.deterministic && given.build !== "simd") {
      throw new ConfigurationError("configure: wanted { deterministic: true }, got the module of the relaxed build");
    }
    return given;
  }
  const build = relaxedSimd && !configuration.deterministic ? "relaxed" : "simd";
  try {
    return new Engine(binaryOf(build, { simd, relaxed }));
  } catch (cause) {
    throw new UnsupportedRuntimeError(
      "this runtime does not allow WebAssembly to be compiled from bytes; in a page, allow 'wasm-unsafe-eval' as script-src, elsewhere hand over a compiled module with configure({ module })",
      { cause },
    );
  }
}

function startGiven(module: WebAssembly.Module): Engine {
  try {
    return new Engine(module, loadedBytes);
  } catch (cause) {
    throw new ConfigurationError("configure: expected the module unrolled/kernels.wasm, got one that does not start", {
      cause,
    });
  }
}

/** What runs: the build, the threads, and the bytes of memory it has and uses. */
export interface RuntimeInfo {
  readonly build: Build;
  /** Threads that share the work now: 1, and the workers that are up. */
  readonly threads: number;
  /** Bytes of WebAssembly memory the engine has grown to. */
  readonly memoryBytes: number;
  /** Bytes in use: parameters, gradients, optimizer state and the reserve of the current step. */
  readonly heapBytes: number;
}

/**
 * Starts the engine if need be and says what runs.
 *
 * ```ts
 * const { build, threads, memoryBytes } = runtimeInfo();
 * console.log(`the ${build} build with ${threads} threads in ${memoryBytes} bytes`);
 * ```
 */
export function runtimeInfo(): RuntimeInfo {
  const { build, threads, memoryBytes, heap } = engine();
  return { build, threads: threads?.count ?? 1, memoryBytes, heapBytes: heap.bytesUsed };
}
