import type { Inputs } from "./inputs.ts";
import { load, packageVersion } from "./packages.ts";
import { type Peer, type Prepared, Unsupported, unsupported } from "./peer.ts";
import type { TrainingWork } from "./workloads.ts";

interface BrainMatrix {
  readonly weights: Float32Array;
}

interface BrainNetwork {
  readonly model: {
    readonly input: BrainMatrix;
    readonly hiddenLayers: Record<string, BrainMatrix>[];
    readonly outputConnector: BrainMatrix;
    readonly output: BrainMatrix;
  };
  initialize(): void;
  /** 2^(bits / (tokens − 1)) / 100, bits of all the tokens of the sequence and of its end. */
  trainInput(tokens: number[]): number;
  backpropagate(tokens: number[]): void;
  readonly trainOpts: { learningRate: number };
  adjustWeights(): void;
}

/** The part of brain.js that is used here. */
interface Brain {
  readonly recurrent: { readonly LSTM: new (options: object) => BrainNetwork };
}

/** Its gates' names in our order, i f g o. */
const lstmGates = ["input", "forget", "cellActivation", "output"];

function setWeights({ model }: BrainNetwork, inputs: Inputs): void {
  model.input.weights.set(inputs.floats("embedding.weight"));
  model.outputConnector.weights.set(inputs.floats("head.weight"));
  model.output.weights.set(inputs.floats("head.bias"));
  const parts = {
    Matrix: inputs.floats("layer.weight_ih_l0"),
    Hidden: inputs.floats("layer.weight_hh_l0"),
    Bias: inputs.bias("layer."),
  };
  for (const [part, values] of Object.entries(parts)) {
    const size = values.length / lstmGates.length;
    lstmGates.forEach((gate, g) => {
      model.hiddenLayers[0][gate + part].weights.set(values.subarray(g * size, (g + 1) * size));
    });
  }
}

function prepareTraining(brain: Brain, work: TrainingWork, inputs: Inputs): Prepared {
  if (work.batch > 1) throw new Unsupported("learns from one sequence at a time");
  if (work.cell !== "LSTM") throw new Unsupported("its RNN has ReLU only, and its GRU another form");
  const characters = work.characters - 1; // token 0, beginning and end of a sequence, comes on top
  const network = new brain.recurrent.LSTM({
    inputSize: work.inputSize,
    inputRange: characters,
    outputSize: characters,
    hiddenLayers: [work.hiddenSize],
  });
  network.initialize();
  network.trainOpts.learningRate = work.learningRate;
  setWeights(network, inputs);
  const tokens = [...inputs.text().tokens.slice(1)].map((token) => token - 1);
  const step = () => {
    const error = network.trainInput(tokens);
    network.backpropagate(tokens);
    network.adjustWeights();
    return (Math.LN2 * Math.log2(100 * error) * (tokens.length - 1)) / (tokens.length + 1);
  };
  return {
    run: step,
    result: () => [Float32Array.of(step())],
    note: "an optimizer of its own (RMSprop, clipped); only the loss is compared",
  };
}

/** brain.js: recurrent networks that learn token sequences, one at a time. */
export async function startBrain(): Promise<Peer> {
  const brain = await load<Brain>("brain.js");
  return {
    version: packageVersion("brain.js"),
    details: "plain JavaScript",
    matmul: unsupported("has no matrices to multiply"),
    map: unsupported("has no maps over arrays"),
    stream: unsupported("keeps no state between calls"),
    sequence: unsupported("takes whole token sequences only"),
    training: (work, inputs) => prepareTraining(brain, work, inputs),
  };
}
