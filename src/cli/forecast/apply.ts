import { basename, dirname, resolve } from "node:path";
import { configure } from "../../index.ts";
import { replaceFile } from "../../node/index.ts";
import { Failure } from "../failure.ts";
import { requireWritable } from "../files.ts";
import { modelAt } from "../recipe/modelFile.ts";
import { decodeForecaster, predictNext } from "./model.ts";
import { readSeries } from "./series.ts";

/** What is needed to use a model. */
export interface Application {
  readonly file: string;
  /** The model's file, or the folder of its run. */
  readonly model: string;
  readonly missing: "refuse" | "previous";
  readonly json: string | null;
  readonly deterministic: boolean;
  readonly threads: number | "auto";
}

/**
 * Tells what comes after a series, as a table: time, forecast, and the band's ends.
 * @throws {Failure | DataError} when the model or the series is not as it should be.
 */
export async function applyModel({
  file,
  model: path,
  missing,
  json,
  deterministic,
  threads,
}: Application): Promise<void> {
  if (json !== null) requireWritable("--json", dirname(resolve(json)), [basename(json)]);
  configure({ deterministic, threads });
  const model = decodeForecaster(...modelAt(path));
  const [target, ...inputs] = model.names;
  const series = await readSeries(file, { target, inputs, time: model.timeColumn ?? undefined, missing });
  const { history } = model.architecture;
  if (series.rows < history)
    throw new Failure(`${file}: expected at least ${history} rows, which the model sees, got ${series.rows}`);
  const rows = Array.from(predictNext(model, series.columns), (forecast, h) => {
    const width = model.widths[h] as number;
    const time = series.calendar?.after(h + 1) ?? String(series.rows + h + 1);
    return { time, forecast, lower: forecast - width, upper: forecast + width };
  });
  console.log("time,forecast,lower,upper");
  for (const { time, forecast, lower, upper } of rows) console.log([time, forecast, lower, upper].join(","));
  if (json !== null) replaceFile(json, `${JSON.stringify(rows, null, 1)}\n`);
}
