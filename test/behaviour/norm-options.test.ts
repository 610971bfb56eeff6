/** What normalisation refuses, and what loading does with buffers. */
import {
  BatchNorm1d,
  LayerNorm,
  layerNorm,
  OptionError,
  ones,
  RMSNorm,
  rmsNorm,
  Sequential,
  ShapeError,
  tensor,
  WeightsError,
  zeros,
} from "unrolled";
import { describe, expect, test } from "vitest";
import { testRefusals } from "./refusals.ts";

describe("normalisation", () => {
  const x = ones([2, 3]);
  const norm = new BatchNorm1d({ channels: 3 });
  const { running_mean: _, ...incomplete } = norm.stateDict();
  testRefusals([
    ["another last axis", () => layerNorm(x, [4]), ShapeError, /layerNorm x: expected \[\.\.\., 4\], got \[2, 3\]/],
    ["no axes", () => rmsNorm(x, []), ShapeError, /rmsNorm x/],
    [
      "a weight of another size",
      () => rmsNorm(x, [3], { weight: ones([2]) }),
      ShapeError,
      /rmsNorm weight: expected \[3\], got \[2\]/,
    ],
    [
      "a bias of another size",
      () => layerNorm(x, [3], { bias: ones([2]) }),
      ShapeError,
      /layerNorm bias: expected \[3\], got \[2\]/,
    ],
    ["integers", () => layerNorm(tensor(Int32Array.of(1)), [1]), ShapeError, /layerNorm x: expected float32/],
    [
      "a negative epsilon",
      () => layerNorm(x, [3], { epsilon: -1 }),
      OptionError,
      /layerNorm epsilon: expected a number ≥ 0, got -1/,
    ],
    ["an unknown option", () => layerNorm(x, [3], { eps: 1 } as never), OptionError, /layerNorm: .*"eps"/],
    ["a size of 0", () => new LayerNorm({ normalizedShape: [0] }), OptionError, /LayerNorm normalizedShape: .*got 0/],
    [
      "no sizes",
      () => new RMSNorm({ normalizedShape: [] }),
      OptionError,
      /RMSNorm normalizedShape: expected at least one/,
    ],
    [
      "RMSNorm with a bias",
      () => new RMSNorm({ normalizedShape: 3, bias: true } as never),
      OptionError,
      /RMSNorm: .*"bias"/,
    ],
    ["no channels", () => new BatchNorm1d({ channels: 0 }), OptionError, /BatchNorm1d channels/],
    [
      "a momentum above 1",
      () => new BatchNorm1d({ channels: 1, momentum: 2 }),
      OptionError,
      /BatchNorm1d momentum: .*got 2/,
    ],
    [
      "other channels",
      () => norm.forward(ones([2, 4])),
      ShapeError,
      /BatchNorm1d x: expected \[B, 3\] or \[B, 3, L\], got \[2, 4\]/,
    ],
    [
      "one number a channel",
      () => norm.forward(ones([1, 3])),
      ShapeError,
      /BatchNorm1d x: expected more than one number a channel/,
    ],
    ["a buffer missing", () => norm.loadStateDict(incomplete), WeightsError, /missing running_mean/],
    [
      "a buffer of another type",
      () => norm.loadStateDict({ ...norm.stateDict(), num_batches_tracked: zeros([]) }),
      WeightsError,
      /num_batches_tracked: expected int32 \[\], got float32 \[\]/,
    ],
    [
      "a buffer of another shape",
      () => norm.loadStateDict({ ...norm.stateDict(), running_var: ones([2]) }),
      WeightsError,
      /running_var: expected float32 \[3\], got float32 \[2\]/,
    ],
    [
      "one sample at a time",
      () => new Sequential(norm).stream(),
      OptionError,
      /stream: BatchNorm1d does not work one sample/,
    ],
  ]);

  test("a refused state changes nothing", () => {
    const before = norm.stateDict();
    expect(() => norm.loadStateDict({ ...before, weight: zeros([3]), running_var: ones([2]) })).toThrow(WeightsError);
    for (const [name, value] of Object.entries(norm.stateDict()))
      expect(value.toArray()).toEqual(before[name].toArray());
  });

  test("whole numbers of eight bytes, as PyTorch counts batches, are read", () => {
    const saved = norm.save();
    const header = new TextDecoder().decode(
      saved.subarray(8, 8 + Number(new DataView(saved.buffer).getBigUint64(0, true))),
    );
    const entries = JSON.parse(header);
    const at = entries.num_batches_tracked.data_offsets[0];
    entries.num_batches_tracked = { dtype: "I64", shape: [], data_offsets: [at, at + 8] };
    const text = new TextEncoder().encode(JSON.stringify(entries));
    const start = 8 + Number(new DataView(saved.buffer).getBigUint64(0, true));
    const long = (count: bigint): Uint8Array => {
      const bytes = new Uint8Array(8 + text.length + at + 8);
      const view = new DataView(bytes.buffer);
      view.setBigUint64(0, BigInt(text.length), true);
      bytes.set(text, 8);
      bytes.set(saved.subarray(start, start + at), 8 + text.length);
      view.setBigInt64(8 + text.length + at, count, true);
      return bytes;
    };
    const fresh = new BatchNorm1d({ channels: 3 });
    fresh.load(long(77n));
    expect(fresh.stateDict().num_batches_tracked.item()).toBe(77);
    expect(() => fresh.load(long(2n ** 40n))).toThrow(WeightsError);
  });
});
