import { NumericError, OptionError, ShapeError } from "../runtime/errors.ts";
import { type Lengths, requireLengths } from "../tensor/lengths.ts";
import { formatShape, requireShape, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Classes as numbers: an array of whole numbers ≥ 0, or an int32 tensor of any shape. */
export type Classes = readonly number[] | Int32Array | Tensor;

/** Which targets count. */
export interface CountedOptions {
  /** Targets of this class are left out; default −100. */
  ignoreIndex?: number;
  /** Steps of each sequence, 0 to T, for targets [T, B]; what lies behind its end is not looked at. */
  lengths?: Lengths;
}

/** The names of `CountedOptions`. */
export const COUNTED = ["ignoreIndex", "lengths"] as const;

/** Pairs of target and prediction that count, in order. */
export interface Pairs {
  readonly targets: Int32Array;
  readonly predictions: Int32Array;
}

/** The places of the targets that count. */
function placesOf(what: string, targets: Classes, values: ArrayLike<number>, options: CountedOptions): number[] {
  const { ignoreIndex = -100, lengths } = options;
  let before = (_: number): boolean => true;
  if (lengths !== undefined) {
    const shape = targets instanceof Tensor ? targets.shape : [targets.length];
    requireShape(`${what} targets with lengths`, shape, ["T", "B"]);
    const [steps, batch] = shape as [number, number];
    const ends = requireLengths(`${what} lengths`, lengths, batch, steps);
    before = (i) => Math.floor(i / batch) < (ends[i % batch] as number);
  }
  const places: number[] = [];
  for (let i = 0; i < values.length; i++) if (before(i) && values[i] !== ignoreIndex) places.push(i);
  return places;
}

/** The numbers of classes; they are checked only where they count. */
function valuesOf(what: string, classes: Classes): ArrayLike<number> {
  if (classes instanceof Tensor) {
    if (classes.dtype !== "int32") throw new ShapeError(`${what}: expected int32 classes, got ${classes.dtype}`);
    return classes.toArray();
  }
  if (!Array.isArray(classes) && !(classes instanceof Int32Array)) {
    throw new ShapeError(`${what}: expected a tensor or an array of classes, got ${typeof classes}`);
  }
  return classes as ArrayLike<number>;
}

function requireClass(what: string, value: number | undefined, most: number, place: number): number {
  if (value === undefined || !Number.isSafeInteger(value) || value < 0 || value >= most) {
    const range = Number.isFinite(most) ? `classes from 0 to ${most - 1}` : "whole numbers ≥ 0";
    throw new OptionError(`${what}: expected ${range}, got ${value} at position ${place}`);
  }
  return value;
}

/** The largest class there may be where nothing says how many there are. */
const ANY = 2 ** 31;

/**
 * Targets and predictions that count. Float32 predictions are scores [..., C], of which the largest is the class, of equal
 * ones the first.
 * @throws {ShapeError} when they do not meet; {OptionError} when one is no class; {NumericError} when a score is NaN.
 */
export function countedPairs(
  what: string,
  predictions: Classes,
  targets: Classes,
  options: CountedOptions,
  classes = ANY,
): Pairs {
  if (predictions instanceof Tensor && predictions.dtype === "float32") {
    const { places, values, scores, width } = countedScores(what, predictions, targets, options);
    const most = Math.min(classes, width);
    return {
      targets: Int32Array.from(places, (i) => requireClass(`${what} targets`, values[i], most, i)),
      predictions: Int32Array.from(places, (i) =>
        requireClass(`${what} predictions`, largest(what, scores, i, width), classes, i),
      ),
    };
  }
  const found = valuesOf(`${what} predictions`, predictions);
  const wanted = valuesOf(`${what} targets`, targets);
  const both = predictions instanceof Tensor && targets instanceof Tensor;
  if (found.length !== wanted.length || (both && !sameShape(predictions.shape, targets.shape))) {
    const [a, b] = [predictions, targets].map((x) => formatShape(x instanceof Tensor ? x.shape : [x.length]));
    throw new ShapeError(`${what}: expected a prediction for each target, got ${a} and ${b}`);
  }
  const places = placesOf(what, targets, wanted, options);
  return {
    targets: Int32Array.from(places, (i) => requireClass(`${what} targets`, wanted[i], classes, i)),
    predictions: Int32Array.from(places, (i) => requireClass(`${what} predictions`, found[i], classes, i)),
  };
}

/** Scores [..., C] of targets [...], and which of them count. */
export function countedScores(what: string, scores: Tensor, targets: Classes, options: CountedOptions) {
  const values = valuesOf(`${what} targets`, targets);
  const shape = targets instanceof Tensor ? targets.shape : [targets.length];
  const width = scores.shape.at(-1) ?? 0;
  if (width === 0 || !sameShape(scores.shape.slice(0, -1), shape)) {
    throw new ShapeError(
      `${what}: expected scores [..., C] and targets [...], got ${formatShape(scores.shape)} and ${formatShape(shape)}`,
    );
  }
  return { places: placesOf(what, targets, values, options), values, scores: scores.toArray(), width };
}

/** The class of the largest score of a row. */
function largest(what: string, scores: ArrayLike<number>, row: number, width: number): number {
  const start = row * width;
  let best = 0;
  for (let c = 0; c < width; c++) {
    const score = scores[start + c] as number;
    if (Number.isNaN(score)) throw new NumericError(`${what}: expected scores, got NaN at position ${row}, class ${c}`);
    if (score > (scores[start + best] as number)) best = c;
  }
  return best;
}

/**
 * How many classes have a better score than the target: a larger one, or the same and a smaller number.
 * @throws {OptionError} when the target is no class; {NumericError} when a score is NaN.
 */
export function rankOf(what: string, scores: ArrayLike<number>, row: number, width: number, target: number): number {
  requireClass(`${what} targets`, target, width, row);
  const own = scores[row * width + target] as number;
  let rank = 0;
  for (let c = 0; c < width; c++) {
    const score = scores[row * width + c] as number;
    if (Number.isNaN(score)) throw new NumericError(`${what}: expected scores, got NaN at position ${row}, class ${c}`);
    if (score > own || (score === own && c < target)) rank++;
  }
  return rank;
}
