/**
 * Batches of several lengths against the same sequences one at a time: outputs and states to the last bit, gradients as
 * sums. Padding holds NaN, which must not be looked at.
 */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add,
  Embedding,
  GRU,
  LSTM,
  mul,
  OptionError,
  type PassOptions,
  RNN,
  ShapeError,
  sum,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import type { LayerOptions, Named } from "../oracle/layer.ts";
import { randomRun } from "../oracle/random-run.ts";
import { runLayer } from "../pytorch/engine.ts";

const KINDS: Pick<LayerOptions, "kind" | "activation" | "resetAfter" | "peepholes">[] = [
  { kind: "RNN", activation: "tanh" },
  { kind: "LSTM" },
  { kind: "LSTM", peepholes: true },
  { kind: "GRU" },
  { kind: "GRU", resetAfter: false },
];

const size = fc.constantFrom(1, 2, 3, 5, 8, 13);
const options = fc.record({
  inputSize: size,
  hiddenSize: size,
  layers: fc.constantFrom(1, 1, 2),
  bidirectional: fc.boolean(),
});
const STEPS = 9;
const lengths = fc.array(fc.integer({ min: 1, max: STEPS }), { minLength: 1, maxLength: 11 });

/** Where the numbers of sequence b are in a [T, B, ·] or [D, B, ·] tensor. */
function pick(shape: readonly number[], data: ArrayLike<number>, b: number, steps: number): number[] {
  const [, batch, width] = shape as [number, number, number];
  return Array.from(
    { length: steps * width },
    (_, i) => data[Math.floor(i / width) * batch * width + b * width + (i % width)],
  );
}

/** What one sequence of a run is given, without its padding. */
function alone(given: Named, b: number, length: number): Named {
  const own: Named = new Map();
  for (const [name, { shape, data }] of given) {
    if (name.startsWith("weights.")) own.set(name, { shape, data });
    else {
      const steps = name === "x" || name === "cotangent.output" ? length : shape[0];
      own.set(name, { shape: [steps, 1, shape[2]], data: Float32Array.from(pick(shape, data, b, steps)) });
    }
  }
  return own;
}

/** Overwrites the padding of x with NaN; the cotangents of padded outputs stay, for they must not matter. */
function poison(given: Named, of: readonly number[]): void {
  const { shape, data } = given.get("x")!;
  const [, batch, width] = shape as unknown as [number, number, number];
  const poisoned = Float32Array.from(data);
  poisoned.forEach((_, i) => {
    const [t, b] = [Math.floor(i / (batch * width)), Math.floor(i / width) % batch];
    if (t >= of[b]) poisoned[i] = Number.NaN;
  });
  given.set("x", { shape, data: poisoned });
}

describe("a batch of several lengths = its sequences one at a time", () => {
  test.each(KINDS)("%j", (kind) => {
    const property = fc.property(options, lengths, fc.nat(), fc.boolean(), (sizes, of, seed, hasInitialState) => {
      const all = { ...kind, ...sizes };
      const given = randomRun(all, { steps: STEPS, batch: of.length, seed, hasInitialState });
      poison(given, of);
      const together = runLayer(all, given, { lengths: of });
      const sums = new Map<string, number[]>();
      of.forEach((length, b) => {
        const single = runLayer(all, alone(given, b, length));
        for (const [name, { shape, data }] of single) {
          if (/^gradient\.(weight|bias)/.test(name)) {
            sums.set(
              name,
              Array.from(data, (value, i) => value + (sums.get(name)?.[i] ?? 0)),
            );
            continue;
          }
          const { shape: whole, data: numbers } = together.get(name)!;
          const exact = !name.startsWith("gradient.");
          const mine = pick(whole, numbers, b, shape[0]);
          const subject = { family: "lengths", case: JSON.stringify({ all, of, seed, b }), tensor: name };
          if (exact) expect(mine, JSON.stringify(subject)).toEqual(Array.from(data));
          else expectClose(subject, { shape, data: mine }, { shape, data });
          if (name === "output" || name === "gradient.x") {
            const padding = pick(whole, numbers, b, STEPS).slice(mine.length);
            expect(
              padding.every((value) => value === 0),
              `${name} beyond the end`,
            ).toBe(true);
          }
        }
      });
      for (const [name, data] of sums) {
        const subject = { family: "lengths", case: JSON.stringify({ all, of, seed }), tensor: name };
        expectClose(subject, together.get(name)!, { shape: together.get(name)!.shape, data });
      }
    });
    fc.assert(property, { seed: 20240607, numRuns: 25 });
  });
});

