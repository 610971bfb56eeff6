/** The measure that every other test trusts. */

import { describe, expect, test } from "vitest";
import { expectClose, largestRelativeError } from "./compare.ts";

const subject = { family: "compare", case: "a case", tensor: "a tensor" };
const vector = (...data: number[]) => ({ shape: [data.length], data });

describe("largestRelativeError", () => {
  test("is the largest error over the largest expected magnitude", () => {
    expect(largestRelativeError([1, 2.5, -4], [1, 2, -4])).toEqual({ error: 0.125, index: 1, scale: 4 });
  });

  test("is measured against a magnitude where one is named and larger", () => {
    expect(largestRelativeError([1.5], [1], 2)).toEqual({ error: 0.25, index: 0, scale: 2 });
    expect(largestRelativeError([1.5], [1], 0.5).scale).toBe(1);
  });

  test("is infinite where a number is missing or not finite", () => {
    expect(largestRelativeError([Number.NaN, 1], [1, 1]).error).toBe(Number.POSITIVE_INFINITY);
    expect(largestRelativeError([1, 1], [1, Number.NaN]).error).toBe(Number.POSITIVE_INFINITY);
    expect(largestRelativeError([Number.POSITIVE_INFINITY, 1], [1, 1]).error).toBe(Number.POSITIVE_INFINITY);
    expect(largestRelativeError([1], [1, 1]).error).toBe(Number.POSITIVE_INFINITY);
  });

  test("wants zeros exactly where all is zero", () => {
    expect(largestRelativeError([0, -0], [0, 0]).error).toBe(0);
    expect(largestRelativeError([0, 1e-30], [0, 0]).error).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("expectClose", () => {
  test("passes within the tolerance and fails beyond it, naming case, tensor and error", () => {
    expectClose(subject, vector(1 + 9e-6), vector(1));
    expect(() => expectClose(subject, vector(1 + 2e-5), vector(1))).toThrow(/a case: a tensor: element 0 .* 2\.00e-5/);
    expect(() => expectClose(subject, vector(Number.NaN), vector(1))).toThrow(/a case: a tensor/);
  });

  test("fails on another shape or count", () => {
    expect(() => expectClose(subject, vector(1, 2), { shape: [2, 1], data: [1, 2] })).toThrow(/shape/);
    expect(() => expectClose(subject, { shape: [2], data: [1, 2, 3] }, vector(1, 2))).toThrow(/count/);
  });
});
