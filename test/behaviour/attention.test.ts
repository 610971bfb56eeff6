/** Attention: masks that hide everything, what cannot be seen, dropout, lengths, and what is refused. */
import {
  AdditiveAttention,
  DotAttention,
  lengthMask,
  MultiHeadAttention,
  OptionError,
  ones,
  ShapeError,
  scaledDotProductAttention,
  seed,
  tensor,
  uniform,
  zeros,
} from "unrolled";
import { describe, expect, test } from "vitest";
import { testRefusals } from "./refusals.ts";

const x = uniform([2, 3, 4]);
const attention = new MultiHeadAttention({ embedSize: 4, heads: 2 });
const last = tensor([
  [1, 1, 1],
  [1, 1, 1],
  [0, 0, 0],
]);
const future = tensor([
  [0, 1, 1],
  [1, 1, 1],
  [1, 1, 1],
]);

describe("attention", () => {
  test("what is hidden changes nothing, whatever it holds", () => {
    const mask = lengthMask([2, 3], 3);
    expect(mask.toArray()).toEqual(Float32Array.of(1, 1, 0, 1, 1, 1));
    const memory = uniform([3, 2, 4]);
    const changed = memory.toArray() as Float32Array;
    changed.fill(1e30, 16, 20);
    const dot = new DotAttention({ querySize: 4 });
    const query = uniform([2, 4]);
    const before = dot.forward(query, memory, { lengths: [2, 3] });
    const after = dot.forward(query, tensor(changed, [3, 2, 4]), { mask });
    expect(after.weights.toArray()).toEqual(before.weights.toArray());
    expect(before.weights.toArray()[2]).toBe(0);
  });

  test("a causal step does not see the future", () => {
    const { weights } = scaledDotProductAttention(x, x, x, { causal: true });
    const rows = weights.toArray();
    for (const at of [1, 2, 5, 10, 11, 14]) expect(rows[at]).toBe(0);
    expect(rows[0]).toBe(1);
  });

  test("dropout drops weights while training, the same for the same seed; what is returned is whole", () => {
    const module = new MultiHeadAttention({ embedSize: 4, heads: 2, dropout: 0.5 });
    seed(3);
    const first = module.forward(x);
    seed(3);
    expect(module.forward(x).output.toArray()).toEqual(first.output.toArray());
    const whole = module.eval().forward(x);
    expect(whole.weights.toArray()).toEqual(first.weights.toArray());
    expect(whole.output.toArray()).not.toEqual(first.output.toArray());
  });

  test("names are PyTorch's", () => {
    const names = attention.namedParameters().map(([name]) => name);
    expect(names).toEqual(["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]);
  });

  testRefusals([
    [
      "a row that sees nothing",
      () => scaledDotProductAttention(x, x, x, { mask: last }),
      OptionError,
      /mask: expected something to see in each row, got none in row \[2\]/,
    ],
    [
      "the same in one sequence",
      () => scaledDotProductAttention(x, x, x, { mask: tensor([[[1, 0, 0]], [[0, 0, 0]]]) }),
      OptionError,
      /in row \[1, 0\]/,
    ],
    [
      "a row that sees the future only",
      () => scaledDotProductAttention(x, x, x, { mask: future, causal: true }),
      OptionError,
      /none that is not in the future in row \[0\]/,
    ],
    [
      "a mask that is added",
      () => scaledDotProductAttention(x, x, x, { mask: tensor([0, -1e9, 0]) }),
      OptionError,
      /mask: expected numbers that are 0 \(hidden\) or 1 \(seen\)/,
    ],
    [
      "a mask that is not a number",
      () => scaledDotProductAttention(x, x, x, { mask: tensor([Number.NaN, 1, 1]) }),
      OptionError,
      /0 \(hidden\) or 1/,
    ],
    [
      "a mask of another shape",
      () => scaledDotProductAttention(x, x, x, { mask: ones([4, 3]) }),
      ShapeError,
      /mask: expected a shape that broadcasts to \[2, 3, 3\], got \[4, 3\]/,
    ],
    [
      "keys of another width",
      () => scaledDotProductAttention(x, ones([2, 3, 5]), x),
      ShapeError,
      /expected \[\.\.\., T, D\]/,
    ],
    [
      "nothing to look at",
      () => scaledDotProductAttention(x, ones([2, 0, 4]), ones([2, 0, 4])),
      ShapeError,
      /expected \[\.\.\., T, D\]/,
    ],
    [
      "heads that do not divide",
      () => new MultiHeadAttention({ embedSize: 4, heads: 3 }),
      OptionError,
      /heads: expected a divisor of 4, got 3/,
    ],
    [
      "a query of another size",
      () => attention.forward(ones([2, 3, 5])),
      ShapeError,
      /MultiHeadAttention query: expected \[T, B, 4\]/,
    ],
    [
      "padding throughout",
      () =>
        attention.forward(x, x, x, {
          keyPaddingMask: tensor([
            [1, 1],
            [0, 0],
            [1, 0],
          ]),
        }),
      OptionError,
      /keyPaddingMask: .*got none in row \[1\]/,
    ],
    [
      "causal and padded at once",
      () =>
        attention.forward(x, x, x, {
          keyPaddingMask: tensor([
            [1, 1],
            [0, 1],
            [1, 0],
          ]),
          causal: true,
        }),
      OptionError,
      /none that is not in the future in row \[1, 0, 0\]/,
    ],
    [
      "a step whose mask hides all",
      () =>
        attention.forward(x, x, x, {
          attentionMask: tensor([
            [1, 0],
            [0, 0],
          ]),
        }),
      OptionError,
      /attentionMask: .*in row \[1\]/,
    ],
    [
      "padding of another shape",
      () => attention.forward(x, x, x, { keyPaddingMask: ones([2, 2]) }),
      ShapeError,
      /keyPaddingMask: expected \[3, 2\], got \[2, 2\]/,
    ],
    [
      "a length of 0",
      () => new DotAttention({ querySize: 4 }).forward(zeros([2, 4]), zeros([3, 2, 4]), { lengths: [2, 0] }),
      OptionError,
      /DotAttention lengths: .*row \[1\]/,
    ],
    [
      "lengths and mask",
      () =>
        new DotAttention({ querySize: 4 }).forward(zeros([2, 4]), zeros([3, 2, 4]), {
          lengths: [2, 1],
          mask: ones([2, 3]),
        }),
      OptionError,
      /expected lengths or mask, got both/,
    ],
    [
      "dot of two sizes",
      () => new DotAttention({ querySize: 4, memorySize: 3 }),
      OptionError,
      /DotAttention memorySize: expected 4 for "dot", got 3/,
    ],
    [
      "another memory",
      () =>
        new AdditiveAttention({ querySize: 4, memorySize: 3, attentionSize: 2 }).forward(
          zeros([2, 4]),
          zeros([3, 2, 4]),
        ),
      ShapeError,
      /AdditiveAttention memory: expected \[S, B, 3\]/,
    ],
  ]);
});
