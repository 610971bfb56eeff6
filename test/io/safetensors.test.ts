import { expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors, Linear, tensor } from "../../src/index.ts";

const tensors = {
  "a.weight": tensor([
    [1, -2.5],
    [3e-42, Number.MAX_VALUE],
  ]),
  tokens: tensor(Int32Array.of(7, -1, 2 ** 31 - 1)),
  nothing: tensor(new Float32Array(0), [0, 3]),
  single: tensor(4),
};

test("names, shapes, types, bits and texts come back", () => {
  const { tensors: read, metadata } = decodeSafetensors(encodeSafetensors(tensors, { cell: "lstm" }));
  expect(metadata).toEqual({ cell: "lstm" });
  expect(Object.keys(read)).toEqual(Object.keys(tensors));
  for (const [name, written] of Object.entries(tensors)) {
    expect(read[name]?.shape).toEqual(written.shape);
    expect(read[name]?.toArray()).toEqual(written.toArray());
  }
});

test("the file is laid out as the format says", () => {
  const bytes = encodeSafetensors({ x: tensor([1, 2]) });
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  expect((8 + length) % 8).toBe(0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  expect(header).toEqual({ x: { dtype: "F32", shape: [2], data_offsets: [0, 8] } });
  expect([...new Float32Array(bytes.buffer.slice(8 + length))]).toEqual([1, 2]);
});

test("a view into a larger buffer reads as well as an array of its own", () => {
  const model = new Linear({ inputSize: 3, outputSize: 2 });
  const saved = model.save();
  const before = model.weight.toArray();
  const larger = new Uint8Array(saved.length + 11);
  larger.set(saved, 5);
  model.weight.set(new Float32Array(6));
  // A Node Buffer's slice() is a view, unlike an array's.
  model.load(Buffer.from(larger.buffer, 5, saved.length));
  expect(model.weight.toArray()).toEqual(before);
});
