/** The network: what makes numbers of the input, recurrent layers, and a linear head. */
import {
  activation,
  Embedding,
  GRU,
  Linear,
  LSTM,
  type LSTMState,
  linear,
  Module,
  noGrad,
  RNN,
  slice,
  type Tensor,
  tensor,
} from "unrolled";
import type { Settings } from "../settings.ts";

type Layer = RNN | LSTM | GRU;
type State = Tensor | LSTMState;

const layerClasses = { RNN, LSTM, GRU } as const;

/** Blocks of a cell's weights that are gates, in their order. */
const gateNames = { RNN: [], LSTM: ["input", "forget", "", "output"], GRU: ["reset", "update"] } as const;

const EMBEDDING = 32;

export class Network extends Module {
  /** Null where the input is numbers. */
  readonly embedding: Embedding | null;
  readonly layers: readonly Layer[];
  readonly head: Linear;
  readonly #settings: Settings;

  /** @param symbols how many characters there are; 0 for a series. */
  constructor(settings: Settings, symbols: number, outputSize: number) {
    super();
    this.#settings = settings;
    const { cell, hiddenSize, layers } = settings;
    this.embedding = symbols > 0 ? new Embedding({ count: symbols, size: EMBEDDING }) : null;
    this.layers = Array.from({ length: layers }, (_, i) => {
      const inputSize = i > 0 ? hiddenSize : symbols > 0 ? EMBEDDING : 1;
      return new layerClasses[cell]({ inputSize, hiddenSize, activation: activation(settings.activation) });
    });
    this.head = new Linear({ inputSize: hiddenSize, outputSize });
  }

  override forward(input: Tensor): Tensor {
    return this.walk(input).output;
  }

  /** The output for each time step, and the state after the last. */
  walk(input: Tensor, before?: readonly State[]): { output: Tensor; states: State[]; inner: Tensor; fed: Tensor } {
    let fed = this.embedding ? this.embedding.forward(input) : input;
    let inner = fed;
    const states = this.layers.map((layer, i) => {
      fed = inner;
      const { output, state } = layer.forward(fed, before?.[i] as never);
      inner = output;
      return state as State;
    });
    return { output: this.head.forward(inner), states, inner, fed };
  }

  /** The last layer's state for each time step of one sequence, and its gates; [T, H] each. */
  look(input: Tensor): Record<string, Float32Array> {
    return noGrad(() => {
      const { inner, fed } = this.walk(input);
      const { cell, hiddenSize } = this.#settings;
      const [steps = 0] = inner.shape;
      const h = Float32Array.from(inner.toArray());
      const before = new Float32Array(h.length);
      before.set(h.subarray(0, h.length - hiddenSize), hiddenSize);
      const { weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 } = Object.fromEntries(
        (this.layers.at(-1) as Layer).namedParameters(),
      );
      const fromInput = linear(fed, weight_ih_l0 as Tensor, bias_ih_l0);
      const fromState = linear(tensor(before, [steps, 1, hiddenSize]), weight_hh_l0 as Tensor, bias_hh_l0);
      const views: Record<string, Float32Array> = { state: h };
      gateNames[cell].forEach((name, block) => {
        if (name === "") return;
        const from = block * hiddenSize;
        const parts = [fromInput, fromState].map((part) => slice(part, 2, from, from + hiddenSize).toArray());
        const [a, b] = parts as [Float32Array, Float32Array];
        views[name] = a.map((value, i) => 1 / (1 + Math.exp(-value - (b[i] as number))));
      });
      return views;
    });
  }
}
