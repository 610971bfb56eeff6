import { accumulateGradient, gradientOf, record, writeGradient } from "../autograd/graph.ts";
import { inScope } from "../autograd/noGrad.ts";
import { companion } from "../runtime/companion.ts";
import { engine } from "../runtime/engine.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { formatShape, requireFloat32, requireShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { reshape } from "./layout.ts";
import { columns, multiply, rows } from "./matmul.ts";

/** One number for both axes, or [height, width]. */
export type Pair = number | readonly [number, number];

export interface Conv1dOptions {
  bias?: Tensor | null;
  /** Default 1. */
  stride?: number;
  /**
   * Zeros on both sides; "same": as many as keep the length (an odd one on the right), stride 1 only; "causal": on the
   * left only, so that no output sees what comes after it. Default 0.
   */
  padding?: number | "same" | "causal";
  /** Default 1. */
  dilation?: number;
  /** Channels are convolved in groups that do not see each other; default 1. */
  groups?: number;
}

export interface Conv2dOptions {
  bias?: Tensor | null;
  /** Default 1. */
  stride?: Pair;
  /** Zeros on all sides, or "same": as many as keep the size (odd ones below and right), stride 1 only. Default 0. */
  padding?: Pair | "same";
  /** Default 1. */
  dilation?: Pair;
  /** Channels are convolved in groups that do not see each other; default 1. */
  groups?: number;
}

const optionNames = ["bias", "stride", "padding", "dilation", "groups"];

/** Numbers of the matrix of patches that are laid out at a time. */
const PATCHES = 1 << 16;

/** [height, width] of what PyTorch lets be one number. */
export function pairOf(what: string, value: Pair, least = 1): [number, number] {
  const pair = typeof value === "number" ? [value, value] : [...value];
  const fits = pair.length === 2 && pair.every((n) => Number.isSafeInteger(n) && n >= least);
  if (!fits) {
    throw new OptionError(`${what}: expected a whole number ≥ ${least}, or two, got ${JSON.stringify(value)}`);
  }
  return pair as [number, number];
}

/**
 * y[b, o, t] = bias[o] + Σ_{c, k} weight[o, c, k]·x[b, c, t·stride + k·dilation − padding].
 *
 * ```ts
 * const [x, weight] = [tensor([[[1, 2, 3, 4]]]), tensor([[[10, 1]]])];
 * conv1d(x, weight, { padding: "causal" }); // [[[1, 12, 23, 34]]]
 * conv1d(x, weight, { dilation: 2, stride: 2 }); // [[[13]]]
 * ```
 *
 * @param x [B, C, L]; @param weight [O, C/groups, K].
 * @returns [B, O, L'], L' = ⌊(L + padding − dilation·(K − 1) − 1)/stride⌋ + 1 with the padding of both sides.
 * @throws {ShapeError} when shapes do not fit, or the kernel is longer than x with its padding; {OptionError} when an
 *   option is unknown or out of range.
 * Patches are laid out 65536 numbers at a time, so memory does not grow with the input; nothing is kept but x.
 */
export function conv1d(x: Tensor, weight: Tensor, options: Conv1dOptions = {}): Tensor {
  requireKnown("conv1d", options, optionNames);
  requireShape("conv1d x", x.shape, ["B", "C", "L"]);
  requireShape("conv1d weight", weight.shape, ["O", "C/groups", "K"]);
  const [batch, channels, length] = x.shape as [number, number, number];
  const [outputs, perGroup, kernel] = weight.shape as [number, number, number];
  const stride = requireCount("conv1d stride", options.stride ?? 1);
  const dilation = requireCount("conv1d dilation", options.dilation ?? 1);
  const [left, right] = sides("conv1d", options.padding ?? 0, stride, dilation * (kernel - 1));
  const y = convolve(
    "conv1d",
    reshape(x, [batch, channels, 1, length]),
    reshape(weight, [outputs, perGroup, 1, kernel]),
    {
      bias: options.bias ?? null,
      stride: [1, stride],
      dilation: [1, dilation],
      before: [0, left],
      after: [0, right],
      groups: requireCount("conv1d groups", options.groups ?? 1),
    },
  );
  return reshape(y, [batch, outputs, y.shape[3] as number]);
}

