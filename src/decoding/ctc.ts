import { companion } from "../runtime/companion.ts";
import { NumericError, OptionError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { type Lengths, requireLengths } from "../tensor/lengths.ts";
import { requireFloat32, requireShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface CTCDecodeOptions {
  /** Steps of each sequence, 0 to T; all of them unless given. */
  lengths?: Lengths;
  /** The class that stands for no label; default 0. */
  blank?: number;
}

export interface CTCBeamOptions extends CTCDecodeOptions {
  /** How many beginnings of labellings are followed at each step; default 16. */
  beamWidth?: number;
  /** How many labellings to give for each sequence, at most beamWidth; default 1. */
  topPaths?: number;
}

/** What a sequence was read as. */
export interface CTCLabelling {
  /** Repetitions merged and blanks left out. */
  readonly labels: Int32Array;
  readonly logProbability: number;
}

/** The numbers of a batch, and how far each sequence goes. */
interface Batch {
  readonly values: Float32Array;
  readonly lengths: Int32Array;
  readonly batch: number;
  readonly classes: number;
  readonly blank: number;
}

/** Checks shapes and options, and that no step that counts holds a NaN or +∞, among which there is no largest. */
function checkBatch(
  what: string,
  logProbabilities: Tensor,
  options: CTCDecodeOptions,
  known: readonly string[],
): Batch {
  requireKnown(what, options, ["lengths", "blank", ...known]);
  requireFloat32(`${what} logProbabilities`, logProbabilities);
  requireShape(`${what} logProbabilities`, logProbabilities.shape, ["T", "B", "C"]);
  const [steps, batch, classes] = logProbabilities.shape as [number, number, number];
  const { blank = 0 } = options;
  if (!Number.isSafeInteger(blank) || blank < 0 || blank >= classes) {
    throw new OptionError(`${what} blank: expected a class from 0 to ${classes - 1}, got ${blank}`);
  }
  const lengths = requireLengths(`${what} lengths`, options.lengths ?? Array(batch).fill(steps), batch, steps);
  const values = logProbabilities.toArray() as Float32Array;
  lengths.forEach((length, b) => {
    for (let t = 0; t < length; t++) {
      for (let c = 0; c < classes; c++) {
        const value = values[(t * batch + b) * classes + c] as number;
        if (!(value < Number.POSITIVE_INFINITY)) {
          throw new NumericError(`${what}: expected log-probabilities, got ${value} at step ${t} of sequence ${b}`);
        }
      }
    }
  });
  return { values, lengths, batch, classes, blank };
}

/**
 * Reads each sequence by its most probable class at every step: fast, and what is right when the network is sure. The
 * labelling need not be the most probable one, since many paths spell the same.
 *
 * ```ts
 * const logProbabilities = tensor([[[-3, -0.1]], [[-0.1, -3]], [[-3, -0.1]]]); // [T = 3, B = 1, C = 2]
 * ctcGreedyDecode(logProbabilities)[0]?.labels; // [1, 1]
 * ```
 *
 * @param logProbabilities [T, B, C]; what lies behind the end of a sequence is not looked at. Of equal classes the first.
 * @returns a labelling for each sequence, with the log-probability of that one path.
 * @throws {ShapeError} when it is not [T, B, C]; {OptionError} when the blank is no class or a length not from 0 to T;
 *   {NumericError} when a number is NaN or +∞.
 */
export function ctcGreedyDecode(logProbabilities: Tensor, options: CTCDecodeOptions = {}): CTCLabelling[] {
  const { values, lengths, batch, classes, blank } = checkBatch("ctcGreedyDecode", logProbabilities, options, []);
  return Array.from(lengths, (length, b) => {
    const labels: number[] = [];
    let logProbability = 0;
    let before = blank;
    for (let t = 0; t < length; t++) {
      const row = (t * batch + b) * classes;
      let best = 0;
      for (let c = 1; c < classes; c++) if ((values[row + c] as number) > (values[row + best] as number)) best = c;
      if (best !== blank && best !== before) labels.push(best);
      logProbability += values[row + best] as number;
      before = best;
    }
    return { labels: Int32Array.from(labels), logProbability };
  });
}

/**
 * Probabilities of one prefix of a labelling, all logarithms: of the paths so far that spell it and end with a blank, and
 * of those that end with its last label. Prefixes are a tree, so that each is there once.
 */
class Prefix {
  readonly parent: Prefix | null;
  readonly label: number;
  /** Made with the first of them: most prefixes are left before they have any. */
  children: Map<number, Prefix> | null = null;
  blank = Number.NEGATIVE_INFINITY;
  ending = Number.NEGATIVE_INFINITY;
  total = Number.NEGATIVE_INFINITY;
  /** What the step at hand has added up so far. */
  nextBlank = Number.NEGATIVE_INFINITY;
  nextEnding = Number.NEGATIVE_INFINITY;
  /** Whether the step at hand has reached it. */
  reached = false;

  constructor(parent: Prefix | null, label: number) {
    this.parent = parent;
    this.label = label;
  }

  extended(label: number): Prefix {
    this.children ??= new Map();
    let child = this.children.get(label);
    if (!child) {
      child = new Prefix(this, label);
      this.children.set(label, child);
    }
    return child;
  }

  labels(): Int32Array {
    const labels: number[] = [];
    for (let at: Prefix = this; at.parent; at = at.parent) labels.push(at.label);
    return Int32Array.from(labels.reverse());
  }
}

type LogAdd = (a: number, b: number) => number;

/** The prefixes that one step leads to from those followed, the most probable first, no more than `width`. */
function step(beam: readonly Prefix[], row: Float32Array, blank: number, width: number, logAdd: LogAdd): Prefix[] {
  const found: Prefix[] = [];
  const reach = (prefix: Prefix): void => {
    if (prefix.reached) return;
    prefix.reached = true;
    found.push(prefix);
  };
  for (const prefix of beam) {
    reach(prefix);
    prefix.nextBlank = prefix.total + (row[blank] as number);
    if (prefix.parent) prefix.nextEnding = logAdd(prefix.nextEnding, prefix.ending + (row[prefix.label] as number));
    for (let label = 0; label < row.length; label++) {
      if (label === blank) continue;
      // A label repeated without a blank between is the same label still.
      const from = label === prefix.label ? prefix.blank : prefix.total;
      const logProbability = from + (row[label] as number);
      if (logProbability === Number.NEGATIVE_INFINITY) continue;
      const longer = prefix.extended(label);
      reach(longer);
      longer.nextEnding = logAdd(longer.nextEnding, logProbability);
    }
  }
  for (const prefix of found) {
    prefix.blank = prefix.nextBlank;
    prefix.ending = prefix.nextEnding;
    prefix.total = logAdd(prefix.blank, prefix.ending);
    prefix.nextBlank = Number.NEGATIVE_INFINITY;
    prefix.nextEnding = Number.NEGATIVE_INFINITY;
    prefix.reached = false;
  }
  const possible = found.filter(({ total }) => total > Number.NEGATIVE_INFINITY);
  // Sorting keeps the order of equals, which is that of their discovery.
  possible.sort((a, b) => b.total - a.total);
  const kept = possible.slice(0, width);
  forget(found, new Set(kept));
  return kept;
}

/** Leaves out what is no longer followed and leads nowhere; what has longer prefixes has to be found again by them. */
function forget(found: readonly Prefix[], kept: ReadonlySet<Prefix>): void {
  for (let i = found.length - 1; i >= 0; i--) {
    const prefix = found[i] as Prefix;
    if (!kept.has(prefix) && !prefix.children?.size) prefix.parent?.children?.delete(prefix.label);
  }
}

/**
 * The most probable labellings of each sequence by prefix beam search (Graves 2012; Hannun et al. 2014): at each step the
 * `beamWidth` most probable beginnings are followed, each with the probability of all paths that spell it. A beam as wide as
 * there are beginnings finds the most probable labelling with its exact probability; a narrower one may miss it, and then
 * gives lower bounds.
 *
 * ```ts
 * const row = [[Math.log(0.6), Math.log(0.4)]]; // blank 0.6, label 0.4
 * const [labellings] = ctcBeamSearch(tensor([row, row]), { topPaths: 2 });
 * // Of probability 0.64: though the most probable path, of probability 0.36, is blank throughout.
 * labellings?.[0]?.labels; // [1]
 * labellings?.[1]?.labels; // []
 * ```
 *
 * @param logProbabilities [T, B, C]; what lies behind the end of a sequence is not looked at.
 * @returns for each sequence up to `topPaths` labellings, the most probable first; fewer when fewer are possible.
 * @throws {ShapeError} when it is not [T, B, C]; {OptionError} when the blank is no class, a length not from 0 to T, or
 *   topPaths more than beamWidth; {NumericError} when a number is NaN or +∞.
 * Time: T·beamWidth·C additions of probabilities a sequence. Holds at most (T + C)·beamWidth beginnings at a time.
 */
export function ctcBeamSearch(logProbabilities: Tensor, options: CTCBeamOptions = {}): CTCLabelling[][] {
  const what = "ctcBeamSearch";
  const { beamWidth = 16, topPaths = 1 } = options;
  requireCount(`${what} beamWidth`, beamWidth);
  requireCount(`${what} topPaths`, topPaths);
  if (topPaths > beamWidth) {
    throw new OptionError(`${what} topPaths: expected at most beamWidth, ${beamWidth}, got ${topPaths}`);
  }
  const given = checkBatch(what, logProbabilities, options, ["beamWidth", "topPaths"]);
  const { values, lengths, batch, classes, blank } = given;
  // The engine's sum has the same bits on every host, which Math.exp has not.
  const none = Number.NEGATIVE_INFINITY;
  const logAdd: LogAdd = (x, y) => (x === none ? y : y === none ? x : companion().logAddExp(x, y));
  return Array.from(lengths, (length, b) => {
    const root = new Prefix(null, -1);
    root.blank = 0;
    root.total = 0;
    let beam = [root];
    for (let t = 0; t < length; t++) {
      const row = (t * batch + b) * classes;
      beam = step(beam, values.subarray(row, row + classes), blank, beamWidth, logAdd);
    }
    return beam.slice(0, topPaths).map((prefix) => ({ labels: prefix.labels(), logProbability: prefix.total }));
  });
}
