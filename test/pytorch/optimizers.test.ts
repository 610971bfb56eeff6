/** SGD, Adam and AdamW, step by step, and clipGradNorm, against torch.optim and torch.nn.utils. */

import { describe, test } from "vitest";
import { Adam, AdamW, add, clipGradNorm, mul, Parameter, SGD, sum } from "../../src/index.ts";
import { expectClose, type Numbers } from "../oracle/compare.ts";
import { gradientOf, toTensor } from "./engine.ts";
import { readFixtures } from "./fixtures.ts";

interface Options {
  optimizer: "SGD" | "Adam" | "AdamW" | "clipGradNorm";
  options: { learningRate: number };
  /** Learning rates set before a step, by the step's number. */
  rates: Record<string, number>;
  steps: number;
  maxNorm: number;
}

const family = "optimizers";

function parameterOf({ shape, data }: Numbers): Parameter {
  const parameter = new Parameter([...shape]);
  parameter.set(data);
  return parameter;
}

/** Gives each parameter exactly this gradient, as the gradient of Σ parameter · gradient. */
function giveGradients(parameters: Map<string, Parameter>, gradientFor: (name: string) => Numbers): void {
  const terms = [...parameters].map(([name, parameter]) => sum(mul(parameter, toTensor(gradientFor(name)))));
  terms.reduce((total, term) => add(total, term)).backward();
}

function rowOf({ shape, data }: Numbers, row: number): Numbers {
  const rest = shape.slice(1);
  const count = rest.reduce((product, size) => product * size, 1);
  return { shape: rest, data: Array.from({ length: count }, (_, index) => data[row * count + index]) };
}

describe("optimizers = torch.optim", () => {
  for (const fixture of readFixtures<Options>("optimizers").filter(({ options }) => options.steps)) {
    test(fixture.name, () => {
      const { optimizer: kind, options, rates, steps } = fixture.options;
      const parameters = new Map<string, Parameter>();
      for (const [name, start] of fixture.under("start.")) parameters.set(name, parameterOf(start));
      const optimizer = new { SGD, Adam, AdamW }[kind as "SGD"]([...parameters.values()], options);
      const paths = new Map([...parameters.keys()].map((name) => [name, [] as number[]]));
      for (let step = 0; step < steps; step += 1) {
        optimizer.learningRate = rates[step] ?? optimizer.learningRate;
        optimizer.zeroGrad();
        giveGradients(parameters, (name) => rowOf(fixture.tensor(`gradients.${name}`), step));
        optimizer.step();
        for (const [name, parameter] of parameters) paths.get(name)!.push(...parameter.toArray());
      }
      for (const [name, path] of paths) {
        const wanted = fixture.tensor(`trajectory.${name}`);
        expectClose({ family, case: fixture.name, tensor: name }, { shape: wanted.shape, data: path }, wanted);
      }
    });
  }
});

describe("clipGradNorm = torch.nn.utils.clip_grad_norm_", () => {
  for (const fixture of readFixtures<Options>("optimizers").filter(({ options }) => options.maxNorm)) {
    test(fixture.name, () => {
      const parameters = new Map<string, Parameter>();
      for (const [name, { shape }] of fixture.under("gradients.")) {
        parameters.set(name, new Parameter(shape));
      }
      giveGradients(parameters, (name) => fixture.tensor(`gradients.${name}`));
      const norm = clipGradNorm([...parameters.values()], fixture.options.maxNorm);
      expectClose({ family, case: fixture.name, tensor: "norm" }, { shape: [], data: [norm] }, fixture.tensor("norm"));
      for (const [name, parameter] of parameters) {
        const wanted = fixture.tensor(`clipped.${name}`);
        expectClose({ family, case: fixture.name, tensor: name }, gradientOf(name, parameter), wanted);
      }
    });
  }
});
