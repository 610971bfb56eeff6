import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
// @ts-expect-error: a script without types
import { headerOf, orderOf, toText } from "../../scripts/text.js";
import { applyPatch, binaryOf, fromText } from "../../src/runtime/binary.ts";
import { relaxed as catalogueRelaxed } from "../../src/wasm/catalogue/relaxed.ts";
import { simd as catalogueSimd } from "../../src/wasm/catalogue/simd.ts";
import { relaxed as companionRelaxed } from "../../src/wasm/companion/relaxed.ts";
import { simd as companionSimd } from "../../src/wasm/companion/simd.ts";
import { relaxed as coreRelaxed } from "../../src/wasm/core/relaxed.ts";
import { simd as coreSimd } from "../../src/wasm/core/simd.ts";

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe.each([
  { name: "core", simd: coreSimd, relaxed: coreRelaxed },
  { name: "companion", simd: companionSimd, relaxed: companionRelaxed },
  { name: "catalogue", simd: catalogueSimd, relaxed: catalogueRelaxed },
])("the $name's inlined", ({ name, ...inlined }) => {
  test.each(["simd", "relaxed"] as const)("%s build is the one that the compiler wrote", (build) => {
    expect(hexOf(binaryOf(build, inlined))).toBe(hexOf(readFileSync(`build/${name}.${build}.wasm`)));
  });
});

test("text of any bytes is read as those bytes, and is printable", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    fc.constant(Uint8Array.from({ length: 256 }, (_, i) => i)),
    fc.array(fc.constantFrom(0, 34, 60, 92, 125, 126, 255)).map((values) => Uint8Array.from(values)),
  );
  fc.assert(
    fc.property(bytes, (given) => {
      const order = orderOf(given);
      const text = toText(given, order);
      expect(text).toMatch(/^[ -~]*$/);
      expect(text).not.toMatch(/["\\<]/);
      expect(hexOf(fromText(text, headerOf(order)))).toBe(hexOf(given));
    }),
  );
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
