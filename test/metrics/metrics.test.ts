/** Metrics against their definitions in NumPy, against cases worked out by hand, and what they refuse. */

import fc from "fast-check";
import {
  accuracy,
  bitsPerCharacter,
  bleu,
  characterErrorRate,
  confusionMatrix,
  DataError,
  editDistance,
  f1Score,
  NumericError,
  OptionError,
  ones,
  perplexity,
  precision,
  recall,
  ShapeError,
  tensor,
  topKAccuracy,
  wordErrorRate,
} from "unrolled";
import { describe, expect, test } from "vitest";
import { testRefusals } from "../behaviour/refusals.ts";
import { toTensor } from "../pytorch/engine.ts";
import { readFixtures } from "../pytorch/fixtures.ts";

interface Options {
  function: "classes" | "bleu" | "editDistance";
  k: number;
  smoothing: "none" | "addOne";
  order: number;
  candidates: string[];
  references: string[][];
  pairs: [string, string][];
}

const fixtures = readFixtures<Options>("metrics");
const of = (name: Options["function"]) => fixtures.filter(({ options }) => options.function === name);

describe("classes = scikit-learn's definitions", () => {
  for (const fixture of of("classes")) {
    test(fixture.name, () => {
      const scores = toTensor(fixture.tensor("scores"));
      const targets = toTensor(fixture.tensor("targets"));
      const predictions = fixture.tensor("predictions").data as Int32Array;
      const classes = scores.shape[1];
      const wanted = (name: string) => fixture.tensor(name).data;
      expect(topKAccuracy(scores, targets, { k: fixture.options.k })).toBeCloseTo(wanted("topK")[0], 6);
      for (const given of [scores, predictions, Array.from(predictions), tensor(predictions)]) {
        expect(accuracy(given, targets)).toBeCloseTo(wanted("accuracy")[0], 6);
        expect(confusionMatrix(given, targets, { classes }).flat()).toEqual([...wanted("confusion")]);
        for (const [name, score] of Object.entries({ precision, recall, f1: f1Score })) {
          for (const average of ["micro", "macro", "weighted"] as const) {
            expect(score(given, targets, { average }), `${name} ${average}`).toBeCloseTo(
              wanted(`${name}.${average}`)[0],
              6,
            );
          }
          const each = score(given, targets, { average: "none", classes });
          expect(each.length).toBe(classes);
          for (const [c, value] of each.entries()) expect(value).toBeCloseTo(wanted(`${name}.none`)[c], 6);
        }
      }
      expect(topKAccuracy(scores, targets, { k: classes })).toBe(1);
      expect(topKAccuracy(scores, targets, { k: 1 })).toBe(accuracy(scores, targets));
    });
  }
});

describe("classes by hand", () => {
  test("the examples in the documentation", () => {
    expect(accuracy([0, 2, 1], [0, 1, 1])).toBe(2 / 3);
    const scores = tensor([[[0.9, 0.1]], [[0.8, 0.2]]]);
    expect(accuracy(scores, tensor(Int32Array.of(0, 1), [2, 1]), { lengths: [1] })).toBe(1);
    const guesses = tensor([
      [0.5, 0.3, 0.2],
      [0.5, 0.3, 0.2],
    ]);
    expect(topKAccuracy(guesses, [1, 2], { k: 2 })).toBe(0.5);
    expect(confusionMatrix([0, 1, 1], [0, 0, 1])).toEqual([
      [1, 1],
      [0, 1],
    ]);
    expect(f1Score([0, 1, 1, 2], [0, 1, 2, 2], { average: "none" })).toEqual([1, 2 / 3, 2 / 3]);
  });

  test("what does not count is not looked at", () => {
    const nothing = Number.NaN;
    const scores = tensor([
      [
        [1, 2],
        [nothing, 0],
      ],
      [
        [2, 1],
        [nothing, 0],
      ],
    ]); // [T = 2, B = 2, C = 2]
    const targets = tensor(Int32Array.of(1, 77, 0, -5), [2, 2]);
    expect(accuracy(scores, targets, { lengths: [2, 0] })).toBe(1);
    expect(topKAccuracy(scores, targets, { lengths: [2, 0], k: 1 })).toBe(1);
    expect(confusionMatrix(scores, targets, { lengths: [1, 0] })).toEqual([
      [0, 0],
      [0, 1],
    ]);
    expect(accuracy([0, 9, 1], [0, -100, 0])).toBe(0.5);
    expect(accuracy([0, 9, 1], [0, 3, 0], { ignoreIndex: 3 })).toBe(0.5);
  });

  test("shares of nothing", () => {
    expect(accuracy([], [])).toBeNaN();
    expect(topKAccuracy(ones([0, 3]), [], { k: 1 })).toBeNaN();
    expect(confusionMatrix([], [])).toEqual([]);
    expect(precision([0, 0], [0, 1], { average: "none" })).toEqual([0.5, 0]);
    expect(precision([0, 0], [0, 1], { average: "none", zeroDivision: 1 })).toEqual([0.5, 1]);
    expect(f1Score([0], [0], { classes: 4 })).toBe(0.25);
    expect(f1Score([0], [0])).toBe(1);
    expect(f1Score([3], [3])).toBe(1);
  });
});

