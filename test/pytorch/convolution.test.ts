/** Convolutions and pools against torch.nn.functional, with every gradient. */

import { describe, expect, test } from "vitest";
import {
  AvgPool1d,
  AvgPool2d,
  Conv1d,
  Conv2d,
  conv1d,
  conv2d,
  GlobalAvgPool,
  MaxPool1d,
  MaxPool2d,
  maxPool1d,
  OptionError,
  ones,
  ShapeError,
} from "../../src/index.ts";
import { testRefusals } from "../behaviour/refusals.ts";
import { expectFixture, loadWeights, runBoth, toTensor } from "./engine.ts";
import { readFixtures } from "./fixtures.ts";

interface Options {
  axes: 1 | 2;
  kind?: "max" | "avg" | "global";
  options: { groups?: number; kernelSize: never };
}

function moduleOf({ axes, kind, options }: Options, weight: number[]) {
  if (kind === "global") return new GlobalAvgPool();
  if (kind === "max") return axes === 1 ? new MaxPool1d(options) : new MaxPool2d(options);
  if (kind === "avg") return axes === 1 ? new AvgPool1d(options) : new AvgPool2d(options);
  const [outputChannels, perGroup, ...kernel] = weight;
  const given = { ...options, outputChannels, inputChannels: perGroup * (options.groups ?? 1) };
  if (axes === 1) return new Conv1d({ ...given, kernelSize: kernel[0] });
  return new Conv2d({ ...given, kernelSize: kernel as [number, number] });
}

describe("convolutions and pools = torch", () => {
  for (const fixture of readFixtures<Options>("convolution")) {
    test(fixture.name, () => {
      const weight = fixture.has("weights.weight") ? fixture.tensor("weights.weight").shape : [];
      const module = moduleOf(fixture.options, weight);
      loadWeights(module, fixture.under(""));
      const x = toTensor(fixture.tensor("x"), true);
      const outputs = new Map([["output", module.forward(x)]]);
      expectFixture("convolution", fixture, runBoth(fixture.under(""), new Map([["x", x]]), outputs, module));
    });
  }
});

test("a causal convolution does not see what comes after", () => {
  const conv = new Conv1d({ inputChannels: 1, outputChannels: 1, kernelSize: 3, padding: "causal" });
  const x = Float32Array.of(1, 2, 3, 4, 5);
  const y = conv.forward(toTensor({ shape: [1, 1, 5], data: x })).toArray();
  const z = conv.forward(toTensor({ shape: [1, 1, 5], data: x.with(3, 9) })).toArray();
  expect(z.subarray(0, 3)).toEqual(y.subarray(0, 3));
  expect(z[3]).not.toBe(y[3]);
});

describe("refused", () => {
  const [x, w] = [ones([2, 3, 5]), ones([4, 3, 2])];
  testRefusals([
    ["other channels", () => conv1d(x, ones([4, 2, 2])), ShapeError, /conv1d: .*got 3 channels and a weight of 4 × 2/],
    ["two axes", () => conv1d(ones([3, 5]), w), ShapeError, /conv1d x: expected \[B, C, L\], got \[3, 5\]/],
    ["a long kernel", () => conv1d(x, ones([4, 3, 6])), ShapeError, /conv1d: expected a kernel no longer than x/],
    [
      "same with a stride",
      () => conv1d(x, w, { padding: "same", stride: 2 }),
      OptionError,
      /stride: expected 1 where padding is "same"/,
    ],
    ["negative padding", () => conv1d(x, w, { padding: -1 }), OptionError, /conv1d padding: .*got -1/],
    [
      "a stride of 0",
      () => conv2d(ones([1, 1, 3, 3]), ones([1, 1, 1, 1]), { stride: [1, 0] }),
      OptionError,
      /conv2d stride: .*got \[1,0\]/,
    ],
    [
      "a bias of another size",
      () => conv1d(x, w, { bias: ones([3]) }),
      ShapeError,
      /conv1d bias: expected \[4\], got \[3\]/,
    ],
    [
      "groups that do not divide",
      () => new Conv1d({ inputChannels: 3, outputChannels: 4, kernelSize: 1, groups: 2 }),
      OptionError,
      /Conv1d groups: .*got 2/,
    ],
    [
      "an unknown option",
      () => new Conv2d({ inputChannels: 1, outputChannels: 1, kernelSize: 1, pad: 1 } as never),
      OptionError,
      /Conv2d: .*"pad"/,
    ],
    ["a pool longer than x", () => maxPool1d(x, { kernelSize: 6 }), ShapeError, /maxPool1d x: .*the kernel's 6/],
    [
      "more padding than half",
      () => maxPool1d(x, { kernelSize: 3, padding: 2 }),
      OptionError,
      /maxPool1d padding: expected at most half/,
    ],
    ["a global pool of nothing", () => new GlobalAvgPool().forward(ones([2, 3])), ShapeError, /GlobalAvgPool x/],
  ]);
});
