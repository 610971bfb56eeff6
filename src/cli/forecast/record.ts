import type { Dataset, History } from "../../index.ts";
import { bandsOf, type Widths } from "./band.ts";
import { type Forecast, naive, naiveScale, type Score, scoreOf, seasonalNaive } from "./measures.ts";
import type { Series } from "./series.ts";
import type { ForecastRecord, Foretold, Frame, Settings } from "./settings.ts";

/** Of true values that should lie within the band. */
const SHARE = 0.9;

/** Rows before the forecast that are drawn with it, at least, and for each row of the forecast. */
const RECENT = { least: 60, each: 5 };

/** Windows of each part, scaled. */
export interface Parts {
  readonly training: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset;
}

/** What a training has come to. */
export interface Outcome {
  readonly settings: Settings;
  readonly series: Series;
  readonly frame: Frame;
  readonly parts: Parts;
  readonly forecasts: {
    readonly validation: readonly Forecast[];
    readonly test: readonly Forecast[];
    readonly next: ArrayLike<number>;
  };
  readonly history: History;
  readonly parameters: number;
  readonly build: "simd" | "relaxed";
}

/** Everything that is told of a training. */
export function recordOf(outcome: Outcome): ForecastRecord {
  const { settings, series, frame, parts, forecasts, history, parameters, build } = outcome;
  const truth = series.columns[0] as Float64Array;
  const bands = bandsOf(forecasts, truth, SHARE);
  const recent = Math.min(series.rows, Math.max(RECENT.least, RECENT.each * settings.horizon));
  return {
    name: settings.name,
    steps: history.steps,
    seconds: history.seconds,
    build,
    parameters,
    stopped: history.stopped,
    data: {
      title: series.title,
      rows: series.rows,
      target: series.names[0] as string,
      inputs: series.names.slice(1),
      timeColumn: series.timeColumn,
      first: series.stamps[0] as string,
      last: series.stamps.at(-1) as string,
      windows: { training: parts.training.length, validation: parts.validation.length, test: parts.test.length },
    },
    frame,
    scores: scoresOf(outcome, truth),
    band: { share: SHARE, widths: bands.next, coverage: bands.coverage },
    settings,
    checks: history.validation,
    test: sideBySide(forecasts.test, series, truth, bands.test),
    forecast: Array.from(forecasts.next, (value, h) =>
      foretold(series, series.rows + h, value, bands.next[h] as number, null),
    ),
    recent: Array.from({ length: recent }, (_, i) => {
      const row = series.rows - recent + i;
      return { row, time: series.stamps[row] as string, value: truth[row] as number };
    }),
    loss: history.loss,
  };
}

/** The network, the last value, and the last season; the calendar's as well, where another one was found. */
function scoresOf({ settings, series, frame, forecasts }: Outcome, truth: Float64Array): Score[] {
  const { horizon } = settings;
  const { season } = frame;
  const scale = naiveScale(truth, frame.validationFrom, season);
  const starts = forecasts.test.map(({ start }) => start);
  const seasons = [season, series.calendar?.season ?? 1].filter((rows, i, all) => rows > 1 && all.indexOf(rows) === i);
  return [
    scoreOf("network", forecasts.test, truth, scale),
    scoreOf("naive", naive(truth, starts, horizon), truth, scale),
    ...seasons
      .filter((rows) => rows <= frame.validationFrom)
      .map((rows) => scoreOf(`seasonal naive, ${rows}`, seasonalNaive(truth, starts, horizon, rows), truth, scale)),
  ];
}

/** Forecasts that follow each other without a gap, as many as fit. */
function sideBySide(
  forecasts: readonly Forecast[],
  series: Series,
  truth: Float64Array,
  widths: readonly Widths[],
): Foretold[] {
  const horizon = widths[0]?.length ?? 1;
  return forecasts.flatMap(({ start, values }, i) => {
    if (i % horizon !== 0) return [];
    return (widths[i] as Widths).map((width, h) =>
      foretold(series, start + h, values[h] as number, width, truth[start + h] as number),
    );
  });
}

function foretold(
  { rows, stamps, calendar }: Series,
  row: number,
  forecast: number,
  width: number,
  truth: number | null,
): Foretold {
  const time = row < rows ? (stamps[row] as string) : (calendar?.after(row - rows + 1) ?? String(row + 1));
  return { row, time, forecast, lower: forecast - width, upper: forecast + width, truth };
}
