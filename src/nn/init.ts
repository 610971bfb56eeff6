/** What parameters may start from, by name: the schemes of `initialize`. */
import { engine } from "../runtime/engine.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { uniform as uniformTensor } from "../tensor/create.ts";
import { Parameter } from "../tensor/parameter.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import { drawNormal, drawUniform, fillNormal, fillUniform } from "./fill.ts";

/** The function that follows a weight, as far as it changes the size of what passes through. */
export type Nonlinearity = "linear" | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "selu";

/**
 * By how much a weight has to be larger so that what passes through the function after it keeps its size: 1 of linear and
 * sigmoid, 5/3 of tanh, √2 of relu, √(2/(1 + slope²)) of leakyRelu, 3/4 of selu, as PyTorch's `calculate_gain` has them.
 * @throws {OptionError} when there is no such function, or the slope (default 0.01) is not finite.
 */
function gain(nonlinearity: Nonlinearity, negativeSlope = 0.01): number {
  requireFinite("gain negativeSlope", negativeSlope);
  const gains = { linear: 1, sigmoid: 1, tanh: 5 / 3, relu: Math.SQRT2, selu: 3 / 4 };
  if (nonlinearity === "leakyRelu") return Math.sqrt(2 / (1 + negativeSlope * negativeSlope));
  if (!Object.hasOwn(gains, nonlinearity)) {
    const names = [...Object.keys(gains), "leakyRelu"].join(", ");
    throw new OptionError(`gain: expected one of ${names}, got ${JSON.stringify(nonlinearity)}`);
  }
  return gains[nonlinearity];
}

function requireParameter(what: string, parameter: unknown): void {
  if (!(parameter instanceof Parameter)) {
    throw new OptionError(`${what}: expected a parameter, got ${parameter === null ? "null" : typeof parameter}`);
  }
}

function requireFinite(what: string, value: number): void {
  if (!Number.isFinite(value)) throw new OptionError(`${what}: expected a finite number, got ${value}`);
}

/** How many numbers each output is a sum of, and each input goes into. */
function fans(what: string, { shape }: Parameter): { fanIn: number; fanOut: number } {
  if (shape.length < 2) {
    throw new ShapeError(`${what}: expected a parameter of at least two axes, got ${formatShape(shape)}`);
  }
  const field = sizeOf(shape.slice(2));
  return { fanIn: (shape[1] as number) * field, fanOut: (shape[0] as number) * field };
}

/** Every number from [low, high). @throws {OptionError} unless low ≤ high are finite. */
function uniform(parameter: Parameter, options: { low?: number; high?: number } = {}): Parameter {
  requireParameter("uniform", parameter);
  requireKnown("uniform", options, ["low", "high"]);
  const { low = 0, high = 1 } = options;
  requireFinite("uniform low", low);
  requireFinite("uniform high", high);
  if (low > high) throw new OptionError(`uniform: expected low ≤ high, got ${low} and ${high}`);
  drawUniform(parameter, low, high);
  return parameter;
}

/** The normal distribution. @throws {OptionError} unless the deviation is ≥ 0 and both are finite. */
function normal(parameter: Parameter, options: { mean?: number; standardDeviation?: number } = {}): Parameter {
  requireParameter("normal", parameter);
  requireKnown("normal", options, ["mean", "standardDeviation"]);
  const { mean = 0, standardDeviation = 1 } = options;
  requireFinite("normal mean", mean);
  if (!(standardDeviation >= 0 && Number.isFinite(standardDeviation))) {
    throw new OptionError(`normal standardDeviation: expected a finite number ≥ 0, got ${standardDeviation}`);
  }
  drawNormal(parameter, mean, standardDeviation);
  return parameter;
}

/** One value everywhere. @throws {OptionError} unless it is finite. */
function constant(parameter: Parameter, value: number): Parameter {
  requireParameter("constant", parameter);
  requireFinite("constant", value);
  engine().kernels.fill(parameter.address, parameter.size, value);
  parameter.version++;
  return parameter;
}

