/**
 * The one measure of agreement for every test against PyTorch, ONNX or the float64 oracle:
 *
 *     |actual - expected| ≤ tolerance · max(|expected|, scale),   scale = the largest |expected| in that tensor,
 *
 * that is, the largest error in a tensor over the tensor's largest magnitude. A tensor whose true value is all zeros must
 * be all zeros. Where the exact value is a small difference of larger numbers, no float32 arithmetic can hold it to its own
 * magnitude; such a test says so and names the `magnitude` of what is subtracted, which `scale` is then at least.
 * The engine computes in float32 (half a unit in the last place is 6e-8), so 1e-5 leaves room for sums.
 *
 * With UNROLLED_ERRORS=FILE in the environment, each comparison appends a line there: family, case, tensor, error.
 */

import { appendFileSync } from "node:fs";
import { expect } from "vitest";

export const TOLERANCE = 1e-5;

/** What both a Tensor and a fixture can be seen as. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export interface Subject {
  readonly family: string;
  readonly case: string;
  readonly tensor: string;
}

/** The largest relative error by the measure above, and where it is. Infinite where either side is not finite. */
export function largestRelativeError(actual: ArrayLike<number>, expected: ArrayLike<number>, magnitude = 0) {
  const scale = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), magnitude);
  let error = 0;
  let index = 0;
  for (let i = 0; i < expected.length; i += 1) {
    const difference = Math.abs(actual[i] - expected[i]);
    const relative = difference === 0 ? 0 : difference / scale;
    if (!(relative <= error)) {
      error = Number.isNaN(relative) ? Number.POSITIVE_INFINITY : relative;
      index = i;
    }
  }
  return { error, index, scale };
}

/** Fails, naming the case, the tensor, the element and its error, unless shapes are equal and the error is within tolerance. */
export function expectClose(
  subject: Subject,
  actual: Numbers,
  expected: Numbers,
  { tolerance = TOLERANCE, magnitude = 0 }: { tolerance?: number; magnitude?: number } = {},
): void {
  const name = `${subject.case}: ${subject.tensor}`;
  expect([...actual.shape], `${name}: shape`).toEqual([...expected.shape]);
  expect(actual.data.length, `${name}: count`).toBe(expected.data.length);
  const { error, index, scale } = largestRelativeError(actual.data, expected.data, magnitude);
  record(subject, error);
  const where = `element ${index} of [${expected.shape}] is ${actual.data[index]}, not ${expected.data[index]}`;
  const size = `relative error ${error.toExponential(2)} of the largest magnitude ${scale.toPrecision(3)}`;
  expect(error, `${name}: ${where}; ${size}, more than ${tolerance}`).toBeLessThanOrEqual(tolerance);
}

function record(subject: Subject, error: number): void {
  const file = process.env.UNROLLED_ERRORS;
  if (file) appendFileSync(file, `${[subject.family, subject.case, subject.tensor, error].join("\t")}\n`);
}
