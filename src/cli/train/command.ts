import { Command } from "commander";
import type { ActivationName } from "../../index.ts";
import { activationNames, type Cell, cells } from "../character-model.ts";
import { Failure } from "../failure.ts";
import { folderName, fraction, oneOf, positive, positiveOrAuto, threadCount, wholeNumber } from "../options.ts";
import { runName } from "./corpus.ts";
import { train } from "./run.ts";
import type { Settings } from "./settings.ts";

/** How long a training takes when neither --steps nor --seconds is given. */
const DEFAULT_SECONDS = 75;

/** Steps between two looks at the validation when there is no number of steps to take a tenth of. */
const DEFAULT_EVERY = 250;

/** The options as commander gives them. */
interface TrainOptions {
  readonly name?: string;
  readonly cell: Cell;
  readonly activation?: ActivationName;
  readonly hidden: number;
  readonly layers: number;
  readonly embedding: number;
  readonly dropout: number;
  readonly batch: number;
  readonly window: number;
  readonly steps?: number;
  readonly seconds?: number;
  readonly learningRate: number | "auto";
  readonly clip: number;
  readonly validation: number;
  readonly seed: number;
  readonly out?: string;
  readonly json?: string;
  readonly every?: number;
  readonly checkpointEvery?: number;
  readonly deterministic: boolean;
  readonly threads: number | "auto";
}

const notes = `
Leaves model.safetensors, history.json and report.html in --out. Every --every steps the model is saved, and
measured on an even subset of the held-out part; at the end it is measured on all of it. The latest checkpoints
are in --out too, in the place of those of an earlier training: whatever ends this one, \`unrolled resume\` goes on.

Ctrl-C finishes the step, saves everything and ends with exit code 0; a second one leaves at once with 130.
The same --seed and --steps give the same model on the same machine, with --deterministic on every machine.

Example:
  $ unrolled train shakespeare.txt --cell gru --hidden 256 --seconds 120
  $ unrolled train --steps 2000 --seed 7 --json result.json`;

/** `unrolled train`: learns the characters of a text. */
export function trainCommand(): Command {
  const count = wholeNumber(1);
  return new Command("train")
    .description("learn to write like a text, one character at a time")
    .argument("[FILE]", "a text in UTF-8 (default: Moby Dick)")
    .option("--name <NAME>", "of the run (default: the file's name)", folderName)
    .option("--cell <CELL>", cells.join(", "), oneOf(cells), "lstm")
    .option("--activation <NAME>", "of an rnn cell (default: tanh)", oneOf(activationNames))
    .option("--hidden <N>", "numbers in the state of a layer", count, 128)
    .option("--layers <N>", "recurrent layers", count, 1)
    .option("--embedding <N>", "numbers for each character", count, 64)
    .option("--dropout <P>", "probability of dropping a number after each recurrent layer", fraction, 0)
    .option("--batch <N>", "windows a step", count, 32)
    .option("--window <N>", "characters the network sees at once", count, 64)
    .option("--steps <N>", "stop after this many steps", count)
    .option("--seconds <S>", `stop after this time (default: ${DEFAULT_SECONDS} without --steps)`, positive)
    .option("--learning-rate <R>", "of Adam; auto: look for it", positiveOrAuto, 0.002)
    .option("--clip <C>", "scale gradients to at most this norm", positive, 1)
    .option("--validation <F>", "fraction of the text, from its end, to hold out", fraction, 0.1)
    .option("--seed <K>", "of weights, order and samples", wholeNumber(0), 1)
    .option("--out <DIR>", "folder for the results (default: runs/NAME)")
    .option("--json <FILE>", "also write settings and results here")
    .option("--every <N>", `steps between validations (default: a tenth of --steps, or ${DEFAULT_EVERY})`, count)
    .option("--checkpoint-every <N>", "steps between checkpoints to resume from (default: as --every)", count)
    .option("--deterministic", "same bits on every machine, at some cost in speed", false)
    .option("--threads <N>", "that share the work, or auto; any number gives the same model", threadCount, 1)
    .addHelpText("after", notes)
    .action((file: string | undefined, options: TrainOptions) => train(settle(file, options)));
}

/** Everything that options leave open, decided. */
function settle(file: string | undefined, options: TrainOptions): Settings {
  if (options.activation !== undefined && options.cell !== "rnn") {
    throw new Failure(`--activation ${options.activation}: expected --cell rnn beside it, got ${options.cell}`);
  }
  const name = options.name ?? runName(file);
  const { steps, seconds } = options;
  const every = options.every ?? (steps === undefined ? DEFAULT_EVERY : Math.ceil(steps / 10));
  return {
    ...options,
    file: file ?? null,
    name,
    activation: options.activation ?? "tanh",
    steps: steps ?? null,
    seconds: seconds ?? (steps === undefined ? DEFAULT_SECONDS : null),
    out: options.out ?? `runs/${name}`,
    json: options.json ?? null,
    every,
    checkpointEvery: options.checkpointEvery ?? every,
  };
}
