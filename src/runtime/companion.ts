/**
 * The companion: the module of kernels that most programs never call. Who imports this file carries its binary; it
 * starts at the first call.
 */
import { relaxed } from "../wasm/companion/relaxed.ts";
import { simd } from "../wasm/companion/simd.ts";
import type { CompanionKernels } from "../wasm/kernels.ts";
import { binaryOf } from "./binary.ts";
import { companionModule, engine } from "./engine.ts";
import { ConfigurationError, UnsupportedRuntimeError } from "./errors.ts";

/**
 * Its kernels; the first call starts it.
 * @throws {UnsupportedRuntimeError} when the runtime compiles no bytes and no compiled module was handed over;
 * {ConfigurationError} when what was handed over does not start.
 */
export function companion(): CompanionKernels {
  return engine().companion ?? attach();
}

function attach(): CompanionKernels {
  const running = engine();
  const given = companionModule();
  try {
    return running.attachCompanion(given ?? binaryOf(running.build, { simd, relaxed }));
  } catch (cause) {
    if (given) {
      throw new ConfigurationError(
        "configure companion: expected the module unrolled/companion.wasm of the engine's own build, got one that does not start",
        { cause },
      );
    }
    throw new UnsupportedRuntimeError(
      "this runtime does not allow WebAssembly to be compiled from bytes; hand over both compiled modules with configure({ module, companion })",
      { cause },
    );
  }
}
