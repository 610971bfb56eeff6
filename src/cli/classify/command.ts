import { Command, InvalidArgumentError } from "commander";
import { addRecipeOptions, type RecipeOptions, settleRecipe } from "../recipe/options.ts";
import { applyModel } from "./apply.ts";
import { classify } from "./run.ts";
import { runName } from "./sequences.ts";

/** The options as commander gives them. */
interface ClassifyOptions extends RecipeOptions {
  readonly label?: string;
  readonly test?: number | string;
  readonly bySpeaker: boolean;
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
settings of sound: --apply uses it on a file or folder of the same kind, labelled or not. The latest checkpoints are in
--out too: whatever ends the run, \`unrolled resume\` goes on.

Ctrl-C finishes the step, saves everything and ends with exit code 0; a second one leaves at once with 130.

Example:
  $ unrolled classify GunPoint_TRAIN.ts
  $ unrolled classify digits/ --by-speaker --threads auto
  $ unrolled classify new.wav --apply runs/digits`;

/** `unrolled classify`: learns to tell classes of sequences apart. */
export function classifyCommand(): Command {
  const command = new Command("classify")
    .description("learn to tell classes of sequences apart: sensors, gestures, spoken words")
    .argument("<SOURCE>", "a table, a folder of tables or recordings, or an archive's training file")
    .option("--label <COLUMN>", "column of the labels, for a table")
    .option(
      "--test <F|PATTERN>",
      "fraction of each label, or pattern of names, to test on (default: see below, or 0.2)",
      testChoice,
    )
    .option("--by-speaker", "test on whole speakers that were not learned from", false);
  return addRecipeOptions(command, {
    apply: "tell the classes in SOURCE",
    name: "the file's or folder's name",
    hidden: ["channels of the convolutions, and units a direction of the GRU", 64],
    dropout: 0.5,
    batch: ["sequences a step", 16],
    epochs: "passes over the training part (default: 1,600 steps' worth, 10 to 200)",
    seed: "of weights, order and choice of the test",
  })
    .addHelpText("after", notes)
    .action((source: string, options: ClassifyOptions) => act(source, options));
}

function act(source: string, options: ClassifyOptions): Promise<void> {
  const { apply, label = null, test = null, bySpeaker, json = null, deterministic, threads } = options;
  if (apply !== undefined) return applyModel({ source, model: apply, json, deterministic, threads });
  return classify({ ...settleRecipe(options, runName(source)), source, label, test, bySpeaker });
}

/** A fraction, when it is a number, or a regular expression's source. */
function testChoice(text: string): number | string {
  const complain = (): never => {
    throw new InvalidArgumentError(
      `expected a number above 0 and below 1, or a regular expression, got ${JSON.stringify(text)}`,
    );
  };
  if (text.trim() === "") complain();
  if (Number.isNaN(Number(text))) {
    try {
      return new RegExp(text).source;
    } catch {
      return complain();
    }
  }
  const value = Number(text);
  return value > 0 && value < 1 ? value : complain();
}
