/** Dropout whose mask is shared: over time, over a channel, over every use of a word. */
import { dropout, requireProbability } from "../ops/dropout.ts";
import { mul } from "../ops/elementwise.ts";
import { embedding } from "../ops/embedding.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import { type Generator, generator, passGenerator } from "../runtime/random.ts";
import type { StreamStage } from "../stream/stage.ts";
import { full } from "../tensor/create.ts";
import { formatShape, requireFloat32, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Embedding } from "./embedding.ts";
import { Module } from "./module.ts";

/** A mask of this shape, drawn from the seeded generator or as given: 0 with the probability, and else 1/(1 − p). */
function mask(shape: Shape, probability: number, from: Pick<Generator, "draw"> = generator): Tensor {
  return dropout(full(shape, 1), probability, true, from);
}

export interface LockedDropoutOptions {
  /** Default 0.5. */
  probability?: number;
  /** Sequences are [B, T, I] instead of [T, B, I]; default false. */
  batchFirst?: boolean;
}

/**
 * Variational dropout: while training, one mask [B, I] for all time steps of a sequence, y[t] = x[t] ⊙ m/(1 − p);
 * otherwise nothing.
 *
 * ```ts
 * const drop = new LockedDropout({ probability: 0.3 });
 * drop.forward(ones([5, 2, 8])).shape; // [5, 2, 8]
 * drop.eval().forward(ones([1, 1, 2])); // [[[1, 1]]]
 * ```
 *
 * Keeps the mask, B·I numbers; inside `Checkpointed` it is one mask for all segments. The same seed gives the same masks on every host.
 * Source: Gal & Ghahramani 2016, "A theoretically grounded application of dropout in recurrent neural networks".
 */
export class LockedDropout extends Module {
  readonly probability: number;
  readonly batchFirst: boolean;

  /** @throws {OptionError} when `probability` is outside 0 … 1, or an option is unknown. */
  constructor(options: LockedDropoutOptions = {}) {
    super();
    requireKnown("LockedDropout", options, ["probability", "batchFirst"]);
    this.probability = options.probability ?? 0.5;
    requireProbability("LockedDropout", this.probability);
    this.batchFirst = options.batchFirst ?? false;
  }

  /** [T, B, I] (or [B, T, I]) → the same. @throws {ShapeError} when x is not of three axes of float32. */
  override forward(x: Tensor): Tensor {
    requireFloat32("LockedDropout x", x);
    if (x.shape.length !== 3) {
      const wanted = this.batchFirst ? "[B, T, I]" : "[T, B, I]";
      throw new ShapeError(`LockedDropout x: expected ${wanted}, got ${formatShape(x.shape)}`);
    }
    if (!this.training || this.probability === 0) return x;
    return mul(x, mask(x.shape.with(this.batchFirst ? 1 : 0, 1), this.probability, passGenerator));
  }

  /** A stream is inference: nothing is dropped. */
  override stages(): StreamStage[] {
    return [];
  }
}

/**
 * Dropout of whole channels: while training, each of the B·C channels of [B, C, L] is zero with a probability, and else
 * scaled by 1/(1 − p); otherwise nothing. [C, L] is taken as one example.
 *
 * ```ts
 * new Dropout1d({ probability: 0.2 }).forward(ones([2, 8, 5])).shape; // [2, 8, 5]
 * ```
 *
 * Source: Tompson et al. 2015, "Efficient object localization using convolutional networks".
 */
export class Dropout1d extends Module {
  readonly probability: number;

  /** @throws {OptionError} when `probability` (default 0.5) is outside 0 … 1, or an option is unknown. */
  constructor(options: { probability?: number } = {}) {
    super();
    requireKnown("Dropout1d", options, ["probability"]);
    this.probability = options.probability ?? 0.5;
    requireProbability("Dropout1d", this.probability);
  }

  /** [B, C, L] or [C, L] → the same. @throws {ShapeError} when x is of another shape. */
  override forward(x: Tensor): Tensor {
    requireFloat32("Dropout1d x", x);
    const rank = x.shape.length;
    if (rank !== 2 && rank !== 3) {
      throw new ShapeError(`Dropout1d x: expected [B, C, L] or [C, L], got ${formatShape(x.shape)}`);
    }
    if (!this.training || this.probability === 0) return x;
    return mul(x, mask(x.shape.with(rank - 1, 1), this.probability));
  }
}

/**
 * Dropout of whole words: while training, each row of an embedding's table is zero with a probability for the length of
 * a forward pass, wherever the word occurs, and else scaled by 1/(1 − p); otherwise the embedding as it is.
 *
 * ```ts
 * const embed = new EmbeddingDropout({ embedding: new Embedding({ count: 1000, size: 64 }), probability: 0.1 });
 * embed.forward(tensor(Int32Array.of(7, 42), [2, 1])).shape; // [2, 1, 64]
 * ```
 *
 * Keeps a number a word and a number a token. The embedding is the field `embedding`, its parameter `embedding.weight`.
 * Source: Gal & Ghahramani 2016; Merity, Keskar & Socher 2017, "Regularizing and optimizing LSTM language models".
 */
export class EmbeddingDropout extends Module {
  readonly embedding: Embedding;
  readonly probability: number;

  /** @throws {OptionError} when `embedding` is none, `probability` (default 0.1) is outside 0 … 1, or an option is unknown. */
  constructor(options: { embedding: Embedding; probability?: number }) {
    super();
    requireKnown("EmbeddingDropout", options, ["embedding", "probability"]);
    if (!(options.embedding instanceof Embedding)) {
      throw new OptionError(`EmbeddingDropout embedding: expected an Embedding, got ${typeof options.embedding}`);
    }
    this.embedding = options.embedding;
    this.probability = options.probability ?? 0.1;
    requireProbability("EmbeddingDropout", this.probability);
  }

  /** int32 [...] → [..., size]. @throws {OptionError} when a token is outside the table. */
  override forward(tokens: Tensor): Tensor {
    const rows = this.embedding.forward(tokens);
    if (!this.training || this.probability === 0) return rows;
    const kept = mask([this.embedding.weight.shape[0] as number, 1], this.probability, passGenerator);
    return mul(rows, embedding(kept, tokens));
  }

  /** A stream is inference: nothing is dropped. */
  override stages(): StreamStage[] {
    return this.embedding.stages();
  }
}
