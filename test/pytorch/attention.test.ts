/** Attention against torch: outputs, weights, and the gradients of every operand and parameter. */

import { describe, test } from "vitest";
import {
  AdditiveAttention,
  DotAttention,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
  scaledDotProductAttention,
  type Tensor,
} from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import { expectFixture, loadWeights, runBoth, toTensor } from "./engine.ts";
import { type FixtureCase, readFixtures } from "./fixtures.ts";

interface Options {
  causal: boolean;
  module: MultiHeadAttentionOptions;
  inputs: { causal?: boolean; apart?: boolean };
  kind: "additive" | "dot" | "general";
}

/** The leaves of these names that the fixture holds. */
function leavesOf(fixture: FixtureCase<Options>, names: string[]): Map<string, Tensor> {
  const there = names.filter((name) => fixture.has(name));
  return new Map(there.map((name) => [name, toTensor(fixture.tensor(name), true)]));
}

function mask<Name extends string>(
  fixture: FixtureCase<Options>,
  stored: string,
  name: Name,
): { [key in Name]?: Tensor } {
  return (fixture.has(stored) ? { [name]: toTensor(fixture.tensor(stored)) } : {}) as { [key in Name]?: Tensor };
}

function expectAttention(fixture: FixtureCase<Options>, run: ReturnType<typeof runBoth>): void {
  expectFixture("attention", fixture, run);
  const subject = { family: "attention", case: fixture.name, tensor: "weights" };
  expectClose(subject, run.get("weights")!, fixture.tensor("weights"));
}

const fixtures = readFixtures<Options>("attention");

describe("scaledDotProductAttention = torch", () => {
  for (const fixture of fixtures.filter(({ name }) => name.startsWith("attention"))) {
    test(fixture.name, () => {
      const leaves = leavesOf(fixture, ["query", "key", "value"]);
      const [q, k, v] = leaves.values();
      const { causal } = fixture.options;
      const found = scaledDotProductAttention(q, k, v, { causal, ...mask(fixture, "mask", "mask") });
      expectAttention(fixture, runBoth(fixture.under(""), leaves, new Map(Object.entries(found))));
    });
  }
});

describe("MultiHeadAttention = torch.nn.MultiheadAttention", () => {
  for (const fixture of fixtures.filter(({ name }) => name.startsWith("MultiHead"))) {
    test(fixture.name, () => {
      const module = new MultiHeadAttention(fixture.options.module);
      loadWeights(module, fixture.under(""));
      const leaves = leavesOf(fixture, ["query", "key", "value"]);
      const [query, key, value] = leaves.values();
      const { causal = false, apart = false } = fixture.options.inputs;
      const found = module.forward(query, key, value, {
        causal,
        averageWeights: !apart,
        ...mask(fixture, "padding", "keyPaddingMask"),
        ...mask(fixture, "mask", "attentionMask"),
      });
      expectAttention(fixture, runBoth(fixture.under(""), leaves, new Map(Object.entries(found)), module));
    });
  }
});

describe("AdditiveAttention and DotAttention = torch", () => {
  for (const fixture of fixtures.filter(({ name }) => /^(additive|dot|general)/.test(name))) {
    test(fixture.name, () => {
      const { kind } = fixture.options;
      const querySize = fixture.tensor("query").shape.at(-1)!;
      const memorySize = fixture.tensor("memory").shape[2];
      const module =
        kind === "additive"
          ? new AdditiveAttention({ querySize, memorySize, attentionSize: 3 })
          : new DotAttention({ querySize, memorySize, kind });
      loadWeights(module, fixture.under(""));
      const leaves = leavesOf(fixture, ["query", "memory"]);
      const [query, memory] = leaves.values();
      const { context, weights } = module.forward(query, memory, mask(fixture, "mask", "mask"));
      const outputs = new Map(Object.entries({ output: context, weights }));
      expectAttention(fixture, runBoth(fixture.under(""), leaves, outputs, module));
    });
  }
});
