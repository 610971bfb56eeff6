/** What a forecast tells in the terminal. */
import { join } from "node:path";
import { runtimeInfo } from "../../index.ts";
import { count, seconds } from "../format.ts";
import { modelFile } from "../sample.ts";
import type { ForecastModel } from "./model.ts";
import type { Series } from "./series.ts";
import type { ForecastRecord, Frame, Settings } from "./settings.ts";

/** 1234.567 → 1,235; 1.234567 → 1.235 */
export function figure(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 4 });
}

/** A MASE, or that there is none. */
export function scaled(mase: number | null): string {
  return mase === null ? "–" : mase.toFixed(3);
}

/** Before the first step: series and model. */
export function introduce(settings: Settings, series: Series, frame: Frame, { network }: ForecastModel): string {
  const { rows, title, names, stamps } = series;
  const parameters = network.parameters().reduce((sum, { size }) => sum + size, 0);
  const inputs = names.length > 1 ? ` from itself and ${names.slice(1).join(", ")}` : "";
  const season = frame.season > 1 ? `a season of ${frame.season} rows (${frame.seasonFrom})` : "no season";
  return [
    `${title}: ${count(rows)} rows, ${stamps[0]} to ${stamps.at(-1)}; ${season}`,
    `to foretell ${settings.horizon} rows of ${names[0]}${inputs}, seeing ${frame.history}; ${count(frame.testFrom - frame.validationFrom)} rows for validation, the last ${count(rows - frame.testFrom)} for the test`,
    `GRU of ${settings.hidden} beside a linear layer: ${count(parameters)} parameters; ${runtimeInfo().build} build, seed ${settings.seed}`,
  ].join("\n");
}

/** After everything is written. */
export function conclude(record: ForecastRecord): string {
  const { out, json } = record.settings;
  const why = { done: "", callback: ", the validation got no better", aborted: ", interrupted", time: "" }[
    record.stopped
  ];
  const width = Math.max(...record.scores.map(({ name }) => name.length));
  return [
    `trained    ${count(record.steps)} steps in ${seconds(record.seconds)}${why}`,
    ...record.scores.map(
      ({ name, all }, i) =>
        `${(i === 0 ? "test" : "").padEnd(11)}${name.padEnd(width)}  MAE ${figure(all.mae)}  RMSE ${figure(all.rmse)}  MASE ${scaled(all.mase)}`,
    ),
    `forecast   ${record.forecast[0]?.time} ${figure(record.forecast[0]?.forecast ?? 0)} … ${record.forecast.at(-1)?.time} ${figure(record.forecast.at(-1)?.forecast ?? 0)}`,
    `saved      ${join(out, modelFile)}, forecast.csv, history.json, report.html${json === null ? "" : `, ${json}`}`,
    `next       unrolled forecast FILE --apply ${out}${record.stopped === "aborted" ? `, or unrolled resume ${out}` : ""}`,
  ].join("\n");
}
