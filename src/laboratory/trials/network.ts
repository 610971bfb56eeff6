/** The network that a trial trains: the recurrent layer under trial, and as little round it as can be. */
import { Embedding } from "../../nn/embedding.ts";
import { initialize } from "../../nn/init.ts";
import { Linear } from "../../nn/linear.ts";
import { Module } from "../../nn/module.ts";
import { GRU } from "../../nn/recurrent/gru.ts";
import { LSTM } from "../../nn/recurrent/lstm.ts";
import { RNN } from "../../nn/recurrent/rnn.ts";
import { LastStep } from "../../nn/sequential.ts";
import type { Activation } from "../../ops/activation/activation.ts";
import type { Parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Problem } from "../tasks/task.ts";
import type { CellName } from "../trial.ts";

/** Numbers for each token. */
const EMBEDDING = 16;

/** Shorter memories than this are what gates have anyway. */
const LEAST_MEMORY = 4;

/** What a network is made of. */
export interface NetworkOptions {
  readonly cell: CellName;
  readonly activation: Activation;
  readonly hiddenSize: number;
  readonly problem: Problem;
}

/**
 * [tokens →] the layer → a linear layer. W_hh starts orthogonal, block by block (Saxe et al. 2014), so that no activation
 * is helped or hindered by how far the weights stretch; the gates of LSTM and GRU start with memories of up to the
 * problem's length (chrono, Tallec & Ollivier 2018).
 */
export class TrialNetwork extends Module {
  readonly embed: Embedding | null;
  readonly recurrent: RNN | LSTM | GRU;
  readonly last: LastStep | null;
  readonly head: Linear;

  constructor({ cell, activation, hiddenSize, problem }: NetworkOptions) {
    super();
    const { input, speaks, outputSize, memory } = problem;
    this.embed = "tokens" in input ? new Embedding({ count: input.tokens, size: EMBEDDING }) : null;
    const inputSize = "tokens" in input ? EMBEDDING : input.numbers;
    const Layer = { rnn: RNN, lstm: LSTM, gru: GRU }[cell];
    this.recurrent = new Layer({ inputSize, hiddenSize, activation });
    const weight = new Map(this.recurrent.namedParameters()).get("weight_hh_l0") as Parameter;
    initialize.orthogonal(weight, { blocks: (weight.shape[0] as number) / hiddenSize });
    if (!(this.recurrent instanceof RNN) && memory >= LEAST_MEMORY) initialize.chrono(this.recurrent, memory);
    this.last = speaks === "last" ? new LastStep() : null;
    this.head = new Linear({ inputSize: hiddenSize, outputSize });
  }

  override forward(input: Tensor): Tensor {
    const x = this.embed ? this.embed.forward(input) : input;
    const { output } = this.recurrent.forward(x);
    return this.head.forward(this.last ? this.last.forward(output) : output);
  }

  /** The numbers that the activation's parameters have become; one that has several numbers gives `name.0`, `name.1`, …. */
  learned(): Record<string, number> {
    const prefix = "activation.";
    const found: Record<string, number> = {};
    for (const [name, parameter] of this.recurrent.namedParameters()) {
      if (!name.startsWith(prefix)) continue;
      const values = [...parameter.toArray()];
      values.forEach((value, i) => {
        found[name.slice(prefix.length) + (values.length > 1 ? `.${i}` : "")] = value;
      });
    }
    return found;
  }
}
