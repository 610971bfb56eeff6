/** Results written into arrays of the caller's: maps of arrays, and `toArray`. */

import { expect, test } from "vitest";
import { activations, add, noGrad, OptionError, ShapeError, tensor } from "../../src/index.ts";

const lengths = [0, 1, 3, 4096, 4097, 10_007];

function numbers(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i * 0.37) * 5);
}

test.each(lengths)("a map of %i numbers fills the array it is given, and gives it back", (length) => {
  const x = numbers(length);
  for (const map of [activations.tanh, activations.tanh.derivative, activations.gelu.derivative]) {
    const into = new Float32Array(length).fill(7);
    expect(map(x, { into })).toBe(into);
    expect(into).toEqual(map(x));
  }
  expect(x).toEqual(numbers(length));
});

test("other options go with it", () => {
  const x = numbers(9);
  const into = new Float32Array(9);
  expect(activations.leakyRelu(x, { into, negativeSlope: 0.3 })).toBe(into);
  expect(into).toEqual(activations.leakyRelu(x, { negativeSlope: 0.3 }));
});

test.each(lengths)("%i numbers in place", (length) => {
  const x = numbers(length);
  const expected = activations.sigmoid(x);
  expect(activations.sigmoid(x, { into: x })).toBe(x);
  expect(x).toEqual(expected);
});

test("an array that overlaps x, in either direction", () => {
  for (const [from, to] of [
    [0, 5],
    [5, 0],
    [0, 4096],
    [4100, 0],
  ]) {
    const length = 9001;
    const memory = numbers(length + 4100);
    const x = memory.subarray(from, from + length);
    const expected = activations.tanh(x);
    expect(activations.tanh(x, { into: memory.subarray(to, to + length) })).toEqual(expected);
  }
});

test("an array that does not fit is refused, and stays as it was", () => {
  const x = numbers(4);
  const short = new Float32Array(3).fill(7);
  expect(() => activations.tanh(x, { into: short })).toThrow(ShapeError);
  expect(() => activations.tanh(x, { into: short })).toThrow(
    "tanh into: expected a Float32Array of 4 numbers, got one of 3",
  );
  expect(() => activations.tanh.derivative(x, { into: [0, 0, 0, 0] as never })).toThrow(
    "tanh.derivative into: expected a Float32Array of 4 numbers, got object",
  );
  expect(() => activations.tanh(tensor(x), { into: new Float32Array(4) } as never)).toThrow(OptionError);
  expect(short).toEqual(new Float32Array(3).fill(7));
});

test("toArray fills the array it is given: of tensors from data and of results", () => {
  const x = tensor(numbers(6), [2, 3]);
  const into = new Float32Array(6);
  expect(x.toArray(into)).toBe(into);
  expect(into).toEqual(numbers(6));
  noGrad(() => {
    const y = add(x, 1);
    expect(y.toArray(into)).toBe(into);
    expect(into).toEqual(y.toArray());
  });
  const tokens = new Int32Array(2);
  expect(tensor(Int32Array.of(4, 5)).toArray(tokens)).toEqual(Int32Array.of(4, 5));
});

test("toArray refuses an array of another length or type", () => {
  const x = tensor(numbers(6), [2, 3]);
  expect(() => x.toArray(new Float32Array(5))).toThrow(ShapeError);
  expect(() => x.toArray(new Float32Array(5))).toThrow(
    "toArray into: expected a Float32Array of 6 numbers, got a Float32Array of 5",
  );
  expect(() => x.toArray(new Int32Array(6))).toThrow("expected a Float32Array of 6 numbers, got a Int32Array of 6");
  expect(() => x.toArray([] as never)).toThrow("got object");
});

test("null is no object of options", () => {
  expect(() => activations.tanh(numbers(3), null as never)).toThrow("tanh: expected an object of options, got null");
  expect(() => activations.gelu.derivative(numbers(3), null as never)).toThrow(OptionError);
});
