import { Failure } from "../failure.ts";

/** How times go on. */
export interface Calendar {
  /** Rows after which the calendar begins anew: 12 months, 4 quarters, 7 days, 24 hours; null where it tells nothing. */
  readonly season: number | null;
  /** What is written for the time `ahead` rows after the last. */
  after(ahead: number): string;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const month = /^(\d{1,4})-(\d{1,2})$/;
const quarter = /^(\d{4})[ -]?Q([1-4])$/i;
const moment = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?$/;
const whole = /^-?\d+$/;

/**
 * How the times of a series go on; null when they are of no kind that is known, or come at uneven distances.
 * @param where names a row in a message.
 * @throws {Failure} when a time is not after the one before.
 */
export function calendarOf(stamps: readonly string[], where: (row: number) => string): Calendar | null {
  const kinds = [monthly, quarterly, momentary, counted];
  for (const kind of kinds) {
    const read = kind(stamps[0] ?? "");
    const times = read && stamps.map((stamp) => read.parse(stamp.trim()));
    if (!read || !times || times.some(Number.isNaN)) continue;
    const back = times.findIndex((time, i) => i > 0 && time <= (times[i - 1] as number));
    if (back > 0) {
      throw new Failure(`${where(back)}: expected a time after ${stamps[back - 1]}, got ${stamps[back]}`);
    }
    return read.calendar(times);
  }
  return null;
}

interface Kind {
  parse(stamp: string): number;
  calendar(times: readonly number[]): Calendar | null;
}

/** The distance between neighbours, when it is the same everywhere. */
function stepOf(times: readonly number[]): number | null {
  const step = (times[1] as number) - (times[0] as number);
  return times.every((time, i) => i === 0 || time - (times[i - 1] as number) === step) ? step : null;
}

function monthly(first: string): Kind | null {
  const years = month.exec(first.trim())?.[1]?.length;
  if (years === undefined) return null;
  return {
    parse: (stamp) => {
      const [, year, number] = month.exec(stamp) ?? [];
      return Number(number) >= 1 && Number(number) <= 12 ? Number(year) * 12 + Number(number) - 1 : Number.NaN;
    },
    calendar: (times) => {
      const step = stepOf(times);
      const write = (time: number): string =>
        `${String(Math.floor(time / 12)).padStart(years, "0")}-${String((time % 12) + 1).padStart(2, "0")}`;
      return step === null
        ? null
        : { season: step < 12 && 12 % step === 0 ? 12 / step : null, after: going(times, step, write) };
    },
  };
}

function quarterly(first: string): Kind | null {
  if (!quarter.test(first.trim())) return null;
  return {
    parse: (stamp) => {
      const [, year, number] = quarter.exec(stamp) ?? [];
      return Number(year) * 4 + Number(number) - 1;
    },
    calendar: (times) => {
      const step = stepOf(times);
      return step === null
        ? null
        : {
            season: step === 1 ? 4 : null,
            after: going(times, step, (time) => `${Math.floor(time / 4)} Q${(time % 4) + 1}`),
          };
    },
  };
}

/** Days, and times of day, as they are in UTC. */
function momentary(first: string): Kind | null {
  if (!moment.test(first.trim())) return null;
  const form = first.trim();
  return {
    parse: (stamp) =>
      moment.test(stamp)
        ? Date.parse(`${stamp.replace(" ", "T").replace(/Z$/, "")}${stamp.length > 10 ? "Z" : ""}`)
        : Number.NaN,
    calendar: (times) => {
      const write = (time: number): string => {
        const text = new Date(time).toISOString().slice(0, form.replace(/Z$/, "").length);
        return (form[10] === " " ? text.replace("T", " ") : text) + (form.endsWith("Z") ? "Z" : "");
      };
      const months = times.map((time) => new Date(time).getUTCFullYear() * 12 + new Date(time).getUTCMonth());
      const isMonthly = form.length === 10 && times.every((time) => new Date(time).getUTCDate() === 1);
      const monthStep = isMonthly ? stepOf(months) : null;
      if (monthStep) {
        const ofMonth = (value: number): string => write(Date.UTC(Math.floor(value / 12), value % 12, 1));
        return {
          season: 12 % monthStep === 0 && monthStep < 12 ? 12 / monthStep : null,
          after: going(months, monthStep, ofMonth),
        };
      }
      // Days that are left out now and then, as leap days and holidays are, are gone past.
      const step = stepOf(times) ?? middle(times);
      return { season: seasonOfTime(step), after: going(times, step, write) };
    },
  };
}

function seasonOfTime(step: number): number | null {
  if (step === DAY) return 7;
  return step < DAY && DAY % step === 0 ? DAY / step : null;
}

/** The distance that is most usual: the middle one of all. */
function middle(times: readonly number[]): number {
  const steps = times.slice(1).map((time, i) => time - (times[i] as number));
  return steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? DAY;
}

/** Years, or numbers of rows. */
function counted(first: string): Kind | null {
  if (!whole.test(first.trim())) return null;
  return {
    parse: (stamp) => (whole.test(stamp) ? Number(stamp) : Number.NaN),
    calendar: (times) => {
      const step = stepOf(times);
      return step === null ? null : { season: null, after: going(times, step, String) };
    },
  };
}

function going(times: readonly number[], step: number, write: (time: number) => string): (ahead: number) => string {
  const last = times.at(-1) as number;
  return (ahead) => write(last + ahead * step);
}
