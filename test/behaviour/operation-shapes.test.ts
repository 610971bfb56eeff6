/** Shapes and element types that do not fit an operation are refused at the door, by name. */
import {
  activations,
  add,
  arrayDataset,
  CharacterVocabulary,
  concat,
  crossEntropy,
  DataError,
  div,
  dropout,
  embedding,
  linear,
  logSoftmax,
  matmul,
  mean,
  mseLoss,
  mul,
  nllLoss,
  OptionError,
  ones,
  Parameter,
  permute,
  reshape,
  ShapeError,
  slice,
  softmax,
  stack,
  sub,
  sum,
  type Tensor,
  tensor,
  textWindows,
  transpose,
  zeros,
} from "unrolled";
import { describe, expect, test } from "vitest";
import { testRefusals } from "./refusals.ts";

const integers = (...shape: number[]): Tensor => tensor(new Int32Array(shape.reduce((a, b) => a * b, 1)), shape);
const classes = (...values: number[]): Tensor => tensor(Int32Array.from(values));

describe("operations", () => {
  const a = ones([2, 3]);
  testRefusals([
    ["add that does not broadcast", () => add(a, ones([2])), ShapeError, /add: .*broadcast.*\[2, 3\] and \[2\]/],
    ["sub that does not broadcast", () => sub(a, ones([3, 2])), ShapeError, /sub: .*\[2, 3\] and \[3, 2\]/],
    [
      "mul that does not broadcast",
      () => mul(ones([4, 1, 3]), ones([4, 2, 2])),
      ShapeError,
      /mul: .*\[4, 1, 3\] and \[4, 2, 2\]/,
    ],
    ["div of integers", () => div(integers(2), 2), ShapeError, /div: expected float32.*int32/],
    [
      "matmul of unlike inner axes",
      () => matmul(a, ones([2, 3])),
      ShapeError,
      /matmul: .*inner axes.*\[2, 3\] and \[2, 3\]/,
    ],
    ["matmul of a single number", () => matmul(tensor(2), a), ShapeError, /matmul: .*\[\] and \[2, 3\]/],
    ["matmul of vectors of unlike length", () => matmul(ones([2]), ones([3])), ShapeError, /matmul: /],
    [
      "matmul whose batches do not broadcast",
      () => matmul(ones([2, 3, 4]), ones([3, 4, 5])),
      ShapeError,
      /matmul: .*\[2\] and \[3\]/,
    ],
    ["matmul of integers", () => matmul(integers(2, 3), integers(3, 2)), ShapeError, /matmul: expected float32.*int32/],
    [
      "linear with a weight that is no matrix",
      () => linear(a, ones([3])),
      ShapeError,
      /linear weight: expected \[O, I\], got \[3\]/,
    ],
    [
      "linear with another bias",
      () => linear(a, ones([4, 3]), ones([3])),
      ShapeError,
      /linear bias: expected \[4\], got \[3\]/,
    ],
    [
      "linear with a bias of integers",
      () => linear(ones([2, 3]), ones([4, 3]), integers(4)),
      ShapeError,
      /linear bias: .*int32/,
    ],
    [
      "reshape to another number",
      () => reshape(a, [4]),
      ShapeError,
      /reshape: expected a shape of 6 numbers, got \[4\]/,
    ],
    ["reshape with -1 that does not come out", () => reshape(a, [-1, 4]), ShapeError, /reshape: .*got \[-1, 4\]/],
    ["reshape with -1 twice", () => reshape(a, [-1, -1]), ShapeError, /reshape: .*got \[-1, -1\]/],
    ["reshape to negative axes", () => reshape(a, [-2, -3]), ShapeError, /reshape: .*\[-2, -3\]/],
    ["slice beyond the end", () => slice(a, 1, 0, 4), ShapeError, /slice: .*0 … 3 of axis 1, got 0 … 4/],
    ["slice backwards", () => slice(a, 0, 2, 1), ShapeError, /slice: .*got 2 … 1/],
    ["slice of half a row", () => slice(a, 0, 0.5, 1), ShapeError, /slice: .*0.5/],
    [
      "slice of an axis that is not there",
      () => slice(a, 2, 0, 1),
      ShapeError,
      /slice: expected an axis from -2 to 1, got 2/,
    ],
    ["permute with an axis twice", () => permute(a, [0, 0]), ShapeError, /permute: .*\[0, 0\]/],
    ["permute with an axis missing", () => permute(a, [0]), ShapeError, /permute: .*\[0\]/],
    ["permute with an axis too many", () => permute(a, [0, 1, 1]), ShapeError, /permute: .*\[0, 1, 1\]/],
    [
      "permute with an axis that is not there",
      () => permute(a, [0, 2]),
      ShapeError,
      /permute: expected an axis from -2 to 1, got 2/,
    ],
    ["transpose of an axis that is not there", () => transpose(a, 0, -3), ShapeError, /transpose: .*-3/],
    ["concat of nothing", () => concat([], 0), ShapeError, /concat: expected at least one tensor/],
    [
      "concat of unlike shapes",
      () => concat([a, ones([2, 4])], 0),
      ShapeError,
      /concat: .*axis 0.*\[2, 3\] and \[2, 4\]/,
    ],
    ["concat of unlike ranks", () => concat([a, ones([3])], 0), ShapeError, /concat: .*\[2, 3\] and \[3\]/],
    [
      "concat of unlike types",
      () => concat([a, integers(2, 3)], 0),
      ShapeError,
      /concat: expected float32 tensors, got int32/,
    ],
    [
      "concat along an axis that is not there",
      () => concat([a], 2),
      ShapeError,
      /concat: expected an axis from -2 to 1, got 2/,
    ],
    ["stack of unlike shapes", () => stack([a, ones([3, 2])]), ShapeError, /(stack|concat): /],
    ["stack of nothing", () => stack([]), ShapeError, /stack: expected at least one tensor/],
    ["sum over an axis that is not there", () => sum(a, 2), ShapeError, /sum: expected an axis from -2 to 1, got 2/],
    ["sum of integers", () => sum(integers(3)), ShapeError, /sum: expected float32.*int32/],
    ["mean over half an axis", () => mean(a, 0.5), ShapeError, /mean: .*0.5/],
    ["mean of integers", () => mean(integers(3)), ShapeError, /(mean|sum): expected float32.*int32/],
    [
      "softmax along an axis that is not there",
      () => softmax(a, 2),
      ShapeError,
      /softmax: expected an axis from -2 to 1, got 2/,
    ],
    ["softmax of a single number", () => softmax(tensor(1)), ShapeError, /softmax: /],
    ["softmax of integers", () => softmax(integers(3)), ShapeError, /softmax.*expected float32.*int32/],
    ["logSoftmax of integers", () => logSoftmax(integers(3)), ShapeError, /logSoftmax.*expected float32.*int32/],
    ["tanh of integers", () => activations.tanh(integers(3)), ShapeError, /tanh x: expected float32.*int32/],
    [
      "tanh.derivative of integers",
      () => activations.tanh.derivative(integers(3)),
      ShapeError,
      /tanh.*expected float32.*int32/,
    ],
    [
      "tanh of a plain list",
      () => activations.tanh([1, 2] as never),
      ShapeError,
      /tanh: expected a Float32Array or a Tensor/,
    ],
    ["dropout of integers", () => dropout(integers(3), 0.5), ShapeError, /dropout.*expected float32.*int32/],
    ["embedding in integers", () => embedding(integers(3, 1), classes(0)), ShapeError, /embedding weight: .*int32/],
    [
      "embedding in no matrix",
      () => embedding(ones([3]), classes(0)),
      ShapeError,
      /embedding weight: expected \[count, size\], got \[3\]/,
    ],
    ["item of many", () => a.item(), ShapeError, /item: expected a single number, got a tensor \[2, 3\]/],
    ["item of none", () => zeros([0]).item(), ShapeError, /item: .*\[0\]/],
  ]);
});

