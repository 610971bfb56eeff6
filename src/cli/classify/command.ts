import { Command, InvalidArgumentError } from "commander";
import { folderName, fraction, positive, threadCount, wholeNumber } from "../options.ts";
import { applyModel } from "./apply.ts";
import { classify } from "./run.ts";
import { runName } from "./sequences.ts";

/** The options as commander gives them. */
interface ClassifyOptions {
  readonly name?: string;
  readonly label?: string;
  readonly test?: number | RegExp;
  readonly bySpeaker: boolean;
  readonly apply?: string;
  readonly hidden: number;
  readonly dropout: number;
  readonly batch: number;
  readonly epochs?: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly out?: string;
  readonly json?: string;
  readonly deterministic: boolean;
  readonly threads: number | "auto";
}

const notes = `
What SOURCE may be:
  FILE.csv        one sequence a row. The label is in the column --label names; else in one called label, class,
                  target or category; else in the only column of text; else in the last or first column of
                  classes told by whole numbers. Cells left empty at the end of a row: a shorter sequence.
  FOLDER          a folder in it for each label, a sequence a file: CSV (a row for each time step) or WAV
  FOLDER          or WAV files called label_speaker_take.wav; takes 0 to 4 are then the test
  NAME_TRAIN.ts   series of the UCR and UEA archives; NAME_TEST.ts beside it is then the test
Sound is shown to the network as log-mel frames of 25 ms, every 10 ms.

Leaves model.safetensors, history.json and report.html in --out. The model carries labels, scaling and the
settings of sound: --apply uses it on a file or folder of the same kind, labelled or not.

Ctrl-C finishes the step, saves everything and ends with exit code 0; a second one leaves at once with 130.

Example:
  $ unrolled classify GunPoint_TRAIN.ts
  $ unrolled classify digits/ --by-speaker --threads auto
  $ unrolled classify new.wav --apply runs/digits`;

/** `unrolled classify`: learns to tell classes of sequences apart. */
export function classifyCommand(): Command {
  const count = wholeNumber(1);
  return new Command("classify")
    .description("learn to tell classes of sequences apart: sensors, gestures, spoken words")
    .argument("<SOURCE>", "a table, a folder of tables or recordings, or an archive's training file")
    .option("--label <COLUMN>", "column of the labels, for a table")
    .option(
      "--test <F|PATTERN>",
      "fraction of each label, or pattern of names, to test on (default: see below, or 0.2)",
      testChoice,
    )
    .option("--by-speaker", "test on whole speakers that were not learned from", false)
    .option("--apply <MODEL>", "do not learn: tell the classes in SOURCE with this model or run")
    .option("--name <NAME>", "of the run (default: the file's or folder's name)", folderName)
    .option("--hidden <N>", "channels of the convolutions, and units a direction of the GRU", count, 64)
    .option("--dropout <P>", "probability of dropping a number before the last layer", fraction, 0.5)
    .option("--batch <N>", "sequences a step", count, 16)
    .option("--epochs <N>", "passes over the training part (default: 1,600 steps' worth, 10 to 200)", count)
    .option("--learning-rate <R>", "of AdamW, at first", positive, 0.002)
    .option("--seed <K>", "of weights, order and choice of the test", wholeNumber(0), 1)
    .option("--out <DIR>", "folder for the results (default: runs/NAME)")
    .option("--json <FILE>", "also write settings and results here")
    .option("--deterministic", "same bits on every machine, at some cost in speed", false)
    .option("--threads <N>", "that share the work, or auto; any number gives the same model", threadCount, 1)
    .addHelpText("after", notes)
    .action((source: string, options: ClassifyOptions) => act(source, options));
}

function act(source: string, options: ClassifyOptions): Promise<void> {
  const { apply, label, test, epochs, out, json, ...rest } = options;
  if (apply !== undefined) return applyModel({ source, model: apply, json: json ?? null, ...rest });
  const name = options.name ?? runName(source);
  return classify({
    ...rest,
    source,
    name,
    label: label ?? null,
    test: test ?? null,
    epochs: epochs ?? null,
    out: out ?? `runs/${name}`,
    json: json ?? null,
  });
}

/** A fraction, when it is a number, or a regular expression. */
function testChoice(text: string): number | RegExp {
  const complain = (): never => {
    throw new InvalidArgumentError(
      `expected a number above 0 and below 1, or a regular expression, got ${JSON.stringify(text)}`,
    );
  };
  if (text.trim() === "") complain();
  if (Number.isNaN(Number(text))) {
    try {
      return new RegExp(text);
    } catch {
      return complain();
    }
  }
  const value = Number(text);
  return value > 0 && value < 1 ? value : complain();
}
