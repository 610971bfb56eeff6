/** A text: the network says how likely each character is to come next. */
import {
  Adam,
  CharacterVocabulary,
  crossEntropy,
  type Dataset,
  type Loss,
  noGrad,
  Trainer,
  tensor,
  textWindows,
} from "unrolled";
import type { Settings } from "../settings.ts";
import { Network } from "./network.ts";
import type { FileCard, Reading, TextMaterial } from "./setup.ts";

/** This part of a text is for measuring. */
const HELD_OUT = 0.1;

export interface Task {
  readonly trainer: Trainer;
  readonly loss: Loss;
  readonly data: Dataset;
  readonly validation: Dataset;
  readonly network: Network;
  readonly card: FileCard;
}

export interface TextTask extends Task {
  /** Takes any text: visitors write what they like. */
  readonly vocabulary: CharacterVocabulary;
}

/** The characters that a network knows: those it has never seen are a space to it, or its first. */
function vocabularyOf(known: readonly string[]): CharacterVocabulary {
  const unknown = known.includes(" ") ? " " : known[0];
  return new CharacterVocabulary(known, unknown === undefined ? {} : { unknown });
}

/** @param known the characters of a network from a file. */
export function textTask({ text }: TextMaterial, settings: Settings, known?: readonly string[]): TextTask {
  const vocabulary = vocabularyOf(known ?? new CharacterVocabulary(text).characters);
  const network = new Network(settings, vocabulary.size, vocabulary.size);
  const tokens = vocabulary.encode(text);
  const cut = Math.floor(tokens.length * (1 - HELD_OUT));
  const { window, learningRate } = settings;
  return {
    vocabulary,
    network,
    loss: crossEntropy,
    trainer: new Trainer({
      model: network,
      loss: crossEntropy,
      optimizer: new Adam(network.parameters(), { learningRate }),
      clipNorm: 1,
    }),
    data: textWindows(tokens.subarray(0, cut), { window }),
    validation: textWindows(tokens.subarray(cut - window), { window }),
    card: { version: 1, settings, kind: "text", characters: vocabulary.characters },
  };
}

/** Goes on from `prompt`; a low temperature is careful, a high one bold. */
export function write({ network, vocabulary }: TextTask, prompt: string, length: number, temperature: number): string {
  return withoutTraining(network, () => {
    const start = vocabulary.encode(prompt);
    let { output, states } = network.walk(tensor(start, [start.length, 1]));
    const { size } = vocabulary;
    const written: number[] = [];
    for (let i = 0; i < length; i++) {
      const logits = output.toArray() as Float32Array;
      const token = draw(logits.subarray(logits.length - size), temperature);
      written.push(token);
      ({ output, states } = network.walk(tensor(Int32Array.of(token), [1, 1]), states));
    }
    return vocabulary.decode(written);
  });
}

/** What goes on inside while the network reads a line. */
export function read({ network, vocabulary, card }: TextTask, line: string): Reading {
  const characters = [...line];
  const views = withoutTraining(network, () => network.look(tensor(vocabulary.encode(line), [characters.length, 1])));
  return { characters, hiddenSize: card.settings.hiddenSize, views };
}

/** Uses a network between two steps of its training. */
export function withoutTraining<T>(network: Network, use: () => T): T {
  const { training } = network;
  network.eval();
  try {
    return noGrad(use);
  } finally {
    network.train(training);
  }
}

/** Draws a class from softmax(logits / temperature). */
function draw(logits: Float32Array, temperature: number): number {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const weights = Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  let left = Math.random() * weights.reduce((total, weight) => total + weight, 0);
  const index = weights.findIndex((weight) => {
    left -= weight;
    return left <= 0;
  });
  return Math.max(index, 0);
}
