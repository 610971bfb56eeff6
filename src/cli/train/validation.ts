import type { Dataset, Trainer } from "../../index.ts";

/** How well a model predicts characters it has not learned from. */
export interface Measurement {
  /** Mean cross-entropy, natural logarithm. */
  readonly nats: number;
  /** The same in bits. */
  readonly bitsPerCharacter: number;
  /** How many characters it was asked to predict. */
  readonly characters: number;
  /** Over all of the held-out part, or over windows taken from it at even distances. */
  readonly over: "all" | "subset";
}

/** Windows in the even subset. */
const SUBSET = 256;

/** The held-out part of a text: windows side by side, each read from a state of zeros. */
export class HeldOut {
  readonly #all: Dataset;
  readonly #subset: Dataset;
  readonly #window: number;
  readonly #batch: number;

  constructor(all: Dataset, { window, batch }: { readonly window: number; readonly batch: number }) {
    this.#all = all;
    this.#subset = evenSubset(all, SUBSET);
    this.#window = window;
    this.#batch = batch;
  }

  /** Characters to predict in all of it. */
  get characters(): number {
    return this.#all.length * this.#window;
  }

  /** Looks at the even subset: always the same windows, soon done. */
  measureSubset(trainer: Trainer): Promise<Measurement> {
    return this.#measure(trainer, this.#subset);
  }

  /** Looks at everything, or, when the signal comes, at the subset. */
  async measureAll(trainer: Trainer, signal: AbortSignal): Promise<Measurement> {
    try {
      return await this.#measure(trainer, this.#all, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      return this.measureSubset(trainer);
    }
  }

  async #measure(trainer: Trainer, data: Dataset, signal?: AbortSignal): Promise<Measurement> {
    const { loss, count } = await trainer.evaluate(data, { batchSize: this.#batch, signal });
    const over = count === this.#all.length ? "all" : "subset";
    return { nats: loss, bitsPerCharacter: loss / Math.LN2, characters: count * this.#window, over };
  }
}

/** At most `count` examples at even distances. */
function evenSubset(data: Dataset, count: number): Dataset {
  if (data.length <= count) return data;
  const chosen = Int32Array.from({ length: count }, (_, i) => Math.floor((i * data.length) / count));
  return { length: count, batch: (indices) => data.batch(indices.map((i) => chosen[i] as number)) };
}
