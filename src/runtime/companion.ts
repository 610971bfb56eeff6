/**
 * The companion: the module of kernels that most programs never call. Who imports this file carries its binary; it
 * starts at the first call.
 */
import { relaxed } from "../wasm/companion/relaxed.ts";
import { simd } from "../wasm/companion/simd.ts";
import type { CompanionKernels } from "../wasm/kernels.ts";
import { attach } from "./beside.ts";
import { engine } from "./engine.ts";

/** Its kernels; the first call starts it. @throws as `attach` does. */
export function companion(): CompanionKernels {
  return engine().beside("companion") ?? attach("companion", { simd, relaxed });
}
