/**
 * The catalogue: the module of the activations that the core does not have. Who imports this file carries its binary; it
 * starts at the first call.
 */
import { relaxed } from "../wasm/catalogue/relaxed.ts";
import { simd } from "../wasm/catalogue/simd.ts";
import type { CatalogueKernels } from "../wasm/kernels.ts";
import { attach } from "./beside.ts";
import { binaryOf } from "./binary.ts";
import { engine, moduleBeside } from "./engine.ts";

/** Its kernels; the first call starts it. @throws as `attach` does. */
export function catalogue(): CatalogueKernels {
  return engine().beside("catalogue") ?? attach("catalogue", { simd, relaxed });
}

/** The bytes of the catalogue that runs, or null where a compiled module was handed over. */
export function catalogueBinary(): Uint8Array | null {
  return moduleBeside("catalogue") ? null : binaryOf(engine().build, { simd, relaxed });
}
