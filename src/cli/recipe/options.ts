import type { Command } from "commander";
import { folderName, fraction, positiveOrAuto, threadCount, wholeNumber } from "../options.ts";

/** The options that all recipes have, as commander gives them. */
export interface RecipeOptions {
  readonly apply?: string;
  readonly name?: string;
  readonly hidden: number;
  readonly dropout: number;
  readonly batch: number;
  readonly epochs?: number;
  readonly learningRate: number | "auto";
  readonly seed: number;
  readonly out?: string;
  readonly json?: string;
  readonly checkpointEvery?: number;
  readonly deterministic: boolean;
  readonly threads: number | "auto";
}

/** What the options that all recipes have decide of a training. */
export interface RecipeSettings {
  readonly name: string;
  readonly hidden: number;
  readonly dropout: number;
  readonly batch: number;
  /** Passes over the training part (at most, where the validation ends it), or null to go by its size. */
  readonly epochs: number | null;
  /** The first one, or "auto" to look for it before anything is learned. */
  readonly learningRate: number | "auto";
  readonly seed: number;
  readonly out: string;
  readonly json: string | null;
  /** Steps between two checkpoints to go on from, or null to write one at each look at the validation. */
  readonly checkpointEvery: number | null;
  readonly deterministic: boolean;
  readonly threads: number | "auto";
}

/** What a recipe says of an option of its own accord, and where there is one, its default. */
export interface RecipeWords {
  readonly apply: string;
  /** What a run is named after. */
  readonly name: string;
  readonly hidden: readonly [what: string, value: number];
  readonly dropout: number;
  readonly batch: readonly [what: string, value: number];
  readonly epochs: string;
  readonly seed: string;
}

/** Adds the options that all recipes have. */
export function addRecipeOptions(command: Command, words: RecipeWords): Command {
  const count = wholeNumber(1);
  return command
    .option("--apply <MODEL>", `do not learn: ${words.apply} with this model or run`)
    .option("--name <NAME>", `of the run (default: ${words.name})`, folderName)
    .option("--hidden <N>", words.hidden[0], count, words.hidden[1])
    .option("--dropout <P>", "probability of dropping a number before the last layer", fraction, words.dropout)
    .option("--batch <N>", words.batch[0], count, words.batch[1])
    .option("--epochs <N>", words.epochs, count)
    .option("--learning-rate <R>", "of AdamW, at first; auto: look for it", positiveOrAuto, 0.002)
    .option("--seed <K>", words.seed, wholeNumber(0), 1)
    .option("--out <DIR>", "folder for the results (default: runs/NAME)")
    .option("--json <FILE>", "also write settings and results here")
    .option("--checkpoint-every <N>", "steps between checkpoints to resume from (default: at each validation)", count)
    .option("--deterministic", "same bits on every machine, at some cost in speed", false)
    .option("--threads <N>", "that share the work, or auto; any number gives the same model", threadCount, 1);
}

/** What these options leave open, decided. @param name of the run, where they give none. */
export function settleRecipe(options: RecipeOptions, name: string): RecipeSettings {
  const { hidden, dropout, batch, learningRate, seed, deterministic, threads } = options;
  const own = options.name ?? name;
  return {
    ...{ hidden, dropout, batch, learningRate, seed, deterministic, threads },
    name: own,
    epochs: options.epochs ?? null,
    out: options.out ?? `runs/${own}`,
    json: options.json ?? null,
    checkpointEvery: options.checkpointEvery ?? null,
  };
}
