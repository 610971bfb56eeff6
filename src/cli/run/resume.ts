import { Command } from "commander";
import { goOn as goOnClassifying } from "../classify/run.ts";
import type { Settings as ClassifySettings } from "../classify/settings.ts";
import { Failure } from "../failure.ts";
import { goOn as goOnForecasting } from "../forecast/run.ts";
import type { Settings as ForecastSettings } from "../forecast/settings.ts";
import { positive, wholeNumber } from "../options.ts";
import { goOn as goOnTraining, type Kept as TrainKept } from "../train/run.ts";
import { type Kept, type Left, readLeft } from "./checkpoint.ts";

/** The options as commander gives them. */
interface ResumeOptions {
  readonly steps?: number;
  readonly seconds?: number;
}

const notes = `
Goes on from the newest checkpoint in DIR, with the settings and the data of the run; DIR is the --out of \`unrolled train\`,
\`unrolled classify\` or \`unrolled forecast\`. However a run was ended, the resumed one gives the same model and report as
one that was never disturbed. A text can be learned from for longer than before.

Example:
  $ unrolled resume runs/shakespeare
  $ unrolled resume runs/shakespeare --steps 5000
  $ unrolled resume runs/digits`;

/** `unrolled resume`: goes on with a training that was interrupted, or for longer. */
export function resumeCommand(): Command {
  return new Command("resume")
    .description("go on with a training that was interrupted, or for longer")
    .argument("<DIR>", "what `unrolled train`, `classify` or `forecast` has left")
    .option("--steps <N>", "of a text: stop after this many steps in all (default: as before)", wholeNumber(1))
    .option("--seconds <S>", "of a text: stop after this time in all (default: as before)", positive)
    .addHelpText("after", notes)
    .action((folder: string, options: ResumeOptions) => resume(folder, options));
}

async function resume(folder: string, options: ResumeOptions): Promise<void> {
  const [command, left] = readLeft(folder);
  if (command === "train") return resumeTraining(folder, left as Left<TrainKept>, options);
  const given = (["steps", "seconds"] as const).find((name) => options[name] !== undefined);
  if (given !== undefined) {
    throw new Failure(
      `--${given} ${options[given]}: expected a run of \`unrolled train\`, got one of \`unrolled ${command}\``,
    );
  }
  const at = <Settings extends object>(found: Left<Kept<unknown>>): Left<Kept<Settings>> => {
    const kept = found.kept as Kept<Settings>;
    return { ...found, kept: { ...kept, settings: { ...kept.settings, out: folder } } };
  };
  await (command === "classify"
    ? goOnClassifying(at<ClassifySettings>(left))
    : goOnForecasting(at<ForecastSettings>(left)));
}

async function resumeTraining(folder: string, left: Left<TrainKept>, { steps, seconds }: ResumeOptions): Promise<void> {
  if (steps !== undefined && steps < left.step) {
    throw new Failure(`--steps ${steps}: expected at least the ${left.step} that are done`);
  }
  const limits = steps === undefined && seconds === undefined ? {} : { steps: steps ?? null, seconds: seconds ?? null };
  const settings = { ...left.kept.settings, ...limits, out: folder };
  await goOnTraining({ ...left, kept: { ...left.kept, settings } });
}