describe("texts", () => {
  test("editDistance = its recursive definition", () => {
    for (const fixture of of("editDistance")) {
      const wanted = fixture.tensor("value").data;
      fixture.options.pairs.forEach(([a, b], i) => {
        expect(editDistance(a, b), `${a} ${b}`).toBe(wanted[i]);
      });
    }
  });

  test("editDistance is a metric", () => {
    const word = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 9 });
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, a)).toBe(0);
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
      { seed: 20240607, numRuns: 300 },
    );
  });

  test("the examples in the documentation, and characters outside the basic plane", () => {
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(editDistance([1, 2, 3], [1, 3])).toBe(1);
    expect(editDistance("a😀b", "a😁b")).toBe(1);
    expect(editDistance(Int32Array.of(1, 2), [1, 2])).toBe(0);
    expect(wordErrorRate("the cat sat", "the cat sat down")).toBe(0.25);
    expect(characterErrorRate(["abc", "d"], ["abd", "d"])).toBe(0.25);
    expect(perplexity(Math.log(8))).toBeCloseTo(8, 12);
    expect(bitsPerCharacter(Math.log(8))).toBeCloseTo(3, 12);
    expect(bleu(["the cat sat on the mat"], [["the cat sat on the mat"]])).toBe(1);
  });

  test("error rates of nothing, and white space", () => {
    expect(wordErrorRate("", "")).toBe(0);
    expect(wordErrorRate([], [])).toBe(0);
    expect(wordErrorRate("a", "")).toBe(Number.POSITIVE_INFINITY);
    expect(wordErrorRate(" the  cat\n", "the cat")).toBe(0);
    expect(characterErrorRate("ab", "a b")).toBe(1 / 3);
    expect(wordErrorRate(["a b", "c"], ["a x", "y z"])).toBe(3 / 4);
  });

  test("perplexity = Math.exp", () => {
    for (let x = -700; x <= 700; x += 0.37) expect(perplexity(x) / Math.exp(x)).toBeCloseTo(1, 13);
    expect(perplexity(0)).toBe(1);
    expect(perplexity(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(perplexity(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(perplexity(Number.NaN)).toBeNaN();
  });
});

describe("bleu = Papineni et al. 2002", () => {
  for (const fixture of of("bleu")) {
    const { candidates, references, order, smoothing } = fixture.options;
    test(fixture.name, () => {
      const wanted = fixture.tensor("value").data[0];
      expect(bleu(candidates, references, { order, smoothing })).toBeCloseTo(wanted, 6);
      const split = candidates.map((text) => text.split(" "));
      expect(bleu(split, references, { order, smoothing })).toBeCloseTo(wanted, 6);
    });
  }

  test("by hand: the paper's second example, of which two of seven words are good", () => {
    const references = [["the cat is on the mat", "there is a cat on the mat"]];
    expect(bleu(["the the the the the the the"], references, { order: 1 })).toBeCloseTo(2 / 7, 12);
    expect(bleu(["the the the the the the the"], references)).toBe(0);
  });

  test("by hand: a candidate half as long pays e⁻¹", () => {
    expect(bleu(["a b c d"], [["a b c d e f g h"]])).toBeCloseTo(Math.exp(-1), 12);
    expect(bleu([""], [["a"]])).toBe(0);
    expect(bleu([], [])).toBe(0);
  });
});

describe("refusals", () => {
  const scores = ones([2, 3]);
  const never = (value: unknown): never => value as never;
  testRefusals([
    ["unlike lengths", () => accuracy([0, 1], [0]), ShapeError, /accuracy: .*\[2\] and \[1\]/],
    [
      "unlike shapes",
      () => accuracy(tensor(new Int32Array(2), [1, 2]), tensor(new Int32Array(2))),
      ShapeError,
      /\[1, 2\] and \[2\]/,
    ],
    ["scores of another batch", () => accuracy(scores, [0]), ShapeError, /scores \[..., C\].*\[2, 3\] and \[1\]/],
    [
      "a target beyond the scores",
      () => accuracy(scores, [0, 3]),
      OptionError,
      /targets: .*0 to 2, got 3 at position 1/,
    ],
    ["a fraction as a class", () => accuracy([0.5], [0]), OptionError, /predictions: .*got 0.5 at position 0/],
    ["a negative class", () => accuracy([0], [-1]), OptionError, /targets: .*got -1/],
    ["float32 targets", () => accuracy(scores, ones([2])), ShapeError, /targets: expected int32/],
    ["a text as classes", () => accuracy(never("01"), [0, 1]), ShapeError, /predictions: .*got string/],
    ["NaN among scores", () => accuracy(tensor([[0, Number.NaN]]), [0]), NumericError, /NaN at position 0, class 1/],
    [
      "lengths without time",
      () => accuracy([0], [0], { lengths: [1] }),
      ShapeError,
      /targets with lengths: .*\[T, B\]/,
    ],
    ["an unknown option", () => accuracy([0], [0], never({ length: [1] })), OptionError, /accuracy: .*"length"/],
    ["no guess", () => topKAccuracy(scores, [0, 1], { k: 0 }), OptionError, /k: .*got 0/],
    ["more guesses than classes", () => topKAccuracy(scores, [0, 1]), OptionError, /k: .*3, got 5/],
    [
      "guesses of classes",
      () => topKAccuracy(tensor(new Int32Array(2)), [0, 1]),
      ShapeError,
      /scores: expected float32/,
    ],
    ["NaN among guesses", () => topKAccuracy(tensor([[Number.NaN, 1]]), [1], { k: 1 }), NumericError, /NaN/],
    ["a class beyond those there are", () => confusionMatrix([2], [0], { classes: 2 }), OptionError, /0 to 1, got 2/],
    ["no classes", () => confusionMatrix([0], [0], { classes: 0 }), OptionError, /classes: .*got 0/],
    ["an unknown average", () => f1Score([0], [0], { average: never("mean") }), OptionError, /average: .*"mean"/],
    ["an odd share of nothing", () => recall([0], [0], { zeroDivision: 2 }), OptionError, /zeroDivision: .*got 2/],
    ["a number to compare", () => editDistance(never(3), "a"), DataError, /editDistance a: .*got number/],
    ["null to compare", () => editDistance("a", never(null)), DataError, /editDistance b: .*got null/],
    ["a reference missing", () => wordErrorRate(["a", "b"], ["a"]), DataError, /wordErrorRate: .*got 1 for 2/],
    ["numbers as texts", () => characterErrorRate(never([1]), ["a"]), DataError, /characterErrorRate: expected texts/],
    ["references missing", () => bleu(["a"], []), DataError, /bleu: .*got 0 for 1/],
    ["no reference", () => bleu(["a"], [[]]), DataError, /bleu: .*candidate 0/],
    ["one text as references", () => bleu(["a"], never(["a"])), DataError, /bleu: .*candidate 0/],
    ["numbers as tokens", () => bleu([never([1])], [["a"]]), DataError, /bleu candidates: /],
    ["no order", () => bleu(["a"], [["a"]], { order: 0 }), OptionError, /order: .*got 0/],
    [
      "an unknown smoothing",
      () => bleu(["a"], [["a"]], { smoothing: never("floor") }),
      OptionError,
      /smoothing: .*"floor"/,
    ],
    ["perplexity of a text", () => perplexity(never("1")), OptionError, /perplexity: .*got string/],
    ["bits of nothing", () => bitsPerCharacter(never(undefined)), OptionError, /bitsPerCharacter: .*undefined/],
  ]);
});
