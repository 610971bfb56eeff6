import { basename, dirname, join, resolve } from "node:path";
import {
  AdamW,
  configure,
  cosineSchedule,
  type Dataset,
  earlyStopping,
  type History,
  huberLoss,
  type Progress,
  runtimeInfo,
  Scaler,
  seed,
  seriesWindows,
  Trainer,
} from "../../index.ts";
import { replaceFile } from "../../node/index.ts";
import { requireWritable } from "../files.ts";
import { count } from "../format.ts";
import { checkpointing, fingerprintOf, type Kept, type Left, requireSame } from "../run/checkpoint.ts";
import { type Display, openDisplay } from "../run/display.ts";
import { stoppable } from "../run/interrupt.ts";
import { type Settled, searchLearningRate, settleLearningRate } from "../run/learningRate.ts";
import { modelFile } from "../sample.ts";
import { frameOf } from "./frame.ts";
import type { Forecast } from "./measures.ts";
import { encodeForecaster, type ForecastModel, predict, predictNext } from "./model.ts";
import { Forecaster } from "./network.ts";
import { type Parts, recordOf } from "./record.ts";
import { renderForecastReport } from "./report.ts";
import { readSeries, type Series } from "./series.ts";
import type { Foretold, Frame, Settings } from "./settings.ts";
import { conclude, introduce } from "./wording.ts";

const historyFile = "history.json";
const reportFile = "report.html";
const forecastFile = "forecast.csv";

/** Steps that are enough for most series, and passes that are never fewer or more. */
const PLENTY = 2500;
const FEWEST_EPOCHS = 5;
const MOST_EPOCHS = 300;

/** Looks at the validation at most, and how many may be no better than the best before it stops. */
const LOOKS = 80;
const PATIENCE = 12;

/** What the optimizer is made with before the rate is known. */
const LEARNING_RATE = 1e-3;

const WEIGHT_DECAY = 0.01;
const CLIP = 1;

/**
 * Learns to foretell a series, and leaves model, history, forecast and report.
 * @throws {Failure | DataError} when the series or a place to write to is not as it should be: before anything is trained or
 *   written.
 */
export function forecast(settings: Settings): Promise<void> {
  return perform(settings, null);
}

/**
 * Goes on with a training from where it was left, to the model of one that was never disturbed.
 * @throws as `forecast`, and {Failure} when the series has changed.
 */
export function goOn(left: Left<Kept<Settings>>): Promise<void> {
  return perform(left.kept.settings, left);
}

async function perform(settings: Settings, left: Left<Kept<Settings>> | null): Promise<void> {
  const { target, inputs, time, missing } = settings;
  const series = await readSeries(left?.kept.place ?? settings.file, {
    target: target ?? undefined,
    inputs,
    time: time ?? undefined,
    missing,
  });
  const fingerprint = fingerprintOf([JSON.stringify([series.names, series.stamps]), ...series.columns]);
  requireSame(series.title, "series", fingerprint, left);
  const frame = frameOf(series, settings);
  if (settings.json !== null) {
    const path = resolve(settings.json);
    requireWritable("--json", dirname(path), [basename(path)]);
  }
  requireWritable("--out", settings.out, [modelFile, historyFile, reportFile, forecastFile]);
  configure({ deterministic: settings.deterministic, threads: settings.threads });
  seed(settings.seed);
  const model = buildModel(settings, series, frame);
  const parts = partsOf(model, series, frame);
  const display = openDisplay("windows");
  await stoppable(display, async (signal) => {
    display.say(introduce(settings, series, frame, model));
    if (left) display.say(`going on from step ${count(left.step)}`);
    const settled = await settleLearningRate(settings, () =>
      searchLearningRate({
        ...{ model: model.network, loss: huberLoss, clipNorm: CLIP, data: parts.training, display, signal },
        optimizer: optimizerOf(model, LEARNING_RATE),
        batchSize: settings.batch,
        seed: settings.seed,
        out: settings.out,
      }),
    );
    const history = await train({ settings: settled, model, parts, fingerprint, display, signal, left });
    display.end();
    const forecasts = {
      validation: predicted(model, parts.validation, frame.validationFrom),
      test: predicted(model, parts.test, frame.testFrom),
      next: predictNext(model, series.columns),
    };
    const record = recordOf({
      settings: settled,
      series,
      frame,
      parts,
      forecasts,
      history,
      parameters: parametersOf(model),
      build: runtimeInfo().build,
    });
    const text = `${JSON.stringify(record, null, 1)}\n`;
    replaceFile(join(settings.out, modelFile), encodeForecaster({ ...model, widths: record.band.widths }));
    replaceFile(join(settings.out, historyFile), text);
    replaceFile(join(settings.out, forecastFile), tableOf(record.forecast));
    replaceFile(join(settings.out, reportFile), await renderForecastReport(record));
    if (settings.json !== null) replaceFile(settings.json, text);
    display.say(conclude(record));
  });
}

