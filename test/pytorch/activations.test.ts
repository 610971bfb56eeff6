/** Every activation against PyTorch: on arrays, its derivative on arrays, and both through tensors and autograd. */

import { describe, test } from "vitest";
import { activations, sum, type Tensor } from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import { gradientOf, numbers, toTensor } from "./engine.ts";
import { readFixtures } from "./fixtures.ts";

interface Options {
  activation: string;
  negativeSlope?: number;
  alpha?: number;
  approximate?: string;
}

/** Any of the activations, as this test calls them. */
interface Activation {
  (x: Float32Array, options?: object): Float32Array;
  (x: Tensor, options?: object): Tensor;
  derivative(x: Float32Array, options?: object): Float32Array;
}

describe("activations = torch", () => {
  for (const fixture of readFixtures<Options>("activations")) {
    test(fixture.name, () => {
      const { activation, ...options } = fixture.options;
      const apply = activations[activation as keyof typeof activations] as unknown as Activation;
      const { shape, data } = fixture.tensor("x");
      const x = Float32Array.from(data);
      const leaf = toTensor({ shape, data }, true);
      const y = apply(leaf, options);
      const subject = { family: "activations", case: fixture.name };
      const wanted = fixture.tensor("y");
      const slope = fixture.tensor("derivative");
      expectClose({ ...subject, tensor: "y" }, { shape, data: apply(x, options) }, wanted);
      expectClose({ ...subject, tensor: "derivative" }, { shape, data: apply.derivative(x, options) }, slope);
      expectClose({ ...subject, tensor: "y of a tensor" }, numbers(y), wanted);
      sum(y).backward();
      expectClose({ ...subject, tensor: "gradient of a tensor" }, gradientOf("x", leaf), slope);
    });
  }
});
