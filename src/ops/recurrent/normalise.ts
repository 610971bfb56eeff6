/** Layer normalisation of the products of a recurrent layer: assembly/recurrent/normalise.ts over all rows. */
import { writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What a product is normalised with. */
export interface Norm {
  /** γ [G] */
  readonly gain: Tensor;
  /** Parts of a row that are normalised each for itself; all of them are the row. */
  readonly blocks: readonly number[];
}

/** Rows that have been normalised, as the way back needs them. */
export class NormalisedRows {
  readonly #norm: Norm;
  readonly #rows: number;
  readonly #width: number;
  readonly #normal: number;
  readonly #scales: number;

  /** Normalises `rows` rows at an address where they lie: x := x̂⊙γ + bias (an address, or 0). */
  constructor(x: number, bias: number, rows: number, norm: Norm) {
    const e = engine();
    this.#norm = norm;
    this.#rows = rows;
    this.#width = norm.gain.size;
    this.#normal = e.allocate(rows * this.#width);
    this.#scales = e.allocate(rows * norm.blocks.length);
    this.#eachBlock((at, scales, width) => {
      const from = x + at;
      const gain = norm.gain.address + at;
      const shift = bias && bias + at;
      e.kernels.normaliseRows(from, gain, shift, from, this.#normal + at, scales, rows, width, this.#width);
    });
  }

  #eachBlock(work: (at: number, scales: number, width: number) => void): void {
    let at = 0;
    this.#norm.blocks.forEach((width, i) => {
      work(at, this.#scales + i * this.#rows * 4, width);
      at += width * 4;
    });
  }

  /** Sends the gradient of γ, and turns d from the gradient behind the normalisation into that before it. */
  backward(d: number): void {
    const { kernels } = engine();
    const { gain } = this.#norm;
    writeGradient(gain, (to) => kernels.gainGradient(d, this.#normal, to, this.#rows, this.#width));
    this.#eachBlock((at, scales, width) => {
      const [from, normal] = [d + at, this.#normal + at];
      kernels.normaliseRowsBackward(from, gain.address + at, normal, scales, from, this.#rows, width, this.#width);
    });
  }
}
