import { Command } from "commander";
import { Failure } from "../failure.ts";
import { positive, wholeNumber } from "../options.ts";
import { readLeft } from "./checkpoint.ts";
import { goOn } from "./run.ts";

/** The options as commander gives them. */
interface ResumeOptions {
  readonly steps?: number;
  readonly seconds?: number;
}

const notes = `
Goes on from the newest checkpoint in DIR, with the settings and the text of the training; DIR is the --out of
\`unrolled train\`. However a training was ended, the resumed one gives the same model as one that was never disturbed.

Example:
  $ unrolled resume runs/shakespeare
  $ unrolled resume runs/shakespeare --steps 5000`;

/** `unrolled resume`: goes on with a training that was interrupted, or for longer. */
export function resumeCommand(): Command {
  return new Command("resume")
    .description("go on with a training that was interrupted, or for longer")
    .argument("<DIR>", "what `unrolled train` has left")
    .option("--steps <N>", "stop after this many steps in all (default: as before)", wholeNumber(1))
    .option("--seconds <S>", "stop after this time in all (default: as before)", positive)
    .addHelpText("after", notes)
    .action((folder: string, options: ResumeOptions) => resume(folder, options));
}

async function resume(folder: string, { steps, seconds }: ResumeOptions): Promise<void> {
  const left = readLeft(folder);
  if (steps !== undefined && steps < left.step) {
    throw new Failure(`--steps ${steps}: expected at least the ${left.step} that are done`);
  }
  const limits = steps === undefined && seconds === undefined ? {} : { steps: steps ?? null, seconds: seconds ?? null };
  await goOn({ ...left, settings: { ...left.settings, ...limits, out: folder } });
}