describe("losses", () => {
  const logits = ones([2, 3]);
  testRefusals([
    [
      "targets of another shape",
      () => crossEntropy(logits, classes(0, 1, 2)),
      ShapeError,
      /crossEntropy: .*\[2, 3\] and \[3\]/,
    ],
    [
      "targets with a class axis",
      () => crossEntropy(logits, integers(2, 3)),
      ShapeError,
      /crossEntropy: .*\[2, 3\] and \[2, 3\]/,
    ],
    ["targets of float32", () => crossEntropy(logits, ones([2])), ShapeError, /crossEntropy targets: expected int32/],
    [
      "a target too large",
      () => crossEntropy(logits, classes(0, 3)),
      OptionError,
      /crossEntropy targets: .*from 0 to 2, got 3 at position 1/,
    ],
    [
      "a target below 0",
      () => nllLoss(logits, classes(-1, 0)),
      OptionError,
      /nllLoss targets: .*from 0 to 2, got -1 at position 0/,
    ],
    [
      "logits of integers",
      () => crossEntropy(integers(2, 3), classes(0, 1)),
      ShapeError,
      /crossEntropy.*expected float32.*int32/,
    ],
    [
      "log-probabilities of integers",
      () => nllLoss(integers(2, 3), classes(0, 1)),
      ShapeError,
      /nllLoss.*expected float32.*int32/,
    ],
    ["a single number as logits", () => crossEntropy(tensor(1), integers()), ShapeError, /crossEntropy: /],
    [
      "weights of another length",
      () => crossEntropy(logits, classes(0, 1), { weight: ones([2]) }),
      ShapeError,
      /crossEntropy weight: expected \[3\], got \[2\]/,
    ],
    [
      "weights of integers",
      () => nllLoss(logits, classes(0, 1), { weight: integers(3) }),
      ShapeError,
      /nllLoss weight: expected float32.*int32/,
    ],
    [
      "an unknown reduction",
      () => nllLoss(logits, classes(0, 1), { reduction: "max" as never }),
      OptionError,
      /nllLoss reduction: .*got "max"/,
    ],
    ["mseLoss of unlike shapes", () => mseLoss(logits, ones([2])), ShapeError, /mseLoss: .*\[2, 3\] and \[2\]/],
    ["mseLoss of integers", () => mseLoss(logits, integers(2, 3)), ShapeError, /mseLoss: expected float32.*int32/],
    [
      "mseLoss with an unknown reduction",
      () => mseLoss(logits, logits, { reduction: "max" as never }),
      OptionError,
      /mseLoss reduction: .*"max"/,
    ],
  ]);
});

