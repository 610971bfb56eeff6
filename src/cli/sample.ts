import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { DataError, Generator } from "../index.ts";
import { type CharacterModel, decodeModel } from "./character-model.ts";
import { Failure } from "./failure.ts";
import { isFolder, readBytes } from "./files.ts";
import { generate } from "./generate.ts";
import { wholeNumber, zeroOrMore } from "./options.ts";

/** The file in a run's folder that holds its model. */
export const modelFile = "model.safetensors";

/** Characters that go to a pipe or a file in one piece; a terminal gets each at once. */
const PIECE = 4096;

interface SampleOptions {
  readonly length: number;
  readonly temperature: number;
  readonly prompt: string;
  readonly seed?: number;
}

const examples = `
The prompt is printed first, then --length characters more.

Example:
  $ unrolled sample runs/moby-dick --length 300 --temperature 0.7 --prompt "The whale "`;

/** `unrolled sample`: text from a trained model. */
export function sampleCommand(): Command {
  return new Command("sample")
    .description("write text with a model that `unrolled train` has saved")
    .argument("<DIR>", "folder of the run, or its model.safetensors")
    .option("--length <N>", "characters to write", wholeNumber(1), 500)
    .option("--temperature <T>", "0 takes the most likely character, 1 draws as the model believes", zeroOrMore, 0.8)
    .option("--prompt <TEXT>", "what the text begins with", "")
    .option("--seed <K>", "same seed, same text (default: another one each time)", wholeNumber(0))
    .addHelpText("after", examples)
    .action(sample);
}

async function sample(path: string, options: SampleOptions): Promise<void> {
  const model = loadModel(path);
  requirePrompt(model, options.prompt);
  const generator = new Generator(options.seed ?? Date.now());
  const characters = generate(model, { ...options, generator });
  const { stdout } = process;
  await write(options.prompt);
  let piece = "";
  let left = options.length;
  for (const character of characters) {
    piece += character;
    left--;
    if (stdout.isTTY || left === 0 || piece.length >= PIECE) {
      await write(piece);
      piece = "";
    }
    if (left === 0) break;
  }
  if (stdout.isTTY) await write("\n");
}

/** Writes to stdout, and waits when whoever reads it is slow. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

function loadModel(path: string): CharacterModel {
  const folder = isFolder(path);
  const file = folder ? join(path, modelFile) : path;
  if (folder && !existsSync(file)) {
    throw new Failure(`${path}: expected a folder that holds ${modelFile}, got one without`);
  }
  return decodeModel(file, readBytes(file));
}

function requirePrompt({ vocabulary }: CharacterModel, prompt: string): void {
  try {
    vocabulary.encode(prompt);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const known = new Set(vocabulary.characters);
    const unknown = [...new Set(prompt)].filter((character) => !known.has(character)).map((c) => JSON.stringify(c));
    throw new Failure(
      `--prompt: expected characters of the text the model has learned from, got ${unknown.join(" ")}, which it never saw`,
    );
  }
}