/** Zeros. */
function zeros(parameter: Parameter): Parameter {
  return constant(parameter, 0);
}

/** Ones. */
function ones(parameter: Parameter): Parameter {
  return constant(parameter, 1);
}

/** The gain of an options object. */
function gainOf(what: string, options: { gain?: number }): number {
  requireKnown(what, options, ["gain"]);
  const { gain: given = 1 } = options;
  requireFinite(`${what} gain`, given);
  return given;
}

/** Uniform in ±gain·√(6/(fanIn + fanOut)). Source: Glorot & Bengio 2010. @throws {ShapeError} of fewer than two axes. */
function xavierUniform(parameter: Parameter, options: { gain?: number } = {}): Parameter {
  requireParameter("xavierUniform", parameter);
  const factor = gainOf("xavierUniform", options);
  const { fanIn, fanOut } = fans("xavierUniform", parameter);
  fillUniform(parameter, Math.abs(factor) * Math.sqrt(6 / (fanIn + fanOut)));
  return parameter;
}

/** Normal with deviation gain·√(2/(fanIn + fanOut)). Source: Glorot & Bengio 2010. @throws {ShapeError} likewise. */
function xavierNormal(parameter: Parameter, options: { gain?: number } = {}): Parameter {
  requireParameter("xavierNormal", parameter);
  const factor = gainOf("xavierNormal", options);
  const { fanIn, fanOut } = fans("xavierNormal", parameter);
  fillNormal(parameter, Math.abs(factor) * Math.sqrt(2 / (fanIn + fanOut)));
  return parameter;
}

/** Options of `heUniform` and `heNormal`. */
export interface HeOptions {
  /** Keep the size of what goes forward ("fanIn", the default) or of gradients ("fanOut"). */
  mode?: "fanIn" | "fanOut";
  /** What follows the weight; default "leakyRelu". */
  nonlinearity?: Nonlinearity;
  /** Of leakyRelu; default 0, which makes it relu. */
  negativeSlope?: number;
}

/** gain/√fan. */
function heDeviation(what: string, parameter: Parameter, options: HeOptions): number {
  requireParameter(what, parameter);
  requireKnown(what, options, ["mode", "nonlinearity", "negativeSlope"]);
  const { mode = "fanIn", nonlinearity = "leakyRelu", negativeSlope = 0 } = options;
  if (mode !== "fanIn" && mode !== "fanOut") {
    throw new OptionError(`${what} mode: expected "fanIn" or "fanOut", got ${JSON.stringify(mode)}`);
  }
  return gain(nonlinearity, negativeSlope) / Math.sqrt(fans(what, parameter)[mode]);
}

/** Uniform in ±gain·√(3/fan). Source: He, Zhang, Ren & Sun 2015. @throws {ShapeError} of fewer than two axes. */
function heUniform(parameter: Parameter, options: HeOptions = {}): Parameter {
  fillUniform(parameter, Math.sqrt(3) * heDeviation("heUniform", parameter, options));
  return parameter;
}

/** Normal with deviation gain/√fan. Source: He, Zhang, Ren & Sun 2015. @throws {ShapeError} of fewer than two axes. */
function heNormal(parameter: Parameter, options: HeOptions = {}): Parameter {
  fillNormal(parameter, heDeviation("heNormal", parameter, options));
  return parameter;
}

/**
 * A random matrix whose rows (or columns, whichever are fewer) are orthogonal and of length `gain`, every such matrix
 * equally likely. Further axes count as columns. With `blocks` each of so many blocks of rows is one, as befits the gates
 * of a recurrent weight.
 * @throws {ShapeError} of fewer than two axes, or when the rows do not fall into blocks.
 * Takes rows·columns·min(rows, columns) steps in JavaScript, in float64.
 * Source: Saxe, McClelland & Ganguli 2013.
 */
