/**
 * jax-js. Reading the data is what waits for it, sooner than its promise does. A function owns the arrays it is given,
 * and `.ref` is one more owner: an array that is read again later is handed on with it.
 */
import { type Inputs, transposed } from "./inputs.ts";
import { load, packageVersion } from "./packages.ts";
import { type Peer, type Prepared, unsupported } from "./peer.ts";
import { CHECKED_STEPS, type MapWork, type MatmulWork, type StreamWork, type TrainingWork } from "./workloads.ts";

interface JaxArray {
  readonly ref: JaxArray;
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  neg(): JaxArray;
  reshape(shape: number[]): JaxArray;
  sum(axis?: number): JaxArray;
  mean(): JaxArray;
  dataSync(): Float32Array;
  dispose(): void;
}

type Arrays = Record<string, JaxArray>;

/** The part of jax-js that is used here. */
interface Jax {
  init(...devices: string[]): Promise<string[]>;
  defaultDevice(device: string): void;
  jit<A extends unknown[], R>(f: (...parameters: A) => R): (...parameters: A) => R;
  valueAndGrad<A extends unknown[]>(
    f: (parameters: Arrays, ...rest: A) => JaxArray,
  ): (parameters: Arrays, ...rest: A) => [JaxArray, Arrays];
  readonly nn: {
    sigmoid(x: JaxArray): JaxArray;
    gelu(x: JaxArray, options: { approximate: boolean }): JaxArray;
    logSoftmax(x: JaxArray, axis: number): JaxArray;
  };
  readonly numpy: {
    array(values: Float32Array, options?: { shape: number[] }): JaxArray;
    zeros(shape: number[]): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    tanh(x: JaxArray): JaxArray;
    exp(x: JaxArray): JaxArray;
    sqrt(x: JaxArray): JaxArray;
    split(x: JaxArray, sections: number, axis: number): JaxArray[];
    concatenate(arrays: JaxArray[], axis: number): JaxArray;
  };
}

/** Weights as x·W and h·W take them: [I, G·H], [H, G·H] and the biases. */
function layerArrays(jax: Jax, work: StreamWork | TrainingWork, inputs: Inputs, prefix = ""): Arrays {
  const rows = inputs.shape(`${prefix}bias_ih_l0`)[0];
  const array = (name: string, ...shape: number[]) => {
    const values = inputs.floats(prefix + name);
    return jax.numpy.array(shape.length === 2 ? transposed(values, rows, shape[0]) : values, { shape });
  };
  return {
    w: array("weight_ih_l0", work.inputSize, rows),
    u: array("weight_hh_l0", work.hiddenSize, rows),
    bi: array("bias_ih_l0", rows),
    bh: array("bias_hh_l0", rows),
  };
}

/** The next states from x's share of the gates and h's, each [B, G·H]; states are [h] or [h, c]. */
type Cell = (fromInput: JaxArray, fromState: JaxArray, states: JaxArray[]) => JaxArray[];

function cellsOf({ nn, numpy: np }: Jax): Record<StreamWork["cell"], Cell> {
  return {
    RNN: (x, s, [h]) => {
      h.dispose();
      return [np.tanh(x.add(s))];
    },
    LSTM: (x, s, [h, c]) => {
      h.dispose();
      const [i, f, g, o] = np.split(x.add(s), 4, 1);
      const next = nn
        .sigmoid(f)
        .mul(c)
        .add(nn.sigmoid(i).mul(np.tanh(g)));
      return [nn.sigmoid(o).mul(np.tanh(next.ref)), next];
    },
    GRU: (x, s, [h]) => {
      const [xr, xz, xn] = np.split(x, 3, 1);
      const [sr, sz, sn] = np.split(s, 3, 1);
      const z = nn.sigmoid(xz.add(sz));
      const n = np.tanh(xn.add(nn.sigmoid(xr.add(sr)).mul(sn)));
      return [n.ref.add(z.mul(h.sub(n)))];
    },
  };
}

