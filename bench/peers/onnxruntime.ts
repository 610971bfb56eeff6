import { type Inputs, reordered } from "./inputs.ts";
import { type OnnxNode, onnxModel } from "./onnx-model.ts";
import { fileAddresses, load, packageVersion } from "./packages.ts";
import { type Peer, type Prepared, unsupported } from "./peer.ts";
import {
  CHECKED_STEPS,
  type MapWork,
  type MatmulWork,
  type RecurrentSizes,
  type SequenceWork,
  type StreamWork,
} from "./workloads.ts";

interface OrtTensor {
  readonly data: Float32Array;
}

type Feeds = Record<string, OrtTensor>;

interface OrtSession {
  run(feeds: Feeds): Promise<Feeds>;
}

/** The part of either runtime that is used here. */
interface Ort {
  readonly env: { wasm: { numThreads?: number; wasmPaths?: Readonly<Record<string, string>> } };
  readonly Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => OrtTensor;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> };
}

/** Place of ONNX's gates among ours: i o f c of i f g o, z r h of r z n. */
const gateOrders = { RNN: [0], LSTM: [0, 3, 1, 2], GRU: [1, 0, 2] } as const;

/** One recurrent node from a given state: Y [T, 1, B, H] of a sequence, or the states [1, B, H] of a stream. */
function recurrentNode(work: StreamWork | SequenceWork, inputs: Inputs): OnnxNode {
  const { cell, steps, batch, inputSize, hiddenSize } = work;
  const order = gateOrders[cell];
  const rows = order.length * hiddenSize;
  const gates = (name: string) => reordered(inputs.floats(name), order);
  const bias = Float32Array.of(...gates("bias_ih_l0"), ...gates("bias_hh_l0"));
  const state = [1, batch, hiddenSize];
  const ofLstm = <T>(names: Record<string, T>): Record<string, T> => (cell === "LSTM" ? names : {});
  return {
    operator: cell,
    arguments: ["X", "W", "R", "B", "", "h", ...(cell === "LSTM" ? ["c"] : [])],
    attributes: { hidden_size: hiddenSize, ...(cell === "GRU" ? { linear_before_reset: 1 } : {}) },
    inputs: { X: [steps, batch, inputSize], h: state, ...ofLstm({ c: state }) },
    ...(work.kind === "stream"
      ? { skippedOutputs: 1, outputs: { Y_h: state, ...ofLstm({ Y_c: state }) } }
      : { outputs: { Y: [steps, 1, batch, hiddenSize] } }),
    constants: {
      W: { shape: [1, rows, inputSize], values: gates("weight_ih_l0") },
      R: { shape: [1, rows, hiddenSize], values: gates("weight_hh_l0") },
      B: { shape: [1, 2 * rows], values: bias },
    },
  };
}

class OnnxRuntime implements Peer {
  readonly version: string;
  readonly details: string;
  readonly training = unsupported("runs models only: no training");
  readonly #ort: Ort;
  readonly #options: object;

  constructor(ort: Ort, name: string, options: object) {
    this.#ort = ort;
    this.#options = options;
    this.version = packageVersion(name);
    this.details = "one-node models, CPU provider";
  }

  /** A weight that stays the same is a constant of the model. */
  async matmul({ m, k, n, fixed }: MatmulWork, inputs: Inputs): Promise<Prepared> {
    const right = { shape: [k, n], values: inputs.floats("b") };
    const model = {
      operator: "MatMul",
      arguments: ["a", "b"],
      inputs: { a: [m, k], ...(fixed ? {} : { b: right.shape }) },
      outputs: { y: [m, n] },
      constants: fixed ? { b: right } : undefined,
    };
    const a = this.#tensor(inputs.floats("a"), [m, k]);
    const feeds: Feeds = fixed ? { a } : { a, b: this.#tensor(right.values, right.shape) };
    return this.#prepared(await this.#session(model), feeds, "y");
  }

  async map(work: MapWork, inputs: Inputs): Promise<Prepared> {
    const shape = [work.count];
    const operator = { sigmoid: "Sigmoid", tanh: "Tanh", exp: "Exp", gelu: "Gelu" }[work.function];
    const model = { operator, arguments: ["x"], inputs: { x: shape }, outputs: { y: shape } };
    return this.#prepared(await this.#session(model), { x: this.#tensor(inputs.floats("x"), shape) }, "y");
  }

  async stream(work: StreamWork, inputs: Inputs): Promise<Prepared> {
    const session = await this.#session(recurrentNode(work, inputs));
    const samples = inputs.rows("x").map((sample) => this.#tensor(sample, [1, 1, work.inputSize]));
    let states = this.#zeroStates(work);
    let at = 0;
    const push = async () => {
      const { Y_h: h, Y_c: c } = await session.run({ X: samples[at], ...states });
      at = (at + 1) % samples.length;
      states = c ? { h, c } : { h };
      return h.data;
    };
    const result = async () => {
      const outputs: Float32Array[] = [];
      for (let i = 0; i < CHECKED_STEPS; i++) outputs.push((await push()).slice());
      return outputs;
    };
    return { run: push, result };
  }

  async sequence(work: SequenceWork, inputs: Inputs): Promise<Prepared> {
    const session = await this.#session(recurrentNode(work, inputs));
    const x = this.#tensor(inputs.floats("x"), inputs.shape("x"));
    return this.#prepared(session, { X: x, ...this.#zeroStates(work) }, "Y");
  }

  #prepared(session: OrtSession, feeds: Feeds, output: string): Prepared {
    return { run: () => session.run(feeds), result: async () => [(await session.run(feeds))[output].data] };
  }

  #zeroStates({ cell, batch, hiddenSize }: RecurrentSizes): Feeds {
    const zeros = () => this.#tensor(new Float32Array(batch * hiddenSize), [1, batch, hiddenSize]);
    return cell === "LSTM" ? { h: zeros(), c: zeros() } : { h: zeros() };
  }

  #tensor(values: Float32Array, shape: readonly number[]): OrtTensor {
    return new this.#ort.Tensor("float32", values, shape);
  }

  #session(node: OnnxNode): Promise<OrtSession> {
    return this.#ort.InferenceSession.create(onnxModel(node), this.#options);
  }
}

/** ONNX Runtime compiled to WebAssembly. */
export async function startWebRuntime(threads: number): Promise<Peer> {
  const ort = await load<Ort>("onnxruntime-web");
  const addresses = fileAddresses("onnxruntime-web");
  if (addresses) ort.env.wasm.wasmPaths = addresses;
  ort.env.wasm.numThreads = threads;
  return new OnnxRuntime(ort, "onnxruntime-web", { executionProviders: ["wasm"] });
}

/** ONNX Runtime's native add-on, the CPU provider inside its package. */
export async function startNativeRuntime(threads: number): Promise<Peer> {
  const options = { executionProviders: ["cpu"], intraOpNumThreads: threads, interOpNumThreads: 1 };
  return new OnnxRuntime(await load<Ort>("onnxruntime-node"), "onnxruntime-node", options);
}
