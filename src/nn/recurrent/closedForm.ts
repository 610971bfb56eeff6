import type { Activation } from "../../ops/activation/activation.ts";
import { type ActivationName, activationOf } from "../../ops/activation/builtIn.ts";
import { activations } from "../../ops/activation/maps.ts";
import { add, mul, sub } from "../../ops/elementwise.ts";
import { concat, reshape, transpose } from "../../ops/layout.ts";
import { chunk, cutAt } from "../../ops/pieces.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { requireFloat32, requireShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Linear } from "../linear.ts";
import type { RecurrentResult } from "./layer.ts";
import { type Cell, Recurrence } from "./recurrence.ts";
import { SequenceLayer, type SequenceLayerOptions, type SequencePass } from "./sequence.ts";
import type { Walk, Walked } from "./stretches.ts";

export interface ClosedFormOptions extends SequenceLayerOptions {
  /** Width of the backbone that reads x and h; default hiddenSize. */
  backboneSize?: number;
  /** Layers of the backbone; default 1. */
  backboneLayers?: number;
  /** Activation of the backbone; default "tanh". */
  activation?: ActivationName | Activation;
}

/** Options of one pass. */
export interface ClosedFormPass extends SequencePass {
  /**
   * The time since the sample before, of each sample: [T, B], or [B, T] with `batchFirst`. Default: 1 everywhere. Every
   * layer and direction takes with a sample what is given for it.
   */
  elapsed?: Tensor;
}

/**
 * Closed-form continuous-time network, for samples at irregular times:
 * h_t = σ(−s) ⊙ tanh(G·z) + σ(s) ⊙ tanh(H·z), s = (A·z + a)·Δ_t + B·z + b, where z is what the backbone makes of x_t and
 * h_{t-1}, and Δ_t the time that has passed (G, H, A and B with biases).
 *
 * ```ts
 * const layer = new ClosedFormContinuous({ inputSize: 3, hiddenSize: 32 });
 * const elapsed = uniform([5, 2], { low: 0.1, high: 2 }); // since the sample before
 * layer.forward(normal([5, 2, 3]), undefined, { elapsed }).output.shape; // [5, 2, 32]
 * ```
 *
 * Parameters: input.weight [U, I] and input.bias [U], recurrent.weight [U, H], backbone.n.weight [U, U] and .bias for
 * further layers, heads.weight [4H, U] and heads.bias in blocks G H A B; they start as those of `Linear`.
 * In a stream the time between samples is 1. Recorded operation by operation, so a step keeps about 2U + 16H numbers a sequence.
 * Source: Hasani, Lechner, Amini et al. 2022, "Closed-form continuous-time neural networks", arXiv:2106.13898.
 */
export class ClosedFormContinuous extends SequenceLayer {
  readonly activation: Activation;
  readonly input: Linear;
  readonly recurrent: Linear;
  readonly backbone: readonly Linear[];
  readonly heads: Linear;

  /** @throws {OptionError} when an option is unknown or out of range, or there is no such activation. */
  constructor(options: ClosedFormOptions) {
    super("ClosedFormContinuous", options, ["backboneSize", "backboneLayers", "activation"]);
    const { inputSize, hiddenSize } = this;
    const size = requireCount("ClosedFormContinuous backboneSize", options.backboneSize ?? hiddenSize);
    const layers = requireCount("ClosedFormContinuous backboneLayers", options.backboneLayers ?? 1);
    this.activation = this.registerActivation("activation", activationOf(options.activation ?? "tanh"));
    this.input = new Linear({ inputSize, outputSize: size });
    this.recurrent = new Linear({ inputSize: hiddenSize, outputSize: size, bias: false });
    this.backbone = Array.from({ length: layers - 1 }, () => new Linear({ inputSize: size, outputSize: size }));
    this.heads = new Linear({ inputSize: size, outputSize: 4 * hiddenSize });
    this.addLayers((further) => new ClosedFormContinuous({ ...options, ...further }));
  }

  /**
   * Runs a batch of sequences.
   * @param x [T, B, I], or [B, T, I] with `batchFirst`.
   * @param state h [B, H], or [layers·directions, B, H]; zeros when omitted.
   * @returns output [T, B, H·directions] (or [B, T, H·directions]) and the last h, like the first.
   * @throws {ShapeError} when a shape does not fit; {OptionError} when an option is unknown, or a length is out of range.
   */
  override forward(x: Tensor, state?: Tensor, pass: ClosedFormPass = {}): RecurrentResult<Tensor> {
    requireKnown("ClosedFormContinuous forward", pass, ["elapsed", "lengths"]);
    const at = this.timeMajor(x);
    const [steps, batch] = at.shape as [number, number];
    const elapsed = pass.elapsed ? this.#elapsed(pass.elapsed, steps, batch) : null;
    return this.runAll(at, state, pass.lengths, elapsed);
  }

  /** What x gives the backbone, and beside it the time that has passed, where it is given. */
  protected override drives(x: Tensor, elapsed: Tensor | null): readonly Tensor[] {
    const drive = this.input.forward(x);
    return [elapsed ? concat([drive, elapsed], 2) : drive];
  }

  protected override walk({ drives, state, reverse }: Walk): Walked {
    const [all] = drives as [Tensor];
    const size = this.recurrent.weight.shape[0] as number;
    const timed = (all.shape[2] as number) > size;
    const step = (given: Tensor, h: Tensor) => {
      const [own, delta] = timed ? (cutAt(given, [size, 1], 1) as [Tensor, Tensor]) : [given, null];
      const next = this.#step(own, h, delta);
      return { output: next, state: next };
    };
    const cell: Cell<Tensor> = { stateSizes: this.hiddenSize, step };
    const result = new Recurrence(cell, { reverse }).forward(all, state?.[0]);
    return { output: result.output, state: [result.state] };
  }

  /** One step: what x gives the backbone, the last state and the time [B, 1] since (null: 1). */
  #step(drive: Tensor, h: Tensor, delta: Tensor | null): Tensor {
    let z = this.activation.apply(add(drive, this.recurrent.forward(h)));
    for (const layer of this.backbone) z = this.activation.apply(layer.forward(z));
    const [early, late, rate, offset] = chunk(this.heads.forward(z), 4, 1) as [Tensor, Tensor, Tensor, Tensor];
    const gate = activations.sigmoid(add(delta ? mul(rate, delta) : rate, offset));
    const from = activations.tanh(early);
    return add(from, mul(gate, sub(activations.tanh(late), from)));
  }

  /** [T, B, 1] */
  #elapsed(elapsed: Tensor, steps: number, batch: number): Tensor {
    const what = "ClosedFormContinuous elapsed";
    requireFloat32(what, elapsed);
    requireShape(what, elapsed.shape, this.batchFirst ? [batch, steps] : [steps, batch]);
    return reshape(this.batchFirst ? transpose(elapsed, 0, 1) : elapsed, [steps, batch, 1]);
  }
}