/**
 * y[b, o, i, j] = bias[o] + Σ_{c, h, w} weight[o, c, h, w]·x[b, c, i·stride + h·dilation − padding, …].
 *
 * ```ts
 * conv2d(ones([1, 1, 3, 3]), ones([1, 1, 3, 3]), { padding: "same" }); // [[[[4, 6, 4], [6, 9, 6], [4, 6, 4]]]]
 * ```
 *
 * @param x [B, C, H, W]; @param weight [O, C/groups, KH, KW].
 * @returns [B, O, H', W'], each as for `conv1d`.
 * @throws as `conv1d`. Memory as for `conv1d`.
 */
export function conv2d(x: Tensor, weight: Tensor, options: Conv2dOptions = {}): Tensor {
  requireKnown("conv2d", options, optionNames);
  requireShape("conv2d x", x.shape, ["B", "C", "H", "W"]);
  requireShape("conv2d weight", weight.shape, ["O", "C/groups", "KH", "KW"]);
  const [, , kernelHeight, kernelWidth] = weight.shape as [number, number, number, number];
  const stride = pairOf("conv2d stride", options.stride ?? 1);
  const dilation = pairOf("conv2d dilation", options.dilation ?? 1);
  const padding = options.padding ?? 0;
  const given = padding === "same" ? (["same", "same"] as const) : pairOf("conv2d padding", padding, 0);
  const [top, bottom] = sides("conv2d", given[0], stride[0], dilation[0] * (kernelHeight - 1));
  const [left, right] = sides("conv2d", given[1], stride[1], dilation[1] * (kernelWidth - 1));
  const groups = requireCount("conv2d groups", options.groups ?? 1);
  const bias = options.bias ?? null;
  return convolve("conv2d", x, weight, { bias, stride, dilation, before: [top, left], after: [bottom, right], groups });
}

/** Zeros before and behind one axis; `reach` is how far the kernel reaches beyond its first number. */
function sides(what: string, padding: number | "same" | "causal", stride: number, reach: number): [number, number] {
  if (padding === "causal") return [reach, 0];
  if (padding === "same") {
    if (stride !== 1) throw new OptionError(`${what} stride: expected 1 where padding is "same", got ${stride}`);
    return [Math.floor(reach / 2), reach - Math.floor(reach / 2)];
  }
  if (!Number.isSafeInteger(padding) || padding < 0) {
    throw new OptionError(`${what} padding: expected a whole number ≥ 0, "same" or "causal", got ${padding}`);
  }
  return [padding, padding];
}

interface Plan {
  readonly bias: Tensor | null;
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** Zeros above and left. */
  readonly before: readonly [number, number];
  /** Zeros below and right. */
  readonly after: readonly [number, number];
  readonly groups: number;
}

function convolve(what: string, x: Tensor, weight: Tensor, plan: Plan): Tensor {
  const { bias } = plan;
  const [height, width] = outputSize(what, x, weight, plan);
  const [batch, outputs] = [x.shape[0] as number, weight.shape[0] as number];
  const positions = height * width;
  const { kernels } = engine();
  const y = Tensor.inStep([batch, outputs, height, width]);
  const layout = layoutOf(x, weight, plan, width);
  const depth = weight.size / outputs;
  const perOutput = outputs / plan.groups;
  const each = (work: (at: Stretch) => void): void => eachStretch(x, weight, plan.groups, positions, work);
  const [from, filters, to] = [x.address, weight.address, y.address];
  for (let b = 0; bias && b < batch; b++) {
    kernels.expandAxis(bias.address, to + b * outputs * positions * 4, outputs, positions, 1);
  }
  each(({ source, target, ofWeight, patches, first, count }) => {
    companion().gatherPatches(from + source, patches, ...layout, first, count);
    const sizes = { m: perOutput, n: count, k: depth, cRow: positions, accumulate: bias !== null };
    multiply(rows(filters + ofWeight, depth), rows(patches, count), to + target, sizes);
  });
  record(bias ? [x, weight, bias] : [x, weight], [y], () => {
    const dy = gradientOf(y);
    const [read, weighed] = [x.address, weight.address];
    accumulateGradient(weight, (d) =>
      each(({ source, target, ofWeight, patches, first, count }) => {
        companion().gatherPatches(read + source, patches, ...layout, first, count);
        const sizes = { m: perOutput, n: depth, k: count, accumulate: true };
        multiply(rows(dy + target, positions), columns(patches, count), d + ofWeight, sizes);
      }),
    );
    accumulateGradient(x, (d) =>
      each(({ source, target, ofWeight, patches, first, count }) => {
        const sizes = { m: depth, n: count, k: perOutput };
        multiply(columns(weighed + ofWeight, depth), rows(dy + target, positions), patches, sizes);
        companion().scatterPatches(patches, d + source, ...layout, first, count);
      }),
    );
    if (bias) sumOverPositions(bias, dy, batch, positions);
  });
  return y;
}

