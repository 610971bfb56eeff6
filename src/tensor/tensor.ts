import type { Scope } from "../runtime/arena.ts";
import { engine } from "../runtime/engine.ts";
import { AutogradError, LifetimeError, ShapeError } from "../runtime/errors.ts";
import { formatShape, type Shape, sizeOf } from "./shape.ts";

/** Element types: numbers to compute with, and indices (tokens, classes). */
export type DataType = "float32" | "int32";

/** What made a tensor, as far as a tensor needs to know: enough to start `backward`. */
export interface GradientSource {
  /** Sends the gradient of `output` (1 when it is a single number) to every leaf it came from. */
  backward(output: Tensor): void;
}

/** The table and tokens that a tensor was looked up with. */
export interface Lookup {
  /** [count, size] */
  readonly weight: Tensor;
  readonly tokens: Tensor;
}

/**
 * Where numbers are: in JavaScript memory, or in the engine's, valid as long as a scope, and as long as their owner is
 * held if they have one.
 */
interface Place {
  readonly host: Float32Array | Int32Array | null;
  readonly address: number;
  readonly scope: Scope | null;
  readonly owner: Tensor | null;
}

/**
 * An array of numbers with a shape, row-major and contiguous.
 *
 * Where its numbers live decides how long they do. What you make from data (`tensor`, `zeros`, `detach`) lives in
 * JavaScript memory and visits the engine's when an operation uses it. What an operation computes lives in the engine
 * until the step ends (`optimizer.step()`, or the end of `noGrad`). Parameters live as long as their module. There is
 * nothing to dispose.
 */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DataType;
  /** How many numbers it holds. */
  readonly size: number;
  /** Whether `backward` computes a gradient for it. */
  requiresGrad = false;
  /**
   * The operation that computed it, when a gradient can flow through.
   * @internal
   */
  source: GradientSource | null = null;
  /**
   * Where its numbers were looked up, for operations that can work on the table instead.
   * @internal
   */
  lookup: Lookup | null = null;

  /** The numbers in JavaScript memory, when they live there. */
  readonly #host: Float32Array | Int32Array | null;
  /**
   * The tensor whose memory this one looks at: a parameter gives its own back when nothing holds it.
   * @internal
   */
  readonly owner: Tensor | null;
  #address: number;
  #scope: Scope | null;
  /**
   * The gradient block in the engine, once something has been written to it; 0 before.
   * @internal
   */
  gradientAddress = 0;
  #gradientScope: Scope | null = null;
  #hostGradient: Tensor | null = null;

  protected constructor(shape: Shape, dtype: DataType, { host, address, scope, owner }: Place) {
    // A copy: the caller may go on to change an array of its own.
    this.shape = [...shape];
    this.dtype = dtype;
    this.size = sizeOf(shape);
    this.#host = host;
    this.#address = address;
    this.#scope = scope;
    this.owner = owner;
  }

  /** A tensor around an array, which becomes its own. */
  static fromArray(data: Float32Array | Int32Array, shape: Shape): Tensor {
    if (data.length !== sizeOf(shape)) {
      throw new ShapeError(`tensor: expected ${sizeOf(shape)} numbers for ${formatShape(shape)}, got ${data.length}`);
    }
    return new Tensor(shape, data instanceof Int32Array ? "int32" : "float32", {
      host: data,
      address: 0,
      scope: null,
      owner: null,
    });
  }

  /**
   * A tensor in the current step, its numbers still undefined: what operations write their results to.
   * @internal
   */
  static inStep(shape: Shape, dtype: DataType = "float32"): Tensor {
    const e = engine();
    const address = e.allocate(sizeOf(shape));
    return new Tensor(shape, dtype, { host: null, address, scope: e.arena.scope, owner: null });
  }

  /**
   * A tensor over numbers of the current step whose address is known.
   * @internal
   */
  static at(address: number, shape: Shape, dtype: DataType = "float32"): Tensor {
    return new Tensor(shape, dtype, { host: null, address, scope: engine().arena.scope, owner: null });
  }

  /**
   * A tensor over numbers of another one in the current step, `offset` elements from its start.
   * @internal
   */
  static view(of: Tensor, offset: number, shape: Shape): Tensor {
    const address = of.address + offset * 4;
    return new Tensor(shape, of.dtype, { host: null, address, scope: of.#scope, owner: of });
  }

  /**
   * Where its numbers are in the engine's memory, in bytes. Uploads them first when they live in JavaScript.
   * @throws {LifetimeError} when its step has ended.
   * @internal
   */
  get address(): number {
    if (this.#host) {
      if (!this.#scope?.alive || this.#scope.ending) this.#upload(this.#host);
      return this.#address;
    }
    if (this.#scope && !this.#scope.alive) throw this.#ended();
    return this.#address;
  }

  /**
   * For operations that do not read it themselves.
   * @throws {LifetimeError} when its step has ended.
   * @internal
   */
  requireAlive(): void {
    if (!this.#host && this.#scope && !this.#scope.alive) throw this.#ended();
  }

  #ended(): LifetimeError {
    return new LifetimeError(
      `tensor ${formatShape(this.shape)}: its step has ended; read it before the next step begins, or keep a copy with detach()`,
    );
  }

  #upload(host: Float32Array | Int32Array): void {
    const e = engine();
    this.#address = e.allocate(this.size);
    this.#scope = e.arena.scope;
    (this.dtype === "int32" ? e.i32 : e.f32).set(host, this.#address >>> 2);
  }

  /**
   * Its numbers, row-major, in an array of the caller's own: `into` when given, which spares a loop a new array each time.
   * @throws {ShapeError} when `into` is not of as many numbers, or of another type.
   */
  toArray(): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
  toArray<Into extends Float32Array | Int32Array>(into: Into): Into;
  toArray(into?: Float32Array | Int32Array): Float32Array | Int32Array {
    if (into) this.#requireRoom(into);
    if (this.#host) {
      if (!into) return this.#host.slice();
      into.set(this.#host);
      return into;
    }
    const start = this.address >>> 2;
    const e = engine();
    const memory = this.dtype === "int32" ? e.i32 : e.f32;
    if (!into) return memory.slice(start, start + this.size);
    into.set(memory.subarray(start, start + this.size));
    return into;
  }

  #requireRoom(into: Float32Array | Int32Array): void {
    const wanted = this.dtype === "int32" ? Int32Array : Float32Array;
    if (!(into instanceof wanted) || into.length !== this.size) {
      const got = ArrayBuffer.isView(into) ? `a ${into.constructor.name} of ${into.length}` : typeof into;
      throw new ShapeError(`toArray into: expected a ${wanted.name} of ${this.size} numbers, got ${got}`);
    }
  }

  /**
   * The one number of a tensor that holds one.
   * @throws {ShapeError} when it holds more or fewer.
   */
  item(): number {
    if (this.size !== 1)
      throw new ShapeError(`item: expected a single number, got a tensor ${formatShape(this.shape)}`);
    if (this.#host) return this.#host[0] as number;
    const e = engine();
    return (this.dtype === "int32" ? e.i32 : e.f32)[this.address >>> 2] as number;
  }

  /** A copy that no gradient flows through and that lives as long as it is held. */
  detach(): Tensor {
    return Tensor.fromArray(this.toArray(), this.shape);
  }

  /**
   * Computes the gradient of this single number with respect to every parameter and every tensor with `requiresGrad`
   * that it was computed from, and adds it to their `grad`. A graph can be walked once.
   * @throws {AutogradError} when nothing it was computed from requires a gradient, or the graph was already walked.
   * @throws {ShapeError} when it is not a single number.
   */
  backward(): void {
    if (this.size !== 1)
      throw new ShapeError(`backward: expected a single number, got a tensor ${formatShape(this.shape)}`);
    if (!this.source) {
      throw new AutogradError("backward: this tensor was not computed from anything that requires a gradient");
    }
    this.source.backward(this);
  }

  /** The gradient that `backward` has added up, or null before. */
  get grad(): Tensor | null {
    if (this.#hostGradient) return this.#hostGradient;
    return this.hasGradient() ? new Tensor(this.shape, "float32", this.#gradientPlace()) : null;
  }

  #gradientPlace(): Place {
    return { host: null, address: this.gradientAddress, scope: this.#gradientScope, owner: this };
  }

  /**
   * Whether a gradient has been written in the engine since it was last cleared.
   * @internal
   */
  hasGradient(): boolean {
    return this.gradientAddress !== 0 && this.#gradientScope?.alive !== false;
  }

  /**
   * The block that its gradient is written to; the content is undefined until then.
   * @internal
   */
  openGradient(): number {
    const e = engine();
    this.gradientAddress = e.allocate(this.size);
    this.#gradientScope = e.arena.scope;
    return this.gradientAddress;
  }

  /**
   * Makes a block of the current step its gradient, where there is none yet.
   * @internal
   */
  takeGradient(address: number): void {
    this.gradientAddress = address;
    this.#gradientScope = engine().arena.scope;
  }

  /**
   * A leaf in JavaScript memory keeps its gradient there too: brings an earlier one along before more is added.
   * @internal
   */
  resumeGradient(): void {
    if (!this.#hostGradient || this.hasGradient()) return;
    engine();
    const at = this.openGradient();
    engine().f32.set(this.#hostGradient.toArray(), at >>> 2);
  }

  /**
   * Moves a leaf's finished gradient out of the step.
   * @internal
   */
  keepGradient(): void {
    if (!this.hasGradient()) return;
    const start = this.gradientAddress >>> 2;
    this.#hostGradient = Tensor.fromArray(engine().f32.slice(start, start + this.size), this.shape);
    this.gradientAddress = 0;
  }

  /** Forgets the gradient. */
  clearGradient(): void {
    this.#hostGradient = null;
    this.gradientAddress = 0;
  }
}