function zeroStates({ numpy: np }: Jax, { cell, batch, hiddenSize }: StreamWork | TrainingWork): JaxArray[] {
  return Array.from({ length: cell === "LSTM" ? 2 : 1 }, () => np.zeros([batch, hiddenSize]));
}

function referring(arrays: Arrays): Arrays {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.ref]));
}

function prepareMatmul({ numpy: np, jit }: Jax, { m, k, n }: MatmulWork, inputs: Inputs): Prepared {
  const a = np.array(inputs.floats("a"), { shape: [m, k] });
  const b = np.array(inputs.floats("b"), { shape: [k, n] });
  const product = jit((x: JaxArray, y: JaxArray) => np.matmul(x, y));
  const run = () => product(a.ref, b.ref).dataSync();
  return { run, result: () => [run()] };
}

function prepareMap(jax: Jax, work: MapWork, inputs: Inputs): Prepared {
  const x = jax.numpy.array(inputs.floats("x"), { shape: [work.count] });
  const { nn, numpy } = jax;
  const gelu = (values: JaxArray) => nn.gelu(values, { approximate: false });
  const f = jax.jit({ sigmoid: nn.sigmoid, tanh: numpy.tanh, exp: numpy.exp, gelu }[work.function]);
  const run = () => f(x.ref).dataSync();
  return { run, result: () => [run()] };
}

function prepareStream(jax: Jax, work: StreamWork, inputs: Inputs): Prepared {
  const np = jax.numpy;
  const cell = cellsOf(jax)[work.cell];
  const weights = layerArrays(jax, work, inputs);
  const step = jax.jit(({ w, u, bi, bh }: Arrays, x: JaxArray, states: JaxArray[]) =>
    cell(np.matmul(x, w).add(bi), np.matmul(states[0].ref, u).add(bh), states),
  );
  const samples = inputs.rows("x");
  let states = zeroStates(jax, work);
  let at = 0;
  const push = () => {
    const x = np.array(samples[at], { shape: [1, work.inputSize] });
    at = (at + 1) % samples.length;
    states = step(referring(weights), x, states);
    return states[0].ref.dataSync();
  };
  return { run: push, result: () => Array.from({ length: CHECKED_STEPS }, () => push().slice()) };
}

/** Mean cross-entropy of the whole unrolled network; tokens [T·B, C] and targets [T·B, C] are one-hot rows. */
function lossOf(jax: Jax, work: TrainingWork) {
  const { steps, batch, inputSize, hiddenSize } = work;
  const np = jax.numpy;
  const cell = cellsOf(jax)[work.cell];
  return ({ embedding, w, u, bi, bh, head, bias }: Arrays, tokens: JaxArray, targets: JaxArray): JaxArray => {
    const embedded = np.matmul(tokens, embedding).reshape([steps * batch, inputSize]);
    const shares = np.split(np.matmul(embedded, w).add(bi), steps, 0);
    let states = zeroStates(jax, work);
    const outputs = shares.map((share) => {
      states = cell(share, np.matmul(states[0].ref, u.ref).add(bh.ref), states);
      return states[0].ref;
    });
    for (const spent of [u, bh, ...states]) spent.dispose();
    const hidden = np.concatenate(outputs, 0).reshape([steps * batch, hiddenSize]);
    const logits = np.matmul(hidden, head).add(bias);
    return jax.nn
      .logSoftmax(logits, 1)
      .mul(targets)
      .sum()
      .div(-steps * batch);
  };
}

