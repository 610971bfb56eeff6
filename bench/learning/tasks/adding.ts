/**
 * The adding problem (Hochreiter & Schmidhuber 1997; as in Le, Jaitly & Hinton 2015): of T random numbers in [0, 1] two are
 * marked, and the network is to say their sum after the last one. Saying 1 always has a mean squared error of 0.167.
 */
import {
  Adam,
  clipGradNorm,
  GRU,
  initialize,
  Linear,
  LSTM,
  mseLoss,
  noGrad,
  type Parameter,
  RNN,
  seed,
  type Tensor,
  tensor,
} from "unrolled";
import { addingBatch } from "unrolled/laboratory";
import { randomSource } from "../../random.ts";
import { learnUntil, type Task } from "../task.ts";

const STEPS = 200;
const BATCH = 32;
const TEST = 500;
const SOLVED = 0.01;
const EVERY = 100;

const problems = (random: () => number, count: number): { input: Tensor; target: Tensor } =>
  addingBatch({ steps: STEPS, count }, random);

/** Gates that remember for times up to the whole sequence at first. */
function patient<Layer extends LSTM | GRU>(layer: Layer): Layer {
  initialize.chrono(layer, STEPS);
  return layer;
}

/** The identity in W_hh, no bias and small W_ih: what lets a network of rectified units remember (IRNN). */
function identityRnn(hiddenSize: number): RNN {
  const rnn = new RNN({ inputSize: 2, hiddenSize, activation: "relu" });
  const parameters = new Map(rnn.namedParameters());
  const own = (name: string): Parameter => parameters.get(name) as Parameter;
  initialize.identity(own("weight_hh_l0"));
  for (const name of ["bias_ih_l0", "bias_hh_l0"]) initialize.zeros(own(name));
  initialize.normal(own("weight_ih_l0"), { standardDeviation: 0.1 });
  return rnn;
}

interface Setting {
  readonly make: () => LSTM | GRU | RNN;
  readonly learningRate: number;
  readonly most: number;
}

function task(name: string, { make, learningRate, most }: Setting): Task {
  return {
    name: `adding, T = ${STEPS}, ${name}`,
    score: `mean squared error, ≤ ${SOLVED}`,
    solved: (score) => score <= SOLVED,
    learn: (number) => {
      seed(number);
      const random = randomSource(1000 + number);
      const layer = make();
      const head = new Linear({ inputSize: layer.hiddenSize, outputSize: 1 });
      const parameters = [...layer.parameters(), ...head.parameters()];
      const optimizer = new Adam(parameters, { learningRate });
      const test = problems(randomSource(7), TEST);
      const say = (input: Tensor): Tensor => {
        const { state } = layer.forward(input as never) as { state: Tensor | { h: Tensor } };
        return head.forward("h" in state ? state.h : state);
      };
      const loss = (of: { input: Tensor; target: Tensor }): Tensor => mseLoss(say(of.input), asAnswer(of.target));
      let last = Number.NaN;
      const outcome = learnUntil(most, (step) => {
        optimizer.zeroGrad();
        loss(problems(random, BATCH)).backward();
        clipGradNorm(parameters, 1);
        optimizer.step();
        if (step % EVERY !== EVERY - 1) return undefined;
        last = noGrad(() => loss(test).item());
        return last <= SOLVED ? last : undefined;
      });
      return { ...outcome, score: last };
    },
  };
}

/** The last state has one layer in front of the batch. */
function asAnswer(target: Tensor): Tensor {
  return tensor(target.toArray() as Float32Array, [1, target.size, 1]);
}

export const addingTasks: readonly Task[] = [
  task("LSTM", { make: () => patient(new LSTM({ inputSize: 2, hiddenSize: 48 })), learningRate: 5e-3, most: 5000 }),
  task("GRU", { make: () => patient(new GRU({ inputSize: 2, hiddenSize: 48 })), learningRate: 5e-3, most: 5000 }),
  task("IRNN", { make: () => identityRnn(64), learningRate: 1e-3, most: 10_000 }),
];
