/** Linear and Embedding against torch.nn.functional. */

import { describe, test } from "vitest";
import { Embedding, Linear } from "../../src/index.ts";
import { expectFixture, loadWeights, runBoth, toTensor } from "./engine.ts";
import { readFixtures } from "./fixtures.ts";

interface Options {
  inputSize: number;
  outputSize: number;
  bias: boolean;
  count: number;
  size: number;
}

describe("layers = torch.nn", () => {
  for (const fixture of readFixtures<Options>("layers")) {
    test(fixture.name, () => {
      const given = fixture.under("");
      const module = fixture.name.startsWith("Linear") ? new Linear(fixture.options) : new Embedding(fixture.options);
      loadWeights(module, given);
      const x = fixture.has("x") ? toTensor(fixture.tensor("x"), true) : undefined;
      const output = module.forward(x ?? toTensor(fixture.tensor("tokens")));
      const leaves = new Map(x ? [["x", x]] : []);
      expectFixture("layers", fixture, runBoth(given, leaves, new Map([["output", output]]), module));
    });
  }
});
