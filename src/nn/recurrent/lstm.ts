import type { Activation } from "../../ops/activation/activation.ts";
import { type ActivationName, activationOf } from "../../ops/activation/builtIn.ts";
import { requireProbability } from "../../ops/dropout.ts";
import { sumOfBiasesInto } from "../../ops/recurrent/inputProduct.ts";
import { lstmSequence } from "../../ops/recurrent/lstm.ts";
import { lstmVariantSequence } from "../../ops/recurrent/lstmVariant.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import type { WeightFormat } from "../../stream/format.ts";
import type { StreamStage } from "../../stream/stage.ts";
import { Parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fillUniform } from "../fill.ts";
import { gateActivation } from "./gateActivation.ts";
import { type Direction, type LayerPass, type PassResult, RecurrentLayer, type RecurrentOptions } from "./layer.ts";
import { RecurrentStage } from "./stage.ts";

export interface LSTMOptions extends RecurrentOptions {
  /** Let the gates see the cell (Gers 2002); default false. Adds weight_peephole_l0 [3H], blocks i f o. */
  peepholes?: boolean;
  /**
   * h = W_hr·(o⊙tanh(c)) of this size (Sak, Senior & Beaufays 2014; PyTorch's proj_size); default: none. Adds weight_hr_l0
   * [projectionSize, H]; weight_hh_l0 is [4H, projectionSize] then.
   */
  projectionSize?: number;
  /** The forget gate is 1 − i (Greff et al. 2017): weights have blocks i g o, peepholes i o; default false. */
  coupledGates?: boolean;
  /** Of the candidate g and of the cell, default "tanh". */
  activation?: ActivationName | Activation;
  /** Of the gates, default "sigmoid". One that leaves 0 … 1 is taken with a warning. */
  gateActivation?: ActivationName | Activation;
  /**
   * Normalise x·W_ihᵀ, h·W_hhᵀ and c (Ba, Kiros & Hinton 2016); default false. Adds weight_norm_ih_l0 and
   * weight_norm_hh_l0 [4H], weight_norm_c_l0 and bias_norm_c_l0 [H], gains of 1 and a bias of 0 at first.
   */
  layerNorm?: boolean;
  /** Probabilities that a number of h and of c stays what it was (Krueger et al. 2017), or one for both; default 0. */
  zoneout?: number | { readonly hidden?: number; readonly cell?: number };
}

const ownOptions = [
  "peepholes",
  "projectionSize",
  "coupledGates",
  "activation",
  "gateActivation",
  "zoneout",
  "layerNorm",
];

/** @throws {OptionError} unless both are probabilities. */
function zoneoutOf(given: NonNullable<LSTMOptions["zoneout"]>): { hidden: number; cell: number } {
  if (typeof given === "object") requireKnown("LSTM zoneout", given, ["hidden", "cell"]);
  const { hidden = 0, cell = 0 } = typeof given === "object" ? given : { hidden: given, cell: given };
  requireProbability("LSTM zoneout hidden", hidden);
  requireProbability("LSTM zoneout cell", cell);
  return { hidden, cell };
}

/** What an LSTM carries from step to step, each [layers·directions, B, H]; h is [layers·directions, B, P] with a projection. */
export interface LSTMState {
  readonly h: Tensor;
  readonly c: Tensor;
}

/**
 * Long short-term memory: c_t = f⊙c_{t-1} + i⊙g, h_t = o⊙tanh(c_t).
 *
 * Parameters are called, ordered and shaped as PyTorch's `nn.LSTM`: weight_ih_l0 [4H, I], weight_hh_l0 [4H, H],
 * bias_ih_l0 [4H], bias_hh_l0 [4H] in blocks i f g o, and so on for each layer, `_reverse` for the second direction;
 * they start uniform in ±1/√H.
 *
 * ```ts
 * const lstm = new LSTM({ inputSize: 64, hiddenSize: 128, layers: 2 });
 * const { output, state } = lstm.forward(normal([5, 3, 64])); // [T, B, I]
 * output.shape; // [5, 3, 128]
 * state.c.shape; // [2, 3, 128]
 * ```
 *
 * Source: Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000.
 */
