import {
  Adam,
  activations,
  crossEntropy,
  GRU,
  LSTM,
  matmul,
  noGrad,
  RNN,
  runtimeInfo,
  SGD,
  type Tensor,
  tensor,
} from "unrolled";
import { EngineCharacterModel } from "../suites/engine-model.ts";
import type { Inputs } from "./inputs.ts";
import { packageVersion } from "./packages.ts";
import type { Peer, Prepared } from "./peer.ts";
import { pushing } from "./pushing.ts";
import type { MapWork, MatmulWork, RecurrentSizes, SequenceWork, StreamWork, TrainingWork } from "./workloads.ts";

/** The state dictionary of a case, by PyTorch's names. */
function stateOf(inputs: Inputs): Record<string, Tensor> {
  return Object.fromEntries(inputs.parameters.map((name) => [name, tensor(inputs.floats(name), inputs.shape(name))]));
}

function layerOf({ cell, inputSize, hiddenSize, resetAfter }: RecurrentSizes): LSTM | GRU | RNN {
  if (cell === "GRU") return new GRU({ inputSize, hiddenSize, resetAfter });
  return cell === "LSTM" ? new LSTM({ inputSize, hiddenSize }) : new RNN({ inputSize, hiddenSize });
}

function prepareMatmul({ size }: MatmulWork, inputs: Inputs): Prepared {
  const a = tensor(inputs.floats("a"), [size, size]);
  const b = tensor(inputs.floats("b"), [size, size]);
  return {
    run: () => noGrad(() => matmul(a, b)),
    result: () => [noGrad(() => matmul(a, b).toArray() as Float32Array)],
  };
}

function prepareMap(work: MapWork, inputs: Inputs): Prepared {
  const f = activations[work.function];
  const x = tensor(inputs.floats("x"));
  return { run: () => noGrad(() => f(x)), result: () => [noGrad(() => f(x).toArray() as Float32Array)] };
}

function prepareStream(work: StreamWork, inputs: Inputs): Prepared {
  const layer = layerOf(work);
  layer.loadStateDict(stateOf(inputs));
  const stream = layer.stream();
  return pushing(inputs, (sample) => stream.push(sample));
}

function prepareSequence(work: SequenceWork, inputs: Inputs): Prepared {
  const layer = layerOf(work);
  layer.loadStateDict(stateOf(inputs));
  const x = tensor(inputs.floats("x"), inputs.shape("x"));
  return {
    run: () => noGrad(() => layer.forward(x).output),
    result: () => [noGrad(() => layer.forward(x).output.toArray() as Float32Array)],
  };
}

function prepareTraining(work: TrainingWork, inputs: Inputs): Prepared {
  const { cell, characters, inputSize, hiddenSize, steps, batch, learningRate } = work;
  const sizes = { steps, batch, characters, embeddingSize: inputSize, hiddenSize };
  const model = new EngineCharacterModel(cell, sizes, layerOf(work));
  model.loadStateDict(stateOf(inputs));
  const Optimizer = work.optimizer === "Adam" ? Adam : SGD;
  const optimizer = new Optimizer(model.parameters(), { learningRate });
  const text = inputs.text();
  const input = tensor(text.tokens, [steps, batch]);
  const target = tensor(text.targets, [steps, batch]);
  const step = () => {
    const loss = crossEntropy(model.forward(input), target);
    loss.backward();
    const value = loss.item();
    optimizer.step();
    optimizer.zeroGrad();
    return value;
  };
  const learned = () =>
    [...model.namedParameters()]
      .filter(([name]) => !name.startsWith("layer.bias"))
      .map(([, value]) => value.toArray() as Float32Array);
  return { run: step, result: () => [Float32Array.of(step()), ...learned()] };
}

/** This library, the build that it picks by itself. */
export function startUnrolled(): Promise<Peer> {
  return Promise.resolve({
    version: packageVersion("../../package.json"),
    details: `${runtimeInfo().build} build`,
    matmul: prepareMatmul,
    map: prepareMap,
    stream: prepareStream,
    sequence: prepareSequence,
    training: prepareTraining,
  });
}
