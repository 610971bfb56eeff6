import { parse } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { Failure } from "../failure.ts";
import { fraction, oneOf, wholeNumber } from "../options.ts";
import { addRecipeOptions, type RecipeOptions, settleRecipe } from "../recipe/options.ts";
import { applyModel } from "./apply.ts";
import { forecast } from "./run.ts";

/** The options as commander gives them. */
interface ForecastOptions extends RecipeOptions {
  readonly target?: string;
  readonly inputs: readonly string[];
  readonly time?: string;
  readonly missing: "refuse" | "previous";
  readonly horizon: number;
  readonly history?: number;
  readonly season?: number;
  readonly test: number;
  readonly validation: number;
}

const notes = `
FILE is a table with a row for each time, in the order of time. Times may be months (2024-05), quarters (2024 Q2), days,
times of day or whole numbers; they name the rows of the forecast and tell the season.

The series is parted in time: the network learns from the first part, stops by the validation, and is judged by the test
beside two forecasts that need no learning, the last value and the last season. What it leaves in --out:
model.safetensors, history.json, forecast.csv (the rows after the last, with a band that 9 of 10 true values should lie
in), report.html, and the latest checkpoints: whatever ends the run, \`unrolled resume\` goes on. --apply tells what comes
after a series with a model that is there.

Ctrl-C finishes the step, saves everything and ends with exit code 0; a second one leaves at once with 130.

Example:
  $ unrolled forecast monthly-sunspots.csv --target Sunspots --horizon 12
  $ unrolled forecast load.csv --target load --inputs temperature,wind --horizon 24 --season 24
  $ unrolled forecast sunspots-until-today.csv --apply runs/monthly-sunspots`;

/** `unrolled forecast`: learns to foretell a series. */
export function forecastCommand(): Command {
  const count = wholeNumber(1);
  const command = new Command("forecast")
    .description("learn to foretell a series: sales, load, weather")
    .argument("<FILE>", "a table, .csv or .tsv")
    .option("--target <COLUMN>", "what to foretell (default: the only column of numbers)")
    .option("--horizon <N>", "rows to foretell", count, 12)
    .option("--inputs <COLUMNS>", "columns that help to, with commas between (default: none)", columnNames, [])
    .option("--time <COLUMN>", "column of times (default: one named so, or the first of text)")
    .option(
      "--missing <WHAT>",
      "what to do where a value is missing: refuse, or take the previous",
      oneOf(["refuse", "previous"] as const),
      "refuse",
    )
    .option("--history <N>", "rows the network sees (default: 3 seasons, 144 at most; 36 without)", count)
    .option("--season <N>", "rows of a season (default: the calendar's, or from the autocorrelation)", count)
    .option("--test <F>", "fraction of the series, from its end, to test on", someFraction, 0.2)
    .option("--validation <F>", "fraction before it, to stop by and to measure the band on", someFraction, 0.15);
  return addRecipeOptions(command, {
    apply: "tell what comes after FILE",
    name: "the file's name",
    hidden: ["units of the GRU", 64],
    dropout: 0.2,
    batch: ["windows a step", 32],
    epochs: "passes at most (default: 2,500 steps' worth, 5 to 300)",
    seed: "of weights and order",
  })
    .addHelpText("after", notes)
    .action((file: string, options: ForecastOptions) => act(file, options));
}

function act(file: string, options: ForecastOptions): Promise<void> {
  const { apply, json = null, target = null, time = null, history = null, season = null } = options;
  const { inputs, missing, horizon, test, validation, deterministic, threads } = options;
  if (apply !== undefined) return applyModel({ file, model: apply, json, missing, deterministic, threads });
  if (test + validation > 0.8) {
    throw new Failure(`--test ${test} and --validation ${validation}: expected at most 0.8 together`);
  }
  const series = { file, target, time, inputs, missing, horizon, history, season, test, validation };
  return forecast({ ...settleRecipe(options, parse(file).name), ...series });
}

function columnNames(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.some((name) => name === "")) {
    throw new InvalidArgumentError(`expected names of columns with commas between, got ${JSON.stringify(text)}`);
  }
  return names;
}

/** Both parts must hold something. */
function someFraction(text: string): number {
  const value = fraction(text);
  if (value === 0) throw new InvalidArgumentError(`expected a number above 0 and below 1, got ${JSON.stringify(text)}`);
  return value;
}