function orthogonal(parameter: Parameter, options: { gain?: number; blocks?: number } = {}): Parameter {
  requireParameter("orthogonal", parameter);
  const { blocks = 1, ...rest } = options;
  const factor = gainOf("orthogonal", rest);
  requireCount("orthogonal blocks", blocks);
  fans("orthogonal", parameter);
  const all = parameter.shape[0] as number;
  if (all % blocks !== 0) throw new ShapeError(`orthogonal: expected rows in ${blocks} equal blocks, got ${all} rows`);
  fillNormal(parameter, 1);
  const drawn = parameter.detach().toArray();
  const [rows, columns] = [all / blocks, parameter.size / all];
  const out = new Float32Array(parameter.size);
  for (let start = 0; start < out.length; start += rows * columns) {
    const [vectors, length, next, step] = rows <= columns ? [rows, columns, columns, 1] : [columns, rows, 1, columns];
    const read = (v: number, i: number): number => drawn[start + v * next + i * step] as number;
    const basis = orthonormal(
      Array.from({ length: vectors }, (_, v) => Float64Array.from({ length }, (_, i) => read(v, i))),
    );
    for (const [v, vector] of basis.entries()) {
      for (let i = 0; i < length; i++) out[start + v * next + i * step] = factor * (vector[i] as number);
    }
  }
  parameter.set(out);
  return parameter;
}

/** Gram–Schmidt, twice over: what is left of each vector beside those before it, of length 1. */
function orthonormal(vectors: Float64Array[]): Float64Array[] {
  const dot = (a: Float64Array, b: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
    return sum;
  };
  vectors.forEach((vector, v) => {
    for (let other = 0; other < 2 * v; other++) {
      const before = vectors[other % v] as Float64Array;
      const along = dot(vector, before);
      for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) - along * (before[i] as number);
    }
    const length = Math.sqrt(dot(vector, vector));
    for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) / length;
  });
  return vectors;
}

/**
 * `gain` on the diagonal, zeros elsewhere: what the recurrent weight of an RNN with relu starts from (IRNN), so that it
 * keeps what it has seen.
 * @throws {ShapeError} unless it has two axes.
 * Source: Le, Jaitly & Hinton 2015, "A simple way to initialize recurrent networks of rectified linear units".
 */
function identity(parameter: Parameter, options: { gain?: number } = {}): Parameter {
  requireParameter("identity", parameter);
  const factor = gainOf("identity", options);
  if (parameter.shape.length !== 2) {
    throw new ShapeError(`identity: expected a parameter of two axes, got ${formatShape(parameter.shape)}`);
  }
  const [rows, columns] = parameter.shape as [number, number];
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = factor;
  parameter.set(values);
  return parameter;
}

/** What has parameters with PyTorch's names: an LSTM or a GRU, a layer or a cell. */
interface Gated {
  namedParameters(): [string, Parameter][];
}

/** Blocks of a gated network's biases, by number of gates: the one that keeps, and the one that lets in. */
const gateBlocks: { readonly [gates: number]: { readonly keep: number; readonly let?: number } } = {
  4: { keep: 1, let: 0 },
  3: { keep: 1 },
};

/** Sets blocks of each layer's two biases, of which the second adds nothing there. */
function setGates(
  what: string,
  layer: Gated,
  values: (hidden: number) => { keep: ArrayLike<number>; let?: ArrayLike<number> },
): void {
  const parameters = new Map(layer?.namedParameters?.() ?? []);
  const recurrent = [...parameters].filter(([name]) => /^weight_hh(_l\d+(_reverse)?)?$/.test(name));
  if (recurrent.length === 0) throw new OptionError(`${what}: expected an LSTM or a GRU, got something else`);
  for (const [name, { shape }] of recurrent) {
    const [rows, hidden] = shape as [number, number];
    const blocks = gateBlocks[rows / hidden];
    const [input, added] = ["bias_ih", "bias_hh"].map((stem) => parameters.get(name.replace("weight_hh", stem)));
    if (!blocks) throw new OptionError(`${what}: expected an LSTM or a GRU, got a network without gates`);
    if (!input || !added) throw new OptionError(`${what}: expected a layer with biases, got one without`);
    const given = values(hidden);
    const [first, second] = [input.toArray(), added.toArray()] as [Float32Array, Float32Array];
    for (const part of ["keep", "let"] as const) {
      const [block, own] = [blocks[part], given[part]];
      if (block === undefined || own === undefined) continue;
      first.set(own, block * hidden);
      second.fill(0, block * hidden, (block + 1) * hidden);
    }
    input.set(first);
    added.set(second);
  }
}

