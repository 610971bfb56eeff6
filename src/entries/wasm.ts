/**
 * `unrolled/wasm`: the engine: which build runs, on how many threads, and how to hand it a module that the host compiled.
 * The same objects as in `unrolled`.
 */

export {
  type Build,
  type Configuration,
  configure,
  load,
  type RuntimeInfo,
  runtimeInfo,
  threadsReady,
} from "../runtime/engine.ts";
export {
  ConfigurationError,
  MemoryError,
  ThreadError,
  UnrolledError,
  UnsupportedRuntimeError,
} from "../runtime/errors.ts";
