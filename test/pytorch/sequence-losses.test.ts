/**
 * Smoothed and padded cross-entropy, losses of pairs of numbers, mixture densities and connectionist temporal classification
 * against torch. The gradients of CTC are those of the logits, through logSoftmax, on 200 problems.
 */

import { describe, expect, test } from "vitest";
import {
  bceWithLogitsLoss,
  crossEntropy,
  ctcLoss,
  huberLoss,
  klDivLoss,
  logSoftmax,
  maeLoss,
  mixtureDensityLoss,
  nllLoss,
  type Reduction,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { expectFixture, runBoth, toTensor } from "./engine.ts";
import { type FixtureCase, readFixtures } from "./fixtures.ts";

interface Options {
  function: string;
  reduction: Reduction;
  ignoreIndex?: number;
  labelSmoothing?: number;
  lengths?: number[];
  delta?: number;
  positiveWeight?: number;
  logTarget?: boolean;
}

function apply(fixture: FixtureCase<Options>, leaves: Map<string, Tensor>): Tensor {
  const { function: name, ...options } = fixture.options;
  const [x, target] = [leaves.get("x")!, leaves.get("target")!];
  const given = (tensorName: string) =>
    fixture.has(tensorName) ? { [tensorName]: toTensor(fixture.tensor(tensorName)) } : {};
  if (name === "maeLoss") return maeLoss(x, target, options as { reduction: Reduction });
  if (name === "huberLoss") return huberLoss(x, target, options as { reduction: Reduction });
  if (name === "klDivLoss") return klDivLoss(x, target, options as { reduction: Reduction });
  if (name === "bceWithLogitsLoss") {
    return bceWithLogitsLoss(x, target, { ...given("positiveWeight"), ...given("weight"), ...options });
  }
  if (name === "mixtureDensityLoss") {
    const [logits, means, logScales] = ["logits", "means", "logScales"].map((part) => leaves.get(part)!);
    return mixtureDensityLoss({ logits, means, logScales }, target, options as { reduction: Reduction });
  }
  const loss = name === "nllLoss" ? nllLoss : crossEntropy;
  return loss(x, toTensor(fixture.tensor("targets")), { ...given("weight"), ...options });
}

describe("losses = torch", () => {
  for (const fixture of readFixtures<Options>("sequence-losses")) {
    test(fixture.name, () => {
      const leaves = new Map<string, Tensor>();
      for (const name of ["x", "target", "logits", "means", "logScales"]) {
        if (fixture.has(name)) leaves.set(name, toTensor(fixture.tensor(name), true));
      }
      const output = apply(fixture, leaves);
      expectFixture("sequence-losses", fixture, runBoth(fixture.under(""), leaves, new Map([["output", output]])));
    });
  }
});

interface Problem {
  blank: number;
  reduction: Reduction;
  inputLengths: number[];
  targetLengths: number[];
  targets: number[][];
  concatenated: boolean;
}

/** The labellings behind one another, or in rows filled up with a number that is no class. */
function targetsOf({ targets, concatenated }: Problem): Tensor {
  if (concatenated) return tensor(Int32Array.from(targets.flat()));
  const most = Math.max(1, ...targets.map((target) => target.length));
  const rows = targets.flatMap((target) => [...target, ...Array<number>(most - target.length).fill(-7)]);
  return tensor(Int32Array.from(rows), [targets.length, most]);
}

describe("ctcLoss = torch", () => {
  const problems = readFixtures<Problem>("ctc");

  test("there are 200 problems: labels repeat, some targets are empty, some cannot be spelt", () => {
    expect(problems.length).toBe(200);
    const all = problems.flatMap(({ options }) =>
      options.targets.map((target, b) => ({ target, steps: options.inputLengths[b] })),
    );
    const repeats = (target: number[]) => target.filter((label, i) => i > 0 && label === target[i - 1]).length;
    expect(all.filter(({ target }) => target.length === 0).length).toBeGreaterThan(40);
    expect(all.filter(({ target }) => repeats(target) > 0).length).toBeGreaterThan(40);
    expect(all.filter(({ target, steps }) => target.length + repeats(target) > steps).length).toBeGreaterThan(10);
  });

  for (const fixture of problems) {
    test(`problem ${fixture.name}`, () => {
      const { blank, reduction, inputLengths, targetLengths } = fixture.options;
      const leaves = new Map([["x", toTensor(fixture.tensor("x"), true)]]);
      const output = ctcLoss(
        logSoftmax(leaves.get("x")!),
        targetsOf(fixture.options),
        inputLengths,
        Int32Array.from(targetLengths),
        { blank, reduction, zeroInfinity: true },
      );
      expectFixture("ctc", fixture, runBoth(fixture.under(""), leaves, new Map([["output", output]])));
    });
  }
});