test("a shape is a copy of the array it was given in", () => {
  const shape = [2, 3];
  const tensors = [zeros(shape), tensor(new Int32Array(6), shape), new Parameter(shape), reshape(zeros([6]), shape)];
  shape[0] = 9;
  for (const t of tensors) expect(t.shape).toEqual([2, 3]);
});

describe("tensors and data", () => {
  testRefusals([
    [
      "a shape that is not filled",
      () => tensor(new Float32Array(5), [2, 3]),
      ShapeError,
      /tensor: expected 6 numbers for \[2, 3\], got 5/,
    ],
    ["a negative axis", () => zeros([-1]), ShapeError, /full: .*whole numbers ≥ 0, got \[-1\]/],
    ["half an axis", () => ones([1.5]), ShapeError, /whole numbers ≥ 0, got \[1.5\]/],
    ["half an axis of a parameter", () => new Parameter([1.5]), ShapeError, /parameter: .*got \[1.5\]/],
    ["ragged rows", () => tensor([[1, 2], [3]]), ShapeError, /tensor: .*\[2, 2\].*ragged/],
    ["arrays of two depths", () => tensor([[1], 2]), ShapeError, /tensor: .*axis 1/],
    ["text", () => tensor("12" as never), ShapeError, /tensor: expected a number/],
    ["text in an array", () => tensor([1, "2"] as never), ShapeError, /tensor: /],
    [
      "integers that require a gradient",
      () => tensor(Int32Array.of(1), [1], { requiresGrad: true }),
      ShapeError,
      /requiresGrad.*int32/,
    ],
    [
      "parameter numbers of another count",
      () => new Parameter([2]).set([1]),
      ShapeError,
      /parameter \[2\]: expected 2 numbers, got 1/,
    ],
    [
      "an empty dataset",
      () => arrayDataset(zeros([0, 2]), zeros([0])),
      DataError,
      /arrayDataset: expected at least one example, got none/,
    ],
    [
      "a dataset of unlike lengths",
      () => arrayDataset(zeros([3, 2]), zeros([2])),
      ShapeError,
      /arrayDataset: .*\[3, 2\] and \[2\]/,
    ],
    [
      "a dataset of a single number",
      () => arrayDataset(tensor(1), tensor(1)),
      ShapeError,
      /arrayDataset: .*\[\] and \[\]/,
    ],
    [
      "timeMajor without time",
      () => arrayDataset(zeros([3]), zeros([3]), { timeMajor: true }),
      ShapeError,
      /arrayDataset: .*timeMajor.*\[3\]/,
    ],
    [
      "a window too long",
      () => textWindows(new Int32Array(4), { window: 4 }),
      DataError,
      /textWindows: expected more than 4 tokens, got 4/,
    ],
    [
      "a window of nothing",
      () => textWindows(new Int32Array(4), { window: 0 }),
      OptionError,
      /textWindows window: .*≥ 1, got 0/,
    ],
    [
      "a stride of a half",
      () => textWindows(new Int32Array(4), { window: 2, stride: 0.5 }),
      OptionError,
      /textWindows stride: .*got 0.5/,
    ],
    [
      "an empty vocabulary",
      () => new CharacterVocabulary(""),
      DataError,
      /CharacterVocabulary: expected a text, got an empty one/,
    ],
    ["an empty list of characters", () => new CharacterVocabulary([]), DataError, /CharacterVocabulary: /],
    ["a character given twice", () => new CharacterVocabulary(["a", "a"]), OptionError, /CharacterVocabulary: .*once/],
    [
      "a character that is not in the vocabulary",
      () => new CharacterVocabulary("ab").encode("abc"),
      DataError,
      /encode: .*got "c" at 2/,
    ],
    [
      "a number that is no character's",
      () => new CharacterVocabulary("ab").decode([0, 2]),
      OptionError,
      /decode: expected numbers from 0 to 1, got 2/,
    ],
  ]);
});
