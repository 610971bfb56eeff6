import { gradientOf, record, writeGradient } from "../autograd/graph.ts";
import { inScope } from "../autograd/noGrad.ts";
import { engine } from "../runtime/engine.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { requireKnown, requireOptions } from "../runtime/options.ts";
import { requireFloat32 } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { mapNumbers } from "./map.ts";
import { logSoftmax, softmax } from "./softmax.ts";

/** The activations the engine has built in, and the number each has there. */
const kinds = {
  identity: 0,
  sigmoid: 1,
  tanh: 2,
  relu: 3,
  leakyRelu: 4,
  elu: 5,
  softplus: 6,
  gelu: 7,
  geluTanh: 8,
  silu: 9,
  exponential: 10,
} as const;

/** The names an `activation` option takes. */
export type ActivationName = Exclude<keyof typeof kinds, "geluTanh">;

/** Options of the activations that have any. */
export interface ActivationOptions {
  /** leakyRelu: the slope below 0; default 0.01. */
  negativeSlope?: number;
  /** elu: the depth below 0; default 1. */
  alpha?: number;
  /** gelu: the exact formula, or the one with tanh; default "none". */
  approximate?: "none" | "tanh";
}

/** The options of each activation that has any. */
const optionsOf: { readonly [Name in ActivationName]?: readonly (keyof ActivationOptions)[] } = {
  leakyRelu: ["negativeSlope"],
  elu: ["alpha"],
  gelu: ["approximate"],
};

/** Activations whose derivative the engine computes from f(x); that of the others, from x. */
const derivedFromResult: readonly ActivationName[] = ["identity", "sigmoid", "tanh", "relu", "exponential"];

/** Numbers that go through the engine's passes at a time: few enough to stay in the cache between them. */
const BLOCK = 4096;

/** Writes `count` numbers at y that follow from those at x, which may be the same ones. */
type Pass = (x: number, y: number, count: number) => void;

/** An activation function with its options: a pair of kernels, the map and its derivative. */
export class Activation {
  readonly name: ActivationName;
  readonly #kind: number;
  readonly #parameters: Tensor | null;

  constructor(name: ActivationName, options: ActivationOptions = {}) {
    if (!Object.hasOwn(kinds, name) || (name as string) === "geluTanh") {
      const names = Object.keys(kinds).filter((known) => known !== "geluTanh");
      throw new OptionError(`activation: expected one of ${names.join(", ")}, got ${JSON.stringify(name)}`);
    }
    requireKnown(name, options, optionsOf[name] ?? []);
    this.name = name;
    this.#kind = name === "gelu" && approximation(options) === "tanh" ? kinds.geluTanh : kinds[name];
    const parameter = parameterOf(name, options);
    this.#parameters = parameter === null ? null : Tensor.fromArray(Float32Array.of(parameter), [1]);
  }

  /** What a recurrent kernel needs to call it: the function-table slots of the map and of its gradient. */
  get slots(): { readonly forwardSlot: number; readonly backwardSlot: number } {
    const { kernels } = engine();
    return {
      forwardSlot: kernels.activationForwardSlot(this.#kind),
      backwardSlot: kernels.activationBackwardSlot(this.#kind),
    };
  }

  /** Whether its derivative follows from f(x) alone, so that x need not be kept. */
  get derivedFromResult(): boolean {
    return derivedFromResult.includes(this.name);
  }

  /** The address of its parameters in the current step, or 0 when it has none. */
  get parameters(): number {
    return this.#parameters?.address ?? 0;
  }

  /** Writes its parameter, if it has one, to memory that outlives the step; returns the address, or 0. */
  writeParameters(address: number): number {
    if (!this.#parameters) return 0;
    engine().f32[address >>> 2] = this.#parameters.item();
    return address;
  }

  /** f(x), differentiable. */
  apply(x: Tensor): Tensor {
    requireFloat32(`${this.name} x`, x);
    const { forwardSlot, backwardSlot } = this.slots;
    const { parameters } = this;
    const y = Tensor.inStep(x.shape);
    const from = x.address;
    const to = y.address;
    mapNumbers("activationForward", x.size, (at, size) => [forwardSlot, from + at, to + at, size, parameters]);
    record([x], [y], () => {
      const dy = gradientOf(y);
      writeGradient(x, (dx) => {
        mapNumbers("activationBackward", x.size, (at, size) => {
          return [backwardSlot, x.address + at, to + at, dy + at, dx + at, size, parameters];
        });
      });
    });
    return y;
  }

  /** f′(x); no gradient flows through it. */
  derivative(x: Tensor): Tensor {
    requireFloat32(`${this.name} x`, x);
    const y = Tensor.inStep(x.shape);
    const derive = this.derivativePass(x.size);
    for (let done = 0; done < x.size; done += BLOCK) {
      derive(x.address + 4 * done, y.address + 4 * done, Math.min(x.size - done, BLOCK));
    }
    return y;
  }

  /** y := f(x), for as long as the current step lasts. */
  mapPass(): Pass {
    const { kernels } = engine();
    const { forwardSlot } = this.slots;
    const { parameters } = this;
    return (x, y, count) => kernels.activationForward(forwardSlot, x, y, count, parameters);
  }

  /** y := f′(x), likewise, in blocks of an array of `count` numbers. */
  derivativePass(count: number): Pass {
    const { kernels } = engine();
    const { backwardSlot } = this.slots;
    const { parameters } = this;
    const map = this.derivedFromResult ? this.mapPass() : null;
    const block = Math.min(count, BLOCK);
    const ones = engine().allocate(block);
    kernels.fill(ones, block, 1);
    return (x, y, n) => {
      map?.(x, y, n);
      kernels.activationBackward(backwardSlot, x, map ? y : x, ones, y, n, parameters);
    };
  }
}

function approximation({ approximate = "none" }: ActivationOptions): "none" | "tanh" {
  if (approximate !== "none" && approximate !== "tanh") {
    throw new OptionError(`gelu approximate: expected "none" or "tanh", got ${JSON.stringify(approximate)}`);
  }
  return approximate;
}

function parameterOf(name: ActivationName, { negativeSlope = 0.01, alpha = 1 }: ActivationOptions): number | null {
  const value = name === "leakyRelu" ? negativeSlope : name === "elu" ? alpha : null;
  if (value !== null && !Number.isFinite(value)) {
    throw new OptionError(`${name}: expected a finite ${name === "elu" ? "alpha" : "negativeSlope"}, got ${value}`);
  }
  return value;
}

/**
 * An activation by name, with its options: what the `activation` option of a layer takes besides a bare name.
 * @throws {OptionError} when there is no such activation, or an option is out of range.
 */
export function activation(name: ActivationName | Activation, options?: ActivationOptions): Activation {
  return name instanceof Activation ? name : new Activation(name, options);
}

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
  const standard = new Activation(name);
  const of = (options: ActivationOptions): Activation => {
    for (const _ in options) return new Activation(name, options);
    return standard;
  };
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
