import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { applyPatch, binaryOf, fromHex } from "../../src/runtime/binary.ts";

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Newer hosts decode by themselves. */
class Newer extends Uint8Array<ArrayBuffer> {
  static fromHex(text: string): Uint8Array {
    return Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  }
}

class Older extends Uint8Array<ArrayBuffer> {
  static readonly fromHex = undefined;
}

const hosts: [string, Record<string, unknown>][] = [
  ["with Uint8Array.fromHex", { Uint8Array: Newer, Buffer: undefined }],
  ["with Buffer", { Uint8Array: Older }],
  ["with neither", { Uint8Array: Older, Buffer: undefined }],
];

function onHost<Result>(globals: Record<string, unknown>, work: () => Result): Result {
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
  try {
    return work();
  } finally {
    vi.unstubAllGlobals();
  }
}

describe.each(hosts)("on a host %s", (_, globals) => {
  test.each(["simd", "relaxed"] as const)("the inlined %s build is the one that the compiler wrote", (build) => {
    const written = readFileSync(`build/${build}.wasm`);
    const inlined = onHost(globals, () => binaryOf(build));
    expect(hexOf(inlined)).toBe(hexOf(written));
  });

  test("every byte is read", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const text = hexOf(bytes);
    const read = onHost(globals, () => fromHex(text));
    expect([...read]).toEqual([...bytes]);
  });
});

/** LEB128 by arithmetic. */
function leb128(value: number): number[] {
  return value < 128 ? [value] : [128 + (value % 128), ...leb128(Math.floor(value / 128))];
}

test("a patch of any runs makes what they say", () => {
  const byte = fc.integer({ min: 0, max: 255 });
  const run = fc.record({
    fresh: fc.array(byte, { maxLength: 300 }),
    from: fc.nat({ max: 20_000 }),
    copied: fc.nat({ max: 400 }),
  });
  const old = Uint8Array.from({ length: 20_400 }, (_, i) => (i * i + (i >> 7)) & 255);
  fc.assert(
    fc.property(fc.array(run, { maxLength: 12 }), (runs) => {
      const wanted = runs.flatMap(({ fresh, from, copied }) => [...fresh, ...old.subarray(from, from + copied)]);
      let behind = 0;
      const patch = runs.flatMap(({ fresh, from, copied }) => {
        const move = from - behind;
        behind = from + copied;
        const signed = move < 0 ? -2 * move - 1 : 2 * move;
        return [...leb128(fresh.length), ...fresh, ...leb128(copied), ...leb128(signed)];
      });
      const made = applyPatch(old, Uint8Array.from([...leb128(wanted.length), ...patch]));
      expect(hexOf(made)).toBe(hexOf(Uint8Array.from(wanted)));
    }),
  );
});
