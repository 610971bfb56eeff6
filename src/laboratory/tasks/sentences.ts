/**
 * A small language: sentences of a grammar in which a verb agrees in number with a noun that may stand far before it, so
 * that what comes next depends on what was read long ago.
 */
import type { RandomSource } from "./task.ts";

const nouns = ["sailor", "whale", "captain", "gull", "lantern", "ship", "harbour", "storm", "anchor", "island"];
const adjectives = ["old", "white", "silent", "restless", "northern", "broken", "patient", "drifting"];
const verbs = ["follow", "remember", "leave", "outrun", "forgive", "know"];
const places = ["near", "behind", "beyond", "beneath"];
const openings = ["at night", "before dawn", "in the end", "long ago", "all winter"];

type Pick = (words: readonly string[]) => string;

/** Between one and three nouns deep; only the first one's number decides the verb's. */
function nounPhrase(pick: Pick, random: RandomSource, depth: number): { words: string; several: boolean } {
  const several = random() < 0.5;
  const adjective = random() < 0.4 ? `${pick(adjectives)} ` : "";
  const noun = `${several ? "the" : "a"} ${adjective}${pick(nouns)}${several ? "s" : ""}`.replace(
    /^a ([aeiou])/,
    "an $1",
  );
  if (depth === 0 || random() < 0.5) return { words: noun, several };
  const inner = nounPhrase(pick, random, depth - 1);
  if (random() < 0.5) return { words: `${noun} ${pick(places)} ${inner.words}`, several };
  return { words: `${noun} that ${inner.words} ${verb(pick, inner.several)}`, several };
}

function verb(pick: Pick, several: boolean): string {
  return `${pick(verbs)}${several ? "" : "s"}`;
}

/** At least `length` characters of such sentences, a line each. */
export function sentences(length: number, random: RandomSource): string {
  const pick: Pick = (words) => words[Math.floor(random() * words.length)] as string;
  let text = "";
  while (text.length < length) {
    const subject = nounPhrase(pick, random, 2);
    const object = nounPhrase(pick, random, 1);
    const opening = random() < 0.3 ? `${pick(openings)}, ` : "";
    text += `${opening}${subject.words} ${verb(pick, subject.several)} ${object.words}.\n`;
  }
  return text;
}