function buildModel(settings: Settings, series: Series, { history, validationFrom }: Frame): ForecastModel {
  const { horizon, hidden, dropout } = settings;
  const architecture = { columns: series.columns.length, history, horizon, hidden, dropout };
  return {
    architecture,
    names: series.names,
    timeColumn: series.timeColumn,
    scaling: Scaler.standard(series.columns, { to: validationFrom }).toJSON(),
    widths: [],
    network: new Forecaster(architecture),
  };
}

const parametersOf = ({ network }: ForecastModel): number =>
  network.parameters().reduce((sum, { size }) => sum + size, 0);

function partsOf({ architecture, scaling }: ForecastModel, series: Series, { validationFrom, testFrom }: Frame): Parts {
  const scaled = new Scaler(scaling).transform(series.columns);
  const { history: window, horizon } = architecture;
  const windows = (from: number, to: number): Dataset =>
    seriesWindows(scaled, { window, horizon, targetRows: { from, to } });
  return {
    training: windows(0, validationFrom),
    validation: windows(validationFrom, testFrom),
    test: windows(testFrom, series.rows),
  };
}

function optimizerOf({ network }: ForecastModel, learningRate: number): AdamW {
  return new AdamW(network.parameters(), { learningRate, weightDecay: WEIGHT_DECAY });
}

/** What a training is made of. */
interface Training {
  readonly settings: Settled<Settings>;
  readonly model: ForecastModel;
  readonly parts: Parts;
  readonly fingerprint: string;
  readonly display: Display;
  readonly signal: AbortSignal;
  readonly left: Left<Kept<Settings>> | null;
}

function train({ settings, model, parts, fingerprint, display, signal, left }: Training): Promise<History> {
  const { learningRate, batch, out, file } = settings;
  const { network } = model;
  const { training, validation } = parts;
  const perEpoch = Math.ceil(training.length / batch);
  const epochs = settings.epochs ?? Math.min(MOST_EPOCHS, Math.max(FEWEST_EPOCHS, Math.ceil(PLENTY / perEpoch)));
  const steps = epochs * perEpoch;
  const validationEvery = Math.max(perEpoch, Math.ceil(steps / LOOKS));
  const kept = { settings, place: left?.kept.place ?? resolve(file), fingerprint };
  const every = settings.checkpointEvery ?? validationEvery;
  const trainer = new Trainer({
    model: network,
    loss: huberLoss,
    optimizer: optimizerOf(model, learningRate),
    clipNorm: CLIP,
    seed: settings.seed,
  });
  const onProgress = (progress: Progress): void => {
    const shown = (progress.step / perEpoch) * training.length;
    display.step({ progress, done: progress.step / steps, perSecond: shown / progress.seconds });
  };
  return trainer.fit(training, {
    epochs,
    batchSize: batch,
    schedule: cosineSchedule({ learningRate, steps }),
    validation,
    validationEvery,
    callbacks: [
      earlyStopping({ patience: PATIENCE }),
      checkpointing({ command: "forecast", out, every, kept: () => kept }),
    ],
    resume: left?.bytes,
    signal,
    onProgress,
  });
}

/** What the network says for each window of a part, whose first forecast begins in row `from`. */
function predicted(model: ForecastModel, windows: Dataset, from: number): Forecast[] {
  return predict(model, windows).map((values, i) => ({ start: from + i, values }));
}

/** The forecast as a table. */
function tableOf(rows: readonly Foretold[]): string {
  const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = rows.map(({ time, forecast, lower, upper }) => [quoted(time), forecast, lower, upper].join(","));
  return `time,forecast,lower,upper\n${lines.join("\n")}\n`;
}
