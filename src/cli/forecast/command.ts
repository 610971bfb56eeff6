import { parse } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { Failure } from "../failure.ts";
import { folderName, fraction, oneOf, positive, threadCount, wholeNumber } from "../options.ts";
import { applyModel } from "./apply.ts";
import { forecast } from "./run.ts";

/** The options as commander gives them. */
interface ForecastOptions {
  readonly target?: string;
  readonly inputs: readonly string[];
  readonly time?: string;
  readonly missing: "refuse" | "previous";
  readonly horizon: number;
  readonly history?: number;
  readonly season?: number;
  readonly test: number;
  readonly validation: number;
  readonly apply?: string;
  readonly name?: string;
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
FILE is a table with a row for each time, in the order of time. Times may be months (2024-05), quarters (2024 Q2), days,
times of day or whole numbers; they name the rows of the forecast and tell the season.

The series is parted in time: the network learns from the first part, stops by the validation, and is judged by the test
beside two forecasts that need no learning, the last value and the last season. What it leaves in --out:
model.safetensors, history.json, forecast.csv (the rows after the last, with a band that 9 of 10 true values should lie
in) and report.html. --apply tells what comes after a series with a model that is there.

Ctrl-C finishes the step, saves everything and ends with exit code 0; a second one leaves at once with 130.

Example:
  $ unrolled forecast monthly-sunspots.csv --target Sunspots --horizon 12
  $ unrolled forecast load.csv --target load --inputs temperature,wind --horizon 24 --season 24
  $ unrolled forecast sunspots-until-today.csv --apply runs/monthly-sunspots`;

/** `unrolled forecast`: learns to foretell a series. */
export function forecastCommand(): Command {
  const count = wholeNumber(1);
  return new Command("forecast")
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
    .option("--validation <F>", "fraction before it, to stop by and to measure the band on", someFraction, 0.15)
    .option("--apply <MODEL>", "do not learn: tell what comes after FILE with this model or run")
    .option("--name <NAME>", "of the run (default: the file's name)", folderName)
    .option("--hidden <N>", "units of the GRU", count, 64)
    .option("--dropout <P>", "probability of dropping a number before the last layer", fraction, 0.2)
    .option("--batch <N>", "windows a step", count, 32)
    .option("--epochs <N>", "passes at most (default: 2,500 steps' worth, 5 to 300)", count)
    .option("--learning-rate <R>", "of AdamW, at first", positive, 0.002)
    .option("--seed <K>", "of weights and order", wholeNumber(0), 1)
    .option("--out <DIR>", "folder for the results (default: runs/NAME)")
    .option("--json <FILE>", "also write settings and results here")
    .option("--deterministic", "same bits on every machine, at some cost in speed", false)
    .option("--threads <N>", "that share the work, or auto; any number gives the same model", threadCount, 1)
    .addHelpText("after", notes)
    .action((file: string, options: ForecastOptions) => act(file, options));
}

function act(file: string, options: ForecastOptions): Promise<void> {
  const { apply, target, time, history, season, epochs, out, json, ...rest } = options;
  if (apply !== undefined) return applyModel({ file, model: apply, json: json ?? null, ...rest });
  if (rest.test + rest.validation > 0.8) {
    throw new Failure(`--test ${rest.test} and --validation ${rest.validation}: expected at most 0.8 together`);
  }
  const name = options.name ?? parse(file).name;
  return forecast({
    ...rest,
    file,
    name,
    target: target ?? null,
    time: time ?? null,
    history: history ?? null,
    season: season ?? null,
    epochs: epochs ?? null,
    out: out ?? `runs/${name}`,
    json: json ?? null,
  });
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
