/**
 * A word language model of WikiText-2 (Merity et al. 2016): its valid.txt is learned, its test.txt tells the perplexity, over
 * all words, <unk> and line ends included. Words that valid.txt has fewer than twenty times are <unk> too, which leaves 1,255
 * of 13,777 and makes <unk> 28 % of what is learned and 32 % of the test: the perplexity is far below one of the whole
 * vocabulary, and to be compared within this table only.
 *
 * Weight tying: the embedding's table is the output's weight too (Press & Wolf 2017; Inan, Khosravi & Socher 2017). Weight
 * drop: while learning, half of W_hh is zero, drawn anew for every stretch (Merity, Keskar & Socher 2018). All else is the
 * same, and with the same seed the LSTM and the table start from the same numbers.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  Adam,
  clipGradNorm,
  crossEntropy,
  detachState,
  Embedding,
  initialize,
  Linear,
  LSTM,
  type LSTMState,
  noGrad,
  type Parameter,
  perplexity,
  seed,
  type Tensor,
  tensor,
} from "unrolled";
import type { Task } from "../task.ts";

const FILES = ["text/wikitext-2/valid.txt", "text/wikitext-2/test.txt"];
const RARE = 20;
const SIZE = 128;
const STRETCH = 35;
const BATCH = 20;
/** By then the plain model has just begun to learn by heart: its perplexity was best an epoch earlier. */
const EPOCHS = 5;
const LEARNING_RATE = 6e-3;

/** The words of a text, each line with an end. */
function wordsOf(path: string): string[] {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.flatMap((line) => [...line.split(" ").filter((word) => word !== ""), "<eos>"]);
}

/** The numbers of the words that are not rare; <unk>, which stands for all others, is 0. */
function vocabularyOf(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const common = [...counts].filter(([word, count]) => count >= RARE && word !== "<unk>").map(([word]) => word);
  return new Map(["<unk>", ...common].map((word, i) => [word, i]));
}

/** Stretches [STRETCH, BATCH] and what follows each word, one after the other: column b reads the b-th part of the text. */
function* stretchesOf(tokens: Int32Array): Generator<{ input: Tensor; target: Tensor }> {
  const length = Math.floor((tokens.length - 1) / BATCH);
  for (let start = 0; start < length; start += STRETCH) {
    const steps = Math.min(STRETCH, length - start);
    const from = (shift: number): Tensor => {
      const at = (i: number): number => (i % BATCH) * length + start + Math.floor(i / BATCH) + shift;
      return tensor(
        Int32Array.from({ length: steps * BATCH }, (_, i) => tokens[at(i)] as number),
        [steps, BATCH],
      );
    };
    yield { input: from(0), target: from(1) };
  }
}

interface Setting {
  readonly tied?: boolean;
  readonly weightDrop?: number;
}

class LanguageModel {
  readonly embed: Embedding;
  readonly lstm: LSTM;
  readonly head: Linear;
  readonly parameters: readonly Parameter[];

  constructor(count: number, { tied = false, weightDrop = 0 }: Setting) {
    this.lstm = new LSTM({ inputSize: SIZE, hiddenSize: SIZE, weightDrop });
    this.embed = new Embedding({ count, size: SIZE });
    initialize.uniform(this.embed.weight, { low: -0.1, high: 0.1 });
    const sizes = { inputSize: SIZE, outputSize: count };
    this.head = new Linear(tied ? { ...sizes, weight: this.embed.weight } : sizes);
    if (!tied) initialize.uniform(this.head.weight, { low: -0.1, high: 0.1 });
    initialize.zeros(this.head.bias as Parameter);
    this.parameters = [...new Set([this.embed, this.lstm, this.head].flatMap((module) => module.parameters()))];
  }

  /** The mean loss of a stretch, and the state behind it. */
  read({ input, target }: { input: Tensor; target: Tensor }, before: LSTMState | undefined) {
    const { output, state } = this.lstm.forward(this.embed.forward(input), before);
    return { loss: crossEntropy(this.head.forward(output), target), state };
  }
}

function learnEpoch(model: LanguageModel, optimizer: Adam, tokens: Int32Array): number {
  let state: LSTMState | undefined;
  let steps = 0;
  for (const stretch of stretchesOf(tokens)) {
    optimizer.zeroGrad();
    const read = model.read(stretch, state);
    state = detachState(read.state);
    read.loss.backward();
    clipGradNorm(model.parameters, 1);
    optimizer.step();
    steps++;
  }
  return steps;
}

function perplexityOf(model: LanguageModel, tokens: Int32Array): number {
  let state: LSTMState | undefined;
  let [nats, count] = [0, 0];
  model.lstm.eval();
  for (const stretch of stretchesOf(tokens)) {
    const read = noGrad(() => model.read(stretch, state));
    state = detachState(read.state);
    nats += read.loss.item() * stretch.target.size;
    count += stretch.target.size;
  }
  model.lstm.train();
  return perplexity(nats / count);
}

function learn(setting: Setting, number: number, data: string) {
  const started = performance.now();
  const [train, test] = FILES.map((file) => wordsOf(join(data, file))) as [string[], string[]];
  const vocabulary = vocabularyOf(train);
  const encode = (words: readonly string[]) => Int32Array.from(words, (word) => vocabulary.get(word) ?? 0);
  const tokens = encode(train);
  seed(number);
  const model = new LanguageModel(vocabulary.size, setting);
  const optimizer = new Adam(model.parameters, { learningRate: LEARNING_RATE });
  let steps = 0;
  for (let epoch = 0; epoch < EPOCHS; epoch++) steps += learnEpoch(model, optimizer, tokens);
  const score = perplexityOf(model, encode(test));
  return { score, steps, seconds: (performance.now() - started) / 1000 };
}

const PLAIN = "words of WikiText-2, LSTM";

function task(what: string, setting: Setting): Task {
  return {
    name: `${PLAIN} with ${what}`,
    score: "perplexity, below that without",
    against: PLAIN,
    solved: (score, other) => score < other,
    files: FILES,
    learn: (seed, data) => learn(setting, seed, data),
  };
}

export const wordTasks: readonly Task[] = [
  { name: PLAIN, score: "perplexity", files: FILES, learn: (seed, data) => learn({}, seed, data) },
  task("weight tying", { tied: true }),
  task("weight drop", { weightDrop: 0.5 }),
];
