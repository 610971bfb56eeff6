import { setFlagsFromString } from "node:v8";

/** What V8 has to be told to take relaxed SIMD: Node 20 and 21 have it behind a flag, which later ones know no more. */
export const relaxedFlags: readonly string[] =
  Number.parseInt(process.versions.node, 10) < 22 ? ["--experimental-wasm-relaxed-simd"] : [];

/** From now on V8 takes relaxed SIMD. */
export function allowRelaxed(): void {
  for (const flag of relaxedFlags) setFlagsFromString(flag);
}
