/** The engine's binary on its own, to time what layers pay: its kernels are not part of the public interface. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runtimeInfo } from "unrolled";

/** What of the binary is called: addresses are in bytes, counts and strides in numbers. */
export interface Kernels {
  heapBase(): number;
  activationForwardSlot(kind: number): number;
  activationForward(slot: number, x: number, y: number, count: number, parameters: number): void;
  panelsSize(rows: number, depth: number): number;
  packTransposed(weight: number, rows: number, depth: number, packed: number): void;
  gemmWorkspaceSize(m: number, n: number, k: number): number;
  gemmPackedWorkspaceSize(m: number, k: number): number;
  /** c[m, n] := a·b: address and two strides of each side, c and its rows, m, n, k, add or assign, workspace. */
  gemm(...values: number[]): void;
  /** The same with b packed: it has no strides. */
  gemmPacked(...values: number[]): void;
}

/** The numbers that the engine gives to its activations. */
export const activationKinds = { sigmoid: 1, tanh: 2, gelu: 7, exp: 10 } as const;

export interface LoadedKernels {
  readonly kernels: Kernels;
  readonly memory: WebAssembly.Memory;
  /** The first byte that is free. */
  readonly start: number;
}

/** The binary that the library runs here, with room for so many numbers. */
export function loadKernels(numbers: number): LoadedKernels {
  const name = runtimeInfo().build === "relaxed" ? "kernels.relaxed.wasm" : "kernels.wasm";
  const bytes = readFileSync(fileURLToPath(import.meta.resolve(`unrolled/${name}`)));
  const memory = new WebAssembly.Memory({ initial: 2 + Math.ceil(numbers / 16_384), maximum: 65_535 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const kernels = exports as unknown as Kernels;
  return { kernels, memory, start: Math.ceil(kernels.heapBase() / 64) * 64 };
}
