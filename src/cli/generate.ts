import { activations, type Generator } from "../index.ts";
import type { CharacterModel } from "./character-model.ts";

/** How text is drawn from a model. */
export interface Drawing {
  /** Logits are divided by it: lower is surer of itself; 0 always takes the most likely character. */
  readonly temperature: number;
  /** What the model reads first; a new line (or the first character it knows) when empty. */
  readonly prompt: string;
  readonly generator: Generator;
}

const WORD = 2 ** 32;

/**
 * Text that a model makes up, character by character and without end: each one is drawn, then read.
 * @throws {DataError} when the prompt holds a character that the model does not know.
 */
export function* generate(model: CharacterModel, { temperature, prompt, generator }: Drawing): Iterable<string> {
  const { network, vocabulary } = model;
  const stream = network.stream();
  const newLine = Math.max(0, vocabulary.characters.indexOf("\n"));
  let logits = new Float32Array(vocabulary.size);
  for (const token of prompt === "" ? [newLine] : vocabulary.encode(prompt))
    logits = new Float32Array(stream.push(token));
  for (;;) {
    const token = temperature === 0 ? mostLikely(logits) : draw(logits, temperature, generator);
    yield vocabulary.characters[token] as string;
    logits.set(stream.push(token));
  }
}

/** The first `length` characters of what `generate` gives. */
export function generateText(model: CharacterModel, drawing: Drawing, length: number): string {
  let text = "";
  let count = 0;
  for (const character of generate(model, drawing)) {
    text += character;
    if (++count === length) break;
  }
  return text;
}

/** The place of the largest number; of the first when several are. */
function mostLikely(logits: Float32Array): number {
  return logits.reduce((best, logit, i) => (logit > (logits[best] as number) ? i : best), 0);
}

/**
 * A character drawn with probability softmax(logits/temperature). The largest logit is taken off first, so that no
 * temperature above 0 is too low.
 */
function draw(logits: Float32Array, temperature: number, generator: Generator): number {
  const largest = logits[mostLikely(logits)] as number;
  const probabilities = activations.softmax(logits.map((logit) => (logit - largest) / temperature));
  const target = generator.below(WORD) / WORD;
  let below = 0;
  for (let i = 0; i < probabilities.length; i++) {
    below += probabilities[i] as number;
    if (target < below) return i;
  }
  // The sum may round to a little less than 1.
  return mostLikely(logits);
}
