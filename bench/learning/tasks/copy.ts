/**
 * The copy task (Hochreiter & Schmidhuber 1997; as in Arjovsky, Shah & Bengio 2016): ten symbols out of eight, a pause of T
 * steps, and a sign upon which they are to be said again. The score is the share of symbols said right.
 */
import {
  Adam,
  clipGradNorm,
  crossEntropy,
  EMA,
  Embedding,
  GRU,
  initialize,
  Linear,
  noGrad,
  type Parameter,
  seed,
  type Tensor,
} from "unrolled";
import { copyBatch } from "unrolled/laboratory";
import { randomSource } from "../../random.ts";
import { learnUntil, type Task } from "../task.ts";

const PAUSE = 50;
const SYMBOLS = 8;
const LENGTH = 10;
const STEPS = PAUSE + 2 * LENGTH;
const BATCH = 32;
const TEST = 256;
const SOLVED = 0.99;
const EVERY = 100;
const MOST = 16_000;
const LEARNING_RATE = 1e-2;
/** Half a cosine takes the learning rate down to a hundredth over so many steps. */
const FALL = 12_000;
/** What is measured is the mean of the weights over some two hundred steps: single steps still jump about. */
const DECAY = 0.995;

const problems = (random: () => number, count: number): { input: Tensor; target: Tensor } =>
  copyBatch({ symbols: SYMBOLS, length: LENGTH, pause: PAUSE, count }, random);

/** Remembers for times up to about the whole sequence at first, and turns what it remembers without stretching it. */
function patientGru(inputSize: number, hiddenSize: number): GRU {
  const layer = new GRU({ inputSize, hiddenSize });
  initialize.chrono(layer, 2 * (PAUSE + LENGTH));
  const parameters = new Map(layer.namedParameters());
  initialize.orthogonal(parameters.get("weight_hh_l0") as Parameter);
  return layer;
}

function learningRateAt(step: number): number {
  return LEARNING_RATE * Math.max(0.01, 0.5 * (1 + Math.cos((Math.PI * Math.min(step, FALL)) / FALL)));
}

/** The share of right answers in the last ten steps. */
function share(logits: Tensor, target: Tensor): number {
  const scores = logits.toArray();
  const wanted = target.toArray();
  const classes = logits.shape.at(-1) as number;
  const from = ((LENGTH + PAUSE) * wanted.length) / STEPS;
  let right = 0;
  for (let i = from; i < wanted.length; i++) {
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if ((scores[i * classes + c] as number) > (scores[i * classes + best] as number)) best = c;
    }
    if (best === wanted[i]) right++;
  }
  return right / (wanted.length - from);
}

export const copyTasks: readonly Task[] = [
  {
    name: `copy, T = ${PAUSE}, GRU`,
    score: `share of symbols right, ≥ ${SOLVED}`,
    solved: (score) => score >= SOLVED,
    learn: (number) => {
      seed(number);
      const random = randomSource(2000 + number);
      const embed = new Embedding({ count: SYMBOLS + 2, size: 16 });
      const layer = patientGru(16, 128);
      const head = new Linear({ inputSize: 128, outputSize: SYMBOLS + 1 });
      const parameters = [embed, layer, head].flatMap((module) => module.parameters());
      const optimizer = new Adam(parameters, { learningRate: LEARNING_RATE });
      const average = new EMA(parameters, { decay: DECAY });
      const say = (input: Tensor): Tensor => head.forward(layer.forward(embed.forward(input)).output);
      const test = problems(randomSource(7), TEST);
      let last = 0;
      const outcome = learnUntil(MOST, (step) => {
        const { input, target } = problems(random, BATCH);
        optimizer.learningRate = learningRateAt(step);
        optimizer.zeroGrad();
        crossEntropy(say(input), target).backward();
        clipGradNorm(parameters, 1);
        optimizer.step();
        average.update();
        if (step % EVERY !== EVERY - 1) return undefined;
        last = average.applied(() => noGrad(() => share(say(test.input), test.target)));
        return last >= SOLVED ? last : undefined;
      });
      return { ...outcome, score: last };
    },
  },
];
