import { type Inputs, reordered, transposed } from "./inputs.ts";
import { fileAddresses, load, packageVersion } from "./packages.ts";
import type { Peer, Prepared } from "./peer.ts";
import { pushing } from "./pushing.ts";
import type { MapWork, MatmulWork, RecurrentSizes, SequenceWork, StreamWork, TrainingWork } from "./workloads.ts";

interface TfTensor {
  readonly shape: number[];
  dataSync(): Float32Array;
  dispose(): void;
  add(other: TfTensor | number): TfTensor;
  mul(other: TfTensor | number): TfTensor;
  reshape(shape: number[]): TfTensor;
  transpose(): TfTensor;
}

interface TfLayer {
  build(shape: (number | null)[]): void;
  setWeights(weights: TfTensor[]): void;
  getWeights(): TfTensor[];
  apply(x: TfTensor): TfTensor;
  call(inputs: TfTensor[], options: object): TfTensor[];
}

type MakeLayer = (options: object) => TfLayer;

/** The part of TensorFlow.js that is used here. */
interface Tf {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor(values: ArrayLike<number>, shape: number[], type?: string): TfTensor;
  variable(initial: TfTensor): TfTensor;
  zeros(shape: number[]): TfTensor;
  oneHot(tokens: TfTensor, depth: number): TfTensor;
  cast(x: TfTensor, type: string): TfTensor;
  gather(x: TfTensor, indices: TfTensor): TfTensor;
  matMul(a: TfTensor, b: TfTensor): TfTensor;
  sigmoid(x: TfTensor): TfTensor;
  tanh(x: TfTensor): TfTensor;
  exp(x: TfTensor): TfTensor;
  erf(x: TfTensor): TfTensor;
  keep(x: TfTensor): TfTensor;
  tidy<T>(work: () => T): T;
  readonly losses: { softmaxCrossEntropy(labels: TfTensor, logits: TfTensor): TfTensor };
  readonly train: Record<"adam" | "sgd", (rate: number, ...rest: number[]) => TfOptimizer>;
  readonly layers: Record<"lstm" | "gru" | "simpleRNN" | "lstmCell" | "gruCell" | "simpleRNNCell", MakeLayer>;
}

interface TfOptimizer {
  minimize(loss: () => TfTensor, returnCost: boolean): TfTensor;
}

const layerNames = { RNN: "simpleRNN", LSTM: "lstm", GRU: "gru" } as const;
const cellNames = { RNN: "simpleRNNCell", LSTM: "lstmCell", GRU: "gruCell" } as const;

/** Our gates r z n are z r n there; the others keep their order. Its own inverse. */
const gateOrders = { RNN: [0], LSTM: [0, 1, 2, 3], GRU: [1, 0, 2] } as const;

/**
 * Its gates are hard sigmoids unless told otherwise, and its GRU has the reset gate before the product only. The weights
 * are set afterwards: its orthogonal ones would take minutes.
 */
function layerOptions({ cell, hiddenSize }: RecurrentSizes): object {
  const zeros = { kernelInitializer: "zeros", recurrentInitializer: "zeros" };
  return { units: hiddenSize, ...zeros, ...(cell === "RNN" ? {} : { recurrentActivation: "sigmoid" }) };
}

const note = "GRU with the reset gate before the product";

class Tfjs implements Peer {
  readonly version = packageVersion("@tensorflow/tfjs");
  readonly #tf: Tf;
  readonly #backend: "cpu" | "wasm";

  constructor(tf: Tf, backend: "cpu" | "wasm") {
    this.#tf = tf;
    this.#backend = backend;
  }

  get details(): string {
    return `${this.#backend} backend, layers with true sigmoids`;
  }

  matmul({ m, k, n }: MatmulWork, inputs: Inputs): Prepared {
    const tf = this.#tf;
    const a = tf.tensor(inputs.floats("a"), [m, k]);
    const b = tf.tensor(inputs.floats("b"), [k, n]);
    return { run: () => tf.matMul(a, b).dispose(), result: () => [tf.matMul(a, b).dataSync()] };
  }

  map(work: MapWork, inputs: Inputs): Prepared {
    const tf = this.#tf;
    const x = tf.tensor(inputs.floats("x"), [work.count]);
    const name = work.function;
    const gelu = () => tf.tidy(() => x.mul(0.5).mul(tf.erf(x.mul(Math.SQRT1_2)).add(1)));
    const map = name === "gelu" ? gelu : () => tf[name](x);
    const note = name === "gelu" ? { note: "gelu from its error function" } : {};
    return { run: () => map().dispose(), result: () => [map().dataSync()], ...note };
  }

