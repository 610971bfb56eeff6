/**
 * The data: lists of surnames, one file a language, and how a name becomes tensors.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { DataError, type Generator, type Tensor, tensor } from "unrolled";

/** The letters a name may have, as in the tutorial: 52 letters and five signs. */
export const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ .,;'";

/** One in this many distinct names is held out. */
const HELD_OUT = 10;

/** Names by language; the languages are in order of the alphabet. */
export interface Names {
  readonly languages: readonly string[];
  /** For each language its names, as often as the list has them. */
  readonly names: readonly (readonly string[])[];
}

/** What a network learns from, and what it is asked about that it never saw. */
export interface Split {
  readonly training: Names;
  /** Each name once. */
  readonly heldOut: Names;
}

/** A name in plain letters: "Ślusàrski" → "Slusarski". What is not among LETTERS is left out. */
export function toAscii(name: string): string {
  const apart = name.normalize("NFD").replace(/\p{Mn}/gu, "");
  return [...apart].filter((letter) => LETTERS.includes(letter)).join("");
}

/**
 * Where the lists are.
 * @throws {DataError} when nowhere, in one line that says where they were looked for.
 */
export function findNames(given?: string): string {
  const root = process.env.UNROLLED_DATA ?? join("..", "shared", "data");
  const folder = given ?? join(root, "text", "names", "names");
  if (existsSync(folder) && statSync(folder).isDirectory() && listFiles(folder).length > 0) return folder;
  throw new DataError(
    `no lists of names in ${folder}: give the folder with Arabic.txt … Vietnamese.txt as --data, or set UNROLLED_DATA`,
  );
}

function listFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".txt"))
    .sort();
}

/**
 * Reads a folder of lists, `Language.txt` with one name a line.
 * @throws {DataError} when a list is empty.
 */
export function readNames(folder: string): Names {
  const files = listFiles(folder);
  const names = files.map((file) => {
    const lines = readFileSync(join(folder, file), "utf8").split(/\r?\n/);
    const found = lines.map((line) => toAscii(line.trim())).filter((name) => name !== "");
    if (found.length === 0) throw new DataError(`${join(folder, file)}: expected names, got none`);
    return found;
  });
  return { languages: files.map((file) => basename(file, ".txt")), names };
}

/**
 * Holds one distinct name in ten of each language out. A spelling that is held out in one language is taken out of the
 * training lists of all of them, so that nothing asked was ever learned; the lists repeat many names.
 * @throws {DataError} when that leaves a language without names to learn from.
 */
export function holdOut({ languages, names }: Names, generator: Generator): Split {
  const chosen = names.map((list) => {
    const distinct = [...new Set(list)];
    const count = Math.ceil(distinct.length / HELD_OUT);
    return Array.from(generator.permutation(distinct.length).subarray(0, count), (i) => distinct[i] as string);
  });
  const spellings = new Set(chosen.flat());
  const training = names.map((list) => list.filter((name) => !spellings.has(name)));
  const empty = training.findIndex((list) => list.length === 0);
  if (empty >= 0) throw new DataError(`${languages[empty]}: expected more names, got too few to hold some out`);
  return {
    training: { languages, names: training },
    heldOut: { languages, names: chosen },
  };
}

/** An example of the training: a language picked at random, then a name in its list. */
export function randomExample({ names }: Names, generator: Generator): { language: number; name: string } {
  const language = generator.below(names.length);
  const list = names[language] as readonly string[];
  return { language, name: list[generator.below(list.length)] as string };
}

const oneHot: readonly Tensor[] = [...LETTERS].map((_, letter) => {
  const numbers = new Float32Array(LETTERS.length);
  numbers[letter] = 1;
  return tensor(numbers, [1, LETTERS.length]);
});

/** A name as a network reads it: for each letter [1, I], all zeros but a one at the letter's place. */
export function toLetters(name: string): Tensor[] {
  return [...name].map((letter) => oneHot[LETTERS.indexOf(letter)] as Tensor);
}
