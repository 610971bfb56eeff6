import { giveGradient, gradientOf, needsGradient, record } from "../../autograd/graph.ts";
import { companion } from "../../runtime/companion.ts";
import { engine } from "../../runtime/engine.ts";
import { OptionError, ShapeError } from "../../runtime/errors.ts";
import { requireKnown } from "../../runtime/options.ts";
import { type Lengths, requireLengths } from "../../tensor/lengths.ts";
import { formatShape, requireFloat32, requireShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { mul } from "../elementwise.ts";
import { sum } from "../reduce.ts";
import { type Reduction, requireReduction } from "./reduction.ts";

export interface CTCLossOptions {
  /** The class that stands for no label; default 0. */
  blank?: number;
  /** Default "mean": each loss by the number of its labels (at least 1), then averaged over the batch. */
  reduction?: Reduction;
  /** Counts a labelling that no path can spell as 0, without gradient, instead of ∞. Default false. */
  zeroInfinity?: boolean;
}

interface Sequences {
  readonly inputLengths: Int32Array;
  readonly targetLengths: Int32Array;
  /** Where the labels of each sequence begin in the targets. */
  readonly starts: Int32Array;
}

/** The lengths, and where each labelling begins: in rows of [B, S], or one behind the other. */
function checkSequences(
  what: string,
  logProbabilities: Tensor,
  targets: Tensor,
  inputLengths: Lengths,
  targetLengths: Lengths,
): Sequences {
  const [steps, batch] = logProbabilities.shape as [number, number];
  const inputs = requireLengths(`${what} inputLengths`, inputLengths, batch, steps);
  const padded = targets.shape.length === 2;
  if (padded) requireShape(`${what} targets`, targets.shape, [batch, "S"]);
  const room = padded ? (targets.shape[1] as number) : targets.size;
  const labels = requireLengths(`${what} targetLengths`, targetLengths, batch, room);
  const total = labels.reduce((all, length) => all + length, 0);
  if (!padded && total !== targets.size) {
    throw new ShapeError(
      `${what} targets: expected as many as targetLengths say, ${total}, got ${formatShape(targets.shape)}`,
    );
  }
  let next = 0;
  const starts = labels.map((length, b) => {
    const start = padded ? b * room : next;
    next += length;
    return start;
  });
  return { inputLengths: inputs, targetLengths: labels, starts };
}

/** @throws {OptionError} unless each label is a class and not the blank. */
function checkLabels(
  what: string,
  targets: Tensor,
  { targetLengths, starts }: Sequences,
  classes: number,
  blank: number,
): void {
  const labels = targets.toArray();
  targetLengths.forEach((length, b) => {
    for (let i = 0; i < length; i++) {
      const label = labels[(starts[b] as number) + i] as number;
      if (label < 0 || label >= classes || label === blank) {
        throw new OptionError(
          `${what} targets: expected classes from 0 to ${classes - 1} other than the blank ${blank}, got ${label} at position ${i} of sequence ${b}`,
        );
      }
    }
  });
}

function checkInput(what: string, logProbabilities: Tensor, targets: Tensor, options: CTCLossOptions) {
  requireKnown(what, options, ["blank", "reduction", "zeroInfinity"]);
  const { blank = 0, reduction = "mean", zeroInfinity = false } = options;
  requireReduction(what, reduction);
  if (typeof zeroInfinity !== "boolean") {
    throw new OptionError(`${what} zeroInfinity: expected true or false, got ${JSON.stringify(zeroInfinity)}`);
  }
  requireFloat32(`${what} logProbabilities`, logProbabilities);
  requireShape(`${what} logProbabilities`, logProbabilities.shape, ["T", "B", "C"]);
  if (targets.dtype !== "int32") throw new ShapeError(`${what} targets: expected int32 classes, got ${targets.dtype}`);
  if (targets.shape.length !== 1 && targets.shape.length !== 2) {
    throw new ShapeError(`${what} targets: expected [B, S] or [sum of lengths], got ${formatShape(targets.shape)}`);
  }
  const classes = logProbabilities.shape[2] as number;
  if (!Number.isSafeInteger(blank) || blank < 0 || blank >= classes) {
    throw new OptionError(`${what} blank: expected a class from 0 to ${classes - 1}, got ${blank}`);
  }
  return { blank, reduction, zeroInfinity, classes };
}

/**
 * Connectionist temporal classification (Graves et al. 2006): −log of the probability that the network spells the target,
 * summed over all ways to do so: at each step a label or the blank, repetitions merged and blanks left out. It trains a
 * network on sequences whose labels have no places in time. PyTorch's ctc_loss.
 *
 * ```ts
 * const logProbabilities = logSoftmax(zeros([3, 1, 2])); // three steps, one sequence, blank and one label
 * const loss = ctcLoss(logProbabilities, tensor(Int32Array.of(1), [1, 1]), [3], [1]);
 * Math.exp(-loss.item()); // 6 / 8
 * ```
 *
 * @param logProbabilities [T, B, C], of `logSoftmax`. What lies behind the end of a sequence is never read.
 * @param targets int32, [B, S] padded with anything, or [sum of targetLengths] one behind the other; no blanks.
 * @param inputLengths steps of each sequence, 0 to T: no steps spell the empty labelling with certainty and no other.
 * @param targetLengths labels of each sequence; 0 is the empty labelling.
 * @returns a single number, or [B] with reduction "none". A labelling too long for its steps (each label takes one, and
 *   equal neighbours one between them) has a loss of ∞ and gradients NaN; with `zeroInfinity` both are 0.
 * @throws {ShapeError} when shapes do not meet; {OptionError} when a label is no class or the blank, or a length is not a
 *   whole number in its range.
 * Saves its gradient for the way back, T·B·C numbers, and holds 2·(T + 2)·(2S + 1) + 2·C beside it. All sums run in
 * float64. The gradient is −(probability of each class at each step, given the target), which for log-probabilities out
 * of `logSoftmax` becomes softmax − that probability.
 */
export function ctcLoss(
  logProbabilities: Tensor,
  targets: Tensor,
  inputLengths: Lengths,
  targetLengths: Lengths,
  options: CTCLossOptions = {},
): Tensor {
  const { blank, reduction, zeroInfinity, classes } = checkInput("ctcLoss", logProbabilities, targets, options);
  const sequences = checkSequences("ctcLoss", logProbabilities, targets, inputLengths, targetLengths);
  checkLabels("ctcLoss", targets, sequences, classes, blank);
  const losses = spell(logProbabilities, targets, sequences, blank, zeroInfinity);
  if (reduction === "none") return losses;
  if (reduction === "sum") return sum(losses);
  const batch = losses.size;
  const shares = Float32Array.from(sequences.targetLengths, (length) => 1 / (Math.max(length, 1) * batch));
  return sum(mul(losses, Tensor.fromArray(shares, [batch])));
}

/** The losses of the sequences, [B]. */
function spell(
  logProbabilities: Tensor,
  targets: Tensor,
  { inputLengths, targetLengths, starts }: Sequences,
  blank: number,
  zeroInfinity: boolean,
): Tensor {
  const e = engine();
  const [steps, batch, classes] = logProbabilities.shape as [number, number, number];
  const table = new Int32Array(3 * batch);
  for (let b = 0; b < batch; b++) {
    table.set([starts[b] as number, inputLengths[b] as number, targetLengths[b] as number], 3 * b);
  }
  const sequences = Tensor.fromArray(table, [batch, 3]);
  const losses = Tensor.inStep([batch]);
  const backwards = needsGradient([logProbabilities]);
  const gradient = backwards ? e.allocate(logProbabilities.size) : 0;
  const longest = targetLengths.reduce((most, length) => Math.max(most, length), 0);
  const workspace = e.allocate(companion().ctcWorkspaceSize(steps, longest, classes, backwards));
  const { address } = logProbabilities;
  const [from, rows, to] = [targets.address, sequences.address, losses.address];
  companion().ctc(address, from, rows, to, gradient, steps, batch, classes, blank, zeroInfinity, workspace);
  record([logProbabilities], [losses], () => {
    companion().ctcBackward(gradient, gradientOf(losses), steps, batch, classes);
    giveGradient(logProbabilities, gradient);
  });
  return losses;
}
