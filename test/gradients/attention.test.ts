/** Attention with every mask at odd sizes: written out in float64, and gradients by central differences of it. */

import fc from "fast-check";
import { test } from "vitest";
import { MultiHeadAttention, scaledDotProductAttention } from "../../src/index.ts";
import { linearOf, maskOf, softmaxOf } from "../oracle/attention.ts";
import { draw, expectDifferences, type Named, sizeOf, type Values } from "../oracle/differences.ts";
import { randomNumbers } from "../oracle/random.ts";
import { toTensor } from "../pytorch/engine.ts";

const SEARCH = { seed: 20240607, numRuns: 60 };
const size: fc.Arbitrary<number> = fc.constantFrom(1, 2, 3, 5, 7);
const small: fc.Arbitrary<number> = fc.constantFrom(1, 2, 3);

type Sees = (lead: number, step: number, position: number) => boolean;

/** softmax(scale·q·kᵀ)·v of [N, T, D], [N, S, D], [N, S, E], over what is seen. */
function attend(
  [q, k, v]: readonly Float64Array[],
  {
    lead,
    steps,
    positions,
    width,
    out,
  }: { lead: number; steps: number; positions: number; width: number; out: number },
  scale: number,
  sees: Sees,
): { output: Float64Array; weights: Float64Array } {
  const output = new Float64Array(lead * steps * out);
  const weights = new Float64Array(lead * steps * positions);
  for (let n = 0; n < lead; n++) {
    for (let t = 0; t < steps; t++) {
      const scores = Array.from({ length: positions }, (_, s) => {
        let sum = 0;
        for (let d = 0; d < width; d++) sum += q![(n * steps + t) * width + d]! * k![(n * positions + s) * width + d]!;
        return scale * sum;
      });
      softmaxOf(scores, (s) => sees(n, t, s)).forEach((weight, s) => {
        weights[(n * steps + t) * positions + s] = weight;
        for (let e = 0; e < out; e++) output[(n * steps + t) * out + e]! += weight * v![(n * positions + s) * out + e]!;
      });
    }
  }
  return { output, weights };
}

/** Number `i` of `mask` seen at [N, T, S], N being the product of `lead`. */
function seenBy(mask: Values, lead: readonly number[]): Sees {
  const full = [...lead, 0, 0];
  const missing = full.length - mask.shape.length;
  return (n, step, position) => {
    const place = [step, position];
    let rest = n;
    for (const axis of lead.toReversed()) {
      place.unshift(rest % axis);
      rest = Math.floor(rest / axis);
    }
    const at = mask.shape.reduce((sum, length, i) => sum * length + (length === 1 ? 0 : place[i + missing]!), 0);
    return mask.data[at] === 1;
  };
}

test("scaledDotProductAttention: any axes before, masks that broadcast, causal, scale", () => {
  const given = fc.record({
    lead: fc.array(small, { maxLength: 2 }),
    steps: size,
    positions: size,
    width: size,
    out: size,
    masked: fc.constantFrom("no", "positions", "shared", "apart", "whole"),
    causal: fc.boolean(),
    scale: fc.constantFrom(undefined, 1, 0.3, -2),
    seed: fc.nat(),
  });
  const property = fc.property(given, ({ lead, steps, positions, width, out, masked, causal, scale, seed }) => {
    const next = randomNumbers(seed);
    const operands = new Map([
      ["query", draw(next, [...lead, steps, width])],
      ["key", draw(next, [...lead, positions, width])],
      ["value", draw(next, [...lead, positions, out])],
    ]);
    const shape = {
      no: null,
      positions: [positions],
      shared: [steps, positions],
      apart: lead.length > 0 ? [lead.at(-1)!, 1, positions] : [1, positions],
      whole: [...lead, steps, positions],
    }[masked];
    const mask = shape && maskOf(next, shape);
    const hidden = mask ? seenBy(mask, lead) : () => true;
    const sees: Sees = (n, t, s) => hidden(n, t, s) && !(causal && s > t);
    const sizes = { lead: sizeOf(lead), steps, positions, width, out };
    const options = { causal, ...(scale === undefined ? {} : { scale }), ...(mask ? { mask: toTensor(mask) } : {}) };
    expectDifferences(
      `attention ${JSON.stringify({ lead, steps, positions, width, out, masked, causal, scale, seed })}`,
      operands,
      (t) => ({ ...scaledDotProductAttention(t.get("query")!, t.get("key")!, t.get("value")!, options) }),
      (values) => {
        const data = [...values.values()].map((v) => v.data);
        const { output, weights } = attend(data, sizes, scale ?? 1 / Math.sqrt(width), sees);
        return {
          output: { shape: [...lead, steps, out], data: output },
          weights: { shape: [...lead, steps, positions], data: weights },
        };
      },
      next,
    );
  });
  fc.assert(property, SEARCH);
});

