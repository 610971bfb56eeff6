/** What sequence losses refuse, and what their documentation shows. */
import {
  bceWithLogitsLoss,
  crossEntropy,
  ctcLoss,
  huberLoss,
  klDivLoss,
  logSoftmax,
  maeLoss,
  mixtureDensityLoss,
  nllLoss,
  normal,
  OptionError,
  ones,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "unrolled";
import { describe, expect, test } from "vitest";
import { testRefusals } from "./refusals.ts";

const integers = (values: number[], shape = [values.length]): Tensor => tensor(Int32Array.from(values), shape);
const logits = ones([4, 2, 3]);
const targets = integers([0, 1, 2, 0, 1, 2, 0, 1], [4, 2]);
const never = (value: unknown): never => value as never;

describe("lengths and smoothing", () => {
  const withLengths = (lengths: unknown) => () => crossEntropy(logits, targets, { lengths: never(lengths) });
  testRefusals([
    ["a length above T", withLengths([4, 5]), OptionError, /crossEntropy lengths: .*from 0 to 4, got 5 for sequence 1/],
    ["a negative length", withLengths([-1, 2]), OptionError, /lengths: .*got -1 for sequence 0/],
    ["half a step", withLengths([1.5, 2]), OptionError, /lengths: .*got 1.5/],
    ["a length that is no number", withLengths([Number.NaN, 2]), OptionError, /lengths: .*got NaN/],
    ["too few lengths", withLengths([4]), ShapeError, /lengths: expected one for each of 2 sequences, got 1/],
    ["a single length", withLengths(4), ShapeError, /lengths: expected an array of 2 numbers, got number/],
    ["lengths of float32", withLengths(ones([2])), ShapeError, /lengths: expected int32/],
    ["lengths of another rank", withLengths(integers([1, 2], [2, 1])), ShapeError, /lengths: .*\[2, 1\]/],
    [
      "lengths without time",
      () => crossEntropy(ones([2, 3]), integers([0, 1]), { lengths: [1, 1] }),
      ShapeError,
      /crossEntropy targets with lengths: expected \[T, B\], got \[2\]/,
    ],
    [
      "lengths of nllLoss",
      () => nllLoss(logits, targets, { lengths: [5, 1] }),
      OptionError,
      /nllLoss lengths: .*from 0 to 4, got 5/,
    ],
    [
      "a class that is none, before the end",
      () => crossEntropy(logits, integers([0, 1, 2, 3, 9, 9, 9, 9], [4, 2]), { lengths: [2, 2] }),
      OptionError,
      /crossEntropy targets: .*got 3 at position 3/,
    ],
    [
      "smoothing above 1",
      () => crossEntropy(logits, targets, { labelSmoothing: 1.1 }),
      OptionError,
      /from 0 to 1, got 1.1/,
    ],
    ["smoothing below 0", () => crossEntropy(logits, targets, { labelSmoothing: -0.1 }), OptionError, /got -0.1/],
    [
      "smoothing by NaN",
      () => crossEntropy(logits, targets, { labelSmoothing: Number.NaN }),
      OptionError,
      /labelSmoothing: .*NaN/,
    ],
    [
      "smoothing of nllLoss",
      () => nllLoss(logits, targets, never({ labelSmoothing: 0.1 })),
      OptionError,
      /nllLoss: .*"labelSmoothing"/,
    ],
    [
      "an unknown option",
      () => crossEntropy(logits, targets, never({ label_smoothing: 0.1 })),
      OptionError,
      /crossEntropy: expected options .*labelSmoothing, got "label_smoothing"/,
    ],
  ]);
});

describe("losses of pairs", () => {
  const [a, b] = [ones([2, 3]), ones([2, 3])];
  testRefusals([
    ["maeLoss of unlike shapes", () => maeLoss(a, ones([3])), ShapeError, /maeLoss: .*\[2, 3\] and \[3\]/],
    ["maeLoss of integers", () => maeLoss(a, integers([1, 2, 3, 4, 5, 6], [2, 3])), ShapeError, /maeLoss: .*int32/],
    ["maeLoss with a delta", () => maeLoss(a, b, never({ delta: 1 })), OptionError, /maeLoss: .*"delta"/],
    ["huberLoss of unlike shapes", () => huberLoss(a, ones([3])), ShapeError, /huberLoss: /],
    ["huberLoss without delta", () => huberLoss(a, b, { delta: 0 }), OptionError, /huberLoss delta: .*got 0/],
    ["huberLoss with NaN", () => huberLoss(a, b, { delta: Number.NaN }), OptionError, /delta: .*NaN/],
    ["huberLoss reduced oddly", () => huberLoss(a, b, { reduction: never("max") }), OptionError, /huberLoss reduction/],
    ["bce of unlike shapes", () => bceWithLogitsLoss(a, ones([2])), ShapeError, /bceWithLogitsLoss: /],
    [
      "bce with a negative weight of positives",
      () => bceWithLogitsLoss(a, b, { positiveWeight: -1 }),
      OptionError,
      /positiveWeight: .*got -1/,
    ],
    [
      "bce with too many weights of positives",
      () => bceWithLogitsLoss(a, b, { positiveWeight: ones([2]) }),
      ShapeError,
      /positiveWeight: expected \[3\], got \[2\]/,
    ],
    [
      "bce of a single number with a tensor of weights",
      () => bceWithLogitsLoss(tensor(1), tensor(1), { positiveWeight: ones([1]) }),
      ShapeError,
      /positiveWeight: .*got \[1\]/,
    ],
    [
      "bce with a weight that would stretch it",
      () => bceWithLogitsLoss(a, b, { weight: ones([4, 2, 3]) }),
      ShapeError,
      /weight: .*stretches to \[2, 3\], got \[4, 2, 3\]/,
    ],
    ["klDivLoss of unlike shapes", () => klDivLoss(a, ones([2])), ShapeError, /klDivLoss: /],
    ["klDivLoss reduced oddly", () => klDivLoss(a, b, { reduction: never("batchmean") }), OptionError, /"batchmean"/],
    [
      "klDivLoss of no batch",
      () => klDivLoss(tensor(1), tensor(1), { reduction: "batchMean" }),
      ShapeError,
      /batchMean/,
    ],
    [
      "klDivLoss of logs perhaps",
      () => klDivLoss(a, b, { logTarget: never("yes") }),
      OptionError,
      /logTarget: .*"yes"/,
    ],
  ]);
});

describe("mixtures", () => {
  const good = { logits: ones([5, 3]), means: ones([5, 3, 2]), logScales: ones([5, 3, 2]) };
  const refused =
    (change: object, target = ones([5, 2])) =>
    () =>
      mixtureDensityLoss({ ...good, ...change }, target);
  testRefusals([
    ["means of another count", refused({ means: ones([5, 4, 2]) }), ShapeError, /mixtureDensityLoss: .*\[5, 4, 2\]/],
    ["scales of another size", refused({ logScales: ones([5, 3, 1]) }), ShapeError, /mixtureDensityLoss: /],
    ["another batch", refused({}, ones([4, 2])), ShapeError, /mixtureDensityLoss: .*\[4, 2\]/],
    ["no scales", refused({ logScales: undefined }), ShapeError, /logScales: expected a tensor, got undefined/],
    ["integers", refused({}, integers([1, 2], [1, 2])), ShapeError, /target: expected float32/],
    ["a misspelt parameter", refused({ scales: ones([1]) }), OptionError, /parameters: .*"scales"/],
    ["no Gaussian", refused({ logits: ones([5, 0]) }), ShapeError, /mixtureDensityLoss: /],
  ]);
});

describe("ctcLoss", () => {
  const logs = ones([4, 2, 3]);
  const ctc =
    (labels: number[], shape: number[], inputLengths: unknown, targetLengths: unknown, options: object = {}) =>
    () =>
      ctcLoss(logs, integers(labels, shape), never(inputLengths), never(targetLengths), options);
  testRefusals([
    [
      "the blank as a label",
      ctc([1, 0], [2, 1], [4, 4], [1, 1]),
      OptionError,
      /blank 0, got 0 at position 0 of sequence 1/,
    ],
    ["a label too large", ctc([1, 2, 3], [3], [4, 4], [1, 2]), OptionError, /got 3 at position 1 of sequence 1/],
    ["a negative label", ctc([-1, 2], [2], [4, 4], [1, 1]), OptionError, /got -1 at position 0 of sequence 0/],
    ["more steps than T", ctc([1, 2], [2], [4, 5], [1, 1]), OptionError, /inputLengths: .*from 0 to 4, got 5/],
    ["fewer steps than none", ctc([1, 2], [2], [-1, 4], [1, 1]), OptionError, /inputLengths: .*got -1/],
    ["half a step", ctc([1, 2], [2], [4, 2.5], [1, 1]), OptionError, /inputLengths: .*got 2.5/],
    ["half a label", ctc([1, 2], [2], [4, 4], [1, 0.5]), OptionError, /targetLengths: .*got 0.5/],
    [
      "more labels than there is room",
      ctc([1, 2], [2, 1], [4, 4], [1, 2]),
      OptionError,
      /targetLengths: .*from 0 to 1/,
    ],
    ["labels left over", ctc([1, 2, 1], [3], [4, 4], [1, 1]), ShapeError, /targets: expected as many .*2, got \[3\]/],
    ["too few lengths", ctc([1, 2], [2], [4], [1, 1]), ShapeError, /inputLengths: .*2 sequences, got 1/],
    ["another batch", ctc([1, 2, 1], [3, 1], [4, 4], [1, 1]), ShapeError, /targets: expected \[2, S\], got \[3, 1\]/],
    ["three axes of targets", ctc([1, 2], [2, 1, 1], [4, 4], [1, 1]), ShapeError, /targets: .*\[2, 1, 1\]/],
    [
      "a blank that is no class",
      ctc([1, 2], [2], [4, 4], [1, 1], { blank: 3 }),
      OptionError,
      /blank: .*from 0 to 2, got 3/,
    ],
    ["half a blank", ctc([1, 2], [2], [4, 4], [1, 1], { blank: 0.5 }), OptionError, /blank: .*got 0.5/],
    ["an unknown option", ctc([1, 2], [2], [4, 4], [1, 1], { zero_infinity: true }), OptionError, /"zero_infinity"/],
    ["zeroInfinity by name", ctc([1, 2], [2], [4, 4], [1, 1], { zeroInfinity: "yes" }), OptionError, /zeroInfinity: /],
    ["an odd reduction", ctc([1, 2], [2], [4, 4], [1, 1], { reduction: "batch" }), OptionError, /reduction: .*"batch"/],
    [
      "two axes",
      () => ctcLoss(ones([4, 3]), integers([1]), [4], [1]),
      ShapeError,
      /expected \[T, B, C\], got \[4, 3\]/,
    ],
    ["targets of float32", () => ctcLoss(logs, ones([2]), [4, 4], [1, 1]), ShapeError, /targets: expected int32/],
    [
      "log-probabilities of integers",
      () => ctcLoss(integers([1], [1, 1, 1]), integers([1]), [1], [1]),
      ShapeError,
      /logProbabilities: expected float32/,
    ],
  ]);
});

describe("the examples in the documentation", () => {
  test("losses of pairs", () => {
    expect(maeLoss(tensor([1, 2]), tensor([3, 2])).item()).toBe(1);
    const huber = huberLoss(tensor([0, 0]), tensor([1, 4]), { delta: 2, reduction: "none" });
    expect([...huber.toArray()]).toEqual([0.5, 6]);
    expect(bceWithLogitsLoss(tensor([0, 0]), tensor([1, 0])).item()).toBeCloseTo(Math.log(2), 6);
    const target = tensor([[0.5, 0.5]]);
    expect(klDivLoss(logSoftmax(tensor([[0, 0]])), target, { reduction: "batchMean" }).item()).toBeCloseTo(0, 6);
  });

  test("a probability of 0 adds nothing, even where the input is −∞; a negative one has no logarithm", () => {
    const input = tensor([Number.NEGATIVE_INFINITY, -1, -1]);
    expect([...klDivLoss(input, tensor([0, 0, -0.5]), { reduction: "none" }).toArray()]).toEqual([0, 0, Number.NaN]);
  });

  test("mixtureDensityLoss", () => {
    const parameters = { logits: zeros([1, 2]), means: zeros([1, 2, 3]), logScales: zeros([1, 2, 3]) };
    expect(mixtureDensityLoss(parameters, zeros([1, 3])).item()).toBeCloseTo(1.5 * Math.log(2 * Math.PI), 5);
  });

  test("crossEntropy of sequences", () => {
    const x = normal([5, 2, 10]);
    const loss = crossEntropy(x, tensor(new Int32Array(10), [5, 2]), { lengths: [5, 3], labelSmoothing: 0.1 });
    expect(loss.item()).toBeGreaterThan(0);
  });

  test("ctcLoss: 6 of the 8 paths", () => {
    const loss = ctcLoss(logSoftmax(zeros([3, 1, 2])), tensor(Int32Array.of(1), [1, 1]), [3], [1]);
    expect(Math.exp(-loss.item())).toBeCloseTo(6 / 8, 6);
  });
});
