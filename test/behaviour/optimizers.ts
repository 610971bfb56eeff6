/** Every optimizer with options that reach all of its state, and gradients to feed it. */

import {
  Adadelta,
  Adafactor,
  Adagrad,
  Adam,
  AdamW,
  ASGD,
  add,
  type Learnable,
  Lion,
  mul,
  NAdam,
  type Optimizer,
  Parameter,
  RAdam,
  RMSprop,
  SGD,
  sum,
  tensor,
} from "../../src/index.ts";
import { randomNumbers, randomVector } from "../oracle/random.ts";

// biome-ignore lint/suspicious/noExplicitAny: groups of any optimizer's options.
type Make = (parameters: Learnable<any>) => Optimizer;

export const optimizers: Record<string, Make> = {
  SGD: (parameters) => new SGD(parameters, { learningRate: 0.05 }),
  "SGD with momentum": (parameters) =>
    new SGD(parameters, { learningRate: 0.05, momentum: 0.9, dampening: 0.1, weightDecay: 0.01 }),
  Adam: (parameters) => new Adam(parameters, { learningRate: 0.05 }),
  AdamW: (parameters) => new AdamW(parameters, { learningRate: 0.05, weightDecay: 0.1 }),
  AMSGrad: (parameters) => new Adam(parameters, { learningRate: 0.05, weightDecay: 0.1, amsgrad: true }),
  RMSprop: (parameters) => new RMSprop(parameters, { learningRate: 0.02 }),
  "RMSprop with momentum": (parameters) => new RMSprop(parameters, { learningRate: 0.02, momentum: 0.8 }),
  "RMSprop, centered": (parameters) => new RMSprop(parameters, { learningRate: 0.02, centered: true }),
  "RMSprop, centered with momentum": (parameters) =>
    new RMSprop(parameters, { learningRate: 0.02, momentum: 0.8, centered: true, weightDecay: 0.1 }),
  Adagrad: (parameters) =>
    new Adagrad(parameters, { learningRate: 0.1, learningRateDecay: 0.1, initialAccumulatorValue: 0.3 }),
  Adadelta: (parameters) => new Adadelta(parameters, { learningRate: 0.8 }),
  NAdam: (parameters) => new NAdam(parameters, { learningRate: 0.05 }),
  RAdam: (parameters) => new RAdam(parameters, { learningRate: 0.05, betas: [0.8, 0.9] }),
  Lion: (parameters) => new Lion(parameters, { learningRate: 0.02, weightDecay: 0.1 }),
  Adafactor: (parameters) => new Adafactor(parameters, { learningRate: 0.3 }),
  ASGD: (parameters) => new ASGD(parameters, { learningRate: 0.05, t0: 4, lambd: 0.1 }),
};

export const shapes = [[5, 3], [7], [1], [2, 3, 4]];

/** Parameters with numbers that depend on the seed alone. */
export function makeParameters(seed = 1): Parameter[] {
  const next = randomNumbers(seed);
  return shapes.map((shape) => {
    const parameter = new Parameter(shape);
    parameter.set(randomVector(next, parameter.size));
    return parameter;
  });
}

/** Adds to each parameter the gradient that belongs to a step. */
export function addGradients(parameters: readonly Parameter[], step: number): void {
  const next = randomNumbers(1000 + step);
  parameters
    .map((parameter) =>
      sum(mul(parameter, tensor(Float32Array.from(randomVector(next, parameter.size)), parameter.shape))),
    )
    .reduce((total, term) => add(total, term))
    .backward();
}

/** Takes the steps from `from` to `to`. */
export function train(optimizer: Optimizer, parameters: readonly Parameter[], from: number, to: number): void {
  for (let step = from; step < to; step++) {
    optimizer.zeroGrad();
    addGradients(parameters, step);
    optimizer.step();
  }
}

export function numbersOf(parameters: readonly Parameter[]): number[][] {
  return parameters.map((parameter) => [...parameter.toArray()]);
}