/**
 * Sets what the gate that keeps the state starts from: the forget gate of an LSTM, the update gate of a GRU. With 1 or more
 * it remembers at first, and learns what to forget.
 * @throws {OptionError} when the layer is neither, has no biases, or the value (default 1) is not finite.
 * Source: Gers, Schmidhuber & Cummins 2000; Jozefowicz, Zaremba & Sutskever 2015.
 */
function forgetGateBias(layer: Gated, value = 1): void {
  requireFinite("forgetGateBias", value);
  setGates("forgetGateBias", layer, (hidden) => ({ keep: new Float32Array(hidden).fill(value) }));
}

/**
 * Lets each number of the state remember for a time of its own, up to `longest` steps: the bias of the forget gate of an
 * LSTM is log u, u uniform from 1 to longest − 1, that of its input gate −log u; that of the update gate of a GRU log u.
 * @throws {OptionError} when the layer is neither, has no biases, or `longest` is not a number > 2.
 * Source: Tallec & Ollivier 2018, "Can recurrent neural networks warp time?", arXiv:1804.11188.
 */
function chrono(layer: Gated, longest: number): void {
  if (!(longest > 2 && Number.isFinite(longest))) {
    throw new OptionError(`chrono longest: expected a finite number > 2, got ${longest}`);
  }
  setGates("chrono", layer, (hidden) => {
    const times = uniformTensor([hidden], { low: 1, high: longest - 1 }).toArray();
    const keep = Float32Array.from(times, naturalLogarithm);
    return { keep, let: keep.map((value) => -value) };
  });
}

/** log x of a positive, normal number in float64, the same bits on every host (`Math.log` is not); error below 1e-15. */
export function naturalLogarithm(x: number): number {
  let [mantissa, exponent] = [x, 0];
  for (; mantissa > Math.SQRT2; mantissa /= 2) exponent++;
  for (; mantissa < Math.SQRT1_2; mantissa *= 2) exponent--;
  // log m = 2·artanh((m − 1)/(m + 1)), whose argument is below 0.172.
  const s = (mantissa - 1) / (mantissa + 1);
  let sum = 0;
  for (let k = 21; k >= 1; k -= 2) sum = sum * s * s + 1 / k;
  return exponent * Math.LN2 + 2 * s * sum;
}

/**
 * What parameters start from, for those who want something else than the layers do. Each takes a parameter, draws from the
 * shared generator (`seed`) where it draws, and returns the parameter; the last two take a layer.
 *
 * ```ts
 * const rnn = new RNN({ inputSize: 8, hiddenSize: 32, activation: "relu" });
 * for (const [name, parameter] of rnn.namedParameters()) {
 *   if (name === "weight_ih_l0") initialize.xavierUniform(parameter, { gain: initialize.gain("relu") });
 *   if (name === "weight_hh_l0") initialize.identity(parameter);
 * }
 * const state = ones([1, 1, 32]);
 * rnn.forward(zeros([1, 1, 8]), state).output.shape; // [1, 1, 32]
 * initialize.chrono(new LSTM({ inputSize: 8, hiddenSize: 32 }), 1000);
 * initialize.gain("relu"); // Math.SQRT2
 * ```
 */
export const initialize = {
  gain,
  uniform,
  normal,
  constant,
  zeros,
  ones,
  xavierUniform,
  xavierNormal,
  heUniform,
  heNormal,
  orthogonal,
  identity,
  forgetGateBias,
  chrono,
} as const;