export class LSTM extends RecurrentLayer<LSTMState> {
  readonly peepholes: boolean;
  readonly projectionSize: number | null;
  readonly coupledGates: boolean;
  readonly activation: Activation;
  readonly gateActivation: Activation;
  readonly layerNorm: boolean;
  readonly zoneout: { readonly hidden: number; readonly cell: number };
  protected override readonly stateKind = "{ h, c }";

  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: LSTMOptions) {
    const { projectionSize, coupledGates = false } = options;
    const outputSize = projectionSize === undefined ? undefined : requireCount("LSTM projectionSize", projectionSize);
    super({ name: "LSTM", gates: coupledGates ? 3 : 4, options: ownOptions, outputSize }, options);
    this.peepholes = options.peepholes ?? false;
    this.projectionSize = outputSize ?? null;
    this.coupledGates = coupledGates;
    this.activation = this.registerActivation("activation", activationOf(options.activation ?? "tanh"));
    this.gateActivation = this.registerActivation(
      "gateActivation",
      gateActivation("LSTM", options.gateActivation ?? "sigmoid"),
    );
    this.layerNorm = options.layerNorm ?? false;
    this.zoneout = zoneoutOf(options.zoneout ?? 0);
    for (const { suffix } of this.directions) this.#addWeights(suffix);
  }

  /** What a direction of a layer has besides the weights that every recurrent layer has. */
  #addWeights(suffix: string): void {
    const { hiddenSize: hidden, projectionSize, coupledGates } = this;
    if (projectionSize) this.#add(`weight_hr_${suffix}`, [projectionSize, hidden]);
    if (this.peepholes) this.#add(`weight_peephole_${suffix}`, [(coupledGates ? 2 : 3) * hidden]);
    if (this.layerNorm) this.#addNorm(suffix, (coupledGates ? 3 : 4) * hidden);
  }

  /** Gains of 1, and a bias of 0. */
  #addNorm(suffix: string, gates: number): void {
    const hidden = this.hiddenSize;
    for (const [name, size] of [
      ["ih", gates],
      ["hh", gates],
      ["c", hidden],
    ] as const) {
      this.register(`weight_norm_${name}_${suffix}`, new Parameter([size])).set(new Float32Array(size).fill(1));
    }
    this.register(`bias_norm_c_${suffix}`, new Parameter([hidden]));
  }

  #add(name: string, shape: number[]): void {
    fillUniform(this.register(name, new Parameter(shape)), 1 / Math.sqrt(this.hiddenSize));
  }

  protected override run({ x, direction, weights, initial, layout }: LayerPass): PassResult {
    const { suffix, reverse } = direction;
    const [h0, c0] = [initial?.[0] ?? null, initial?.[1] ?? null];
    const peepholes = this.registered(`weight_peephole_${suffix}`) ?? null;
    const options = { h0, c0, peepholes, reverse, layout };
    const dropping = this.training && this.recurrentDropout > 0;
    const { output, h, c } =
      this.#isVariant || dropping
        ? lstmVariantSequence(x, weights, {
            ...options,
            projection: this.registered(`weight_hr_${suffix}`) ?? null,
            coupled: this.coupledGates,
            norm: this.#norm(suffix),
            activation: this.activation,
            gateActivation: this.gateActivation,
            recurrentDropout: this.recurrentDropout,
            zoneout: this.zoneout,
            training: this.training,
          })
        : lstmSequence(x, weights, options);
    return { output, states: [h, c] };
  }

  #norm(suffix: string) {
    if (!this.layerNorm) return null;
    const own = (name: string): Parameter => this.registered(`${name}_${suffix}`) as Parameter;
    const [input, recurrent, cell] = ["ih", "hh", "c"].map((name) => own(`weight_norm_${name}`)) as [
      Parameter,
      Parameter,
      Parameter,
    ];
    return { input, recurrent, cell, cellBias: own("bias_norm_c") };
  }

  /** What only the variant of the kernel can do. */
  protected override get variations(): Record<string, boolean> {
    return {
      projectionSize: this.projectionSize !== null,
      coupledGates: this.coupledGates,
      layerNorm: this.layerNorm,
      "activations of its own": this.activation.name !== "tanh" || this.gateActivation.name !== "sigmoid",
      zoneout: this.zoneout.hidden > 0 || this.zoneout.cell > 0,
    };
  }

  get #isVariant(): boolean {
    return Object.values(this.variations).some(Boolean);
  }

  protected override unpack({ h, c }: LSTMState): readonly Tensor[] {
    return [h, c];
  }

  protected override pack(states: readonly Tensor[]): LSTMState {
    return { h: states[0] as Tensor, c: states[1] as Tensor };
  }

  protected override stage(direction: Direction, weights: WeightFormat): StreamStage {
    const peepholes = this.registered(`weight_peephole_${direction.suffix}`)?.address ?? 0;
    return new RecurrentStage(direction, weights, {
      kind: "lstm",
      gates: 4,
      cell: true,
      recurrentGates: 4,
      fields: { peepholes },
      bias: (address) => sumOfBiasesInto(direction.weights, address, 4 * this.hiddenSize),
    });
  }
}
