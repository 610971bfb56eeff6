/** What the layers of one cell in one direction share: sizes, sequences in either layout, their one-tensor states. */
import { transpose } from "../../ops/layout.ts";
import { ShapeError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { formatShape, requireFloat32, requireShape } from "../../tensor/shape.ts";
import { describe } from "../../tensor/structure.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";

export interface SequenceLayerOptions {
  inputSize: number;
  hiddenSize: number;
  /** Sequences are [B, T, I] instead of [T, B, I]; default false. */
  batchFirst?: boolean;
}

/** A recurrent layer of one cell, forward in time. */
export abstract class SequenceLayer extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly batchFirst: boolean;
  readonly #name: string;

  /** @throws {OptionError} when an option is unknown or out of range. */
  protected constructor(name: string, options: SequenceLayerOptions, more: readonly string[] = []) {
    super();
    requireKnown(name, options, ["inputSize", "hiddenSize", "batchFirst", ...more]);
    this.#name = name;
    this.inputSize = requireCount(`${name} inputSize`, options.inputSize);
    this.hiddenSize = requireCount(`${name} hiddenSize`, options.hiddenSize);
    this.batchFirst = options.batchFirst ?? false;
  }

  /** x as [T, B, I]. @throws {ShapeError} when it is no sequence of float32 numbers, or empty. */
  protected timeMajor(x: Tensor): Tensor {
    const what = `${this.#name} x`;
    requireShape(what, x.shape, [...(this.batchFirst ? ["B", "T"] : ["T", "B"]), this.inputSize]);
    requireFloat32(what, x);
    if (x.size === 0) {
      throw new ShapeError(`${what}: expected at least one step and one sequence, got ${formatShape(x.shape)}`);
    }
    return this.batchFirst ? transpose(x, 0, 1) : x;
  }

  /** [T, B, H] in the layout of x. */
  protected asGiven(output: Tensor): Tensor {
    return this.batchFirst ? transpose(output, 0, 1) : output;
  }

  /** A part of the state, or null when there is none. @throws {ShapeError} when it is not of this shape. */
  protected statePart(what: string, part: Tensor | null | undefined, shape: readonly number[]): Tensor | null {
    if (part === undefined) return null;
    const name = `${this.#name} ${what}`;
    if (!(part instanceof Tensor)) {
      throw new ShapeError(`${name}: expected a tensor ${formatShape(shape)}, got ${describe(part)}`);
    }
    requireFloat32(name, part);
    requireShape(name, part.shape, shape);
    return part;
  }
}
