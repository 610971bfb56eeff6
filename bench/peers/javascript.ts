import { plainActivations } from "../plain/activations.ts";
import { PlainAdam } from "../plain/adam.ts";
import { PlainCharacterModel, plainCells } from "../plain/character-model.ts";
import { matmul } from "../plain/matrix.ts";
import type { PlainParameter } from "../plain/parameter.ts";
import type { PlainRecurrent } from "../plain/recurrent.ts";
import type { Inputs } from "./inputs.ts";
import { packageVersion } from "./packages.ts";
import type { Peer, Prepared } from "./peer.ts";
import { pushing } from "./pushing.ts";
import type { MapWork, MatmulWork, RecurrentSizes, SequenceWork, StreamWork, TrainingWork } from "./workloads.ts";

function prepareMatmul({ m, k, n }: MatmulWork, inputs: Inputs): Prepared {
  const a = inputs.floats("a");
  const b = inputs.floats("b");
  const c = new Float32Array(m * n);
  const run = () => matmul(a, b, c, m, k, n);
  return {
    run,
    result: () => {
      run();
      return [c];
    },
  };
}

/** Keeps what the last run returned reachable, so that no compiler may drop the work. */
let last: Float32Array | undefined;

function exp(x: Float32Array): Float32Array {
  const y = new Float32Array(x.length);
  for (let i = 0; i < x.length; i++) y[i] = Math.exp(x[i]);
  return y;
}

function prepareMap(work: MapWork, inputs: Inputs): Prepared {
  const map = work.function === "exp" ? exp : plainActivations[work.function];
  const x = inputs.floats("x");
  return {
    run: () => {
      last = map(x);
    },
    result: () => {
      last = map(x);
      return [last];
    },
  };
}

function layerOf(work: RecurrentSizes, inputs: Inputs): PlainRecurrent {
  const layer = new plainCells[work.cell](work);
  for (const { name, value } of layer.parameters) value.set(inputs.floats(name.slice("layer.".length)));
  return layer;
}

function prepareStream(work: StreamWork, inputs: Inputs): Prepared {
  const layer = layerOf(work, inputs);
  return pushing(inputs, (sample) => layer.push(sample));
}

function prepareSequence(work: SequenceWork, inputs: Inputs): Prepared {
  const layer = layerOf(work, inputs);
  const x = inputs.floats("x");
  return { run: () => layer.forward(x), result: () => [layer.forward(x).slice()] };
}

/** w -= rate·gradient, then clears the gradients. */
function descend(parameters: readonly PlainParameter[], learningRate: number): void {
  for (const { value, gradient } of parameters) {
    for (let i = 0; i < value.length; i++) value[i] -= learningRate * gradient[i];
    gradient.fill(0);
  }
}

function prepareTraining(work: TrainingWork, inputs: Inputs): Prepared {
  const { cell, characters, inputSize, hiddenSize, steps, batch, learningRate } = work;
  const model = new PlainCharacterModel(cell, { steps, batch, characters, embeddingSize: inputSize, hiddenSize });
  for (const { name, value } of model.parameters) value.set(inputs.floats(name));
  const adam = new PlainAdam(model.parameters, learningRate);
  const { tokens, targets } = inputs.text();
  const step = () => {
    const loss = model.lossAndGradients(tokens, targets);
    if (work.optimizer === "Adam") adam.step();
    else descend(model.parameters, learningRate);
    return loss;
  };
  const learned = () =>
    model.parameters.filter(({ name }) => !name.startsWith("layer.bias")).map(({ value }) => value.slice());
  return { run: step, result: () => [Float32Array.of(step()), ...learned()] };
}

/** Typed arrays and loops, written with care: what every peer's results are held against. */
export function startJavascript(): Promise<Peer> {
  return Promise.resolve({
    version: packageVersion("javascript"),
    matmul: prepareMatmul,
    map: prepareMap,
    stream: prepareStream,
    sequence: prepareSequence,
    training: prepareTraining,
  });
}
