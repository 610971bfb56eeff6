import { engine } from "../runtime/engine.ts";
import { ShapeError } from "../runtime/errors.ts";
import type { PackedCopy } from "./packedCopy.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** Gives a parameter's blocks back to the heap when nothing refers to it any more. */
const registry = /* @__PURE__ */ new FinalizationRegistry<readonly number[]>((addresses) => {
  for (const address of addresses) engine().heap.release(address);
});

/**
 * A tensor that learning changes: its numbers and their gradient lie at fixed addresses of the engine's heap for as
 * long as the parameter is held. Costs 8 bytes a number, and what an optimizer adds.
 *
 * ```ts
 * const weight = new Parameter([2]);
 * weight.set(Float32Array.of(3, 4));
 * sum(square(weight)).backward();
 * weight.grad; // [6, 8]
 * ```
 */
export class Parameter extends Tensor {
  readonly #data: number;
  /**
   * Where its gradient lies when there is one.
   * @internal
   */
  readonly gradientBlock: number;
  /** Blocks of the heap that are given back with it. */
  readonly #blocks: number[];
  /**
   * Its packed copies.
   * @internal
   */
  readonly copies: PackedCopy[] = [];
  #written = false;
  /**
   * Counts its changes, so that whoever keeps a packed copy knows when to pack again.
   * @internal
   */
  version = 0;

  /** A parameter of zeros. @throws {ShapeError} when an axis is not a whole number ≥ 0. */
  constructor(shape: Shape) {
    checkShape("parameter", shape);
    const { heap } = engine();
    const bytes = sizeOf(shape) * 4;
    const data = heap.allocate(bytes);
    let gradient: number;
    try {
      gradient = heap.allocate(bytes);
    } catch (error) {
      heap.release(data);
      throw error;
    }
    super(shape, "float32", { host: null, address: data, scope: null, owner: null });
    this.#data = data;
    this.gradientBlock = gradient;
    this.requiresGrad = true;
    engine().f32.fill(0, data >>> 2, (data >>> 2) + this.size);
    this.#blocks = [data, gradient];
    registry.register(this, this.#blocks);
  }

  /**
   * Memory for `count` numbers, held as long as the parameter is.
   * @internal
   */
  reserve(count: number): number {
    const address = engine().heap.allocate(count * 4);
    this.#blocks.push(address);
    return address;
  }

  /** Replaces its numbers; raises no gradient. */
  set(values: ArrayLike<number>): void {
    if (values.length !== this.size) {
      throw new ShapeError(`parameter ${formatShape(this.shape)}: expected ${this.size} numbers, got ${values.length}`);
    }
    engine().f32.set(values, this.#data >>> 2);
    this.version++;
  }

  /** @internal */
  override hasGradient(): boolean {
    return this.#written;
  }

  /** @internal */
  override openGradient(): number {
    this.#written = true;
    this.gradientAddress = this.gradientBlock;
    return this.gradientBlock;
  }

  /** @internal */
  override takeGradient(address: number): void {
    engine().f32.copyWithin(this.openGradient() >>> 2, address >>> 2, (address >>> 2) + this.size);
  }

  /** @internal */
  override keepGradient(): void {
    // It already lies where it outlives the step.
  }

  /** @internal */
  override resumeGradient(): void {
    // What was added before is still there.
  }

  override clearGradient(): void {
    this.#written = false;
    this.gradientAddress = 0;
  }
}