test("an embedding below: padding tokens are not looked up, whatever they are, and get no gradient", () => {
  const embed = new Embedding({ count: 7, size: 5 });
  const gru = new GRU({ inputSize: 5, hiddenSize: 6 });
  const loss = (tokens: Int32Array): Tensor => {
    const x = embed.forward(tensor(tokens, [4, 3]));
    return sum(mul(gru.forward(x, undefined, { lengths: [2, 4, 1] }).output, 0.5));
  };
  const gradients = (tokens: Int32Array): number[] => {
    for (const parameter of [...embed.parameters(), ...gru.parameters()]) parameter.clearGradient();
    loss(tokens).backward();
    return [...embed.parameters(), ...gru.parameters()].flatMap((p) => Array.from(p.grad!.toArray()));
  };
  const first = gradients(Int32Array.of(1, 2, 3, 4, 5, 0, 0, 1, 0, 0, 2, 0));
  const second = gradients(Int32Array.of(1, 2, 3, 4, 5, 6, 6, 1, 6, 6, 2, 6));
  expect(second).toEqual(first);
  expect(first.slice(30, 35)).toEqual([0, 0, 0, 0, 0]); // token 6 stands in padding only
});

test("lengths of T for all are no lengths at all, and all kinds of arrays are lengths", () => {
  const lstm = new LSTM({ inputSize: 3, hiddenSize: 4, batchFirst: true });
  const x = tensor(
    Float32Array.from({ length: 30 }, (_, i) => Math.sin(i)),
    [2, 5, 3],
  );
  const plain = lstm.forward(x).output.toArray();
  expect(lstm.forward(x, undefined, { lengths: [5, 5] }).output.toArray()).toEqual(plain);
  const shorter = lstm.forward(x, undefined, { lengths: [3, 5] }).output.toArray();
  expect(lstm.forward(x, undefined, { lengths: Int32Array.of(3, 5) }).output.toArray()).toEqual(shorter);
  expect(lstm.forward(x, undefined, { lengths: tensor(Int32Array.of(3, 5)) }).output.toArray()).toEqual(shorter);
  expect(add(lstm.forward(x, undefined, {}).output, 0).toArray()).toEqual(plain);
});

describe("lengths that cannot be", () => {
  const rnn = new RNN({ inputSize: 2, hiddenSize: 3 });
  const x = tensor(new Float32Array(12), [3, 2, 2]);
  const forward = (options: unknown) => () => rnn.forward(x, undefined, options as PassOptions);

  test.each([0, -1, 1.5, 4, Number.NaN])("%s", (length) => {
    expect(forward({ lengths: [2, length] })).toThrow(OptionError);
    expect(forward({ lengths: [2, length] })).toThrow(
      `RNN lengths: expected whole numbers from 1 to 3, got ${length} for sequence 1`,
    );
  });

  test("null, as options and as a state", () => {
    expect(forward(null)).toThrow("RNN forward: expected an object of options, got null");
    expect(forward(null)).toThrow(OptionError);
    for (const layer of [rnn, new LSTM({ inputSize: 2, hiddenSize: 3 }), new GRU({ inputSize: 2, hiddenSize: 3 })]) {
      expect(() => layer.forward(x, null as never)).toThrow(ShapeError);
      expect(() => layer.forward(x, null as never)).toThrow(/state: expected .*, got null/);
    }
  });

  test("too many, none at all, another type", () => {
    expect(forward({ lengths: [1, 2, 3] })).toThrow(ShapeError);
    expect(forward({ lengths: [1, 2, 3] })).toThrow("RNN lengths: expected one for each of 2 sequences, got 3");
    expect(forward({ lengths: "ab" })).toThrow("RNN lengths: expected an array of 2 numbers, got string");
    expect(forward({ lengths: tensor([1, 2]) })).toThrow("RNN lengths: expected int32 numbers [2], got float32 [2]");
    expect(forward({ length: [1, 2] })).toThrow('RNN forward: expected options lengths, got "length"');
  });
});
