import { setFlagsFromString } from "node:v8";

/** From now on V8 takes relaxed SIMD. Node 20 and 21 have it behind a flag, which later ones know no more. */
export function allowRelaxed(): void {
  if (Number.parseInt(process.versions.node, 10) < 22) setFlagsFromString("--experimental-wasm-relaxed-simd");
}
