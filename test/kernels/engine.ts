/**
 * The bare engine for kernel tests: either binary, its memory, and buffers that stand between guards. The guards are
 * signalling patterns that are NaN as float32, so a kernel that reads beyond a buffer is as likely to be found out as one
 * that writes there.
 */

import { readFileSync } from "node:fs";
import { HEAP_START } from "../../src/wasm/heap.ts";
import type { CompanionKernels, Kernels } from "../../src/wasm/kernels.ts";
import { allowRelaxed } from "../allowRelaxed.ts";

export const builds = ["simd", "relaxed"] as const;
export type Build = (typeof builds)[number];

const GUARD = 0x7fa5a5a5;
const GUARD_WORDS = 8;

/** A float32 buffer in the engine's memory. */
export interface Floats {
  readonly address: number;
  readonly values: Float32Array;
}

/** The kernels of both modules. */
export type AllKernels = Kernels & CompanionKernels;

export interface Engine {
  readonly kernels: AllKernels;
  /** A guarded buffer holding these numbers, or that many guard words. 16-byte aligned. */
  floats(data: ArrayLike<number> | number): Floats;
  /** The address of these i32 numbers, guarded as well. */
  integers(data: ArrayLike<number>): number;
  /** Makes allocation number `index` after the next release end with the memory, where reading one byte further traps. */
  endWithMemory(index: number): void;
  /** Throws when a guard was overwritten, then forgets every buffer. */
  release(): void;
}

/** Compiles build/core.<build>.wasm and its companion, as scripts/build-wasm.js left it, with 32 MiB of memory. */
export function loadEngine(build: Build): Engine {
  if (build === "relaxed") allowRelaxed();
  const memory = new WebAssembly.Memory({ initial: 512, maximum: 65536 });
  const instance = (name: string, table?: WebAssembly.ExportValue) => {
    const bytes = readFileSync(new URL(`../../build/${name}.${build}.wasm`, import.meta.url));
    const env: WebAssembly.ModuleImports = table ? { memory, table } : { memory };
    return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env }).exports;
  };
  const core = instance("core");
  const kernels = { ...instance("companion", core.table), ...core } as unknown as AllKernels;
  const words = new Uint32Array(memory.buffer);
  const start = HEAP_START / 4;
  let next = start;
  let guards: number[] = [];

  const guard = () => {
    for (let i = 0; i < GUARD_WORDS; i++) {
      words[next] = GUARD;
      guards.push(next++);
    }
  };
  let allocations = 0;
  let lastOfMemory = -1;
  const reserve = (length: number) => {
    if (allocations++ === lastOfMemory) return memory.buffer.byteLength - 4 * length;
    guard();
    next = Math.ceil(next / 4) * 4;
    const address = next * 4;
    words.fill(GUARD, next, next + length);
    next += length;
    guard();
    return address;
  };

  return {
    kernels,
    floats(data) {
      const length = typeof data === "number" ? data : data.length;
      const values = new Float32Array(memory.buffer, reserve(length), length);
      if (typeof data !== "number") values.set(data);
      return { address: values.byteOffset, values };
    },
    integers(data) {
      const values = new Int32Array(memory.buffer, reserve(data.length), data.length);
      values.set(data);
      return values.byteOffset;
    },
    endWithMemory(index) {
      lastOfMemory = index;
    },
    release() {
      allocations = 0;
      lastOfMemory = -1;
      const broken = guards.filter((index) => words[index] !== GUARD);
      next = start;
      guards = [];
      if (broken.length > 0) throw new Error(`A kernel wrote outside its buffer: byte ${broken[0] * 4}`);
    },
  };
}

/** The distance between neighbouring float32 numbers at |x|; 2⁻¹⁴⁹ for subnormal numbers and 0. */
export function ulp(x: number): number {
  const magnitude = Math.max(Math.abs(x), 2 ** -126);
  let exponent = Math.floor(Math.log2(magnitude));
  if (2 ** exponent > magnitude) exponent--;
  if (2 ** (exponent + 1) <= magnitude) exponent++;
  return 2 ** (Math.min(exponent, 127) - 23);
}

/** Throws unless |actual − expected| ≤ bound(expected, index) everywhere; NaN and ±∞ must agree exactly. */
export function expectWithin(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: (expected: number, index: number) => number,
): void {
  if (actual.length !== expected.length) throw new Error(`${actual.length} numbers instead of ${expected.length}`);
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i])) continue;
    const error = Math.abs(actual[i] - expected[i]);
    if (!(error <= bound(expected[i], i))) throw new Error(`number ${i}: ${actual[i]} instead of ${expected[i]}`);
  }
}

/** expectWithin a number of ulp of the expected number. */
export function expectUlp(actual: ArrayLike<number>, expected: ArrayLike<number>, ulps: number): void {
  expectWithin(actual, expected, (value) => ulps * ulp(value));
}

/** The lengths every elementwise kernel is tried at: all tails, and primes beyond. */
export const lengths = [...Array.from({ length: 17 }, (_, i) => i + 1), 31, 127, 1009];