/** [height, width] of the output. @throws {ShapeError} when something does not fit. */
function outputSize(what: string, x: Tensor, weight: Tensor, plan: Plan): [number, number] {
  const { bias, stride, dilation, before, after, groups } = plan;
  requireFloat32(`${what} x`, x);
  requireFloat32(`${what} weight`, weight);
  const channels = x.shape[1] as number;
  const [outputs, perGroup] = weight.shape as [number, number];
  if (channels !== perGroup * groups || outputs % groups !== 0) {
    const got = `${channels} channels and a weight of ${outputs} × ${perGroup}`;
    throw new ShapeError(`${what}: expected channels and outputs in groups of ${groups}, got ${got}`);
  }
  if (bias) {
    requireFloat32(`${what} bias`, bias);
    requireShape(`${what} bias`, bias.shape, [outputs]);
  }
  return [0, 1].map((axis) => {
    const [length, kernel] = [x.shape[axis + 2] as number, weight.shape[axis + 2] as number];
    const zeros = (before[axis] as number) + (after[axis] as number);
    const rest = length + zeros - (dilation[axis] as number) * (kernel - 1) - 1;
    if (rest < 0 || kernel < 1) {
      const got = `${formatShape(x.shape)} and ${formatShape(weight.shape)}`;
      throw new ShapeError(`${what}: expected a kernel no longer than x with its padding, got ${got}`);
    }
    return Math.floor(rest / (stride[axis] as number)) + 1;
  }) as [number, number];
}

/** What the kernels need to know of how patches lie, in their order. */
function layoutOf(x: Tensor, weight: Tensor, { stride, dilation, before }: Plan, outWidth: number) {
  const [height, width] = x.shape.slice(2) as [number, number];
  const [perGroup, kernelHeight, kernelWidth] = weight.shape.slice(1) as [number, number, number];
  return [perGroup, height, width, kernelHeight, kernelWidth, ...stride, ...dilation, ...before, outWidth] as const;
}

/** Calls `work` for each example, group and stretch of positions, in that order, with room for its patches. */
function eachStretch(x: Tensor, weight: Tensor, groups: number, positions: number, work: (at: Stretch) => void): void {
  const outputs = weight.shape[0] as number;
  const depth = weight.size / outputs;
  const perOutput = outputs / groups;
  const examples = (x.shape[0] as number) * groups;
  const most = Math.min(positions, Math.max(64, Math.floor(PATCHES / depth)));
  inScope(() => {
    const patches = engine().allocate(depth * most);
    for (let i = 0; i < examples; i++) {
      const source = i * (x.size / examples) * 4;
      const ofWeight = (i % groups) * perOutput * depth * 4;
      for (let first = 0; first < positions; first += most) {
        const count = Math.min(most, positions - first);
        const target = (i * perOutput * positions + first) * 4;
        // What a product needs to work in is given back after each.
        inScope(() => work({ source, target, ofWeight, patches, first, count }));
      }
    }
  });
}

/** Sends the bias its gradient, Σ dy over examples and positions. */
function sumOverPositions(bias: Tensor, dy: number, batch: number, positions: number): void {
  const { kernels } = engine();
  writeGradient(bias, (d) => {
    const sums = engine().allocate(batch * bias.size);
    kernels.sumAxis(dy, sums, batch * bias.size, positions, 1);
    kernels.sumAxis(sums, d, 1, batch, bias.size);
  });
}

/** A stretch of output positions of one example and group: offsets in bytes, and where its patches are laid out. */
interface Stretch {
  readonly source: number;
  readonly target: number;
  readonly ofWeight: number;
  readonly patches: number;
  readonly first: number;
  readonly count: number;
}
