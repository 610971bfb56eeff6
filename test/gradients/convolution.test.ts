/** Convolutions and pools of odd sizes: sums written out in float64, and gradients by central differences of them. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  avgPool1d,
  avgPool2d,
  conv1d,
  conv2d,
  GlobalAvgPool,
  maxPool1d,
  maxPool2d,
  type Tensor,
} from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import { draw, expectDifferences, sizeOf, type Values } from "../oracle/differences.ts";
import { randomNumbers } from "../oracle/random.ts";
import { runBoth, toTensor } from "../pytorch/engine.ts";

const SEARCH = { seed: 20240607, numRuns: 40 };

interface Geometry {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** The sizes of a result along the axes that are walked. */
const outputOf = (sizes: readonly number[], { kernel, stride, dilation, before, after }: Geometry): number[] =>
  sizes.map((n, i) => Math.floor((n + before[i]! + after[i]! - dilation[i]! * (kernel[i]! - 1) - 1) / stride[i]!) + 1);

/** Calls `visit` with the number of each place a window reads, −1 for padding, for two axes. */
function eachOfWindow(
  sizes: readonly number[],
  { kernel, stride, dilation, before }: Geometry,
  [row, column]: readonly [number, number],
  visit: (at: number, tap: number) => void,
): void {
  for (let h = 0; h < kernel[0]!; h++) {
    for (let w = 0; w < kernel[1]!; w++) {
      const y = row * stride[0]! + h * dilation[0]! - before[0]!;
      const x = column * stride[1]! + w * dilation[1]! - before[1]!;
      const inside = y >= 0 && y < sizes[0]! && x >= 0 && x < sizes[1]!;
      visit(inside ? y * sizes[1]! + x : -1, h * kernel[1]! + w);
    }
  }
}

/** y[b, o, i, j] = bias[o] + Σ weight[o, c, h, w]·x[b, c, …], of four axes. */
function convolution({ shape, data: x }: Values, weight: Values, bias: Values, groups: number, at: Geometry): Values {
  const [batch, channels, ...sizes] = shape as [number, number, number, number];
  const [outputs, perGroup] = weight.shape as [number, number];
  const out = outputOf(sizes, at);
  const y = new Float64Array(batch * outputs * sizeOf(out));
  const taps = sizeOf(at.kernel);
  let to = 0;
  for (let b = 0; b < batch; b++) {
    for (let o = 0; o < outputs; o++) {
      const group = Math.floor(o / (outputs / groups));
      for (let i = 0; i < out[0]!; i++) {
        for (let j = 0; j < out[1]!; j++) {
          let sum = bias.data[o]!;
          for (let c = 0; c < perGroup; c++) {
            const plane = (b * channels + group * perGroup + c) * sizeOf(sizes);
            eachOfWindow(sizes, at, [i, j], (place, tap) => {
              if (place >= 0) sum += weight.data[(o * perGroup + c) * taps + tap]! * x[plane + place]!;
            });
          }
          y[to++] = sum;
        }
      }
    }
  }
  return { shape: [batch, outputs, ...out], data: y };
}

/** A function of every window of [B, C, H, W], given what it reads that is no padding, and its size. */
function pool({ shape, data: x }: Values, at: Geometry, of: (seen: number[], size: number) => number): Values {
  const [batch, channels, ...sizes] = shape as [number, number, number, number];
  const out = outputOf(sizes, at);
  const y: number[] = [];
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = 0; i < out[0]!; i++) {
      for (let j = 0; j < out[1]!; j++) {
        const seen: number[] = [];
        eachOfWindow(sizes, at, [i, j], (place) => {
          if (place >= 0) seen.push(x[plane * sizeOf(sizes) + place]!);
        });
        y.push(of(seen, sizeOf(at.kernel)));
      }
    }
  }
  return { shape: [batch, channels, ...out], data: Float64Array.from(y) };
}

/** [B, C, L] as [B, C, 1, L], and back. */
const lift = ({ shape, data }: Values): Values => ({ shape: shape.toSpliced(2, 0, 1), data });
const flat = ({ shape, data }: Values): Values => ({ shape: shape.toSpliced(2, 1), data });

const small: fc.Arbitrary<number> = fc.constantFrom(1, 2, 3);
const kernelSize: fc.Arbitrary<number> = fc.constantFrom(1, 2, 3, 5);
const length: fc.Arbitrary<number> = fc.constantFrom(1, 2, 3, 5, 7, 11, 13);
const channels = fc.record({ batch: small, groups: small, inputs: small, outputs: small });

/** Lengthens x until a kernel fits. */
const least = (n: number, kernel: number, dilation: number): number => Math.max(n, dilation * (kernel - 1) + 1);

