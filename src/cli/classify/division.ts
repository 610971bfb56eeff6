import { Generator } from "../../index.ts";
import { Failure } from "../failure.ts";
import type { Collection, Sequence } from "./collection.ts";

/** How the test is chosen. */
export interface Choice {
  /** A fraction of each label's sequences, a pattern of their names, or null for what is agreed or else a fifth. */
  readonly test: number | string | null;
  /** Whether whole speakers are held out. */
  readonly bySpeaker: boolean;
  readonly seed: number;
}

/** Sequences to learn from, and sequences to be judged by, which the network never learns from. */
export interface Division {
  /** The labels of the training part, sorted: numbers by their size, others by their letters. */
  readonly classes: readonly string[];
  readonly training: readonly Sequence[];
  readonly test: readonly Sequence[];
  /** How the test was chosen, in words. */
  readonly rule: string;
}

const DEFAULT_FRACTION = 0.2;

/**
 * Parts a collection for training and test.
 * @throws {Failure} when there is one class only, a part would be empty, a label is in the test alone, or no number differs
 *   from another.
 */
export function divide(collection: Collection, choice: Choice): Division {
  const { sequences, title } = collection;
  requireClasses(title, sequences);
  const { isTest, rule } = rulesFor(collection, choice);
  const training = sequences.filter((sequence, i) => !isTest(sequence, i));
  const test = sequences.filter(isTest);
  if (training.length === 0 || test.length === 0) {
    throw new Failure(
      `${title}: expected sequences to learn from and others to test on, got ${training.length} and ${test.length} (test: ${rule})`,
    );
  }
  const classes = requireClasses(`${title}, without the test (${rule})`, training);
  const known = new Set(classes);
  const strange = test.find(({ label }) => !known.has(label as string));
  if (strange) {
    throw new Failure(
      `${strange.name}: expected labels of the test to be among those learned from, got ${JSON.stringify(strange.label)} (test: ${rule})`,
    );
  }
  requireChange(title, training);
  return { classes, training, test, rule };
}

type IsTest = (sequence: Sequence, index: number) => boolean;

function rulesFor(collection: Collection, choice: Choice): { isTest: IsTest; rule: string } {
  const { test, bySpeaker, seed } = choice;
  if (typeof test === "string") {
    const pattern = new RegExp(test);
    return { isTest: ({ name }) => pattern.test(name), rule: `names that match ${pattern}` };
  }
  const fraction = test ?? DEFAULT_FRACTION;
  if (bySpeaker) return speakers(collection, fraction, seed);
  if (test === null && collection.official !== null) {
    return { isTest: ({ official }) => official === "test", rule: collection.official };
  }
  const chosen = ofEachLabel(collection.sequences, fraction, seed);
  return { isTest: (_, i) => chosen.has(i), rule: `${percent(fraction)} of each label, at random` };
}

const percent = (fraction: number): string => `${Math.round(fraction * 1000) / 10} %`;

/** Whole speakers, as many as make about the fraction of speakers, at random. */
function speakers({ sequences, title }: Collection, fraction: number, seed: number): { isTest: IsTest; rule: string } {
  const nameless = sequences.find(({ speaker }) => speaker === null);
  if (nameless) {
    throw new Failure(`--by-speaker: expected names like label_speaker_take.wav in ${title}, got ${nameless.name}`);
  }
  const all = [...new Set(sequences.map(({ speaker }) => speaker as string))].sort();
  if (all.length < 2) throw new Failure(`--by-speaker: expected at least 2 speakers in ${title}, got ${all.length}`);
  const count = Math.min(all.length - 1, Math.max(1, Math.round(fraction * all.length)));
  const order = new Generator(seed).permutation(all.length);
  const chosen = new Set(Array.from(order.subarray(0, count), (i) => all[i] as string));
  return {
    isTest: ({ speaker }) => chosen.has(speaker as string),
    rule: `all takes of ${[...chosen].sort().join(", ")}`,
  };
}

/** Numbers of sequences: of each label its share, but one at least where there are two. */
function ofEachLabel(sequences: readonly Sequence[], fraction: number, seed: number): Set<number> {
  const places = new Map<string, number[]>();
  sequences.forEach(({ label }, i) => {
    const found = places.get(label as string);
    if (found) found.push(i);
    else places.set(label as string, [i]);
  });
  const generator = new Generator(seed);
  const chosen = new Set<number>();
  for (const label of [...places.keys()].sort()) {
    const own = places.get(label) as number[];
    const count = Math.min(own.length - 1, Math.max(1, Math.round(fraction * own.length)));
    for (const i of generator.permutation(own.length).subarray(0, count)) chosen.add(own[i] as number);
  }
  return chosen;
}

function requireClasses(title: string, sequences: readonly Sequence[]): string[] {
  const classes = [...new Set(sequences.map(({ label }) => label as string))];
  if (classes.length < 2) {
    throw new Failure(
      `${title}: expected at least 2 classes, got ${classes.length === 0 ? "none" : `only ${JSON.stringify(classes[0])}`}`,
    );
  }
  const counted = classes.every((label) => label !== "" && Number.isFinite(Number(label)));
  return counted ? classes.sort((a, b) => Number(a) - Number(b)) : classes.sort();
}

/** @throws {Failure} when all sequences hold nothing but one number: there is nothing to tell them by. */
function requireChange(title: string, sequences: readonly Sequence[]): void {
  const first = sequences[0]?.input.data[0];
  if (sequences.some(({ input }) => input.data.some((value) => value !== first))) return;
  const same = sequences.every(({ input }) => input.data.length === sequences[0]?.input.data.length);
  if (same) throw new Failure(`${title}: expected sequences that differ, got the value ${first} everywhere`);
}
