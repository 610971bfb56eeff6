import { plotHistory } from "../../node/index.ts";
import { count, percent, seconds } from "../format.ts";
import { drawLines, type Points } from "../report/drawing.ts";
import { figure as drawing, figures, grid, page, type Rows, table } from "../report/html.ts";
import { type ForecastRecord, type Foretold, ownErrors } from "./settings.ts";
import { figure, scaled } from "./wording.ts";

/** A forecast as one page: figures, what is to come, forecasts beside the truth, errors by step ahead, loss, settings. */
export async function renderForecastReport(record: ForecastRecord): Promise<string> {
  const { mae, mase } = ownErrors(record);
  const best = record.scores.slice(1).reduce((a, b) => (b.all.mae < a.all.mae ? b : a));
  return page({
    title: record.name,
    subtitle: describe(record),
    body: `${figures([
      ["mean absolute error on the test", figure(mae)],
      best.all.mae === 0
        ? [`the same of ${best.name}`, "0"]
        : [`less than ${best.name}`, percent(Math.round((1 - mae / best.all.mae) * 1000) / 1000)],
      ["MASE", scaled(mase)],
      ["training time", seconds(record.seconds)],
    ])}
<h2>What is to come</h2>
${future(record)}
<h2>Forecasts beside the truth</h2>
${past(record)}
${grid(
  "Errors on the test",
  ["way to forecast", "MAE", "RMSE", "MASE"],
  record.scores.map(({ name, all }) => [name, figure(all.mae), figure(all.rmse), scaled(all.mase)]),
)}
${bySteps(record)}
<h2>Loss</h2>
${await losses(record)}
${grid(
  "Forecast",
  ["time", "forecast", "from", "to"],
  record.forecast.map(({ time, forecast, lower, upper }) => [time, figure(forecast), figure(lower), figure(upper)]),
)}
<div class="tables">
${table("Settings", settingsOf(record))}
${table("Data", dataOf(record))}
</div>`,
  });
}

function describe({ data, parameters, settings, frame }: ForecastRecord): string {
  return `A GRU beside a linear layer, ${count(parameters)} parameters, foretells ${settings.horizon} rows of ${data.target} (${data.title}) from the ${frame.history} before.`;
}

const pointsOf = (rows: readonly Foretold[]): Points => rows.map(({ row, forecast }) => [row, forecast] as const);

const bandOf = (rows: readonly Foretold[]) => ({
  points: rows.map(({ row, lower, upper }) => [row, lower, upper] as const),
  color: "band",
});

/** Names of rows by their number, for the axis. */
function namer(record: ForecastRecord): (row: number) => string {
  const names = new Map<number, string>();
  for (const { row, time } of [...record.test, ...record.recent, ...record.forecast]) names.set(row, time);
  return (row) => names.get(row) ?? "";
}

function future(record: ForecastRecord): string {
  const { recent, forecast, data, band } = record;
  const chart = drawLines({
    label: `${data.target}: the latest rows and the forecast`,
    x: { name: data.timeColumn || "row", format: namer(record) },
    y: { name: data.target },
    bands: [bandOf(forecast)],
    lines: [
      { points: recent.map(({ row, value }) => [row, value] as const), color: "training", width: 2 },
      { points: pointsOf(forecast), color: "validation", width: 2 },
    ],
    marks: [data.rows - 0.5],
  });
  return `${drawing(
    [
      ["training", data.target],
      ["validation", "forecast"],
      ["band", `${percent(band.share)} of true values, by what was known of errors when the forecast was made`],
    ],
    chart,
  )}
<p class="note">The network has learned from the series up to where the validation begins; it sees all of it for this forecast.</p>`;
}

function past(record: ForecastRecord): string {
  const { test, data, settings, band } = record;
  const truth = test.flatMap(({ row, truth: value }) => (value === null ? [] : [[row, value] as const]));
  const pieces = Array.from({ length: test.length / settings.horizon }, (_, i) =>
    test.slice(i * settings.horizon, (i + 1) * settings.horizon),
  );
  const chart = drawLines({
    label: `${data.target} over the test: forecasts beside the truth`,
    x: { name: data.timeColumn || "row", format: namer(record) },
    y: { name: data.target },
    bands: pieces.map(bandOf),
    lines: [
      { points: truth, color: "training", width: 1.5 },
      ...pieces.map((piece) => ({ points: pointsOf(piece), color: "validation", width: 1.5 })),
    ],
  });
  return `${drawing(
    [
      ["training", "truth"],
      ["validation", `forecasts of ${settings.horizon} rows each`],
      ["band", `band for ${percent(band.share)}`],
    ],
    chart,
  )}
<p class="note">${percent(Math.round(band.coverage * 1000) / 1000)} of the true values of the test lie within the band, over all ${count(data.windows.test)} forecasts.</p>`;
}

function bySteps({ scores, settings }: ForecastRecord): string {
  const [network, ...others] = scores;
  if (!network || settings.horizon === 1) return "";
  return grid(
    "Errors by rows ahead",
    ["rows ahead", "MAE", "RMSE", "MASE", ...others.map(({ name }) => `MAE, ${name}`)],
    network.steps.map(({ mae, rmse, mase }, h) => [
      String(h + 1),
      figure(mae),
      figure(rmse),
      scaled(mase),
      ...others.map(({ steps }) => figure(steps[h]?.mae ?? 0)),
    ]),
  );
}

async function losses({ loss, checks, steps }: ForecastRecord): Promise<string> {
  if (steps === 0) return "<p>It was stopped before its first step.</p>";
  const chart = await plotHistory({ loss, validation: checks }, { label: "Huber loss, scaled" });
  return drawing(
    [
      ["raw", "each batch"],
      ["training", "training, moving average"],
      ["validation", "validation"],
    ],
    chart,
  );
}

function settingsOf({ settings, frame, build }: ForecastRecord): Rows {
  return [
    ["horizon", count(settings.horizon)],
    ["history", count(frame.history)],
    ["season", frame.season > 1 ? `${count(frame.season)} rows, ${frame.seasonFrom}` : "none"],
    ["hidden", String(settings.hidden)],
    ["dropout before the head", String(settings.dropout)],
    ["batch", String(settings.batch)],
    ["optimizer", `AdamW, learning rate ${settings.learningRate} to 0 by a cosine`],
    ["seed", String(settings.seed)],
    ["build", build],
  ];
}

const reasons = {
  done: "all passes done",
  callback: "the validation got no better",
  aborted: "interrupted",
  time: "time was over",
} as const;

function dataOf({ data, frame, stopped, steps }: ForecastRecord): Rows {
  const { windows } = data;
  return [
    ["series", `${count(data.rows)} rows, ${data.first} to ${data.last}`],
    ["foretold", data.target],
    ["besides", data.inputs.length > 0 ? data.inputs.join(", ") : "nothing"],
    ["learned from", `the first ${count(frame.validationFrom)} rows, ${count(windows.training)} windows`],
    [
      "validation",
      `the next ${count(frame.testFrom - frame.validationFrom)} rows, ${count(windows.validation)} windows`,
    ],
    ["test", `the last ${count(data.rows - frame.testFrom)} rows, ${count(windows.test)} windows`],
    ["stopped", `${reasons[stopped]}, after ${count(steps)} steps`],
  ];
}
