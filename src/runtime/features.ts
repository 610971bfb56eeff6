/**
 * What the runtime can execute, found by validating modules of one function each. Written out as bytes so that the
 * question costs microseconds and works under any bundler.
 */

const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** One function () → v128. */
const type = [0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b];
const functions = [0x03, 0x02, 0x01, 0x00];

function probe(body: number[]): Uint8Array<ArrayBuffer> {
  const code = [0x0a, body.length + 4, 0x01, body.length + 2, 0x00, ...body, 0x0b];
  return new Uint8Array([...header, ...type, ...functions, ...code]);
}

/** i8x16.splat of a constant. */
const simd = /* @__PURE__ */ probe([0x41, 0x00, 0xfd, 0x0f]);
/** f32x4.relaxed_madd of three splats. */
const relaxed = /* @__PURE__ */ probe([
  0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x85, 0x02,
]);

export interface Features {
  readonly webAssembly: boolean;
  /** 128-bit SIMD, which the engine needs. */
  readonly simd: boolean;
  /** Relaxed SIMD: fused multiply-add. */
  readonly relaxedSimd: boolean;
}

/** Asks the runtime; nothing is cached, so a test may replace `WebAssembly`. */
export function detectFeatures(): Features {
  const wasm = (globalThis as { WebAssembly?: typeof WebAssembly }).WebAssembly;
  if (typeof wasm?.validate !== "function") return { webAssembly: false, simd: false, relaxedSimd: false };
  return { webAssembly: true, simd: wasm.validate(simd), relaxedSimd: wasm.validate(relaxed) };
}
