import { Failure } from "../failure.ts";
import { guessSeason } from "./season.ts";
import type { Series } from "./series.ts";
import type { Frame, Settings } from "./settings.ts";

/** Rows shown when no season shows, and at most. */
const HISTORY = 36;
const LONGEST_HISTORY = 144;
/** Seasons that a network is shown. */
const SEASONS = 3;

/** Fewer windows than that teach nothing. */
const FEWEST_WINDOWS = 8;

/**
 * Settles where the parts begin, how long a season is, and how much a network is shown.
 * @throws {Failure} when the series is too short for the horizon and the history, or a season.
 */
export function frameOf(series: Series, settings: Settings): Frame {
  const { rows, title, calendar, columns } = series;
  const { horizon } = settings;
  const testRows = Math.floor(rows * settings.test);
  const validationRows = Math.floor(rows * settings.validation);
  const training = rows - testRows - validationRows;
  if (horizon >= rows) throw new Failure(`--horizon ${horizon}: expected fewer rows than the ${rows} of ${title}`);
  const most = Math.min(testRows, validationRows);
  if (horizon > most) {
    throw new Failure(
      `--horizon ${horizon}: expected at most ${most}, since ${title} has ${rows} rows, of which ${validationRows} are for validation and ${testRows} for the test`,
    );
  }
  const room = training - horizon - FEWEST_WINDOWS + 1;
  if (room < 2) {
    throw new Failure(
      `${title}: expected at least ${horizon + FEWEST_WINDOWS + 1} rows to learn from for --horizon ${horizon}, got ${training} of ${rows}`,
    );
  }
  const season =
    settings.season ?? guessSeason((columns[0] as Float64Array).subarray(0, training), calendar?.season ?? null);
  if (season >= training) {
    throw new Failure(`--season ${season}: expected fewer rows than the ${training} that are learned from, of ${rows}`);
  }
  const wanted = season > 1 ? Math.min(LONGEST_HISTORY, SEASONS * season) : HISTORY;
  const history = settings.history ?? Math.min(Math.max(wanted, horizon), Math.max(2, Math.floor(room / 2)));
  if (history > room) {
    throw new Failure(
      `--history ${history}: expected at most ${room}, since ${training} of the ${rows} rows of ${title} are learned from and --horizon is ${horizon}`,
    );
  }
  const seasonFrom =
    settings.season !== null ? "given" : season === calendar?.season ? "from the calendar" : "from the autocorrelation";
  return {
    history,
    season,
    seasonFrom: season === 1 && settings.season === null ? "none shows" : seasonFrom,
    validationFrom: training,
    testFrom: rows - testRows,
  };
}
