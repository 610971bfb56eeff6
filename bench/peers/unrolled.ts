import {
  Adam,
  activations,
  configure,
  crossEntropy,
  GRU,
  Linear,
  LSTM,
  matmul,
  noGrad,
  RNN,
  runtimeInfo,
  SGD,
  type Tensor,
  tensor,
  threadsReady,
} from "unrolled";
import { EngineCharacterModel } from "../suites/engine-model.ts";
import { type Inputs, transposed } from "./inputs.ts";
import { packageVersion } from "./packages.ts";
import { type Peer, type Prepared, Unsupported, unsupported } from "./peer.ts";
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

/** A weight that stays the same is a layer's. */
function prepareMatmul({ m, k, n, fixed }: MatmulWork, inputs: Inputs): Prepared {
  const a = tensor(inputs.floats("a"), [m, k]);
  const b = tensor(inputs.floats("b"), [k, n]);
  const layer = new Linear({ inputSize: k, outputSize: n, bias: false });
  layer.loadStateDict({ weight: tensor(transposed(inputs.floats("b"), k, n), [n, k]) });
  const product = fixed ? () => layer.forward(a) : () => matmul(a, b);
  return preparedTensor(product);
}

/** What is computed stays a tensor, as it does in the peers that have tensors. */
function preparedTensor(compute: () => Tensor): Prepared {
  const run = (): number => noGrad(() => compute().size);
  return { run, result: () => [noGrad(() => compute().toArray()) as Float32Array] };
}

function prepareMap(work: MapWork, inputs: Inputs): Prepared {
  const f = activations[work.function === "exp" ? "exponential" : work.function];
  const x = inputs.floats("x");
  const into = new Float32Array(x.length);
  const run = () => f(x, { into });
  return { run, result: () => [run().slice()] };
}

function prepareStream(work: StreamWork, inputs: Inputs): Prepared {
  const layer = layerOf(work);
  layer.loadStateDict(stateOf(inputs));
  const stream = layer.stream();
  return pushing(inputs, (sample) => stream.push(sample));
}

/** Below these sizes the weights are in the cache either way. */
const INT8_SIZES = [256, 512];
const INT8_TOLERANCE = 2e-2;

function prepareInt8Stream(work: StreamWork, inputs: Inputs): Prepared {
  if (!INT8_SIZES.includes(work.hiddenSize))
    throw new Unsupported(`has no int8 figure but for H = ${INT8_SIZES.join(", ")}`);
  const layer = layerOf(work);
  layer.loadStateDict(stateOf(inputs));
  const stream = layer.stream({ weights: "int8" });
  return { ...pushing(inputs, (sample) => stream.push(sample)), tolerance: INT8_TOLERANCE };
}

function prepareSequence(work: SequenceWork, inputs: Inputs): Prepared {
  const layer = layerOf(work);
  layer.loadStateDict(stateOf(inputs));
  const x = tensor(inputs.floats("x"), inputs.shape("x"));
  return preparedTensor(() => layer.forward(x).output);
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
export async function startUnrolled(threads: number): Promise<Peer> {
  configure({ threads });
  const ready = await threadsReady();
  if (ready < threads) throw new Unsupported(`${threads} threads wanted, this host gives ${ready}`);
  return {
    version: packageVersion("unrolled"),
    details: `${runtimeInfo().build} build`,
    matmul: prepareMatmul,
    map: prepareMap,
    stream: prepareStream,
    sequence: prepareSequence,
    training: prepareTraining,
  };
}

/** The same, streaming with weights of eight bits: rounded, so held to an accuracy of its own. */
export async function startUnrolledInt8(threads: number): Promise<Peer> {
  const nothing = unsupported("has no int8 weights but in streams");
  const { version, details } = await startUnrolled(threads);
  const rest = { matmul: nothing, map: nothing, sequence: nothing, training: nothing };
  return { version, details: `${details}, stream({ weights: "int8" })`, stream: prepareInt8Stream, ...rest };
}
