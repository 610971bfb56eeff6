import asc from "assemblyscript/asc";
import type { Ceiling, Probes } from "./ceiling.ts";

/** The C program's probes in AssemblyScript: the same loops, multiply-then-add only. */
const source = `
@inline function term(a: v128, b: v128, s: v128): v128 { return f32x4.add(s, f32x4.mul(a, b)); }

export function multiplyAdd(rounds: i32): f32 {
  let a = v128.load(0), b = v128.load(16);
  let s0 = b, s1 = b, s2 = b, s3 = b, s4 = b, s5 = b, s6 = b, s7 = b, s8 = b, s9 = b;
  for (let i = 0; i < rounds; i++) {
    a = f32x4.add(a, b);
    s0 = term(a, b, s0); s1 = term(a, s0, s1); s2 = term(a, b, s2); s3 = term(a, s2, s3); s4 = term(a, b, s4);
    s5 = term(a, s4, s5); s6 = term(a, b, s6); s7 = term(a, s6, s7); s8 = term(a, b, s8); s9 = term(a, s8, s9);
  }
  s0 = f32x4.add(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7)));
  s0 = f32x4.add(s0, f32x4.add(s8, s9));
  return f32x4.extract_lane(s0, 0) + f32x4.extract_lane(s0, 1);
}

export function read(from: usize, bytes: usize): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let p = from, end = from + (bytes & ~63); p < end; p += 64) {
    s0 = f32x4.add(s0, v128.load(p)); s1 = f32x4.add(s1, v128.load(p, 16));
    s2 = f32x4.add(s2, v128.load(p, 32)); s3 = f32x4.add(s3, v128.load(p, 48));
  }
  return f32x4.extract_lane(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), 0);
}

export function copy(to: usize, from: usize, bytes: usize): void { memory.copy(to, from, bytes); }
`;

interface Probe {
  readonly memory: WebAssembly.Memory;
  multiplyAdd(rounds: number): number;
  read(from: number, bytes: number): number;
  copy(to: number, from: number, bytes: number): void;
}

async function compile(bytes: number): Promise<Probe> {
  let binary: Uint8Array | undefined;
  const pages = 2 + Math.ceil((2 * bytes) / 65536);
  const flags = ["probe.ts", "-O3", "--runtime", "stub", "--enable", "simd", "-o", "probe.wasm"];
  const { error } = await asc.main([...flags, "--initialMemory", `${pages}`], {
    readFile: (name) => (name.endsWith("probe.ts") ? source : null),
    writeFile: (_name, contents) => {
      binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error ?? !binary) throw error ?? new Error("the compiler wrote no binary");
  const { instance } = await WebAssembly.instantiate(binary as BufferSource);
  return instance.exports as unknown as Probe;
}

/** Best seconds of one call over some trials, each long enough to be timed. */
function best(call: () => void, times: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let trial = 0; trial < 12; trial++) {
    const started = performance.now();
    for (let i = 0; i < times; i++) call();
    least = Math.min(least, (performance.now() - started) / 1000 / times);
  }
  return least;
}

const START = 65536;
const ROUNDS = 2_000_000;

/** Operations a second, and passes over memory, as WebAssembly does them here. */
export async function probeInWebAssembly(probes: Probes): Promise<Omit<Ceiling, "measuredBy">> {
  const largest = Math.max(0, ...probes.read, ...probes.copy);
  const { multiplyAdd, read, copy } = await compile(largest);
  const passes = (sizes: readonly number[], pass: (bytes: number) => void) =>
    Object.fromEntries(sizes.map((bytes) => [bytes, best(() => pass(bytes), 1 + Math.round(2e7 / bytes))]));
  return {
    gigaflops: (10 * 8 * ROUNDS) / best(() => multiplyAdd(ROUNDS), 1) / 1e9,
    read: passes(probes.read, (bytes) => read(START, bytes)),
    copy: passes(probes.copy, (bytes) => copy(START + largest, START, bytes)),
  };
}
