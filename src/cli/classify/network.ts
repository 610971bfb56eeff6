import {
  activations,
  Conv1d,
  concat,
  Dropout,
  div,
  GRU,
  LayerNorm,
  type Lengths,
  Linear,
  lengthMask,
  Module,
  mul,
  permute,
  reshape,
  slice,
  sum,
  Tensor,
  tensor,
  transpose,
} from "../../index.ts";

/** The sizes of a network. */
export interface Architecture {
  /** Numbers in a time step of the input. */
  readonly channels: number;
  readonly classes: number;
  /** Channels of both convolutions, and units of each direction of the recurrent layer. */
  readonly hidden: number;
  /** Every how many steps each convolution gives one. */
  readonly strides: readonly [number, number];
  readonly dropout: number;
}

/** Steps that the first and the second convolution see at once. */
const KERNELS = [9, 5] as const;

/** Dropped of what goes into a layer; `dropout` is of what goes into the head. */
const INNER_DROPOUT = 0.1;

/** Strides that leave some hundred steps of the mean sequence to the recurrent layer, and short ones as they are. */
export function stridesFor(meanSteps: number): [number, number] {
  if (meanSteps < 32) return [1, 1];
  if (meanSteps < 80) return [2, 1];
  return [Math.min(8, 2 ** Math.max(1, Math.round(Math.log2(meanSteps / 160)))), 2];
}

/**
 * Sequences to classes: two convolutions over time, each with layer norm over its channels and relu, then a GRU in both
 * directions, whose mean over time and last states go through dropout into a linear layer. The convolutions see shapes of
 * a few steps and make sequences shorter; without them a GRU alone learns such shapes late or never.
 */
export class SequenceClassifier extends Module {
  readonly convolution1: Conv1d;
  readonly norm1: LayerNorm;
  readonly convolution2: Conv1d;
  readonly norm2: LayerNorm;
  readonly gru: GRU;
  readonly head: Linear;
  readonly innerDropout = new Dropout({ probability: INNER_DROPOUT });
  readonly outerDropout: Dropout;
  readonly #architecture: Architecture;

  constructor(architecture: Architecture) {
    super();
    const { channels, classes, hidden, strides } = architecture;
    const convolution = (inputChannels: number, layer: 0 | 1): Conv1d => {
      const kernelSize = KERNELS[layer];
      return new Conv1d({
        inputChannels,
        outputChannels: hidden,
        kernelSize,
        padding: (kernelSize - 1) / 2,
        stride: strides[layer],
      });
    };
    this.#architecture = architecture;
    this.outerDropout = new Dropout({ probability: architecture.dropout });
    this.convolution1 = convolution(channels, 0);
    this.norm1 = new LayerNorm({ normalizedShape: hidden });
    this.convolution2 = convolution(hidden, 1);
    this.norm2 = new LayerNorm({ normalizedShape: hidden });
    this.gru = new GRU({ inputSize: hidden, hiddenSize: hidden, bidirectional: true });
    this.head = new Linear({ inputSize: 4 * hidden, outputSize: classes });
  }

  /** [T, B, channels], of which sequence b has `lengths[b]` steps → [B, classes] logits. */
  override forward(x: Tensor, _state?: unknown, { lengths }: { lengths?: Lengths } = {}): Tensor {
    const [steps, batch] = x.shape as [number, number, number];
    const { hidden, strides } = this.#architecture;
    const given = lengths instanceof Tensor ? lengths.toArray() : (lengths ?? new Int32Array(batch).fill(steps));
    let counts = Int32Array.from(given);
    const layers = [
      { convolution: this.convolution1, norm: this.norm1, stride: strides[0] },
      { convolution: this.convolution2, norm: this.norm2, stride: strides[1] },
    ];
    let y = this.innerDropout.forward(x);
    for (const { convolution, norm, stride } of layers) {
      const seen = permute(convolution.forward(permute(y, [1, 2, 0])), [2, 0, 1]);
      counts = counts.map((count) => Math.ceil(count / stride));
      y = hidePadding(activations.relu(norm.forward(seen)), counts);
    }
    const { output, state } = this.gru.forward(this.innerDropout.forward(y), undefined, { lengths: counts });
    const mean = div(sum(output, 0), tensor(Float32Array.from(counts), [batch, 1]));
    const last = [0, 1].map((direction) => reshape(slice(state, 0, direction, direction + 1), [batch, hidden]));
    return this.head.forward(this.outerDropout.forward(concat([mean, ...last], 1)));
  }
}

/** What is behind a sequence must be 0 for the next convolution, as if there were nothing: [T, B, C], counts [B]. */
function hidePadding(y: Tensor, counts: Int32Array): Tensor {
  const [steps, batch] = y.shape as [number, number, number];
  if (counts.every((count) => count === steps)) return y;
  return mul(y, reshape(transpose(lengthMask(counts, steps), 0, 1), [steps, batch, 1]));
}
