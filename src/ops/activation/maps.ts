import { inScope } from "../../autograd/noGrad.ts";
import { engine } from "../../runtime/engine.ts";
import { OptionError, ShapeError } from "../../runtime/errors.ts";
import { requireOptions } from "../../runtime/options.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { logSoftmax, softmax } from "../softmax.ts";
import { type Activation, BLOCK, type Pass } from "./activation.ts";
import { type ActivationName, type ActivationOptions, builtIn } from "./builtIn.ts";

/** Options of a map over a plain array. */
export interface ArrayMapOptions extends ActivationOptions {
  /** Where to write the results, as long as x; may be x itself. A new array when omitted, which costs more than most maps. */
  into?: Float32Array;
}

/** A map over numbers: a plain array gives a plain array, a tensor a tensor that gradients flow through. */
export interface ActivationMap {
  (x: Float32Array, options?: ArrayMapOptions): Float32Array;
  (x: Tensor, options?: ActivationOptions): Tensor;
  /** The derivative at every x. */
  derivative: {
    (x: Float32Array, options?: ArrayMapOptions): Float32Array;
    (x: Tensor, options?: ActivationOptions): Tensor;
  };
}

function requireArray(what: string, x: unknown): void {
  if (!(x instanceof Float32Array)) throw new ShapeError(`${what}: expected a Float32Array or a Tensor`);
}

/** Runs a map on a plain array or on a tensor. */
function onEither<Input extends Float32Array | Tensor>(what: string, x: Input, map: (x: Tensor) => Tensor): Input {
  if (x instanceof Tensor) return map(x) as Input;
  requireArray(what, x);
  return inScope(() => map(Tensor.fromArray(x, [x.length])).toArray()) as Input;
}

/** Where the results of a map go. @throws {ShapeError} when `into` is not an array as long as x. */
function destination(what: string, x: Float32Array, into: Float32Array | undefined): Float32Array {
  if (into === undefined) return new Float32Array(x.length);
  if (!(into instanceof Float32Array) || into.length !== x.length) {
    const got = into instanceof Float32Array ? `one of ${into.length}` : typeof into;
    throw new ShapeError(`${what} into: expected a Float32Array of ${x.length} numbers, got ${got}`);
  }
  return into;
}

/** Whether a block of y would overwrite numbers of x that a later block still has to read. */
function runsAhead(y: Float32Array, x: Float32Array): boolean {
  const distance = y.byteOffset - x.byteOffset;
  return y.buffer === x.buffer && distance > 0 && distance < x.byteLength;
}

/** Takes an array through the engine into another one, a block at a time, each changed where it lies. */
function overBlocks(from: Float32Array, y: Float32Array, pass: Pass): Float32Array {
  const address = engine().allocate(Math.min(from.length, BLOCK));
  const { f32 } = engine();
  const start = address >>> 2;
  const x = from.length > BLOCK && runsAhead(y, from) ? from.slice() : from;
  for (let done = 0; done < x.length; done += BLOCK) {
    const block = x.length <= BLOCK ? x : x.subarray(done, done + BLOCK);
    f32.set(block, start);
    pass(address, address, block.length);
    y.set(f32.subarray(start, start + block.length), done);
  }
  return y;
}

function mapOf(name: ActivationName): ActivationMap {
  const standard = builtIn(name);
  return mapOfAny(name, (options) => {
    for (const _ in options) return builtIn(name, options);
    return standard;
  });
}

/** @param of the activation with these options. */
export function mapOfAny(name: string, of: (options: ActivationOptions) => Activation): ActivationMap {
  const run = <Input extends Float32Array | Tensor>(
    what: string,
    x: Input,
    given: ArrayMapOptions,
    onTensor: (f: Activation, x: Tensor) => Tensor,
    passOf: (f: Activation, count: number) => Pass,
  ): Input => {
    requireOptions(what, given);
    const { into, ...options } = given;
    const f = of(options);
    if (x instanceof Tensor) {
      if (into !== undefined) throw new OptionError(`${what} into: expected x to be a Float32Array, got a tensor`);
      return onTensor(f, x) as Input;
    }
    requireArray(what, x);
    const y = destination(what, x, into);
    return inScope(() => overBlocks(x, y, passOf(f, x.length))) as Input;
  };
  const map = <Input extends Float32Array | Tensor>(x: Input, options: ArrayMapOptions = {}): Input =>
    run(name, x, options, apply, mapPassOf);
  const derivative = <Input extends Float32Array | Tensor>(x: Input, options: ArrayMapOptions = {}): Input =>
    run(`${name}.derivative`, x, options, derive, derivativePassOf);
  return Object.assign(map, { derivative }) as ActivationMap;
}

const apply = (f: Activation, x: Tensor): Tensor => f.apply(x);
const derive = (f: Activation, x: Tensor): Tensor => f.derivative(x);
const mapPassOf = (f: Activation): Pass => f.mapPass();
const derivativePassOf = (f: Activation, count: number): Pass => f.derivativePass(count);

/**
 * Activation maps on plain `Float32Array`s and on tensors, each with its `derivative`:
 *
 * - `identity`  x
 * - `sigmoid`   1/(1 + e^{−x}), ≤ 2 ulp
 * - `tanh`      (e^x − e^{−x})/(e^x + e^{−x}), ≤ 2 ulp
 * - `relu`      max(0, x); derivative 0 at 0
 * - `leakyRelu` x above 0, negativeSlope·x below
 * - `elu`       x above 0, alpha·(e^x − 1) below (Clevert et al. 2015)
 * - `softplus`  log(1 + e^x)
 * - `gelu`      x·Φ(x), or its form with tanh (Hendrycks & Gimpel 2016)
 * - `silu`      x·sigmoid(x) (Elfwing et al. 2017)
 * - `exponential` e^x, ≤ 1.1 ulp
 *
 * All of them are within 4 ulp of the formula for every float32 there is, and give its limits at ±∞ (docs/accuracy.md).
 * `softmax` and `logSoftmax` work over the last axis. A map of an array writes `into` another one, or itself, when told.
 */
export const activations = {
  identity: /* @__PURE__ */ mapOf("identity"),
  sigmoid: /* @__PURE__ */ mapOf("sigmoid"),
  tanh: /* @__PURE__ */ mapOf("tanh"),
  relu: /* @__PURE__ */ mapOf("relu"),
  leakyRelu: /* @__PURE__ */ mapOf("leakyRelu"),
  elu: /* @__PURE__ */ mapOf("elu"),
  softplus: /* @__PURE__ */ mapOf("softplus"),
  gelu: /* @__PURE__ */ mapOf("gelu"),
  silu: /* @__PURE__ */ mapOf("silu"),
  exponential: /* @__PURE__ */ mapOf("exponential"),
  softmax: <Input extends Float32Array | Tensor>(x: Input): Input => onEither("softmax", x, (t) => softmax(t)),
  logSoftmax: <Input extends Float32Array | Tensor>(x: Input): Input => onEither("logSoftmax", x, (t) => logSoftmax(t)),
} as const;
