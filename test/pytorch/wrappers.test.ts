/** Embedding with padding, tied tables, Bidirectional and Residual against torch. */

import { describe, test } from "vitest";
import {
  Bidirectional,
  Embedding,
  type EmbeddingOptions,
  GRU,
  Linear,
  type Merge,
  Module,
  mul,
  Residual,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { expectFixture, loadWeights, runBoth, toTensor } from "./engine.ts";
import { readFixtures } from "./fixtures.ts";

interface Options extends EmbeddingOptions {
  merge: Merge;
  lengths: number[] | null;
}

/** An embedding whose table is that of the layer behind it as well. */
class Tied extends Module {
  readonly embedding: Embedding;
  readonly head: Linear;

  constructor(options: EmbeddingOptions) {
    super();
    this.embedding = new Embedding(options);
    const { weight } = this.embedding;
    this.head = new Linear({ inputSize: options.size, outputSize: options.count, weight, bias: false });
  }

  override forward(tokens: Tensor): Tensor {
    return this.head.forward(this.embedding.forward(tokens));
  }
}

/** 1 within each length and 0 beyond, [T, B, 1]. */
function within(lengths: number[], steps: number): Tensor {
  const flags = Array.from({ length: steps }, (_, t) => lengths.map((length) => [t < length ? 1 : 0]));
  return tensor(flags);
}

const fixtures = readFixtures<Options>("wrappers");

describe("wrappers = torch", () => {
  for (const fixture of fixtures.filter(({ name }) => name.startsWith("Embedding"))) {
    test(fixture.name, () => {
      const options = { count: fixture.options.count, size: fixture.options.size, paddingIndex: 2 };
      const tied = new Tied(options);
      loadWeights(tied.embedding, fixture.under(""));
      const module = fixture.name.endsWith("tied") ? tied : tied.embedding;
      const outputs = new Map([["output", module.forward(toTensor(fixture.tensor("tokens")))]]);
      expectFixture("wrappers", fixture, runBoth(fixture.under(""), new Map(), outputs, tied.embedding));
    });
  }

  for (const fixture of fixtures.filter(({ name }) => !name.startsWith("Embedding"))) {
    test(fixture.name, () => {
      const { merge, lengths } = fixture.options;
      const width = fixture.tensor("x").shape[2];
      const layer = () => new GRU({ inputSize: width, hiddenSize: 5 });
      const module = merge ? new Bidirectional(layer(), layer(), { merge }) : new Residual(layer());
      loadWeights(module, fixture.under(""));
      const x = toTensor(fixture.tensor("x"), true);
      let output: Tensor;
      if (module instanceof Bidirectional && lengths) {
        output = mul(module.forward(x, { lengths }), within(lengths, x.shape[0]));
      } else {
        output = module.forward(x);
      }
      const run = runBoth(fixture.under(""), new Map([["x", x]]), new Map([["output", output]]), module);
      expectFixture("wrappers", fixture, run);
    });
  }
});