/** Rows [first axis, second axis] of `width` numbers in the other order. */
function swapped(x: Float64Array, first: number, second: number, width: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let i = 0; i < first; i++) {
    for (let j = 0; j < second; j++) {
      y.set(x.subarray((i * second + j) * width, (i * second + j + 1) * width), (j * first + i) * width);
    }
  }
  return y;
}

test("MultiHeadAttention: of itself and of a memory, both masks, causal, either order of axes", () => {
  const given = fc.record({
    batch: small,
    heads: small,
    width: small,
    steps: size,
    positions: size,
    itself: fc.boolean(),
    batchFirst: fc.boolean(),
    bias: fc.boolean(),
    causal: fc.boolean(),
    padded: fc.boolean(),
    masked: fc.constantFrom("no", "shared", "of each head"),
    averageWeights: fc.boolean(),
    seed: fc.nat(),
  });
  const property = fc.property(given, (options) => {
    const { batch, heads, width, steps, itself, batchFirst, bias, causal, padded, masked, averageWeights, seed } =
      options;
    const positions = itself ? steps : options.positions;
    const embedSize = heads * width;
    const next = randomNumbers(seed);
    const sequence = (length: number): number[] =>
      batchFirst ? [batch, length, embedSize] : [length, batch, embedSize];
    const operands: Named = new Map([["query", draw(next, sequence(steps))]]);
    if (!itself) operands.set("key", draw(next, sequence(positions))).set("value", draw(next, sequence(positions)));
    operands.set("in_proj_weight", draw(next, [3 * embedSize, embedSize]));
    operands.set("out_proj.weight", draw(next, [embedSize, embedSize]));
    if (bias) {
      operands.set("in_proj_bias", draw(next, [3 * embedSize])).set("out_proj.bias", draw(next, [embedSize]));
    }
    const padding = padded ? maskOf(next, [batch, positions]) : null;
    const head = masked === "of each head" ? [1, heads, steps, positions] : [steps, positions];
    const mask = masked === "no" ? null : maskOf(next, head);
    const hidden = mask ? seenBy(mask, [batch, heads]) : () => true;
    const sees: Sees = (n, t, s) =>
      hidden(n, t, s) && !(causal && s > t) && padding?.data[Math.floor(n / heads) * positions + s] !== 0;
    const module = new MultiHeadAttention({ embedSize, heads, batchFirst, bias });
    const inputs = {
      causal,
      averageWeights,
      ...(padding ? { keyPaddingMask: toTensor(padding) } : {}),
      ...(mask ? { attentionMask: toTensor(mask) } : {}),
    };
    const oracle = (values: Named): Record<string, Values> => {
      const data = (key: string): Float64Array | undefined => values.get(key)?.data;
      const project = (block: number): Float64Array => {
        const length = block === 0 ? steps : positions;
        const own = data(["query", "key", "value"][block]!) ?? data("query")!;
        const x = batchFirst ? own : swapped(own, length, batch, embedSize);
        const rows = embedSize * embedSize;
        const weight = data("in_proj_weight")!.subarray(block * rows, (block + 1) * rows);
        const b = data("in_proj_bias")?.subarray(block * embedSize, (block + 1) * embedSize);
        const y = linearOf(x, weight, embedSize, embedSize, b);
        // [B, T, heads, D] → [B, heads, T, D]
        const parts = Array.from({ length: batch }, (_, i) =>
          swapped(y.subarray(i * length * embedSize, (i + 1) * length * embedSize), length, heads, width),
        );
        return Float64Array.from(parts.flatMap((part) => [...part]));
      };
      const sizes = { lead: batch * heads, steps, positions, width, out: width };
      const found = attend([project(0), project(1), project(2)], sizes, 1 / Math.sqrt(width), sees);
      const each = steps * embedSize;
      const joined = Array.from({ length: batch }, (_, i) =>
        swapped(found.output.subarray(i * each, (i + 1) * each), heads, steps, width),
      );
      const all = Float64Array.from(joined.flatMap((part) => [...part]));
      const y = linearOf(all, data("out_proj.weight")!, embedSize, embedSize, data("out_proj.bias"));
      const area = steps * positions;
      const averaged = Float64Array.from({ length: batch * area }, (_, i) => {
        let sum = 0;
        for (let h = 0; h < heads; h++) sum += found.weights[(Math.floor(i / area) * heads + h) * area + (i % area)]!;
        return sum / heads;
      });
      return {
        output: { shape: sequence(steps), data: batchFirst ? y : swapped(y, batch, steps, embedSize) },
        weights: averageWeights
          ? { shape: [batch, steps, positions], data: averaged }
          : { shape: [batch, heads, steps, positions], data: found.weights },
      };
    };
    expectDifferences(
      `MultiHeadAttention ${JSON.stringify(options)}`,
      operands,
      (t) => ({ ...module.forward(t.get("query")!, t.get("key"), t.get("value"), inputs) }),
      oracle,
      next,
      module,
    );
  });
  fc.assert(property, SEARCH);
});