  stream(work: StreamWork, inputs: Inputs): Prepared {
    const tf = this.#tf;
    const cell = tf.layers[cellNames[work.cell]](layerOptions(work));
    cell.build([1, work.inputSize]);
    cell.setWeights(this.#weights(work, inputs));
    let states = Array.from({ length: work.cell === "LSTM" ? 2 : 1 }, () => tf.zeros([1, work.hiddenSize]));
    const push = (sample: Float32Array) => {
      const next = tf.tidy(() => cell.call([tf.tensor(sample, [1, work.inputSize]), ...states], {}).slice(1));
      for (const state of states) state.dispose();
      states = next;
      return states[0].dataSync();
    };
    return { ...pushing(inputs, push), ...this.#difference(work) };
  }

  sequence(work: SequenceWork, inputs: Inputs): Prepared {
    const tf = this.#tf;
    const { steps, batch, inputSize, hiddenSize } = work;
    const layer = this.#layer(work, inputs);
    const x = tf.tensor(swapped(inputs.floats("x"), steps, batch, inputSize), [batch, steps, inputSize]);
    return {
      run: () => tf.tidy(() => layer.apply(x)).dispose(),
      result: () => [swapped(tf.tidy(() => layer.apply(x)).dataSync(), batch, steps, hiddenSize)],
      ...this.#difference(work),
    };
  }

  training(work: TrainingWork, inputs: Inputs): Prepared {
    const tf = this.#tf;
    const { steps, batch, characters, inputSize, hiddenSize, learningRate } = work;
    const layer = this.#layer(work, inputs, "layer.");
    const embedding = tf.variable(tf.tensor(inputs.floats("embedding.weight"), [characters, inputSize]));
    const head = transposed(inputs.floats("head.weight"), characters, hiddenSize);
    const headWeight = tf.variable(tf.tensor(head, [hiddenSize, characters]));
    const headBias = tf.variable(tf.tensor(inputs.floats("head.bias"), [characters]));
    const text = inputs.text();
    const tokens = tf.tensor(swapped(text.tokens, steps, batch, 1), [batch * steps], "int32");
    const targets = tf.tensor(swapped(text.targets, steps, batch, 1), [batch * steps], "int32");
    const oneHot = (indices: TfTensor) => tf.cast(tf.oneHot(indices, characters), "float32");
    const oneHotTokens = oneHot(tokens);
    const labels = oneHot(targets);
    // Its wasm backend has no gradient for the gathered rows.
    const embedded = () =>
      this.#backend === "cpu" ? tf.gather(embedding, tokens) : tf.matMul(oneHotTokens, embedding);
    const optimizer =
      work.optimizer === "Adam" ? tf.train.adam(learningRate, 0.9, 0.999, 1e-8) : tf.train.sgd(learningRate);
    const loss = () => {
      const output = layer.apply(embedded().reshape([batch, steps, inputSize]));
      const logits = tf.matMul(output.reshape([batch * steps, hiddenSize]), headWeight).add(headBias);
      return tf.losses.softmaxCrossEntropy(labels, logits);
    };
    const step = () => {
      const cost = tf.tidy(() => optimizer.minimize(loss, true));
      const value = cost.dataSync()[0];
      cost.dispose();
      return value;
    };
    const learned = () => {
      const [kernel, recurrent] = layer.getWeights().slice(0, 2);
      const gates = (weight: TfTensor) =>
        reordered(
          tf.tidy(() => weight.transpose().dataSync()),
          gateOrders[work.cell],
        );
      const headRows = tf.tidy(() => headWeight.transpose().dataSync());
      return [embedding.dataSync(), gates(kernel), gates(recurrent), headRows, headBias.dataSync()];
    };
    const difference = this.#difference(work);
    return {
      run: step,
      result: () => [Float32Array.of(step()), ...learned()],
      ...difference,
      note: [difference.note, this.#backend === "wasm" && "embedding as a product with one-hot rows"]
        .filter(Boolean)
        .join("; "),
    };
  }

  #difference({ cell }: RecurrentSizes): { resetBefore?: boolean; note?: string } {
    return cell === "GRU" ? { resetBefore: true, note } : {};
  }

  #layer(work: RecurrentSizes, inputs: Inputs, prefix = ""): TfLayer {
    const layer = this.#tf.layers[layerNames[work.cell]]({ ...layerOptions(work), returnSequences: true });
    this.#tf.tidy(() => layer.apply(this.#tf.zeros([1, 1, work.inputSize]))); // makes the weights
    layer.setWeights(this.#weights(work, inputs, prefix));
    return layer;
  }

  /** Kernel [I, G·H], recurrent kernel [H, G·H] and the one bias [G·H] in its order of gates. */
  #weights(work: RecurrentSizes, inputs: Inputs, prefix = ""): TfTensor[] {
    const order = gateOrders[work.cell];
    const rows = order.length * work.hiddenSize;
    const kernel = (name: string, columns: number) =>
      this.#tf.tensor(transposed(reordered(inputs.floats(prefix + name), order), rows, columns), [columns, rows]);
    return [
      kernel("weight_ih_l0", work.inputSize),
      kernel("weight_hh_l0", work.hiddenSize),
      this.#tf.tensor(reordered(inputs.bias(prefix), order), [rows]),
    ];
  }
}

/** [a, b, size] → [b, a, size]: time and batch change places. */
function swapped(values: ArrayLike<number>, a: number, b: number, size: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      for (let k = 0; k < size; k++) result[(j * a + i) * size + k] = values[(i * b + j) * size + k];
    }
  }
  return result;
}

/** What the WebAssembly backend can be told. */
interface WasmBackend {
  setThreadsCount(count: number): void;
  setWasmPaths(addresses: Readonly<Record<string, string>>): void;
}

/** TensorFlow.js in plain JavaScript. */
export async function startTfjsCpu(): Promise<Peer> {
  const tf = await load<Tf>("@tensorflow/tfjs");
  await tf.setBackend("cpu");
  await tf.ready();
  return new Tfjs(tf, "cpu");
}

/** TensorFlow.js over XNNPACK compiled to WebAssembly; one thread in Node. */
export async function startTfjsWasm(threads: number): Promise<Peer> {
  const tf = await load<Tf>("@tensorflow/tfjs");
  const backend = await load<WasmBackend>("@tensorflow/tfjs-backend-wasm");
  const addresses = fileAddresses("@tensorflow/tfjs-backend-wasm");
  if (addresses) backend.setWasmPaths(addresses);
  backend.setThreadsCount(threads);
  await tf.setBackend("wasm");
  await tf.ready();
  return new Tfjs(tf, "wasm");
}
