/**
 * The training of the tutorial, one name a step, and the questions asked afterwards.
 */
import { clipGradNorm, type Generator, NumericError, nllLoss, noGrad, SGD, type Tensor, tensor } from "unrolled";
import { type Names, randomExample, toLetters } from "./names.ts";
import type { Answer, NameNetwork } from "./networks.ts";

/** The tutorial's numbers. */
export const TUTORIAL = { hiddenSize: 128, iterations: 100_000, learningRate: 0.005, printEvery: 5_000 } as const;

/**
 * The one difference from the tutorial: gradients longer than this are shortened, which about one name in three has.
 * With a linear memory nothing bounds what is carried from letter to letter, and a long name (Maceachthighearna) can send
 * back a gradient of several hundred; without this, one seed in four ends with a loss that is no number.
 */
export const CLIP_NORM = 10;

/** Where a training is, and how it did with the latest name. */
export interface Report {
  readonly iteration: number;
  /** The mean loss since the report before. */
  readonly loss: number;
  readonly name: string;
  readonly guess: number;
  readonly language: number;
}

export interface TrainingOptions {
  readonly iterations?: number;
  readonly learningRate?: number;
  /** Shortens gradients that are longer than this; 0 leaves them all as they are. */
  readonly clipNorm?: number;
  /** Iterations from one report to the next. */
  readonly printEvery?: number;
  /** Picks the examples. */
  readonly generator: Generator;
  readonly onReport?: (report: Report) => void;
}

/** Reads a name letter by letter; the guess after the last letter counts. */
function read(network: NameNetwork, name: string): Tensor {
  let answer: Answer | undefined;
  for (const letter of toLetters(name)) {
    answer = network.forward(letter, answer?.hidden ?? network.initHidden());
  }
  if (!answer) throw new RangeError("a name needs at least one letter");
  return answer.output;
}

/** The language with the highest probability. */
function bestOf(output: Tensor): number {
  const scores = output.toArray();
  return scores.indexOf(Math.max(...scores));
}

/**
 * Trains: a random name, its loss, the gradient, a small step against it — 100,000 times.
 * @returns the mean loss of each stretch between two reports.
 * @throws {NumericError} when the loss is no longer a number: the learning rate was too high.
 */
export function train(network: NameNetwork, names: Names, options: TrainingOptions): number[] {
  const {
    iterations = TUTORIAL.iterations,
    learningRate = TUTORIAL.learningRate,
    clipNorm = CLIP_NORM,
    printEvery = TUTORIAL.printEvery,
    generator,
    onReport,
  } = options;
  const optimizer = new SGD(network.parameters(), { learningRate });
  const targets = names.languages.map((_, language) => tensor(Int32Array.of(language)));
  const losses: number[] = [];
  let total = 0;
  for (let iteration = 1; iteration <= iterations; iteration++) {
    const { language, name } = randomExample(names, generator);
    const output = read(network, name);
    const loss = nllLoss(output, targets[language] as Tensor);
    optimizer.zeroGrad();
    loss.backward();
    if (clipNorm > 0) clipGradNorm(network.parameters(), clipNorm);
    optimizer.step();

    total += loss.item();
    if (iteration % printEvery !== 0) continue;
    const mean = total / printEvery;
    if (!Number.isFinite(mean)) throw new NumericError(`iteration ${iteration}: expected a finite loss, got ${mean}`);
    losses.push(mean);
    onReport?.({ iteration, loss: mean, name, guess: bestOf(output), language });
    total = 0;
  }
  return losses;
}

/** The likeliest languages of a name, best first. */
export function predict(network: NameNetwork, name: string, count = 3): { language: number; probability: number }[] {
  const output = noGrad(() => read(network, name));
  return Array.from(output.toArray(), (logarithm, language) => ({ language, probability: Math.exp(logarithm) }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, count);
}

/** How often names of each language (row) were taken for each language (column). */
export class Confusion {
  readonly counts: readonly Uint32Array[];

  constructor(languages: number) {
    this.counts = Array.from({ length: languages }, () => new Uint32Array(languages));
  }

  /** Asks the network for a name's language and writes its guess down. */
  ask(network: NameNetwork, name: string, language: number): void {
    const guess = noGrad(() => bestOf(read(network, name)));
    const row = this.counts[language] as Uint32Array;
    row[guess] = (row[guess] as number) + 1;
  }

  /** Names asked for. */
  get total(): number {
    return this.counts.reduce((sum, row) => sum + sumOf(row), 0);
  }

  /** The part of all names that was taken for what it is. */
  get accuracy(): number {
    return this.counts.reduce((sum, row, i) => sum + (row[i] as number), 0) / this.total;
  }

  /** For each language, the part of its names that was taken for what it is. */
  get recalls(): number[] {
    return this.counts.map((row, i) => (row[i] as number) / sumOf(row));
  }

  /** The mean of `recalls`: every language counts alike, however many names it has. */
  get balancedAccuracy(): number {
    return this.recalls.reduce((sum, recall) => sum + recall, 0) / this.counts.length;
  }
}

function sumOf(row: Uint32Array): number {
  return row.reduce((sum, count) => sum + count, 0);
}

/** As the tutorial measures: random examples, drawn as the training drew them. */
export function askAtRandom(network: NameNetwork, names: Names, generator: Generator, count = 10_000): Confusion {
  const confusion = new Confusion(names.languages.length);
  for (let i = 0; i < count; i++) {
    const { language, name } = randomExample(names, generator);
    confusion.ask(network, name, language);
  }
  return confusion;
}

/** Every name of the lists, once. */
export function askAll(network: NameNetwork, { languages, names }: Names): Confusion {
  const confusion = new Confusion(languages.length);
  names.forEach((list, language) => {
    for (const name of list) confusion.ask(network, name, language);
  });
  return confusion;
}
