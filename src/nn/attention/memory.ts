/** Attention of a decoder over the states of an encoder. */

import { activations } from "../../ops/activation/maps.ts";
import { lengthMask, maskedSoftmax, seenOf } from "../../ops/attention.ts";
import { add } from "../../ops/elementwise.ts";
import { permute, reshape, transpose } from "../../ops/layout.ts";
import { linear, matmul } from "../../ops/matmul.ts";
import { OptionError, ShapeError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import type { Lengths } from "../../tensor/lengths.ts";
import { Parameter } from "../../tensor/parameter.ts";
import { formatShape, requireFloat32, requireShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fillUniform } from "../fill.ts";
import { Linear } from "../linear.ts";
import { Module } from "../module.ts";

export interface MemoryOptions {
  /** How many positions of each memory count: int32 [B], or as many whole numbers. */
  lengths?: Lengths;
  /** [B, S] of float32: 1 a position to look at, 0 not. */
  mask?: Tensor;
}

/** What a decoder finds in the memory, and where it looked. */
export interface MemoryResult {
  /** [B, M], or [T, B, M] for queries of T steps. */
  readonly context: Tensor;
  /** [B, S], or [B, T, S]. */
  readonly weights: Tensor;
}

/** Attention over a memory [S, B, M]: all but how scores are computed. */
abstract class MemoryAttention extends Module {
  readonly querySize: number;
  readonly memorySize: number;

  protected constructor(name: string, querySize: number, memorySize: number) {
    super();
    this.querySize = requireCount(`${name} querySize`, querySize);
    this.memorySize = requireCount(`${name} memorySize`, memorySize);
  }

  /** How well each step and position fit: [T, B, Q] and [S, B, M] → [B, T, S]. */
  protected abstract scores(query: Tensor, memory: Tensor): Tensor;

  /**
   * @param query [B, Q] one step, or [T, B, Q] several at once.
   * @param memory [S, B, M], an encoder's output.
   * @param options which positions count: `lengths` or `mask`, all when both are omitted.
   * @throws {ShapeError} when shapes do not fit; {OptionError} when both are given, a length is out of range, a mask holds
   *   anything but 0 and 1, or a sequence, which is named, has nothing to look at.
   */
  override forward(query: Tensor, memory: Tensor, options: MemoryOptions = {}): MemoryResult {
    const name = this.constructor.name;
    requireKnown(`${name} forward`, options, ["lengths", "mask"]);
    requireFloat32(`${name} query`, query);
    requireFloat32(`${name} memory`, memory);
    requireShape(`${name} memory`, memory.shape, ["S", "B", this.memorySize]);
    const [positions, batch] = memory.shape as [number, number];
    if (positions === 0) throw new ShapeError(`${name} memory: expected S ≥ 1, got ${formatShape(memory.shape)}`);
    const single = query.shape.length === 2;
    requireShape(`${name} query`, query.shape, single ? [batch, this.querySize] : ["T", batch, this.querySize]);
    const steps = single ? 1 : (query.shape[0] as number);
    if (options.lengths !== undefined && options.mask) {
      throw new OptionError(`${name}: expected lengths or mask, got both`);
    }
    const mask = options.lengths === undefined ? options.mask : lengthMask(options.lengths, positions);
    if (mask) requireShape(`${name} mask`, mask.shape, [batch, positions]);
    if (mask) seenOf(`${name} ${options.mask ? "mask" : "lengths"}`, mask, [batch, positions], false);
    const shape = [batch, steps, positions];
    const seen = mask ? seenOf(`${name} mask`, reshape(mask, [batch, 1, positions]), shape, false) : null;
    const scores = this.scores(reshape(query, [steps, batch, this.querySize]), memory);
    const weights = maskedSoftmax(scores, seen, false, 1);
    const context = transpose(matmul(weights, permute(memory, [1, 0, 2])), 0, 1);
    if (!single) return { context, weights };
    return { context: reshape(context, [batch, this.memorySize]), weights: reshape(weights, [batch, positions]) };
  }
}

/**
 * Additive attention: score(q, m) = v·tanh(W·q + U·m), context = Σ softmax(score)·m.
 *
 * ```ts
 * const attention = new AdditiveAttention({ querySize: 8, memorySize: 16, attentionSize: 12 });
 * const [state, output] = [normal([3, 8]), normal([7, 3, 16])]; // [B, Q], [S, B, M]
 * const { context, weights } = attention.forward(state, output, { lengths: [7, 5, 3] });
 * context.shape; // [3, 16]
 * weights.shape; // [3, 7]
 * ```
 *
 * Parameters: query.weight [A, Q], memory.weight [A, M], score.weight [1, A]; none has a bias. Keeps T·S·B·A numbers for
 * the way back.
 * Source: Bahdanau, Cho & Bengio 2015, "Neural machine translation by jointly learning to align and translate".
 */
export class AdditiveAttention extends MemoryAttention {
  readonly query: Linear;
  readonly memory: Linear;
  readonly score: Linear;

  /** @throws {OptionError} when a size is not a whole number ≥ 1, or an option is unknown. */
  constructor(options: { querySize: number; memorySize: number; attentionSize: number }) {
    requireKnown("AdditiveAttention", options, ["querySize", "memorySize", "attentionSize"]);
    super("AdditiveAttention", options.querySize, options.memorySize);
    const size = requireCount("AdditiveAttention attentionSize", options.attentionSize);
    this.query = new Linear({ inputSize: this.querySize, outputSize: size, bias: false });
    this.memory = new Linear({ inputSize: this.memorySize, outputSize: size, bias: false });
    this.score = new Linear({ inputSize: size, outputSize: 1, bias: false });
  }

  protected override scores(query: Tensor, memory: Tensor): Tensor {
    const [steps, batch] = query.shape as [number, number];
    const positions = memory.shape[0] as number;
    const size = this.score.weight.size;
    const asked = reshape(this.query.forward(query), [steps, 1, batch, size]);
    const known = reshape(this.memory.forward(memory), [1, positions, batch, size]);
    const score = this.score.forward(activations.tanh(add(asked, known)));
    return permute(reshape(score, [steps, positions, batch]), [2, 0, 1]);
  }
}

export interface DotAttentionOptions {
  /** Q, and M where `memorySize` is omitted. */
  querySize: number;
  /** M; default Q, and nothing else without a weight. */
  memorySize?: number;
  /** "dot": q·m, no parameters. "general": q·W·m with `weight` [Q, M]. Default "dot". */
  kind?: "dot" | "general";
}

/**
 * Multiplicative attention: score(q, m) = q·m ("dot") or q·W·m ("general"), context = Σ softmax(score)·m.
 *
 * ```ts
 * const attention = new DotAttention({ querySize: 16 });
 * const [state, output] = [normal([3, 16]), normal([7, 3, 16])]; // [B, Q], [S, B, M]
 * const { context, weights } = attention.forward(state, output, { lengths: [7, 5, 3] });
 * context.shape; // [3, 16]
 * sum(weights, 1); // [1, 1, 1]
 * ```
 *
 * Source: Luong, Pham & Manning 2015, "Effective approaches to attention-based neural machine translation".
 */
export class DotAttention extends MemoryAttention {
  readonly kind: "dot" | "general";
  /** [Q, M] */
  readonly weight: Parameter | null;

  /** @throws {OptionError} when an option is unknown or out of range, or two sizes have no weight between them. */
  constructor(options: DotAttentionOptions) {
    requireKnown("DotAttention", options, ["querySize", "memorySize", "kind"]);
    super("DotAttention", options.querySize, options.memorySize ?? options.querySize);
    this.kind = options.kind ?? "dot";
    if (this.kind !== "dot" && this.kind !== "general") {
      throw new OptionError(`DotAttention kind: expected dot, general, got ${this.kind}`);
    }
    if (this.kind === "dot" && this.querySize !== this.memorySize) {
      throw new OptionError(`DotAttention memorySize: expected ${this.querySize} for "dot", got ${this.memorySize}`);
    }
    this.weight = this.kind === "general" ? new Parameter([this.querySize, this.memorySize]) : null;
    if (this.weight) fillUniform(this.weight, 1 / Math.sqrt(this.memorySize));
  }

  protected override scores(query: Tensor, memory: Tensor): Tensor {
    const known = this.weight ? linear(memory, this.weight) : memory;
    return matmul(permute(query, [1, 0, 2]), permute(known, [1, 2, 0]));
  }
}
