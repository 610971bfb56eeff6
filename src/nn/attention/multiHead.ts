import { withGradients } from "../../autograd/graph.ts";
import { scaledDotProductAttention, seenOf } from "../../ops/attention.ts";
import { requireProbability } from "../../ops/dropout.ts";
import { mul } from "../../ops/elementwise.ts";
import { permute, reshape, slice } from "../../ops/layout.ts";
import { linear } from "../../ops/matmul.ts";
import { mean } from "../../ops/reduce.ts";
import { OptionError, ShapeError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { Parameter } from "../../tensor/parameter.ts";
import { formatShape, requireFloat32, requireShape, sameShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fillConstant, fillUniform } from "../fill.ts";
import { Linear } from "../linear.ts";
import { Module } from "../module.ts";

export interface MultiHeadAttentionOptions {
  /** E, the size of queries, keys, values and results. */
  embedSize: number;
  /** How many heads share it; divides E. */
  heads: number;
  /** Probability of dropping a weight while training; default 0. */
  dropout?: number;
  /** Default true. */
  bias?: boolean;
  /** Sequences are [B, T, E] instead of [T, B, E]; default false. */
  batchFirst?: boolean;
}

export interface MultiHeadAttentionInputs {
  /** [B, S] of float32: 1 a key to look at, 0 padding. */
  keyPaddingMask?: Tensor;
  /** What each step may see, float32 1 and 0: [T, S], or a shape that broadcasts to [B, heads, T, S]. */
  attentionMask?: Tensor;
  /** Step t sees keys 0 … t only; default false. */
  causal?: boolean;
  /** The weights averaged over the heads, instead of those of each; default true. */
  averageWeights?: boolean;
}

/** What attention finds, and where it looked. */
export interface MultiHeadAttentionResult {
  /** [T, B, E], or [B, T, E] with `batchFirst`. */
  readonly output: Tensor;
  /** [B, T, S], or [B, heads, T, S] where they are not averaged; before dropout. */
  readonly weights: Tensor;
}

/**
 * Attention with several heads: head_i = attention(q·Wqᵢ, k·Wkᵢ, v·Wvᵢ), output = [head_1 … head_n]·Woᵀ + b.
 *
 * Parameters are named, shaped and filled as those of PyTorch's `nn.MultiheadAttention`: in_proj_weight [3E, E] in blocks
 * q k v, in_proj_bias [3E], out_proj.weight [E, E], out_proj.bias [E].
 *
 * Masks say with 1 what may be seen and with 0 what may not, which is the reverse of PyTorch's boolean masks here.
 *
 * ```ts
 * const attention = new MultiHeadAttention({ embedSize: 64, heads: 4 });
 * const x = normal([5, 2, 64]); // [T, B, E]
 * const { output, weights } = attention.forward(x); // of x itself
 * output.shape; // [5, 2, 64]
 * weights.shape; // [2, 5, 5]
 * const memory = normal([10, 2, 64]);
 * attention.forward(x, memory, memory, { keyPaddingMask: lengthMask([10, 7], 10) }).weights.shape; // [2, 5, 10]
 * ```
 *
 * Keeps 3 arrays of x's size and B·heads·T·S weights for the way back.
 * Source: Vaswani et al. 2017, "Attention is all you need".
 */
export class MultiHeadAttention extends Module {
  readonly embedSize: number;
  readonly heads: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  /** [3E, E], blocks q k v */
  readonly inProjWeight: Parameter;
  /** [3E] */
  readonly inProjBias: Parameter | null;
  readonly #output: Linear;

  /** @throws {OptionError} when an option is unknown or out of range, or heads do not divide embedSize. */
  constructor(options: MultiHeadAttentionOptions) {
    super();
    requireKnown("MultiHeadAttention", options, ["embedSize", "heads", "dropout", "bias", "batchFirst"]);
    const size = requireCount("MultiHeadAttention embedSize", options.embedSize);
    this.embedSize = size;
    this.heads = requireCount("MultiHeadAttention heads", options.heads);
    if (size % this.heads !== 0) {
      throw new OptionError(`MultiHeadAttention heads: expected a divisor of ${size}, got ${this.heads}`);
    }
    this.dropout = options.dropout ?? 0;
    requireProbability("MultiHeadAttention dropout", this.dropout);
    this.batchFirst = options.batchFirst ?? false;
    const bias = options.bias ?? true;
    this.inProjWeight = this.register("in_proj_weight", new Parameter([3 * size, size]));
    fillUniform(this.inProjWeight, Math.sqrt(6 / (4 * size)));
    this.inProjBias = bias ? this.register("in_proj_bias", new Parameter([3 * size])) : null;
    this.#output = new Linear({ inputSize: size, outputSize: size, bias });
    if (this.#output.bias) fillConstant(this.#output.bias, 0);
  }

  override *children(): Generator<[string, Module]> {
    yield ["out_proj", this.#output];
    yield* super.children();
  }

  /**
   * @param query [T, B, E], or [B, T, E] with `batchFirst`; @param key [S, B, E], `query` when omitted;
   * @param value [S, B, E], `key` when omitted.
   * @throws {ShapeError} when shapes do not fit; {OptionError} when a mask holds anything but 0 and 1 or leaves a row,
   *   which is named, nothing to see, or an option is unknown.
   */
  override forward(
    query: Tensor,
    key: Tensor = query,
    value: Tensor = key,
    inputs: MultiHeadAttentionInputs = {},
  ): MultiHeadAttentionResult {
    requireKnown("MultiHeadAttention forward", inputs, ["keyPaddingMask", "attentionMask", "causal", "averageWeights"]);
    const { causal = false, averageWeights = true } = inputs;
    const [steps, batch] = this.#sizes("query", query);
    const [positions, batchOfKeys] = this.#sizes("key", key);
    if (batchOfKeys !== batch || positions === 0 || !sameShape(key.shape, value.shape)) {
      const got = [query, key, value].map((t) => formatShape(t.shape)).join(", ");
      throw new ShapeError(`MultiHeadAttention: expected query, key and value of one batch, got ${got}`);
    }
    const mask = this.#mask(inputs, [batch, this.heads, steps, positions]);
    const [q, k, v] = this.#project(query, key, value);
    const dropout = this.training ? this.dropout : 0;
    const found = scaledDotProductAttention(q, k, v, { causal, dropout, ...(mask ? { mask } : {}) });
    const joined = permute(found.output, this.batchFirst ? [0, 2, 1, 3] : [2, 0, 1, 3]);
    const output = this.#output.forward(reshape(joined, query.shape));
    return { output, weights: averageWeights ? mean(found.weights, 1) : found.weights };
  }

  /** Time and batch. */
  #sizes(name: string, x: Tensor): [number, number] {
    requireFloat32(`MultiHeadAttention ${name}`, x);
    requireShape(`MultiHeadAttention ${name}`, x.shape, [
      ...(this.batchFirst ? ["B", "T"] : ["T", "B"]),
      this.embedSize,
    ]);
    const [first, second] = x.shape as [number, number];
    return this.batchFirst ? [second, first] : [first, second];
  }

  /** Queries, keys and values of each head, [B, heads, T, D]. */
  #project(query: Tensor, key: Tensor, value: Tensor): [Tensor, Tensor, Tensor] {
    const size = this.embedSize;
    const [weight, bias] = [this.inProjWeight, this.inProjBias];
    let parts: Tensor[];
    if (query === key && key === value) {
      const all = linear(query, weight, bias);
      parts = [0, 1, 2].map((block) => slice(all, 2, block * size, (block + 1) * size));
    } else {
      parts = [query, key, value].map((x, block) => {
        const [from, to] = [block * size, (block + 1) * size];
        return linear(x, slice(weight, 0, from, to), bias && slice(bias, 0, from, to));
      });
    }
    return parts.map((x) => {
      const apart = reshape(x, [...x.shape.slice(0, 2), this.heads, size / this.heads]);
      return permute(apart, this.batchFirst ? [0, 2, 1, 3] : [1, 2, 0, 3]);
    }) as [Tensor, Tensor, Tensor];
  }

  /** Both masks as one; each is checked by itself first, so that the one at fault is named. */
  #mask({ keyPaddingMask, attentionMask, causal = false }: MultiHeadAttentionInputs, shape: number[]): Tensor | null {
    const [batch, , , positions] = shape as [number, number, number, number];
    const masks: Tensor[] = [];
    if (attentionMask) {
      seenOf("MultiHeadAttention attentionMask", attentionMask, shape, causal);
      masks.push(attentionMask);
    }
    if (keyPaddingMask) {
      requireShape("MultiHeadAttention keyPaddingMask", keyPaddingMask.shape, [batch, positions]);
      seenOf("MultiHeadAttention keyPaddingMask", keyPaddingMask, [batch, positions], false);
      masks.push(reshape(keyPaddingMask, [batch, 1, 1, positions]));
    }
    const [first, second] = masks;
    if (!first) return null;
    return second ? withGradients(false, () => mul(first, second)) : first;
  }
}
