import { Adam, crossEntropy, tensor } from "unrolled";
import { PlainAdam } from "../plain/adam.ts";
import { type CellName, type CharacterModelSizes, plainCells } from "../plain/character-model.ts";
import { randomSource, randomTokens } from "../random.ts";
import { type Case, milliseconds, type Prepared, type Suite } from "../suite.ts";
import { EngineCharacterModel, plainModelWithWeights, takeWeights } from "./engine-model.ts";

const sizes: CharacterModelSizes = { steps: 64, batch: 32, characters: 65, embeddingSize: 64, hiddenSize: 128 };
const LEARNING_RATE = 2e-3;
const CHECKED_STEPS = 3;

function batch(): { tokens: Int32Array; targets: Int32Array } {
  const random = randomSource(7);
  const count = sizes.steps * sizes.batch;
  return {
    tokens: randomTokens(random, count, sizes.characters),
    targets: randomTokens(random, count, sizes.characters),
  };
}

function cases(prepare: (cell: CellName) => Prepared): Case[] {
  return (Object.keys(plainCells) as CellName[]).map((cell) => ({
    name: `${cell} 64→128, B=32, T=64`,
    unit: milliseconds,
    prepare: () => prepare(cell),
  }));
}

/** Losses of the first steps and the weights after them. */
function outcome(step: () => number, weights: () => Float32Array[]): Float32Array[] {
  const losses = Float32Array.from({ length: CHECKED_STEPS }, step);
  return [losses, ...weights()];
}

function prepareJavascript(cell: CellName): Prepared {
  const model = plainModelWithWeights(cell, sizes);
  const optimizer = new PlainAdam(model.parameters, LEARNING_RATE);
  const { tokens, targets } = batch();
  const step = () => {
    const loss = model.lossAndGradients(tokens, targets);
    optimizer.step();
    return loss;
  };
  return { run: step, result: () => outcome(step, () => model.parameters.map(({ value }) => value)) };
}

function prepareWasm(cell: CellName): Prepared {
  const model = new EngineCharacterModel(cell, sizes);
  const weights = takeWeights(model, plainModelWithWeights(cell, sizes).parameters);
  const optimizer = new Adam(model.parameters(), { learningRate: LEARNING_RATE });
  const { tokens, targets } = batch();
  const shape = [sizes.steps, sizes.batch];
  const input = tensor(tokens, shape);
  const target = tensor(targets, shape);
  const step = () => {
    const loss = crossEntropy(model.forward(input), target);
    loss.backward();
    const value = loss.item();
    optimizer.step();
    optimizer.zeroGrad();
    return value;
  };
  return { run: step, result: () => outcome(step, weights) };
}

/** One step of a character model: embedding 65×64, a recurrent layer of 128, a head of 65, cross-entropy, Adam. */
export const trainingSuite: Suite = {
  workload: "training step",
  cases: { javascript: () => cases(prepareJavascript), wasm: () => cases(prepareWasm) },
};
