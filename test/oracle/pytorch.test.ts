/** The oracle against PyTorch's float64 results: the two references agree to the rounding of the stored float32. */

import { describe, test } from "vitest";
import { readFixtures } from "../pytorch/fixtures.ts";
import * as activations from "./activations.ts";
import { expectClose } from "./compare.ts";
import { type LayerOptions, layerOracle } from "./layer.ts";
import { crossEntropy, nllLoss } from "./losses.ts";
import { adam, sgd } from "./optimizers.ts";

/** Half a unit in float32's last place is 6e-8. */
const ROUNDING = 1.2e-7;
const family = "oracle";

for (const kind of ["RNN", "LSTM", "GRU"] as const) {
  describe(`${kind} of the oracle = PyTorch`, () => {
    for (const fixture of readFixtures<Omit<LayerOptions, "kind">>(kind.toLowerCase())) {
      test(fixture.name, () => {
        const run = layerOracle({ kind, ...fixture.options }, fixture.under(""));
        for (const tensor of fixture.names.filter((name) => run.has(name))) {
          expectClose({ family, case: fixture.name, tensor }, run.get(tensor)!, fixture.tensor(tensor), {
            tolerance: ROUNDING,
          });
        }
      });
    }
  });
}

interface ActivationOptions {
  activation: string;
  negativeSlope?: number;
  alpha?: number;
  approximate?: "none" | "tanh";
}

const { sigmoid, tanh, relu, softplus, silu, identity, exponential } = activations;
const PLAIN: Record<string, activations.Activation> = { sigmoid, tanh, relu, softplus, silu, identity, exponential };

function activationOf({ activation, negativeSlope, alpha, approximate }: ActivationOptions): activations.Activation {
  if (activation === "leakyRelu") return activations.leakyRelu(negativeSlope);
  if (activation === "elu") return activations.elu(alpha);
  if (activation === "gelu") return activations.gelu(approximate);
  return PLAIN[activation];
}

describe("activations of the oracle = PyTorch", () => {
  for (const fixture of readFixtures<ActivationOptions>("activations")) {
    test(fixture.name, () => {
      const { f, derivative } = activationOf(fixture.options);
      const { shape, data } = fixture.tensor("x");
      const x = Float64Array.from(data);
      for (const [tensor, values] of [["y", x.map(f)] as const, ["derivative", x.map(derivative)] as const]) {
        expectClose({ family, case: fixture.name, tensor }, { shape, data: values }, fixture.tensor(tensor), {
          tolerance: ROUNDING,
        });
      }
    });
  }
});

interface LossOptions {
  function: string;
  reduction: "mean" | "sum" | "none";
  ignoreIndex?: number;
}

describe("losses of the oracle = PyTorch", () => {
  const fixtures = readFixtures<LossOptions>("losses");
  for (const fixture of fixtures.filter(({ options }) => ["crossEntropy", "nllLoss"].includes(options.function))) {
    test(fixture.name, () => {
      const x = fixture.tensor("x");
      const classes = x.shape.at(-1)!;
      const rows = Array.from({ length: x.data.length / classes }, (_, row) =>
        Float64Array.from(x.data.subarray(row * classes, (row + 1) * classes)),
      );
      const weight = fixture.has("weight") ? Float64Array.from(fixture.tensor("weight").data) : undefined;
      const loss = fixture.options.function === "nllLoss" ? nllLoss : crossEntropy;
      const cotangent = Float64Array.from(fixture.tensor("cotangent.output").data);
      const run = loss(rows, fixture.tensor("targets").data, { ...fixture.options, weight }, cotangent);
      const wanted = fixture.tensor("output");
      const subject = { family, case: fixture.name };
      expectClose({ ...subject, tensor: "output" }, { shape: wanted.shape, data: run.loss }, wanted, {
        tolerance: ROUNDING,
      });
      const gradient = { shape: x.shape, data: run.gradient.flatMap((row) => [...row]) };
      expectClose({ ...subject, tensor: "gradient.x" }, gradient, fixture.tensor("gradient.x"), {
        tolerance: ROUNDING,
      });
    });
  }
});

interface TrajectoryOptions {
  optimizer: string;
  options: { learningRate?: number };
  rates: Record<string, number>;
  steps: number;
}

describe("optimizers of the oracle = PyTorch", () => {
  const fixtures = readFixtures<TrajectoryOptions>("optimizers");
  const fixed = fixtures.filter(({ options }) => options.rates && Object.keys(options.rates).length === 0);
  for (const fixture of fixed) {
    test(fixture.name, () => {
      const { optimizer, steps } = fixture.options;
      const options = { learningRate: 1e-3, ...fixture.options.options };
      for (const [parameter, start] of fixture.under("start.")) {
        const wanted = fixture.tensor(`trajectory.${parameter}`);
        const gradients = fixture.tensor(`gradients.${parameter}`).data;
        const count = start.data.length;
        const path = new Float64Array(wanted.data.length);
        for (let index = 0; index < count; index += 1) {
          const own = Array.from({ length: steps }, (_, step) => gradients[step * count + index]);
          const values =
            optimizer === "SGD"
              ? sgd(start.data[index], own, options)
              : adam(start.data[index], own, options, optimizer === "AdamW");
          for (const [step, value] of values.entries()) path[step * count + index] = value;
        }
        const subject = { family, case: fixture.name, tensor: parameter };
        expectClose(subject, { shape: wanted.shape, data: path }, wanted, { tolerance: ROUNDING });
      }
    });
  }
});
