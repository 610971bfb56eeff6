import {
  type ActivationName,
  activations,
  CharacterVocabulary,
  Dropout,
  decodeSafetensors,
  Embedding,
  GRU,
  Linear,
  type Link,
  LSTM,
  RNN,
  Sequential,
  type StateDict,
} from "../index.ts";
import { Failure, lineOf } from "./failure.ts";

/** The recurrent layers to choose from. */
export const cells = ["lstm", "gru", "rnn"] as const;
export type Cell = (typeof cells)[number];

/** The activations an `rnn` takes: all that work a number at a time. */
export const activationNames = Object.keys(activations).filter(
  (name): name is ActivationName => !name.toLowerCase().endsWith("softmax"),
);

/** What a model is built from, besides its characters. */
export interface Architecture {
  readonly cell: Cell;
  /** Of the recurrence of an `rnn`; the others have their own. */
  readonly activation: ActivationName;
  readonly embedding: number;
  readonly hidden: number;
  readonly layers: number;
  readonly dropout: number;
}

/** A network that reads characters and says how likely each is to come next. */
export interface CharacterModel {
  readonly architecture: Architecture;
  readonly vocabulary: CharacterVocabulary;
  /** int32 [T, B] characters → [T, B, C] logits of the character after each. */
  readonly network: Sequential;
}

/** Embedding → recurrent layers → Linear, with dropout after each recurrent layer where it is asked for. */
export function buildModel(architecture: Architecture, vocabulary: CharacterVocabulary): CharacterModel {
  const { embedding, hidden, dropout } = architecture;
  const links: Link[] = [new Embedding({ count: vocabulary.size, size: embedding }), recurrentLayer(architecture)];
  if (dropout > 0) links.push(new Dropout({ probability: dropout }));
  links.push(new Linear({ inputSize: hidden, outputSize: vocabulary.size }));
  return { architecture, vocabulary, network: new Sequential(...links) };
}

function recurrentLayer({ cell, activation, embedding, hidden, layers, dropout }: Architecture): Link {
  const options = { inputSize: embedding, hiddenSize: hidden, layers, dropout };
  if (cell === "lstm") return new LSTM(options);
  if (cell === "gru") return new GRU(options);
  return new RNN({ ...options, activation });
}

/** How many numbers a model has learned. */
export function countParameters({ network }: CharacterModel): number {
  return network.parameters().reduce((sum, { size }) => sum + size, 0);
}

/** Says which program wrote a file, and how its metadata is to be read. */
const FORMAT = "unrolled-characters-1";

/** A model as the bytes of a safetensors file, with everything in its metadata that sampling needs. */
export function encodeModel({ architecture, vocabulary, network }: CharacterModel): Uint8Array {
  const { cell, activation, embedding, hidden, layers, dropout } = architecture;
  const sizes = Object.entries({ embedding, hidden, layers, dropout }).map(([name, value]) => [name, String(value)]);
  const characters = JSON.stringify(vocabulary.characters);
  return network.save({ format: FORMAT, cell, activation, ...Object.fromEntries(sizes), characters });
}

/**
 * The model in the bytes of a safetensors file.
 * @param path what is named when there is none.
 * @throws {Failure} when the file is damaged or was not written by `unrolled train`.
 */
export function decodeModel(path: string, bytes: Uint8Array): CharacterModel {
  try {
    const { tensors, metadata } = decodeSafetensors(bytes);
    const architecture = readArchitecture(metadata ?? {});
    const vocabulary = readVocabulary(metadata.characters);
    requireSizes(tensors, architecture, vocabulary);
    const model = buildModel(architecture, vocabulary);
    model.network.loadStateDict(tensors);
    model.network.eval();
    return model;
  } catch (error) {
    throw new Failure(`${path}: ${lineOf(error)}`);
  }
}

function readArchitecture(metadata: Record<string, unknown>): Architecture {
  if (metadata.format !== FORMAT) {
    throw new Failure("expected a model that `unrolled train` has saved, got another safetensors file");
  }
  const number = (name: string): number => {
    const value = Number(metadata[name]);
    return Number.isFinite(value) ? value : refuse(name, metadata[name]);
  };
  const word = <Word extends string>(name: string, words: readonly Word[]): Word =>
    words.find((known) => known === metadata[name]) ?? refuse(name, metadata[name]);
  return {
    cell: word("cell", cells),
    activation: word("activation", activationNames),
    embedding: number("embedding"),
    hidden: number("hidden"),
    layers: number("layers"),
    dropout: number("dropout"),
  };
}

function readVocabulary(text: unknown): CharacterVocabulary {
  let characters: unknown;
  try {
    characters = JSON.parse(String(text));
  } catch {
    return refuse("characters", text);
  }
  return isTexts(characters) ? new CharacterVocabulary(characters) : refuse("characters", text);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

/** Compares the sizes that settle how much memory a model takes with what the file holds, before it is built. */
function requireSizes(tensors: StateDict, { embedding, hidden, layers }: Architecture, { size }: CharacterVocabulary) {
  const [count, width] = tensors["0.weight"]?.shape ?? [];
  const depth = Object.keys(tensors).filter((name) => /^1\.weight_hh_l\d+$/.test(name)).length;
  const [, state] = tensors["1.weight_hh_l0"]?.shape ?? [];
  const wanted = `${size} characters × ${embedding}, ${layers} layers of ${hidden}`;
  const got = `${count} characters × ${width}, ${depth} layers of ${state}`;
  if (wanted !== got) throw new Failure(`expected weights of ${wanted}, as its metadata says, got ${got}`);
}

function refuse(name: string, got: unknown): never {
  throw new Failure(`its metadata has no readable ${name}: got ${got === undefined ? "nothing" : JSON.stringify(got)}`);
}
