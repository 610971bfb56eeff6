import { type Conv1dOptions, type Conv2dOptions, conv1d, conv2d, type Pair, pairOf } from "../../ops/convolution.ts";
import { OptionError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { Parameter } from "../../tensor/parameter.ts";
import { type Shape, sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fillUniform } from "../fill.ts";
import { Module } from "../module.ts";

interface Channels<Size> {
  /** C */
  inputChannels: number;
  /** O */
  outputChannels: number;
  kernelSize: Size;
  /** Default true. */
  bias?: boolean;
}

export type Conv1dModuleOptions = Channels<number> & Omit<Conv1dOptions, "bias">;
export type Conv2dModuleOptions = Channels<Pair> & Omit<Conv2dOptions, "bias">;

const names = ["inputChannels", "outputChannels", "kernelSize", "bias", "stride", "padding", "dilation", "groups"];

/** Weight [O, C/groups, ...kernel] and bias [O], uniform in ±1/√(C/groups·|kernel|), as PyTorch fills them. */
function parameters(
  what: string,
  options: Channels<unknown> & { groups?: number },
  kernel: Shape,
): [Parameter, Parameter | null] {
  const inputs = requireCount(`${what} inputChannels`, options.inputChannels);
  const outputs = requireCount(`${what} outputChannels`, options.outputChannels);
  const groups = requireCount(`${what} groups`, options.groups ?? 1);
  if (inputs % groups !== 0 || outputs % groups !== 0) {
    throw new OptionError(`${what} groups: expected a divisor of ${inputs} and ${outputs}, got ${groups}`);
  }
  const bound = 1 / Math.sqrt((inputs / groups) * sizeOf(kernel));
  const weight = new Parameter([outputs, inputs / groups, ...kernel]);
  fillUniform(weight, bound);
  const bias = (options.bias ?? true) ? new Parameter([outputs]) : null;
  if (bias) fillUniform(bias, bound);
  return [weight, bias];
}

/**
 * Convolution along one axis: y[b, o, t] = bias[o] + Σ_{c, k} weight[o, c, k]·x[b, c, t·stride + k·dilation − padding].
 * Parameters have PyTorch's names and shapes. For sequences [T, B, C], permute to [B, C, T] first.
 *
 * ```ts
 * const conv = new Conv1d({ inputChannels: 3, outputChannels: 8, kernelSize: 5, padding: "causal" });
 * conv.forward(normal([2, 3, 20])).shape; // [2, 8, 20]
 * ```
 */
export class Conv1d extends Module {
  /** [O, C/groups, K] */
  readonly weight: Parameter;
  /** [O] */
  readonly bias: Parameter | null;
  readonly #options: Omit<Conv1dOptions, "bias">;

  /** @throws {OptionError} when an option is unknown or out of range, or groups divide no channels. */
  constructor(options: Conv1dModuleOptions) {
    super();
    requireKnown("Conv1d", options, names);
    const { inputChannels: _, outputChannels: __, kernelSize, bias: ___, ...rest } = options;
    this.#options = rest;
    [this.weight, this.bias] = parameters("Conv1d", options, [requireCount("Conv1d kernelSize", kernelSize)]);
  }

  /** [B, C, L] → [B, O, L']. @throws as `conv1d`. */
  override forward(x: Tensor): Tensor {
    return conv1d(x, this.weight, { ...this.#options, bias: this.bias });
  }
}

/**
 * Convolution over two axes; parameters have PyTorch's names and shapes.
 *
 * ```ts
 * const conv = new Conv2d({ inputChannels: 1, outputChannels: 4, kernelSize: 3, padding: "same" });
 * conv.forward(normal([2, 1, 7, 9])).shape; // [2, 4, 7, 9]
 * ```
 */
export class Conv2d extends Module {
  /** [O, C/groups, KH, KW] */
  readonly weight: Parameter;
  /** [O] */
  readonly bias: Parameter | null;
  readonly #options: Omit<Conv2dOptions, "bias">;

  /** @throws {OptionError} when an option is unknown or out of range, or groups divide no channels. */
  constructor(options: Conv2dModuleOptions) {
    super();
    requireKnown("Conv2d", options, names);
    const { inputChannels: _, outputChannels: __, kernelSize, bias: ___, ...rest } = options;
    this.#options = rest;
    [this.weight, this.bias] = parameters("Conv2d", options, pairOf("Conv2d kernelSize", kernelSize));
  }

  /** [B, C, H, W] → [B, O, H', W']. @throws as `conv2d`. */
  override forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, { ...this.#options, bias: this.bias });
  }
}
