import { accumulateGradient, gradientOf, record } from "../autograd/graph.ts";
import { companion } from "../runtime/companion.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import { formatShape, requireFloat32, requireShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type Pair, pairOf } from "./convolution.ts";
import { reshape } from "./layout.ts";

export interface MaxPoolOptions<Size> {
  kernelSize: Size;
  /** Default kernelSize. */
  stride?: Size;
  /** Numbers that do not count on all sides, at most half the kernel; default 0. */
  padding?: Size;
}

export interface AvgPoolOptions<Size> extends MaxPoolOptions<Size> {
  /** Padding counts as zeros in the average; default true. */
  countIncludePad?: boolean;
}

const names = ["kernelSize", "stride", "padding"];

/**
 * The largest number of each window: [B, C, L] → [B, C, L'], L' = ⌊(L + 2·padding − kernelSize)/stride⌋ + 1.
 *
 * ```ts
 * maxPool1d(tensor([[[1, 3, 2, 5]]]), { kernelSize: 2 }); // [[[3, 5]]]
 * ```
 *
 * @throws {ShapeError} when x is of another shape or shorter than the kernel; {OptionError} when an option is unknown or
 *   out of range. Keeps the place of each result.
 */
export function maxPool1d(x: Tensor, options: MaxPoolOptions<number>): Tensor {
  requireKnown("maxPool1d", options, names);
  return flat("maxPool1d", x, options, (lifted, windows) => maxPool(lifted, windows));
}

/**
 * The largest number of each window: [B, C, H, W] → [B, C, H', W'], as `maxPool1d`.
 *
 * ```ts
 * maxPool2d(tensor([[[[1, 3], [2, 5]]]]), { kernelSize: [1, 2] }); // [[[[3], [5]]]]
 * ```
 */
export function maxPool2d(x: Tensor, options: MaxPoolOptions<Pair>): Tensor {
  requireKnown("maxPool2d", options, names);
  requireShape("maxPool2d x", x.shape, ["B", "C", "H", "W"]);
  return maxPool(x, windowsOf("maxPool2d", x, pairs("maxPool2d", options)));
}

/**
 * The average of each window: [B, C, L] → [B, C, L'], shapes and errors as for `maxPool1d`.
 *
 * ```ts
 * const x = tensor([[[2, 4, 9]]]);
 * avgPool1d(x, { kernelSize: 3, stride: 2, padding: 1 }); // [[[2, 13 / 3]]]
 * avgPool1d(x, { kernelSize: 3, stride: 2, padding: 1, countIncludePad: false }); // [[[3, 6.5]]]
 * avgPool2d(ones([1, 1, 4, 6]), { kernelSize: [2, 3] }); // [[[[1, 1], [1, 1]]]]
 * ```
 */
export function avgPool1d(x: Tensor, options: AvgPoolOptions<number>): Tensor {
  requireKnown("avgPool1d", options, [...names, "countIncludePad"]);
  const seenOnly = !(options.countIncludePad ?? true);
  return flat("avgPool1d", x, options, (lifted, windows) => averagePool(lifted, windows, seenOnly));
}

/** The average of each window: [B, C, H, W] → [B, C, H', W'], shapes and errors as for `maxPool1d`. */
export function avgPool2d(x: Tensor, options: AvgPoolOptions<Pair>): Tensor {
  requireKnown("avgPool2d", options, [...names, "countIncludePad"]);
  requireShape("avgPool2d x", x.shape, ["B", "C", "H", "W"]);
  return averagePool(x, windowsOf("avgPool2d", x, pairs("avgPool2d", options)), !(options.countIncludePad ?? true));
}

interface Sizes {
  readonly kernel: [number, number];
  readonly stride: [number, number];
  readonly padding: [number, number];
}

interface Windows extends Sizes {
  readonly planes: number;
  readonly input: [number, number];
  readonly output: [number, number];
}

function pairs(what: string, { kernelSize, stride = kernelSize, padding = 0 }: MaxPoolOptions<Pair>): Sizes {
  return {
    kernel: pairOf(`${what} kernelSize`, kernelSize),
    stride: pairOf(`${what} stride`, stride),
    padding: pairOf(`${what} padding`, padding, 0),
  };
}

/** Pools [B, C, L] as [B, C, 1, L]. */
function flat(
  what: string,
  x: Tensor,
  options: MaxPoolOptions<number>,
  pool: (lifted: Tensor, windows: Windows) => Tensor,
): Tensor {
  requireShape(`${what} x`, x.shape, ["B", "C", "L"]);
  const { kernel, stride, padding } = pairs(what, options);
  const lifted = reshape(x, x.shape.toSpliced(2, 0, 1));
  const sizes: Sizes = { kernel: [1, kernel[1]], stride: [1, stride[1]], padding: [0, padding[1]] };
  const y = pool(lifted, windowsOf(what, lifted, sizes));
  return reshape(y, y.shape.toSpliced(2, 1));
}

function windowsOf(what: string, x: Tensor, { kernel, stride, padding }: Sizes): Windows {
  requireFloat32(`${what} x`, x);
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const output = [height, width].map((length, axis) => {
    const [size, step, zeros] = [kernel, stride, padding].map((pair) => pair[axis]) as [number, number, number];
    if (2 * zeros > size) {
      throw new OptionError(`${what} padding: expected at most half of kernelSize ${size}, got ${zeros}`);
    }
    const count = Math.floor((length + 2 * zeros - size) / step) + 1;
    if (count < 1) {
      throw new ShapeError(
        `${what} x: expected no fewer numbers than the kernel's ${size}, got ${formatShape(x.shape)}`,
      );
    }
    return count;
  }) as [number, number];
  return { kernel, stride, padding, planes: batch * channels, input: [height, width], output };
}

function maxPool(x: Tensor, { planes, input, kernel, stride, padding, output }: Windows): Tensor {
  const y = Tensor.inStep([...x.shape.slice(0, 2), ...output]);
  const places = Tensor.inStep([y.size], "int32");
  companion().maxPool(
    x.address,
    y.address,
    places.address,
    planes,
    ...input,
    ...kernel,
    ...stride,
    ...padding,
    ...output,
  );
  record([x], [y], () => {
    accumulateGradient(x, (dx) => {
      companion().maxPoolBackward(
        gradientOf(y),
        places.address,
        dx,
        planes,
        input[0] * input[1],
        output[0] * output[1],
      );
    });
  });
  return y;
}

function averagePool(x: Tensor, windows: Windows, seenOnly: boolean): Tensor {
  const { planes, input, kernel, stride, padding, output } = windows;
  const y = Tensor.inStep([...x.shape.slice(0, 2), ...output]);
  const run = (at: number, to: number, back: boolean): void =>
    companion().averagePool(at, to, planes, ...input, ...kernel, ...stride, ...padding, ...output, seenOnly, back);
  run(x.address, y.address, false);
  record([x], [y], () => accumulateGradient(x, (dx) => run(dx, gradientOf(y), true)));
  return y;
}