describe("convolution", () => {
  test("conv1d: stride, dilation, groups, and padding of every kind", () => {
    const options = fc.record({
      length,
      kernel: kernelSize,
      stride: small,
      dilation: small,
      padding: fc.constantFrom<(number | "same" | "causal")[]>(0, 1, 3, "same", "causal"),
      seed: fc.nat(),
    });
    const property = fc.property(channels, options, ({ batch, groups, inputs, outputs }, given) => {
      const { kernel, dilation, padding, seed } = given;
      const stride = padding === "same" ? 1 : given.stride;
      const reach = dilation * (kernel - 1);
      const left = padding === "same" ? Math.floor(reach / 2) : padding === "causal" ? reach : padding;
      const right = padding === "same" ? reach - left : padding === "causal" ? 0 : padding;
      const next = randomNumbers(seed);
      const operands = new Map([
        ["x", draw(next, [batch, groups * inputs, least(given.length, kernel, dilation)])],
        ["weight", draw(next, [groups * outputs, inputs, kernel])],
        ["bias", draw(next, [groups * outputs])],
      ]);
      const at = {
        kernel: [1, kernel],
        stride: [1, stride],
        dilation: [1, dilation],
        before: [0, left],
        after: [0, right],
      };
      expectDifferences(
        `conv1d ${JSON.stringify({ ...given, batch, groups })}`,
        operands,
        (t) => conv1d(t.get("x")!, t.get("weight")!, { bias: t.get("bias")!, stride, dilation, groups, padding }),
        (v) => flat(convolution(lift(v.get("x")!), lift(v.get("weight")!), v.get("bias")!, groups, at)),
        next,
      );
    });
    fc.assert(property, SEARCH);
  });

  test("conv2d: both axes apart", () => {
    const pair = (of: fc.Arbitrary<number>) => fc.tuple(of, of);
    const options = fc.record({
      sizes: pair(fc.constantFrom(1, 2, 3, 5, 7)),
      kernel: pair(small),
      stride: pair(small),
      dilation: pair(fc.constantFrom(1, 2)),
      padding: fc.oneof(fc.constant("same" as const), pair(fc.constantFrom(0, 1, 2))),
      seed: fc.nat(),
    });
    const property = fc.property(channels, options, ({ batch, groups, inputs, outputs }, given) => {
      const { kernel, dilation, padding, seed } = given;
      const stride: [number, number] = padding === "same" ? [1, 1] : given.stride;
      const reach = kernel.map((k, axis) => dilation[axis]! * (k - 1));
      const before = padding === "same" ? reach.map((r) => Math.floor(r / 2)) : padding;
      const after = padding === "same" ? reach.map((r, axis) => r - before[axis]!) : padding;
      const next = randomNumbers(seed);
      const sizes = given.sizes.map((n, axis) => least(n, kernel[axis]!, dilation[axis]!));
      const operands = new Map([
        ["x", draw(next, [batch, groups * inputs, ...sizes])],
        ["weight", draw(next, [groups * outputs, inputs, ...kernel])],
        ["bias", draw(next, [groups * outputs])],
      ]);
      expectDifferences(
        `conv2d ${JSON.stringify({ ...given, batch, groups })}`,
        operands,
        (t) => conv2d(t.get("x")!, t.get("weight")!, { bias: t.get("bias")!, stride, dilation, groups, padding }),
        (v) => {
          const at = { kernel, stride, dilation, before, after };
          return convolution(v.get("x")!, v.get("weight")!, v.get("bias")!, groups, at);
        },
        next,
      );
    });
    fc.assert(property, { ...SEARCH, numRuns: 30 });
  });

  test("an input whose patches are laid out in several stretches, the last of an odd length", () => {
    const next = randomNumbers(5);
    const [x, weight, bias] = [draw(next, [1, 7, 1009]), draw(next, [3, 7, 13]), draw(next, [3])];
    const leaves = new Map(Object.entries({ x, weight, bias }).map(([name, v]) => [name, toTensor(v, true)]));
    const [a, w, b] = leaves.values() as Iterable<Tensor> as [Tensor, Tensor, Tensor];
    const at = { kernel: [1, 13], stride: [1, 1], dilation: [1, 1], before: [0, 6], after: [0, 6] };
    const cotangent = draw(next, [1, 3, 1009]);
    const y = conv1d(a, w, { bias: b, padding: "same" });
    const run = runBoth(new Map([["cotangent.output", cotangent]]), leaves, new Map([["output", y]]));
    const subject = { family: "convolution", case: "stretches" };
    const wanted = flat(convolution(lift(x), lift(weight), bias, 1, at));
    expectClose({ ...subject, tensor: "output" }, run.get("output")!, wanted);
    // By hand: dx and dweight are sums of the same products.
    const [dx, dw] = [new Float64Array(7 * 1009), new Float64Array(3 * 7 * 13)];
    for (let o = 0; o < 3; o++) {
      for (let c = 0; c < 7; c++) {
        for (let t = 0; t < 1009; t++) {
          for (let k = 0; k < 13; k++) {
            const from = t + k - 6;
            if (from < 0 || from >= 1009) continue;
            dx[c * 1009 + from]! += cotangent.data[o * 1009 + t]! * weight.data[(o * 7 + c) * 13 + k]!;
            dw[(o * 7 + c) * 13 + k]! += cotangent.data[o * 1009 + t]! * x.data[c * 1009 + from]!;
          }
        }
      }
    }
    expectClose({ ...subject, tensor: "x" }, run.get("gradient.x")!, { shape: x.shape, data: dx });
    expectClose({ ...subject, tensor: "weight" }, run.get("gradient.weight")!, { shape: weight.shape, data: dw });
  });
});