function prepareTraining(jax: Jax, work: TrainingWork, inputs: Inputs): Prepared {
  const np = jax.numpy;
  const { characters, inputSize, hiddenSize, learningRate } = work;
  const headRows = transposed(inputs.floats("head.weight"), characters, hiddenSize);
  let parameters: Arrays = {
    embedding: np.array(inputs.floats("embedding.weight"), { shape: [characters, inputSize] }),
    ...layerArrays(jax, work, inputs, "layer."),
    head: np.array(headRows, { shape: [hiddenSize, characters] }),
    bias: np.array(inputs.floats("head.bias"), { shape: [characters] }),
  };
  const text = inputs.text();
  const oneHot = (indices: Int32Array) => {
    const rows = new Float32Array(indices.length * characters);
    indices.forEach((token, i) => {
      rows[i * characters + token] = 1;
    });
    return np.array(rows, { shape: [indices.length, characters] });
  };
  const tokens = oneHot(text.tokens);
  const targets = oneHot(text.targets);
  const gradients = jax.jit(jax.valueAndGrad(lossOf(jax, work)));
  const update = work.optimizer === "Adam" ? adam(jax, parameters, learningRate) : descent(jax, learningRate);
  const step = () => {
    const [loss, gradient] = gradients(referring(parameters), tokens.ref, targets.ref);
    parameters = update(parameters, gradient);
    parameters.bias.ref.dataSync(); // the others are at hand when the next step asks for them
    return loss.dataSync()[0];
  };
  const result = () => {
    const loss = step();
    const { embedding, w, u, head, bias } = parameters;
    const rows = inputs.shape("layer.bias_ih_l0")[0];
    const turned = (array: JaxArray, columns: number, count: number) =>
      transposed(array.ref.dataSync(), columns, count);
    const learned = [turned(w, inputSize, rows), turned(u, hiddenSize, rows), turned(head, hiddenSize, characters)];
    return [Float32Array.of(loss), embedding.ref.dataSync(), ...learned, bias.ref.dataSync()];
  };
  return { run: step, result, note: "unrolled in time, embedding as a product with one-hot rows" };
}

type Update = (parameters: Arrays, gradient: Arrays) => Arrays;

function descent(jax: Jax, learningRate: number): Update {
  return jax.jit((parameters: Arrays, gradient: Arrays) =>
    Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [name, value.sub(gradient[name].mul(learningRate))]),
    ),
  );
}

/** Adam with bias correction, betas 0.9 and 0.999, epsilon 1e-8. */
function adam(jax: Jax, parameters: Arrays, learningRate: number): Update {
  const np = jax.numpy;
  const zeros = () =>
    Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, value.ref.mul(0)] as const));
  let first: Arrays = zeros();
  let second: Arrays = zeros();
  let steps = 0;
  const moved = jax.jit((value: JaxArray, m: JaxArray, v: JaxArray, g: JaxArray, corrections: JaxArray[]) => {
    const nextFirst = m.mul(0.9).add(g.ref.mul(0.1));
    const nextSecond = v.mul(0.999).add(g.ref.mul(g).mul(0.001));
    const [rate, root] = corrections;
    const change = nextFirst.ref.mul(rate).div(np.sqrt(nextSecond.ref).div(root).add(1e-8));
    return [value.sub(change), nextFirst, nextSecond];
  });
  return (current, gradient) => {
    steps++;
    const rate = learningRate / (1 - 0.9 ** steps);
    const root = Math.sqrt(1 - 0.999 ** steps);
    const next: Record<"values" | "first" | "second", Arrays> = { values: {}, first: {}, second: {} };
    for (const [name, value] of Object.entries(current)) {
      const corrections = [rate, root].map((number) => np.array(Float32Array.of(number)));
      const [moved1, m, v] = moved(value, first[name], second[name], gradient[name], corrections);
      next.values[name] = moved1;
      next.first[name] = m;
      next.second[name] = v;
    }
    first = next.first;
    second = next.second;
    return next.values;
  };
}

/** jax-js on its WebAssembly device. */
export async function startJax(): Promise<Peer> {
  // In a page it would take a worker for each core, and it cannot be told how many.
  Object.defineProperty(globalThis, "Worker", { value: undefined });
  const jax = await load<Jax>("@jax-js/jax");
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return {
    version: packageVersion("@jax-js/jax"),
    details: "wasm device, jit",
    matmul: (work, inputs) => prepareMatmul(jax, work, inputs),
    map: (work, inputs) => prepareMap(jax, work, inputs),
    stream: (work, inputs) => prepareStream(jax, work, inputs),
    sequence: unsupported("no scan over time"),
    training: (work, inputs) => prepareTraining(jax, work, inputs),
  };
}
