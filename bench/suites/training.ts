import { Adam, crossEntropy, SGD, tensor } from "unrolled";
import { PlainAdam } from "../plain/adam.ts";
import { type CellName, type CharacterModelSizes, plainCells } from "../plain/character-model.ts";
import { PlainSGD } from "../plain/sgd.ts";
import { randomSource, randomTokens } from "../random.ts";
import { type Case, microseconds, milliseconds, type Prepared, type Suite, type Unit } from "../suite.ts";
import { EngineCharacterModel, plainModelWithWeights, takeWeights } from "./engine-model.ts";

const CHECKED_STEPS = 3;

/** One step of a character model: an embedding, a recurrent layer, a head, mean cross-entropy, an optimizer. */
interface Training {
  readonly name: string;
  readonly cell: CellName;
  readonly sizes: CharacterModelSizes;
  readonly optimizer: "Adam" | "SGD";
  readonly learningRate: number;
  readonly unit: Unit;
}

const cells = Object.keys(plainCells) as CellName[];
const large = { steps: 64, batch: 32, characters: 65, embeddingSize: 64, hiddenSize: 128 };
const tiny = { steps: 20, characters: 27, embeddingSize: 32, hiddenSize: 32 };

const trainings: readonly Training[] = [
  ...cells.map(
    (cell): Training => ({
      name: `${cell} 64→128, B=32, T=64`,
      cell,
      sizes: large,
      optimizer: "Adam",
      learningRate: 2e-3,
      unit: milliseconds,
    }),
  ),
  ...[1, 16].map(
    (batch): Training => ({
      name: `tiny RNN 32→32, B=${batch}, T=20`,
      cell: "RNN",
      sizes: { ...tiny, batch },
      optimizer: "SGD",
      learningRate: 0.05,
      unit: microseconds,
    }),
  ),
];

function batch({ steps, batch, characters }: CharacterModelSizes): { tokens: Int32Array; targets: Int32Array } {
  const random = randomSource(7);
  const count = steps * batch;
  return { tokens: randomTokens(random, count, characters), targets: randomTokens(random, count, characters) };
}

function cases(prepare: (training: Training) => Prepared): Case[] {
  return trainings.map((training) => ({
    name: training.name,
    unit: training.unit,
    prepare: () => prepare(training),
  }));
}

/** Losses of the first steps and the weights after them. */
function outcome(step: () => number, weights: () => Float32Array[]): Float32Array[] {
  const losses = Float32Array.from({ length: CHECKED_STEPS }, step);
  return [losses, ...weights()];
}

function prepareJavascript({ cell, sizes, optimizer: kind, learningRate }: Training): Prepared {
  const model = plainModelWithWeights(cell, sizes);
  const optimizer = new { Adam: PlainAdam, SGD: PlainSGD }[kind](model.parameters, learningRate);
  const { tokens, targets } = batch(sizes);
  const step = () => {
    const loss = model.lossAndGradients(tokens, targets);
    optimizer.step();
    return loss;
  };
  return { run: step, result: () => outcome(step, () => model.parameters.map(({ value }) => value)) };
}

function prepareWasm({ cell, sizes, optimizer: kind, learningRate }: Training): Prepared {
  const model = new EngineCharacterModel(cell, sizes);
  const weights = takeWeights(model, plainModelWithWeights(cell, sizes).parameters);
  const optimizer = new { Adam, SGD }[kind](model.parameters(), { learningRate });
  const { tokens, targets } = batch(sizes);
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

/** Character models of 65 characters with Adam, and tiny ones of 27 with SGD, where what is not arithmetic shows. */
export const trainingSuite: Suite = {
  workload: "training step",
  cases: { javascript: () => cases(prepareJavascript), wasm: () => cases(prepareWasm) },
};
