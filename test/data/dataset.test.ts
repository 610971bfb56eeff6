import { expect, test } from "vitest";
import { arrayDataset, CharacterVocabulary, type Dataset, OptionError, tensor, textWindows } from "../../src/index.ts";

/** Three examples of two time steps, two numbers each, and a target for each step. */
const inputs = tensor([
  [
    [1, 2],
    [3, 4],
  ],
  [
    [5, 6],
    [7, 8],
  ],
  [
    [9, 10],
    [11, 12],
  ],
]);
const targets = tensor(Int32Array.of(10, 11, 20, 21, 30, 31), [3, 2]);

function batchOf(data: Dataset, ...indices: number[]) {
  const { input, target } = data.batch(Int32Array.from(indices));
  return { input: [...input.toArray()], target: [...target.toArray()], shapes: [input.shape, target.shape] };
}

test("the batch on the first axis, in the order asked for, examples as often as asked for", () => {
  expect(batchOf(arrayDataset(inputs, targets), 2, 0, 2)).toEqual({
    input: [9, 10, 11, 12, 1, 2, 3, 4, 9, 10, 11, 12],
    target: [30, 31, 10, 11, 30, 31],
    shapes: [
      [3, 2, 2],
      [3, 2],
    ],
  });
});

test("timeMajor puts the batch of the inputs on the second axis, and with both that of the targets", () => {
  const input = [9, 10, 1, 2, 11, 12, 3, 4];
  const shapes = [
    [2, 2, 2],
    [2, 2],
  ];
  expect(batchOf(arrayDataset(inputs, targets, { timeMajor: true }), 2, 0)).toEqual({
    input,
    target: [30, 31, 10, 11],
    shapes,
  });
  expect(batchOf(arrayDataset(inputs, targets, { timeMajor: "both" }), 2, 0)).toEqual({
    input,
    target: [30, 10, 31, 11],
    shapes,
  });
  const misspelt = { timeMajor: "inputs" as unknown as boolean };
  expect(() => arrayDataset(inputs, targets, misspelt)).toThrow(OptionError);
});

test("windows of a text: the target is the input one character later, from anywhere or side by side", () => {
  const vocabulary = new CharacterVocabulary("abcdefgh");
  const tokens = vocabulary.encode("abcdefgh");
  const anywhere = textWindows(tokens, { window: 3 });
  expect(anywhere.length).toBe(5);
  expect(batchOf(anywhere, 4, 0)).toEqual({
    input: [4, 0, 5, 1, 6, 2],
    target: [5, 1, 6, 2, 7, 3],
    shapes: [
      [3, 2],
      [3, 2],
    ],
  });
  const sideBySide = textWindows(tokens, { window: 3, stride: 3 });
  expect(sideBySide.length).toBe(2);
  expect(vocabulary.decode(batchOf(sideBySide, 1).target)).toBe("efg");
});
