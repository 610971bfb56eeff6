import asc from "assemblyscript/asc";

/** The C program's probes in AssemblyScript: the same loops. */
const source = `
@inline function term(a: v128, b: v128, s: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, s);
  else return f32x4.add(s, f32x4.mul(a, b));
}

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

async function compile(features: string, bytes: number): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const pages = 2 + Math.ceil(bytes / 65536);
  const flags = ["probe.ts", "-O3", "--runtime", "stub", "--enable", features, "-o", "probe.wasm"];
  const { error } = await asc.main([...flags, "--initialMemory", `${pages}`], {
    readFile: (name) => (name.endsWith("probe.ts") ? source : null),
    writeFile: (_name, contents) => {
      binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error ?? !binary) throw error ?? new Error("the compiler wrote no binary");
  return binary;
}

/** Probes over that many bytes: with two instructions for a product and a sum, and with one where the host has it. */
export async function compileProbes(bytes: number): Promise<Uint8Array[]> {
  return [await compile("simd", bytes), await compile("simd,relaxed-simd", bytes)];
}
