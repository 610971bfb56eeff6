/** Whole small models trained for a few steps as PyTorch trains them: losses, gradient norms and final weights. */

import { describe, expect, test } from "vitest";
import {
  Adam,
  clipGradNorm,
  crossEntropy,
  Embedding,
  GRU,
  LastStep,
  Linear,
  LSTM,
  Module,
  mseLoss,
  SGD,
  type Tensor,
} from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import { numbers, toTensor } from "./engine.ts";
import { type FixtureCase, readFixtures } from "./fixtures.ts";

interface Options {
  steps: number;
  clipNorm: number;
  learningRate: number;
  momentum: number;
}

class CharacterModel extends Module {
  embedding = new Embedding({ count: 11, size: 6 });
  lstm = new LSTM({ inputSize: 6, hiddenSize: 9 });
  linear = new Linear({ inputSize: 9, outputSize: 11 });

  override forward(tokens: Tensor): Tensor {
    return this.linear.forward(this.lstm.forward(this.embedding.forward(tokens)).output);
  }
}

class Regressor extends Module {
  gru = new GRU({ inputSize: 3, hiddenSize: 5, layers: 2, bidirectional: true });
  last = new LastStep();
  linear = new Linear({ inputSize: 10, outputSize: 2 });

  override forward(x: Tensor): Tensor {
    return this.linear.forward(this.last.forward(this.gru.forward(x).output));
  }
}

function load(model: Module, fixture: FixtureCase<Options>): void {
  const start = [...fixture.under("start.")];
  model.loadStateDict(Object.fromEntries(start.map(([name, value]) => [name, toTensor(value)])));
}

function train(fixture: FixtureCase<Options>, model: Module, optimizer: Adam | SGD, lossOf: () => Tensor): void {
  const { steps, clipNorm } = fixture.options;
  const losses: number[] = [];
  const norms: number[] = [];
  for (let step = 0; step < steps; step += 1) {
    optimizer.zeroGrad();
    const loss = lossOf();
    loss.backward();
    losses.push(loss.item());
    norms.push(clipGradNorm(model.parameters(), clipNorm));
    optimizer.step();
  }
  const subject = { family: "model", case: fixture.name };
  expectClose({ ...subject, tensor: "losses" }, { shape: [steps], data: losses }, fixture.tensor("losses"));
  expectClose({ ...subject, tensor: "norms" }, { shape: [steps], data: norms }, fixture.tensor("norms"));
  const end = fixture.under("end.");
  expect([...model.namedParameters()].map(([name]) => name).sort()).toEqual([...end.keys()].sort());
  for (const [name, parameter] of model.namedParameters()) {
    expectClose({ ...subject, tensor: name }, numbers(parameter), end.get(name)!);
  }
}

describe("training = PyTorch's", () => {
  const [characters, regression] = readFixtures<Options>("model");

  test(characters.name, () => {
    const model = new CharacterModel();
    load(model, characters);
    const tokens = toTensor(characters.tensor("tokens"));
    const targets = toTensor(characters.tensor("targets"));
    const optimizer = new Adam(model.parameters(), { learningRate: characters.options.learningRate });
    train(characters, model, optimizer, () => crossEntropy(model.forward(tokens), targets));
  });

  test(regression.name, () => {
    const model = new Regressor();
    load(model, regression);
    const x = toTensor(regression.tensor("x"));
    const target = toTensor(regression.tensor("target"));
    const { learningRate, momentum } = regression.options;
    const optimizer = new SGD(model.parameters(), { learningRate, momentum });
    train(regression, model, optimizer, () => mseLoss(model.forward(x), target));
  });
});
