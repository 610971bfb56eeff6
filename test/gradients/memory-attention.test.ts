/** Attention over a memory at odd sizes: written out in float64, and gradients by central differences of it. */

import fc from "fast-check";
import { describe, test } from "vitest";
import { AdditiveAttention, DotAttention } from "../../src/index.ts";
import { linearOf, maskOf, softmaxOf } from "../oracle/attention.ts";
import { draw, expectDifferences, type Named, type Values } from "../oracle/differences.ts";
import { randomNumbers } from "../oracle/random.ts";
import { toTensor } from "../pytorch/engine.ts";

const SEARCH = { seed: 20240607, numRuns: 60 };
const size: fc.Arbitrary<number> = fc.constantFrom(1, 2, 3, 5, 7);
const small: fc.Arbitrary<number> = fc.constantFrom(1, 2, 3);

describe("attention over a memory", () => {
  const given = fc.record({
    batch: small,
    steps: fc.constantFrom<(number | null)[]>(null, 1, 2, 5),
    positions: size,
    querySize: size,
    memorySize: size,
    attentionSize: size,
    seen: fc.constantFrom("all", "lengths", "mask"),
    seed: fc.nat(),
  });

  test.each(["dot", "general", "additive"] as const)("%s: one step and several, lengths and masks", (kind) => {
    const property = fc.property(
      given,
      ({ batch, steps, positions, querySize, attentionSize, seen, seed, ...rest }) => {
        const memorySize = kind === "dot" ? querySize : rest.memorySize;
        const next = randomNumbers(seed);
        const operands: Named = new Map([
          ["queries", draw(next, steps === null ? [batch, querySize] : [steps, batch, querySize])],
          ["memories", draw(next, [positions, batch, memorySize])],
        ]);
        if (kind === "general") operands.set("weight", draw(next, [querySize, memorySize]));
        if (kind === "additive") {
          operands.set("query.weight", draw(next, [attentionSize, querySize]));
          operands.set("memory.weight", draw(next, [attentionSize, memorySize]));
          operands.set("score.weight", draw(next, [1, attentionSize]));
        }
        const lengths = Array.from({ length: batch }, () => 1 + Math.floor(((next() + 1) / 2) * positions));
        const mask = maskOf(next, [batch, positions]);
        const sees = (b: number, s: number): boolean =>
          seen === "all" || (seen === "lengths" ? s < lengths[b]! : mask.data[b * positions + s] === 1);
        const options = seen === "all" ? {} : seen === "lengths" ? { lengths } : { mask: toTensor(mask) };
        const module =
          kind === "additive"
            ? new AdditiveAttention({ querySize, memorySize, attentionSize })
            : new DotAttention({ querySize, memorySize, kind });
        const score = (values: Named, q: Float64Array, m: Float64Array): number => {
          const weight = (key: string): Float64Array => values.get(key)!.data;
          if (kind === "dot") return q.reduce((sum, value, i) => sum + value * m[i]!, 0);
          if (kind === "general") {
            return linearOf(m, weight("weight"), memorySize, querySize).reduce(
              (sum, value, i) => sum + value * q[i]!,
              0,
            );
          }
          const asked = linearOf(q, weight("query.weight"), querySize, attentionSize);
          const known = linearOf(m, weight("memory.weight"), memorySize, attentionSize);
          return asked.reduce((sum, value, i) => sum + weight("score.weight")[i]! * Math.tanh(value + known[i]!), 0);
        };
        const oracle = (values: Named): Record<string, Values> => {
          const [q, m] = [values.get("queries")!.data, values.get("memories")!.data];
          const count = steps ?? 1;
          const context = new Float64Array(count * batch * memorySize);
          const weights = new Float64Array(batch * count * positions);
          for (let t = 0; t < count; t++) {
            for (let b = 0; b < batch; b++) {
              const row = q.subarray((t * batch + b) * querySize, (t * batch + b + 1) * querySize);
              const at = (s: number): Float64Array =>
                m.subarray((s * batch + b) * memorySize, (s * batch + b + 1) * memorySize);
              const scores = Array.from({ length: positions }, (_, s) => score(values, row, at(s)));
              softmaxOf(scores, (s) => sees(b, s)).forEach((weight, s) => {
                weights[(b * count + t) * positions + s] = weight;
                at(s).forEach((value, i) => {
                  context[(t * batch + b) * memorySize + i]! += weight * value;
                });
              });
            }
          }
          return {
            context: { shape: [...(steps === null ? [] : [steps]), batch, memorySize], data: context },
            weights: { shape: [batch, ...(steps === null ? [] : [steps]), positions], data: weights },
          };
        };
        expectDifferences(
          `${kind} ${JSON.stringify({ batch, steps, positions, querySize, memorySize, attentionSize, seen, seed })}`,
          operands,
          (t) => ({ ...module.forward(t.get("queries")!, t.get("memories")!, options) }),
          oracle,
          next,
          module,
        );
      },
    );
    fc.assert(property, SEARCH);
  });
});
