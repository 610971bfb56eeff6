/** RNN, LSTM, GRU and their cells against PyTorch: outputs, last states and every gradient. */

import { describe, expect, test } from "vitest";
import { GRU, LSTM, RNN } from "../../src/index.ts";
import type { LayerOptions } from "../oracle/layer.ts";
import { expectFixture, runCell, runLayer } from "./engine.ts";
import { readFixtures } from "./fixtures.ts";

type Options = Omit<LayerOptions, "kind">;

for (const kind of ["RNN", "LSTM", "GRU"] as const) {
  describe(`${kind} = torch.nn.${kind}`, () => {
    for (const fixture of readFixtures<Options>(kind.toLowerCase())) {
      test(fixture.name, () => {
        expectFixture(kind, fixture, runLayer({ kind, ...fixture.options }, fixture.under("")));
      });
    }

    test("state_dict has PyTorch's names and shapes", () => {
      for (const fixture of readFixtures<Options>(kind.toLowerCase())) {
        const layer = new { RNN, LSTM, GRU }[kind](fixture.options);
        const ours = [...layer.namedParameters()].map(([name, parameter]) => `${name} [${parameter.shape}]`);
        const theirs = [...fixture.under("weights.")].map(([name, { shape }]) => `${name} [${shape}]`);
        expect(ours.sort(), fixture.name).toEqual(theirs.sort());
      }
    });
  });
}

describe("lengths = torch's packed sequences", () => {
  for (const fixture of readFixtures<LayerOptions>("lengths")) {
    test(fixture.name, () => {
      const lengths = fixture.tensor("lengths").data as Int32Array;
      expectFixture("lengths", fixture, runLayer(fixture.options, fixture.under(""), { lengths }));
    });
  }
});

describe("variants = the same recurrences in torch", () => {
  for (const fixture of readFixtures<LayerOptions>("variants")) {
    test(fixture.name, () => {
      expectFixture(
        "variants",
        fixture,
        runLayer(fixture.options, fixture.under(""), {}, (layer) => layer.eval()),
      );
    });
  }
});

describe("cells = torch.nn.RNNCell, LSTMCell, GRUCell", () => {
  for (const fixture of readFixtures<Options>("cells")) {
    test(fixture.name, () => {
      const kind = fixture.name.slice(0, fixture.name.indexOf("Cell")) as LayerOptions["kind"];
      expectFixture("cells", fixture, runCell({ kind, ...fixture.options }, fixture.under("")));
    });
  }
});
