/** Inputs and states that do not fit a layer are refused at the door, by name. */
import {
  Embedding,
  GRU,
  GRUCell,
  LastStep,
  Linear,
  LSTM,
  LSTMCell,
  OptionError,
  ones,
  RNN,
  RNNCell,
  Sequential,
  ShapeError,
  type Tensor,
  tensor,
} from "unrolled";
import { describe, expect, test } from "vitest";
import { testRefusals } from "./refusals.ts";

const sizes = { inputSize: 3, hiddenSize: 4 };
const integers = (...shape: number[]): Tensor => tensor(new Int32Array(shape.reduce((a, b) => a * b, 1)), shape);
const classes = (...values: number[]): Tensor => tensor(Int32Array.from(values));
const x = ones([5, 2, 3]);
const state = ones([1, 2, 4]);

describe("layers", () => {
  const rnn = new RNN(sizes);
  const lstm = new LSTM(sizes);
  const gru = new GRU(sizes);
  const first = new LSTM({ ...sizes, batchFirst: true });
  const both = new GRU({ ...sizes, layers: 2, bidirectional: true });
  const line = new Linear({ inputSize: 3, outputSize: 2 });
  const table = new Embedding({ count: 5, size: 2 });
  testRefusals([
    [
      "RNN x of another size",
      () => rnn.forward(ones([5, 2, 4])),
      ShapeError,
      /RNN x: expected \[T, B, 3\], got \[5, 2, 4\]/,
    ],
    [
      "LSTM x of another size",
      () => lstm.forward(ones([5, 2, 4])),
      ShapeError,
      /LSTM x: expected \[T, B, 3\], got \[5, 2, 4\]/,
    ],
    [
      "GRU x of another size",
      () => gru.forward(ones([5, 2, 4])),
      ShapeError,
      /GRU x: expected \[T, B, 3\], got \[5, 2, 4\]/,
    ],
    [
      "LSTM x without a batch",
      () => lstm.forward(ones([5, 3])),
      ShapeError,
      /LSTM x: expected \[T, B, I\], got \[5, 3\]/,
    ],
    ["LSTM x with four axes", () => lstm.forward(ones([1, 5, 2, 3])), ShapeError, /LSTM x: .*got \[1, 5, 2, 3\]/],
    [
      "batchFirst x without a batch",
      () => first.forward(ones([5, 3])),
      ShapeError,
      /LSTM x: expected \[B, T, I\], got \[5, 3\]/,
    ],
    ["no time steps", () => gru.forward(ones([0, 2, 3])), ShapeError, /GRU x: .*at least one time step.*\[0, 2, 3\]/],
    ["no sequences", () => gru.forward(ones([5, 0, 3])), ShapeError, /GRU x: .*one sequence.*\[5, 0, 3\]/],
    ["RNN of integers", () => rnn.forward(integers(5, 2, 3)), ShapeError, /RNN x: expected float32.*int32/],
    ["LSTM of integers", () => lstm.forward(integers(5, 2, 3)), ShapeError, /LSTM x: expected float32.*int32/],
    ["GRU of integers", () => gru.forward(integers(5, 2, 3)), ShapeError, /GRU x: expected float32.*int32/],
    [
      "RNN state of another batch",
      () => rnn.forward(x, ones([1, 3, 4])),
      ShapeError,
      /RNN state: expected \[1, 2, 4\], got \[1, 3, 4\]/,
    ],
    [
      "GRU state of another layer",
      () => gru.forward(x, ones([1, 2, 5])),
      ShapeError,
      /GRU state: expected \[1, 2, 4\], got \[1, 2, 5\]/,
    ],
    [
      "GRU state of fewer layers",
      () => both.forward(x, state),
      ShapeError,
      /GRU state: expected \[4, 2, 4\], got \[1, 2, 4\]/,
    ],
    [
      "GRU state without layers",
      () => gru.forward(x, ones([2, 4])),
      ShapeError,
      /GRU state: expected \[1, 2, 4\], got \[2, 4\]/,
    ],
    [
      "LSTM h of another batch",
      () => lstm.forward(x, { h: ones([1, 3, 4]), c: state }),
      ShapeError,
      /LSTM state: .*\[1, 3, 4\]/,
    ],
    [
      "LSTM c of another layer",
      () => lstm.forward(x, { h: state, c: ones([1, 2, 5]) }),
      ShapeError,
      /LSTM state: .*\[1, 2, 5\]/,
    ],
    ["LSTM given a GRU's state", () => lstm.forward(x, state as never), ShapeError, /LSTM state: expected/],
    [
      "GRU given an LSTM's state",
      () => gru.forward(x, { h: state, c: state } as never),
      ShapeError,
      /GRU state: expected/,
    ],
    [
      "RNN state of integers",
      () => rnn.forward(x, integers(1, 2, 4)),
      ShapeError,
      /RNN (state|h0): expected float32.*int32/,
    ],
    [
      "LSTM state of integers",
      () => lstm.forward(x, { h: state, c: integers(1, 2, 4) }),
      ShapeError,
      /LSTM (state|c0): expected float32.*int32/,
    ],
    [
      "RNNCell x of another size",
      () => new RNNCell(sizes).forward(ones([2, 4])),
      ShapeError,
      /RNNCell x: expected \[B, 3\], got \[2, 4\]/,
    ],
    [
      "LSTMCell x with time",
      () => new LSTMCell(sizes).forward(x),
      ShapeError,
      /LSTMCell x: expected \[B, 3\], got \[5, 2, 3\]/,
    ],
    [
      "GRUCell h of another batch",
      () => new GRUCell(sizes).forward(ones([2, 3]), ones([3, 4])),
      ShapeError,
      /GRU h0: expected \[2, 4\], got \[3, 4\]/,
    ],
    [
      "LSTMCell state without c",
      () => new LSTMCell(sizes).forward(ones([2, 3]), ones([2, 4]) as never),
      ShapeError,
      /LSTMCell state: expected \{ h, c \}/,
    ],
    [
      "LSTMCell c of another size",
      () => new LSTMCell(sizes).forward(ones([2, 3]), { h: ones([2, 4]), c: ones([2, 3]) }),
      ShapeError,
      /LSTM c0: expected \[2, 4\], got \[2, 3\]/,
    ],
    [
      "Linear x of another size",
      () => line.forward(ones([2, 4])),
      ShapeError,
      /linear x: expected \[..., 3\], got \[2, 4\]/,
    ],
    ["Linear of a single number", () => line.forward(tensor(1)), ShapeError, /linear x: expected \[..., 3\], got \[\]/],
    ["Linear of integers", () => line.forward(integers(2, 3)), ShapeError, /linear x: expected float32.*int32/],
    [
      "Embedding of float32",
      () => table.forward(ones([2])),
      ShapeError,
      /embedding tokens: expected int32 indices, got float32/,
    ],
    [
      "Embedding token too large",
      () => table.forward(classes(0, 5)),
      OptionError,
      /embedding tokens: expected indices from 0 to 4, got 5 at position 1/,
    ],
    ["Embedding token below 0", () => table.forward(classes(-1)), OptionError, /from 0 to 4, got -1 at position 0/],
    [
      "LastStep of a matrix",
      () => new LastStep().forward(ones([2, 3])),
      ShapeError,
      /LastStep x: expected a sequence.*\[2, 3\]/,
    ],
    ["LastStep of no steps", () => new LastStep().forward(ones([0, 2, 3])), ShapeError, /LastStep x: .*\[0, 2, 3\]/],
    [
      "Sequential whose links do not meet",
      () => new Sequential(new LSTM(sizes), line).forward(x),
      ShapeError,
      /linear x: expected \[..., 3\], got \[5, 2, 4\]/,
    ],
  ]);

  test("a refused call leaves the layer as it was", () => {
    const before = lstm.forward(x).output.toArray();
    expect(() => lstm.forward(ones([5, 2, 4]))).toThrow(ShapeError);
    expect(() => lstm.forward(x, { h: ones([1, 3, 4]), c: state })).toThrow(ShapeError);
    expect(lstm.forward(x).output.toArray()).toEqual(before);
  });
});
