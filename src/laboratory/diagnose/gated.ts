/** The equations of RNN, LSTM and GRU in operations, for what their kernels keep to themselves: the values of the gates. */
import { GRUCell, type LSTMCell, RNNCell } from "../../nn/recurrent/cells.ts";
import { GRU } from "../../nn/recurrent/gru.ts";
import type { Direction, LayerPass, PassResult } from "../../nn/recurrent/layer.ts";
import { LSTM } from "../../nn/recurrent/lstm.ts";
import { RNN } from "../../nn/recurrent/rnn.ts";
import type { Activation } from "../../ops/activation/activation.ts";
import { builtIn } from "../../ops/activation/builtIn.ts";
import { add, mul } from "../../ops/elementwise.ts";
import { concat } from "../../ops/layout.ts";
import { linear } from "../../ops/matmul.ts";
import { layerNorm } from "../../ops/norm.ts";
import { chunk } from "../../ops/pieces.ts";
import type { RecurrentWeights } from "../../ops/recurrent/inputProduct.ts";
import type { Parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What is protected of RNN, LSTM and GRU. */
export interface OpenLayer {
  readonly directions: readonly Direction[];
  run(pass: LayerPass): PassResult;
  registered(name: string): Parameter | undefined;
}

/** A gate, candidate or state at one step, [N, H]. */
export interface GateValues {
  readonly name: string;
  readonly values: Tensor;
  readonly activation: Activation;
}

/** One step's states and what came in: x [N, I], states [N, ·]. */
export interface GateInputs {
  readonly x: Tensor;
  readonly before: readonly Tensor[];
  readonly after: readonly Tensor[];
}

/** A layer in one direction, or a cell, whose equations are known. */
export interface Gated {
  /** Names of the blocks of W_hh, in order. */
  readonly blocks: readonly string[];
  /** [G·H, P] */
  readonly weightHh: Tensor;
  /** W_hr [P, H], where h is projected. */
  readonly projection: Tensor | null;
  /** The values at one step, nothing dropped. */
  values(inputs: GateInputs): GateValues[];
}

/** @param module RNN, LSTM or GRU. */
export function gatedDirection(module: object, { weights, suffix }: Direction): Gated | null {
  const own = (name: string): Parameter | null => (module as OpenLayer).registered(`${name}_${suffix}`) ?? null;
  if (module instanceof RNN) return gatedRnn(weights, module.activation);
  if (module instanceof LSTM) {
    const { activation, gateActivation, coupledGates: coupled } = module;
    return gatedLstm(weights, {
      activation,
      gateActivation,
      coupled,
      peepholes: own("weight_peephole"),
      projection: own("weight_hr"),
      gains: { ih: own("weight_norm_ih"), hh: own("weight_norm_hh"), c: own("weight_norm_c") },
      cellBias: own("bias_norm_c"),
    });
  }
  if (!(module instanceof GRU)) return null;
  const { activation, gateActivation, resetAfter } = module;
  const gains = { ih: own("weight_norm_ih"), hh: own("weight_norm_hh") };
  return gatedGru(weights, { activation, gateActivation, resetAfter, gains });
}

export function gatedCell(cell: RNNCell | LSTMCell | GRUCell): Gated {
  const { weights } = cell as unknown as { weights: RecurrentWeights };
  const [activation, gateActivation] = [builtIn("tanh"), builtIn("sigmoid")];
  if (cell instanceof RNNCell) return gatedRnn(weights, cell.activation);
  if (cell instanceof GRUCell) {
    const { resetAfter } = cell;
    return gatedGru(weights, { activation, gateActivation, resetAfter, gains: { ih: null, hh: null } });
  }
  const gains = { ih: null, hh: null, c: null };
  const none = { coupled: false, peepholes: null, projection: null, gains, cellBias: null };
  return gatedLstm(weights, { activation, gateActivation, ...none });
}

function gatedRnn({ weightIh, weightHh, biasIh, biasHh }: RecurrentWeights, activation: Activation): Gated {
  return {
    blocks: ["h"],
    weightHh,
    projection: null,
    values: ({ x, before: [h] }) => {
      const z = add(linear(x, weightIh, biasIh), linear(h as Tensor, weightHh, biasHh));
      return [{ name: "h", values: activation.apply(z), activation }];
    },
  };
}

interface Gates {
  readonly activation: Activation;
  readonly gateActivation: Activation;
}

interface LstmForm extends Gates {
  readonly coupled: boolean;
  readonly peepholes: Tensor | null;
  readonly projection: Tensor | null;
  readonly gains: { readonly ih: Tensor | null; readonly hh: Tensor | null; readonly c: Tensor | null };
  readonly cellBias: Tensor | null;
}

/** x·Wᵀ, normalised where there is a gain. */
function product(x: Tensor, weight: Tensor, gain: Tensor | null): Tensor {
  const plain = linear(x, weight);
  return gain ? layerNorm(plain, gain.shape, { weight: gain }) : plain;
}

function withBias(z: Tensor, bias: Tensor | null | undefined): Tensor {
  return bias ? add(z, bias) : z;
}

function gatedLstm({ weightIh, weightHh, biasIh, biasHh }: RecurrentWeights, form: LstmForm): Gated {
  const { activation, gateActivation, coupled, peepholes, projection, gains, cellBias } = form;
  const names = coupled ? ["i", "g", "o"] : ["i", "f", "g", "o"];
  const seen = peepholes ? chunk(peepholes, names.length - 1) : [];
  const peepholeOf = new Map(names.filter((name) => name !== "g").map((name, p) => [name, seen[p]]));
  return {
    blocks: names,
    weightHh,
    projection,
    values: ({ x, before: [h, c], after: [, next] }) => {
      const products = add(product(x, weightIh, gains.ih), product(h as Tensor, weightHh, gains.hh));
      const blocks = chunk(withBias(withBias(products, biasIh), biasHh), names.length, -1);
      const found = names.map((name, b): GateValues => {
        const block = blocks[b] as Tensor;
        const peephole = peepholeOf.get(name);
        const cell = (name === "o" ? next : c) as Tensor;
        const z = peephole ? add(block, mul(peephole, cell)) : block;
        const own = name === "g" ? activation : gateActivation;
        return { name, values: own.apply(z), activation: own };
      });
      const cell = next as Tensor;
      const normal = gains.c ? layerNorm(cell, gains.c.shape, { weight: gains.c, bias: cellBias }) : cell;
      return [...found, { name: "c", values: activation.apply(normal), activation }];
    },
  };
}

interface GruForm extends Gates {
  readonly resetAfter: boolean;
  readonly gains: { readonly ih: Tensor | null; readonly hh: Tensor | null };
}

/** x·Wᵀ in its parts r z and n, each normalised by itself where there are gains. */
function gruProducts(x: Tensor, weight: Tensor, gain: Tensor | null): [rz: Tensor, n: Tensor] {
  const [r, z, n] = chunk(linear(x, weight), 3, -1) as [Tensor, Tensor, Tensor];
  const rz = concat([r, z], -1);
  if (!gain) return [rz, n];
  const [gr, gz, gn] = chunk(gain, 3) as [Tensor, Tensor, Tensor];
  const weights = concat([gr, gz], 0);
  return [layerNorm(rz, weights.shape, { weight: weights }), layerNorm(n, gn.shape, { weight: gn })];
}

function gatedGru({ weightIh, weightHh, biasIh, biasHh }: RecurrentWeights, form: GruForm): Gated {
  const { activation, gateActivation, resetAfter, gains } = form;
  const biases = (bias: Tensor | null | undefined): (Tensor | null)[] => {
    if (!bias) return [null, null];
    const [r, z, n] = chunk(bias, 3) as [Tensor, Tensor, Tensor];
    return [concat([r, z], 0), n];
  };
  return {
    blocks: ["r", "z", "n"],
    weightHh,
    projection: null,
    values: ({ x, before: [h] }) => {
      const [inRz, inN] = gruProducts(x, weightIh, gains.ih);
      const [ownRz, ownN] = gruProducts(h as Tensor, weightHh, gains.hh);
      const [[biasRz, biasN], [biasOwnRz, biasOwnN]] = [biases(biasIh), biases(biasHh)];
      const rz = gateActivation.apply(withBias(withBias(add(inRz, ownRz), biasRz), biasOwnRz));
      const [r, z] = chunk(rz, 2, -1) as [Tensor, Tensor];
      const candidateWeight = (): Tensor => chunk(weightHh, 3)[2] as Tensor;
      const recurrent = resetAfter
        ? mul(r, withBias(ownN, biasOwnN))
        : withBias(linear(mul(r, h as Tensor), candidateWeight()), biasOwnN);
      const n = activation.apply(add(withBias(inN, biasN), recurrent));
      return [
        { name: "r", values: r, activation: gateActivation },
        { name: "z", values: z, activation: gateActivation },
        { name: "n", values: n, activation },
      ];
    },
  };
}
