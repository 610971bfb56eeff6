import { OptionError, ShapeError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { requireFloat32 } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type Classes, COUNTED, type CountedOptions, countedPairs, countedScores, rankOf } from "./counted.ts";

/**
 * The share of targets that were predicted; NaN when none counts.
 *
 * ```ts
 * accuracy([0, 2, 1], [0, 1, 1]); // 2 / 3
 * accuracy(tensor([[[0.9, 0.1]], [[0.8, 0.2]]]), tensor(Int32Array.of(0, 1), [2, 1]), { lengths: [1] }); // 1
 * ```
 *
 * @param predictions classes, or float32 scores [..., C], of which the largest is the class.
 * @param targets classes [...]; [T, B] with lengths.
 * @throws {ShapeError} when they do not meet; {OptionError} when one is no class; {NumericError} when a score is NaN.
 */
export function accuracy(predictions: Classes, targets: Classes, options: CountedOptions = {}): number {
  requireKnown("accuracy", options, COUNTED);
  const pairs = countedPairs("accuracy", predictions, targets, options);
  let hits = 0;
  pairs.targets.forEach((target, i) => {
    if (target === pairs.predictions[i]) hits++;
  });
  return hits / pairs.targets.length;
}

export interface TopKOptions extends CountedOptions {
  /** How many guesses are allowed; default 5. */
  k?: number;
}

/**
 * The share of targets among the k classes of the largest scores, of equal ones the first; NaN when none counts.
 *
 * ```ts
 * topKAccuracy(tensor([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]), [1, 2], { k: 2 }); // 0.5
 * ```
 *
 * @param scores float32 [..., C]
 * @param targets classes [...]; [T, B] with lengths.
 * @throws {ShapeError} when they do not meet; {OptionError} when a target is no class or k is not from 1 to C;
 *   {NumericError} when a score is NaN.
 */
export function topKAccuracy(scores: Tensor, targets: Classes, options: TopKOptions = {}): number {
  const what = "topKAccuracy";
  requireKnown(what, options, [...COUNTED, "k"]);
  if (!(scores instanceof Tensor)) throw new ShapeError(`${what} scores: expected a tensor, got ${typeof scores}`);
  requireFloat32(`${what} scores`, scores);
  const { places, values, scores: numbers, width } = countedScores(what, scores, targets, options);
  const k = requireCount(`${what} k`, options.k ?? 5);
  if (k > width) throw new OptionError(`${what} k: expected at most as many as classes, ${width}, got ${k}`);
  const hits = places.filter((i) => rankOf(what, numbers, i, width, values[i] as number) < k);
  return hits.length / places.length;
}

export interface ConfusionOptions extends CountedOptions {
  /** How many classes there are; as many as occur unless given. */
  classes?: number;
}

/**
 * How often each class was taken for each: `matrix[target][prediction]`, as scikit-learn has it.
 *
 * ```ts
 * confusionMatrix([0, 1, 1], [0, 0, 1]); // [[1, 1], [0, 1]]
 * ```
 *
 * @param predictions classes, or float32 scores [..., C].
 * @throws {ShapeError} when they do not meet; {OptionError} when one is no class; {NumericError} when a score is NaN.
 */
export function confusionMatrix(predictions: Classes, targets: Classes, options: ConfusionOptions = {}): number[][] {
  requireKnown("confusionMatrix", options, [...COUNTED, "classes"]);
  return countConfusions("confusionMatrix", predictions, targets, options);
}

function countConfusions(what: string, predictions: Classes, targets: Classes, options: ConfusionOptions): number[][] {
  if (options.classes !== undefined) requireCount(`${what} classes`, options.classes);
  const pairs = countedPairs(what, predictions, targets, options, options.classes);
  const scored = predictions instanceof Tensor && predictions.dtype === "float32";
  let count = options.classes ?? (scored ? (predictions.shape.at(-1) as number) : 0);
  if (count === 0)
    for (const values of [pairs.targets, pairs.predictions]) for (const c of values) count = Math.max(count, c + 1);
  const matrix = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  pairs.targets.forEach((target, i) => {
    (matrix[target] as number[])[pairs.predictions[i] as number] =
      ((matrix[target] as number[])[pairs.predictions[i] as number] as number) + 1;
  });
  return matrix;
}

/** How the scores of classes become one number; see `f1Score`. */
export type Average = "micro" | "macro" | "weighted" | "none";

export interface ClassScoreOptions extends ConfusionOptions {
  /** Default "macro". */
  average?: Average;
  /** What a share of nothing is, from 0 to 1; default 0. */
  zeroDivision?: number;
}

/** Hits, predictions and targets of one class. */
interface Counts {
  readonly hits: number;
  readonly predicted: number;
  readonly wanted: number;
}

