/** softmax, logSoftmax, crossEntropy, nllLoss and mseLoss against torch.nn.functional. */

import { describe, test } from "vitest";
import { crossEntropy, logSoftmax, mseLoss, nllLoss, softmax, type Tensor } from "../../src/index.ts";
import { expectFixture, runBoth, toTensor } from "./engine.ts";
import { type FixtureCase, readFixtures } from "./fixtures.ts";

interface Options {
  function: string;
  axis: number;
  reduction: "mean" | "sum" | "none";
  ignoreIndex?: number;
}

function apply(fixture: FixtureCase<Options>, x: Tensor, target: Tensor | undefined): Tensor {
  const { function: name, axis, reduction, ignoreIndex } = fixture.options;
  if (name === "softmax") return softmax(x, axis);
  if (name === "logSoftmax") return logSoftmax(x, axis);
  if (name === "mseLoss") return mseLoss(x, target!, { reduction });
  const weight = fixture.has("weight") ? toTensor(fixture.tensor("weight")) : undefined;
  const targets = toTensor(fixture.tensor("targets"));
  return (name === "nllLoss" ? nllLoss : crossEntropy)(x, targets, { weight, ignoreIndex, reduction });
}

describe("losses = torch.nn.functional", () => {
  for (const fixture of readFixtures<Options>("losses")) {
    test(fixture.name, () => {
      const leaves = new Map<string, Tensor>();
      for (const name of ["x", "target"]) {
        if (fixture.has(name)) leaves.set(name, toTensor(fixture.tensor(name), true));
      }
      const output = apply(fixture, leaves.get("x")!, leaves.get("target"));
      expectFixture("losses", fixture, runBoth(fixture.under(""), leaves, new Map([["output", output]])));
    });
  }
});
