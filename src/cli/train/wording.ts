/** What a training tells in the terminal. */
import { join } from "node:path";
import { runtimeInfo } from "../../index.ts";
import { count, seconds, wrap } from "../format.ts";
import { modelFile } from "../sample.ts";
import type { Corpus } from "./corpus.ts";
import type { Check, Settings, TrainingRecord } from "./settings.ts";
import type { Measurement } from "./validation.ts";

/** Most columns for made-up text. */
const WIDTH = 96;

/** What stands before each line of it. */
const MARGIN = "  │ ";

/** Before the first step: text and model. */
export function introduce(settings: Settings, corpus: Corpus, parameters: number): string {
  const { title, characters, vocabulary, trainingCharacters } = corpus;
  const { cell, layers, hidden, embedding } = settings;
  const depth = layers === 1 ? "1 layer" : `${layers} layers`;
  return [
    `${title}: ${count(characters)} characters, ${vocabulary.size} different; ${count(characters - trainingCharacters)} held out`,
    `${cell.toUpperCase()}, ${depth} of ${hidden} over an embedding of ${embedding}: ${count(parameters)} parameters; ${runtimeInfo().build} build, seed ${settings.seed}`,
  ].join("\n");
}

/** At a look. */
export function tellCheck({ step, validation, sample }: Check): string {
  const measured = validation ? `  validation ${tellMeasurement(validation)}` : "";
  return `step ${count(step)}${measured}\n${quote(sample)}`;
}

/** After everything is written. */
export function conclude(record: TrainingRecord): string {
  const { out, json } = record.settings;
  const why = { done: "", callback: "", aborted: ", interrupted", time: "" }[record.stopped];
  return [
    quote(record.sample),
    `trained    ${count(record.steps)} steps in ${seconds(record.seconds)}${why}, ${count(record.tokensPerSecond)} tokens/s`,
    ...(record.validation ? [`validation ${tellMeasurement(record.validation)}`] : []),
    `saved      ${join(out, modelFile)}, history.json, report.html${json === null ? "" : `, ${json}`}`,
    `next       unrolled sample ${out}${record.stopped === "aborted" ? `, or unrolled resume ${out}` : ""}`,
  ].join("\n");
}

/** 1.523 nats, 2.197 bits per character (all 118,912 held-out characters) */
function tellMeasurement({ nats, bitsPerCharacter, characters, over }: Measurement): string {
  const which = over === "all" ? "all" : "an even subset of";
  return `${nats.toFixed(3)} nats, ${bitsPerCharacter.toFixed(3)} bits per character (${which} ${count(characters)} held-out characters)`;
}

/** Made-up text, set off from the program's own words. */
function quote(text: string): string {
  const columns = (process.stdout.columns ?? Number.POSITIVE_INFINITY) - MARGIN.length;
  return wrap(text.trim(), Math.max(20, Math.min(WIDTH, columns)))
    .map((line) => MARGIN + line)
    .join("\n");
}