type Score = (counts: Counts, zeroDivision: number) => number;

const share = (part: number, whole: number, zeroDivision: number): number =>
  whole === 0 ? zeroDivision : part / whole;
const precisionOf: Score = ({ hits, predicted }, zero) => share(hits, predicted, zero);
const recallOf: Score = ({ hits, wanted }, zero) => share(hits, wanted, zero);
/** 2PR/(P + R), in counts: the harmonic mean of precision and recall. */
const f1Of: Score = ({ hits, predicted, wanted }, zero) => share(2 * hits, predicted + wanted, zero);

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function scoreClasses(
  what: string,
  score: Score,
  predictions: Classes,
  targets: Classes,
  options: ClassScoreOptions,
): number | number[] {
  requireKnown(what, options, [...COUNTED, "classes", "average", "zeroDivision"]);
  const { average = "macro", zeroDivision = 0 } = options;
  if (!["micro", "macro", "weighted", "none"].includes(average)) {
    const known = '"micro", "macro", "weighted" or "none"';
    throw new OptionError(`${what} average: expected ${known}, got ${JSON.stringify(average)}`);
  }
  if (!(zeroDivision >= 0 && zeroDivision <= 1)) {
    throw new OptionError(`${what} zeroDivision: expected a number from 0 to 1, got ${zeroDivision}`);
  }
  const matrix = countConfusions(what, predictions, targets, options);
  const counts = matrix.map((row, c) => ({
    hits: row[c] as number,
    predicted: total(matrix.map((other) => other[c] as number)),
    wanted: total(row),
  }));
  if (average === "none") return counts.map((one) => score(one, zeroDivision));
  const sum = (part: keyof Counts): number => total(counts.map((one) => one[part]));
  if (average === "micro") {
    return score({ hits: sum("hits"), predicted: sum("predicted"), wanted: sum("wanted") }, zeroDivision);
  }
  if (average === "weighted") {
    const weighted = total(counts.map((one) => one.wanted * score(one, zeroDivision)));
    return share(weighted, sum("wanted"), zeroDivision);
  }
  const present = options.classes === undefined ? counts.filter((one) => one.predicted + one.wanted > 0) : counts;
  return share(total(present.map((one) => score(one, zeroDivision))), present.length, zeroDivision);
}

/** Of what was predicted to be of a class, the share that is; arguments and averages as for `f1Score`. */
export function precision(
  predictions: Classes,
  targets: Classes,
  options: ClassScoreOptions & { average: "none" },
): number[];
export function precision(
  predictions: Classes,
  targets: Classes,
  options?: ClassScoreOptions & { average?: Exclude<Average, "none"> },
): number;
export function precision(predictions: Classes, targets: Classes, options: ClassScoreOptions = {}): number | number[] {
  return scoreClasses("precision", precisionOf, predictions, targets, options);
}

/** Of what is of a class, the share that was predicted to be; arguments and averages as for `f1Score`. */
export function recall(
  predictions: Classes,
  targets: Classes,
  options: ClassScoreOptions & { average: "none" },
): number[];
export function recall(
  predictions: Classes,
  targets: Classes,
  options?: ClassScoreOptions & { average?: Exclude<Average, "none"> },
): number;
export function recall(predictions: Classes, targets: Classes, options: ClassScoreOptions = {}): number | number[] {
  return scoreClasses("recall", recallOf, predictions, targets, options);
}

/**
 * The harmonic mean of precision and recall, of each class as 2·hits / (predicted + wanted), then
 * "macro": averaged over the classes that occur, or over all of `classes` where given; "weighted": averaged by how many
 * targets a class has; "micro": of the counts of all classes together, which is the accuracy; "none": a number a class.
 *
 * ```ts
 * f1Score([0, 1, 1, 2], [0, 1, 2, 2], { average: "none" }); // [1, 2 / 3, 2 / 3]
 * precision([0, 1, 1, 2], [0, 1, 2, 2], { average: "none" }); // [1, 1 / 2, 1]
 * recall([0, 1, 1, 2], [0, 1, 2, 2], { average: "none" }); // [1, 1, 1 / 2]
 * ```
 *
 * @param predictions classes, or float32 scores [..., C].
 * @throws {ShapeError} when they do not meet; {OptionError} when one is no class; {NumericError} when a score is NaN.
 */
export function f1Score(
  predictions: Classes,
  targets: Classes,
  options: ClassScoreOptions & { average: "none" },
): number[];
export function f1Score(
  predictions: Classes,
  targets: Classes,
  options?: ClassScoreOptions & { average?: Exclude<Average, "none"> },
): number;
export function f1Score(predictions: Classes, targets: Classes, options: ClassScoreOptions = {}): number | number[] {
  return scoreClasses("f1Score", f1Of, predictions, targets, options);
}
