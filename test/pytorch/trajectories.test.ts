/** Fifty steps of every optimizer, of groups and of averages against torch.optim. */

import { describe, test } from "vitest";
import {
  Adadelta,
  Adagrad,
  Adam,
  AdamW,
  ASGD,
  add,
  EMA,
  type Learnable,
  mul,
  NAdam,
  type Optimizer,
  Parameter,
  RAdam,
  RMSprop,
  SGD,
  SWA,
  sum,
} from "../../src/index.ts";
import { expectClose, type Numbers } from "../oracle/compare.ts";
import { toTensor } from "./engine.ts";
import { readFixtures } from "./fixtures.ts";

interface Options {
  optimizer?: string;
  average?: "EMA" | "SWA";
  options: { learningRate: number };
  /** Options of a group that holds the vector alone. */
  own?: object;
  steps: number;
  decay: number;
}

const family = "trajectories";
const kinds = { SGD, Adam, AdamW, RMSprop, Adagrad, Adadelta, NAdam, RAdam, ASGD };
const fixtures = readFixtures<Options>(family);

function rowOf({ shape, data }: Numbers, row: number): Numbers {
  const rest = shape.slice(1);
  const count = rest.reduce((product, size) => product * size, 1);
  return { shape: rest, data: Array.from({ length: count }, (_, index) => data[row * count + index]) };
}

/** The parameters of a fixture, and what gives each the gradient of a step. */
function readParameters(fixture: (typeof fixtures)[number]) {
  const parameters = new Map<string, Parameter>();
  for (const [name, { shape, data }] of fixture.under("start.")) {
    const parameter = new Parameter([...shape]);
    parameter.set(data);
    parameters.set(name, parameter);
  }
  const giveGradients = (step: number): void => {
    const terms = [...parameters].map(([name, parameter]) =>
      sum(mul(parameter, toTensor(rowOf(fixture.tensor(`gradients.${name}`), step)))),
    );
    terms.reduce((total, term) => add(total, term)).backward();
  };
  return { parameters, giveGradients };
}

/** What parameters are after each step, by name. */
class Paths {
  readonly #parameters: Map<string, Parameter>;
  readonly #paths = new Map<string, number[]>();

  constructor(parameters: Map<string, Parameter>) {
    this.#parameters = parameters;
    for (const name of parameters.keys()) this.#paths.set(name, []);
  }

  take(): void {
    for (const [name, parameter] of this.#parameters) this.#paths.get(name)?.push(...parameter.toArray());
  }

  expectClose(fixture: (typeof fixtures)[number], prefix: string): void {
    for (const [name, data] of this.#paths) {
      const wanted = fixture.tensor(`${prefix}.${name}`);
      const subject = { family, case: fixture.name, tensor: `${prefix}.${name}` };
      expectClose(subject, { shape: wanted.shape, data }, wanted);
    }
  }
}

describe("optimizers = torch.optim over fifty steps", () => {
  for (const fixture of fixtures.filter(({ options }) => options.optimizer)) {
    test(fixture.name, () => {
      const { optimizer: kind, options, own, steps } = fixture.options;
      const { parameters, giveGradients } = readParameters(fixture);
      const list = [...parameters.values()];
      const alone = parameters.get("vector") as Parameter;
      const groups = [{ parameters: list.filter((parameter) => parameter !== alone) }, { parameters: [alone], ...own }];
      const Kind = kinds[kind as keyof typeof kinds] as new (given: Learnable, options: object) => Optimizer;
      const optimizer = new Kind(own ? groups : list, options);
      const [path, average] = [new Paths(parameters), new Paths(parameters)];
      for (let step = 0; step < steps; step++) {
        optimizer.zeroGrad();
        giveGradients(step);
        optimizer.step();
        path.take();
        if (optimizer instanceof ASGD) optimizer.applied(() => average.take());
      }
      path.expectClose(fixture, "trajectory");
      if (optimizer instanceof ASGD) average.expectClose(fixture, "average");
    });
  }
});

describe("averages = torch.optim.swa_utils.AveragedModel", () => {
  for (const fixture of fixtures.filter(({ options }) => options.average)) {
    test(fixture.name, () => {
      const { average: kind, options, steps, decay } = fixture.options;
      const { parameters, giveGradients } = readParameters(fixture);
      const list = [...parameters.values()];
      const optimizer = new SGD(list, options);
      const average = kind === "EMA" ? new EMA(list, { decay }) : new SWA(list);
      const path = new Paths(parameters);
      for (let step = 0; step < steps; step++) {
        optimizer.zeroGrad();
        giveGradients(step);
        optimizer.step();
        average.update();
        average.applied(() => path.take());
      }
      path.expectClose(fixture, "average");
    });
  }
});
