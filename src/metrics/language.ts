import { engine } from "../runtime/engine.ts";
import { DataError, OptionError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { wordsOf } from "./distance.ts";

function requireNumber(what: string, value: number): void {
  if (typeof value !== "number") throw new OptionError(`${what}: expected a number, got ${typeof value}`);
}

/**
 * How many equally likely choices a mean cross-entropy amounts to: e to the power of it.
 *
 * ```ts
 * perplexity(Math.log(8)); // 8
 * ```
 *
 * @param meanNats the mean of `crossEntropy` over tokens.
 * @throws {OptionError} when it is no number. Infinite above 709.
 */
export function perplexity(meanNats: number): number {
  requireNumber("perplexity", meanNats);
  return engine().kernels.exponential(meanNats);
}

/**
 * A mean cross-entropy over characters in bits: divided by log 2.
 *
 * ```ts
 * bitsPerCharacter(Math.log(8)); // 3
 * ```
 *
 * @throws {OptionError} when it is no number.
 */
export function bitsPerCharacter(meanNats: number): number {
  requireNumber("bitsPerCharacter", meanNats);
  return meanNats / Math.LN2;
}

/** A text, taken word by word between white space, or its tokens. */
export type Sentence = string | readonly string[];

export interface BleuOptions {
  /** The longest runs of words that are compared; default 4. */
  order?: number;
  /**
   * "addOne" counts one more hit and one more run of every length above 1 (Lin & Och 2004), so that one length without a
   * hit does not make the whole score 0. Default "none".
   */
  smoothing?: "none" | "addOne";
}

/** How often each run of n tokens occurs. */
function runsOf(tokens: readonly string[], n: number): Map<string, number> {
  const runs = new Map<string, number>();
  for (let i = 0; i + n <= tokens.length; i++) {
    const run = JSON.stringify(tokens.slice(i, i + n));
    runs.set(run, (runs.get(run) ?? 0) + 1);
  }
  return runs;
}

/** Runs of n tokens that a reference has too, each counted no more often than in the reference that has it most. */
function clippedHits(candidate: readonly string[], references: readonly (readonly string[])[], n: number): number {
  const allowed = new Map<string, number>();
  for (const reference of references) {
    for (const [run, count] of runsOf(reference, n)) allowed.set(run, Math.max(allowed.get(run) ?? 0, count));
  }
  let hits = 0;
  for (const [run, count] of runsOf(candidate, n)) hits += Math.min(count, allowed.get(run) ?? 0);
  return hits;
}

/** The length of the reference nearest in length, of equally near ones the shorter. */
function nearestLength(length: number, references: readonly (readonly string[])[]): number {
  return references
    .map((reference) => reference.length)
    .reduce((best, other) => {
      const closer = Math.abs(other - length) - Math.abs(best - length);
      return closer < 0 || (closer === 0 && other < best) ? other : best;
    });
}

function tokensOf(what: string, sentence: Sentence): readonly string[] {
  if (typeof sentence === "string") return wordsOf(sentence);
  if (!Array.isArray(sentence) || sentence.some((token) => typeof token !== "string")) {
    throw new DataError(`${what}: expected a text or a list of tokens, got something else`);
  }
  return sentence;
}

function checkSentences(candidates: readonly Sentence[], references: readonly (readonly Sentence[])[]) {
  if (!Array.isArray(candidates) || !Array.isArray(references)) {
    throw new DataError("bleu: expected a list of candidates and a list of references for each, got something else");
  }
  if (candidates.length !== references.length) {
    throw new DataError(
      `bleu: expected references for each candidate, got ${references.length} for ${candidates.length}`,
    );
  }
  return candidates.map((candidate, i) => {
    const own = references[i] as readonly Sentence[];
    if (!Array.isArray(own) || own.length === 0) {
      throw new DataError(`bleu: expected a list of at least one reference for candidate ${i}, got none`);
    }
    return {
      candidate: tokensOf("bleu candidates", candidate),
      references: own.map((reference) => tokensOf("bleu references", reference)),
    };
  });
}

/**
 * BLEU of a corpus (Papineni et al. 2002), from 0 to 1: the geometric mean over n = 1 … 4 of the share of the candidates'
 * runs of n words that a reference has too, clipped to how often it has them, times e^(1 − r/c) where the candidates'
 * length c is less than r, that of the references nearest in length. Counts are of the whole corpus before they are
 * divided. 0 when there is no hit of some length, unless smoothed.
 *
 * ```ts
 * bleu(["the cat sat on the mat"], [["the cat sat on the mat"]]); // 1
 * ```
 *
 * @param references for each candidate the sentences it may be like.
 * @throws {DataError} when a candidate has no reference; {OptionError} when order is not a whole number ≥ 1.
 */
export function bleu(
  candidates: readonly Sentence[],
  references: readonly (readonly Sentence[])[],
  options: BleuOptions = {},
): number {
  requireKnown("bleu", options, ["order", "smoothing"]);
  const { order = 4, smoothing = "none" } = options;
  requireCount("bleu order", order);
  if (smoothing !== "none" && smoothing !== "addOne") {
    throw new OptionError(`bleu smoothing: expected "none" or "addOne", got ${JSON.stringify(smoothing)}`);
  }
  const sentences = checkSentences(candidates, references);
  const { exponential, logarithm } = engine().kernels;
  let logs = 0;
  for (let n = 1; n <= order; n++) {
    const extra = smoothing === "addOne" && n > 1 ? 1 : 0;
    let [hits, runs] = [extra, extra];
    for (const { candidate, references: own } of sentences) {
      hits += clippedHits(candidate, own, n);
      runs += Math.max(0, candidate.length - n + 1);
    }
    if (hits === 0) return 0;
    logs += logarithm(hits / runs);
  }
  const length = sentences.reduce((sum, { candidate }) => sum + candidate.length, 0);
  const wanted = sentences.reduce((sum, one) => sum + nearestLength(one.candidate.length, one.references), 0);
  return exponential(Math.min(0, 1 - wanted / length) + logs / order);
}