describe("pools", () => {
  const kinds = {
    max: (seen: number[]) => Math.max(...seen),
    average: (seen: number[], size: number) => seen.reduce((sum, value) => sum + value, 0) / size,
    "average of what is seen": (seen: number[]) => seen.reduce((sum, value) => sum + value, 0) / seen.length,
  };
  const options = fc.record({
    batch: small,
    channels: small,
    sizes: fc.tuple(length, length),
    kernel: fc.tuple(kernelSize, kernelSize),
    stride: fc.tuple(small, small),
    padding: fc.tuple(fc.nat(2), fc.nat(2)),
    seed: fc.nat(),
  });

  test.each(Object.entries(kinds))("%s, one axis and two", (kind, of) => {
    const property = fc.property(options, ({ batch, channels: count, sizes, kernel, stride, padding, seed }) => {
      const pads = padding.map((p, axis) => Math.min(p, Math.floor(kernel[axis]! / 2))) as [number, number];
      const fitting = sizes.map((n, axis) => Math.max(n, kernel[axis]! - 2 * pads[axis]!));
      const next = randomNumbers(seed);
      const ones = [1, 1];
      const two = { kernel, stride, dilation: ones, before: pads, after: pads };
      const given = { kernelSize: kernel, stride, padding: pads };
      const seenOnly = { countIncludePad: false };
      const extra = kind === "average of what is seen" ? seenOnly : {};
      const label = `${kind} ${JSON.stringify({ sizes: fitting, ...given, seed })}`;
      const wide = new Map([["x", draw(next, [batch, count, ...fitting])]]);
      expectDifferences(
        `${label} 2d`,
        wide,
        (t) => (kind === "max" ? maxPool2d(t.get("x")!, given) : avgPool2d(t.get("x")!, { ...given, ...extra })),
        (v) => pool(v.get("x")!, two, of),
        next,
      );
      const one = {
        kernel: [1, kernel[1]],
        stride: [1, stride[1]],
        dilation: ones,
        before: [0, pads[1]],
        after: [0, pads[1]],
      };
      const flatGiven = { kernelSize: kernel[1], stride: stride[1], padding: pads[1] };
      expectDifferences(
        `${label} 1d`,
        new Map([["x", draw(next, [batch, count, fitting[1]!])]]),
        (t) =>
          kind === "max" ? maxPool1d(t.get("x")!, flatGiven) : avgPool1d(t.get("x")!, { ...flatGiven, ...extra }),
        (v) => flat(pool(lift(v.get("x")!), one, of)),
        next,
      );
    });
    fc.assert(property, SEARCH);
  });

  test("the global average is that of one window as large as x", () => {
    const property = fc.property(small, small, length, length, fc.nat(), (batch, count, height, width, seed) => {
      const next = randomNumbers(seed);
      const x = draw(next, [batch, count, height, width]);
      const at = { kernel: [height, width], stride: [1, 1], dilation: [1, 1], before: [0, 0], after: [0, 0] };
      expectDifferences(
        `global ${x.shape}`,
        new Map([["x", x]]),
        (t) => new GlobalAvgPool().forward(t.get("x")!),
        (v) => ({ shape: [batch, count], data: pool(v.get("x")!, at, kinds.average).data }),
        next,
      );
    });
    fc.assert(property, SEARCH);
  });

  test("of equal numbers the first gets the gradient of a maximum", () => {
    const x = toTensor({ shape: [1, 1, 5], data: Float64Array.of(1, 3, 3, 3, 2) }, true);
    runBoth(
      new Map([["cotangent.output", { shape: [1, 1, 2], data: Float64Array.of(5, 7) }]]),
      new Map([["x", x]]),
      new Map([["output", maxPool1d(x, { kernelSize: 3, stride: 2 })]]),
    );
    expect([...x.grad!.toArray()]).toEqual([0, 5, 7, 0, 0]);
  });
});
