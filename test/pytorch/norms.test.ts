/** LayerNorm, RMSNorm and BatchNorm1d against torch.nn: outputs, every gradient, running statistics, evaluation. */

import { describe, expect, test } from "vitest";
import {
  BatchNorm1d,
  type BatchNorm1dOptions,
  decodeSafetensors,
  LayerNorm,
  type LayerNormOptions,
  RMSNorm,
} from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import { expectFixture, gradientOf, loadWeights, numbers, runBoth, toTensor } from "./engine.ts";
import { type FixtureCase, readFixtures } from "./fixtures.ts";

type Options = LayerNormOptions & BatchNorm1dOptions;
const fixtures = readFixtures<Options>("norms");

describe("LayerNorm and RMSNorm = torch", () => {
  for (const fixture of fixtures.filter(({ name }) => !name.startsWith("BatchNorm1d"))) {
    test(fixture.name, () => {
      const given = fixture.under("");
      const module = fixture.name.startsWith("LayerNorm")
        ? new LayerNorm(fixture.options)
        : new RMSNorm(fixture.options);
      loadWeights(module, given);
      const x = toTensor(fixture.tensor("x"), true);
      const outputs = new Map([["output", module.forward(x)]]);
      expectFixture("norms", fixture, runBoth(given, new Map([["x", x]]), outputs, module));
    });
  }
});

describe("BatchNorm1d = torch.nn.BatchNorm1d", () => {
  for (const fixture of fixtures.filter(({ name }) => name.startsWith("BatchNorm1d"))) {
    test(fixture.name, () => {
      const module = loaded(fixture);
      module.forward(toTensor(fixture.tensor("first")));
      module.forward(toTensor(fixture.tensor("second")));
      const given = fixture.under("");
      const x = toTensor(fixture.tensor("x"), true);
      const outputs = new Map([["output", module.forward(x)]]);
      expectFixture("norms", fixture, runBoth(given, new Map([["x", x]]), outputs, module));

      const { tensors } = decodeSafetensors(module.save());
      for (const [name, wanted] of fixture.under("buffers.")) {
        const subject = { family: "norms", case: fixture.name, tensor: name };
        expectClose(subject, numbers(tensors[name]), wanted);
      }
      expect(module.namedBuffers().map(([name]) => name)).toEqual([...fixture.under("buffers.").keys()]);

      const fresh = new BatchNorm1d(fixture.options).eval();
      fresh.load(module.save());
      expectEvaluated(fixture, fresh);
    });
  }
});

function loaded(fixture: FixtureCase<Options>): BatchNorm1d {
  const module = new BatchNorm1d(fixture.options);
  const weights = [...fixture.under("weights.")].map(([name, value]) => [name, toTensor(value)] as const);
  module.loadStateDict({ ...module.stateDict(), ...Object.fromEntries(weights) });
  return module;
}

/** Output and gradients with the running statistics. */
function expectEvaluated(fixture: FixtureCase<Options>, module: BatchNorm1d): void {
  const x = toTensor(fixture.tensor("x"), true);
  const given = new Map([["cotangent.evaluated", fixture.tensor("cotangent.evaluated")]]);
  const run = runBoth(given, new Map([["x", x]]), new Map([["evaluated", module.forward(x)]]), module);
  const subject = { family: "norms", case: fixture.name };
  expectClose({ ...subject, tensor: "evaluated" }, run.get("evaluated")!, fixture.tensor("evaluated"));
  for (const [name, wanted] of fixture.under("evaluated.gradient.")) {
    expectClose({ ...subject, tensor: `evaluated ${name}` }, run.get(`gradient.${name}`)!, wanted);
  }
  expect(gradientOf("x", x).shape).toEqual([...x.shape]);
}
