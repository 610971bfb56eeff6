/** `unrolled forecast`: what it leaves, that it beats what needs no learning, and what it says to series that are none. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { calendarOf } from "../../src/cli/forecast/calendar.ts";
import { naive, naiveScale, scoreOf, seasonalNaive } from "../../src/cli/forecast/measures.ts";
import { guessSeason } from "../../src/cli/forecast/season.ts";
import { commandLine, type Ended } from "./command-line.ts";
import { monthsTable, sharedData } from "./sequences.ts";

const cli = commandLine();
const text = (path: string): string => readFileSync(join(cli.folder, path), "utf8");
const json = (path: string) => JSON.parse(text(path));
const quick = ["--hidden", "16", "--epochs", "30"];

/** Runs a command that fails and gives its one line. */
async function complaint(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli.run(...words);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^unrolled: [^\n]+\n$/);
  return stderr.slice("unrolled: ".length, -1);
}

interface Told {
  readonly time: string;
  readonly forecast: number;
  readonly lower: number;
  readonly upper: number;
}

describe("a series of months", () => {
  let ended: Ended;

  beforeAll(async () => {
    cli.write("sales.csv", monthsTable(240));
    ended = await cli.run(
      "forecast",
      "sales.csv",
      "--target",
      "Sales",
      "--horizon",
      "6",
      ...quick,
      "--json",
      "out/r.json",
    );
  });

  test("is learned from, and model, history, forecast and report are left", () => {
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const left = ["checkpoints", "forecast.csv", "history.json", "model.safetensors", "report.html"];
    expect(readdirSync(join(cli.folder, "runs/sales")).sort()).toEqual(left);
    expect(ended.stdout).toContain("240 rows, 2000-01 to 2019-12; a season of 12 rows (from the calendar)");
    expect(ended.stdout).toContain(
      "to foretell 6 rows of Sales, seeing 36; 36 rows for validation, the last 48 for the test",
    );
  });

  test("is foretold better than by its last value or its last season", () => {
    const { scores, data } = json("out/r.json");
    expect(json("runs/sales/history.json")).toEqual(json("out/r.json"));
    const names = ["network", "naive", "seasonal naive, 12"];
    expect(scores.map(({ name }: { name: string }) => name)).toEqual(names);
    const [network, last, season] = scores.map(({ all }: { all: { mae: number } }) => all.mae);
    expect(network).toBeLessThan(last / 2);
    expect(network).toBeLessThan(season);
    // 156 rows are learned from: 36 are shown before the first of 6, and the last 6 end the last window.
    expect(data.windows).toEqual({ training: 156 - 36 - 6 + 1, validation: 36 - 6 + 1, test: 48 - 6 + 1 });
  });

  test("goes on after its end, in a table and in the history", () => {
    const lines = text("runs/sales/forecast.csv").trim().split("\n");
    expect(lines[0]).toBe("time,forecast,lower,upper");
    expect(lines.slice(1).map((line) => line.split(",")[0])).toEqual(
      Array.from({ length: 6 }, (_, i) => `2020-0${i + 1}`),
    );
    const { forecast, band } = json("out/r.json") as { forecast: Told[]; band: { widths: number[]; coverage: number } };
    forecast.forEach(({ forecast: value, lower, upper }, h) => {
      expect(upper - value).toBeCloseTo(band.widths[h] as number, 6);
      expect(value - lower).toBeCloseTo(band.widths[h] as number, 6);
      // What the series is made of, without its noise of 0 to 2.
      const wanted = 51 + (240 + h) / 6 + 10 * Math.sin((2 * Math.PI * h) / 12);
      expect(Math.abs(value - wanted)).toBeLessThan(4);
    });
    expect(band.coverage).toBeGreaterThan(0.5);
  });

  test("gives a report that stands alone", () => {
    const report = text("runs/sales/report.html");
    expect(report.match(/<svg [^>]*viewBox/g)).toHaveLength(3);
    expect(report).toContain("Forecasts beside the truth");
    expect(report).not.toMatch(/<script|<link|src=|href=|url\(["']?http/);
    expect(report).not.toMatch(/NaN|undefined/);
  });

  test("is told by the model afterwards, with the same numbers", async () => {
    const again = await cli.run("forecast", "sales.csv", "--apply", "runs/sales", "--json", "out/a.json");
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(again.stdout).toBe(text("runs/sales/forecast.csv"));
    expect(json("out/a.json")).toHaveLength(6);
    cli.write("few.csv", monthsTable(20));
    expect(await complaint("forecast", "few.csv", "--apply", "runs/sales")).toMatch(
      /few\.csv: expected at least 36 rows, which the model sees, got 20/,
    );
  });

  test("is read as spreadsheets of other countries write it, and may repeat itself to the number", async () => {
    const rows = Array.from(
      { length: 120 },
      (_, i) => `${1990 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")};"a; b";${i % 12},5`,
    );
    cli.write("umsatz.csv", `\ufeffMonat;Ort;Umsatz\r\n${rows.join("\r\n")}\r\n`);
    const words = ["--target", "Umsatz", "--time", "Monat", "--horizon", "3", "--epochs", "2", "--hidden", "4"];
    const { code, stderr, stdout } = await cli.run("forecast", "umsatz.csv", ...words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/seasonal naive, 12 +MAE 0 +RMSE 0 +MASE –/);
    expect(stdout).not.toMatch(/NaN|Infinity/);
    expect(text("runs/umsatz/report.html")).not.toMatch(/NaN|Infinity/);
    const { recent } = json("runs/umsatz/history.json") as { recent: { value: number }[] };
    expect(recent.slice(-3).map(({ value }) => value)).toEqual([9.5, 10.5, 11.5]);
  });

  test("takes other columns as inputs", async () => {
    const { stdout, stderr } = await cli.run(
      ...["forecast", "sales.csv", "--target", "Price", "--inputs", "Sales", "--horizon", "2", "--hidden", "8"],
      ...["--epochs", "1", "--out", "two"],
    );
    expect(stderr).toBe("");
    expect(stdout).toContain("2 rows of Price from itself and Sales");
    expect((await cli.run("forecast", "sales.csv", "--apply", "two")).stdout).toBe(text("two/forecast.csv"));
  });

  test("the same seed gives the same bytes", async () => {
    const words = ["forecast", "sales.csv", "--target", "Sales", "--hidden", "8", "--epochs", "2", "--deterministic"];
    for (const out of ["a", "b"]) expect((await cli.run(...words, "--out", out)).code).toBe(0);
    expect(text("a/model.safetensors")).toBe(text("b/model.safetensors"));
  });

  test("an interrupt saves what there is", async () => {
    const { child, ended: cut } = cli.start(
      "forecast",
      "sales.csv",
      "--target",
      "Sales",
      "--epochs",
      "100000",
      "--out",
      "cut",
    );
    await new Promise<void>((started) => child.stdout?.once("data", () => started()));
    child.kill("SIGINT");
    const { code, stdout } = await cut;
    expect(code).toBe(0);
    expect(stdout).toContain("interrupted");
    expect(json("cut/history.json").stopped).toBe("aborted");
  });
});

describe("what is wrong is told in one line, and nothing is written", () => {
  test("series", async () => {
    const rows = monthsTable(100).trim().split("\n");
    const cases: [string, string, string[], RegExp][] = [
      ["ragged.csv", rows.with(7, "2000-07,3").join("\n"), [], /ragged\.csv row 8: expected 3 cells/],
      [
        "gap.csv",
        rows.with(7, "2000-07,,1").join("\n"),
        [],
        /gap\.csv row 8, column "Sales": expected a value, got none/,
      ],
      [
        "word.csv",
        rows.with(7, "2000-07,many,1").join("\n"),
        [],
        /word\.csv row 8, column "Sales": expected a number, got "many"/,
      ],
      [
        "back.csv",
        rows.with(7, "2000-02,3,1").join("\n"),
        [],
        /back\.csv row 8: expected a time after 2000-06, got 2000-02/,
      ],
      [
        "flat.csv",
        rows.map((row, i) => (i === 0 ? row : row.replace(/,.*,/, ",7,"))).join("\n"),
        [],
        /flat\.csv, column "Sales": expected values that change, got 7 in every row/,
      ],
      ["empty.csv", "", [], /empty\.csv: expected a table, got an empty file/],
      [
        "long.csv",
        rows.join("\n"),
        ["--horizon", "101"],
        /--horizon 101: expected fewer rows than the 100 of long\.csv/,
      ],
      [
        "far.csv",
        rows.join("\n"),
        ["--horizon", "16"],
        /--horizon 16: expected at most 15, since far\.csv has 100 rows/,
      ],
      ["much.csv", rows.join("\n"), ["--history", "60"], /--history 60: expected at most 46/],
      ["seasons.csv", rows.join("\n"), ["--season", "80"], /--season 80: expected fewer rows than the 65/],
    ];
    for (const [name, content, words, wanted] of cases) {
      cli.write(name, content);
      expect(await complaint("forecast", name, "--target", "Sales", ...words)).toMatch(wanted);
      expect(existsSync(join(cli.folder, "runs", name.replace(".csv", "")))).toBe(false);
    }
    expect(
      (await cli.run("forecast", "gap.csv", "--target", "Sales", "--missing", "previous", "--epochs", "1")).code,
    ).toBe(0);
  });

  test("options", async () => {
    cli.write("months.csv", monthsTable(100));
    const cases: [string[], RegExp][] = [
      [[], /months\.csv: expected --target with one of Sales, Price, got none/],
      [["--target", "Profit"], /--target Profit: expected a column of months\.csv, which has Sales, Price, Month/],
      [["--target", "Month"], /--target Month: expected a column of numbers in months\.csv, got text/],
      [["--target", "Sales", "--inputs", "Profit"], /--inputs Profit: expected a column of months\.csv/],
      [["--target", "Sales", "--inputs", "Sales"], /--inputs: expected each column once, got "Sales" twice/],
      [["--target", "Sales", "--horizon", "0"], /--horizon: expected a whole number ≥ 1, got "0"/],
      [["--target", "Sales", "--test", "0.5", "--validation", "0.4"], /expected at most 0\.8 together/],
      [["--apply", "months.csv"], /months\.csv: safetensors/],
    ];
    for (const [words, wanted] of cases) expect(await complaint("forecast", "months.csv", ...words)).toMatch(wanted);
  });
});

describe("by hand", () => {
  const where = (row: number): string => `row ${row}`;

  test("calendars go on", () => {
    const next = (...stamps: string[]) => {
      const calendar = calendarOf(stamps, where);
      return calendar && [calendar.season, calendar.after(1), calendar.after(3)];
    };
    expect(next("1999-11", "1999-12")).toEqual([12, "2000-01", "2000-03"]);
    expect(next("1-11", "1-12")).toEqual([12, "2-01", "2-03"]);
    expect(next("2001 Q3", "2001 Q4")).toEqual([4, "2002 Q1", "2002 Q3"]);
    expect(next("2000-02-27", "2000-02-28")).toEqual([7, "2000-02-29", "2000-03-02"]);
    expect(next("2000-10-01", "2000-11-01", "2000-12-01")).toEqual([12, "2001-01-01", "2001-03-01"]);
    expect(next("2000-01-01 22:00", "2000-01-01 23:00")).toEqual([24, "2000-01-02 00:00", "2000-01-02 02:00"]);
    expect(next("1900", "1910")).toEqual([null, "1920", "1940"]);
    expect(next("first", "second")).toBeNull();
    expect(() => calendarOf(["2000-02", "2000-02"], where)).toThrow(
      /row 1: expected a time after 2000-02, got 2000-02/,
    );
  });

  test("seasons are found", () => {
    const wave = (period: number) =>
      Array.from({ length: 300 }, (_, i) => Math.sin((2 * Math.PI * i) / period) + i / 50);
    expect(guessSeason(wave(17), null)).toBe(17);
    expect(guessSeason(wave(12), 12)).toBe(12);
    expect(guessSeason(wave(31), 12)).toBe(31);
    expect(
      guessSeason(
        Array.from({ length: 300 }, (_, i) => i),
        null,
      ),
    ).toBe(1);
  });

  test("errors are those of their definitions", () => {
    const series = [1, 2, 3, 4, 6, 8, 10, 13];
    expect(naive(series, [4], 3)[0]?.values).toEqual(Float64Array.of(4, 4, 4));
    expect(seasonalNaive(series, [4], 3, 2)[0]?.values).toEqual(Float64Array.of(3, 4, 3));
    expect(naiveScale(series, 4, 1)).toBe(1);
    const { all, steps } = scoreOf("x", naive(series, [4, 5], 2), series, 2);
    // Misses of 2 and 4, and of 2 and 4.
    expect(all).toEqual({ mae: 3, rmse: Math.sqrt(10), mase: 1.5 });
    expect(steps.map(({ mae }) => mae)).toEqual([2, 4]);
    expect(scoreOf("x", naive(series, [4], 2), series, 0).all).toEqual({ mae: 3, rmse: Math.sqrt(10), mase: null });
  });
});

test("defaults beat the seasonal naive forecast of the sunspots", { timeout: 600_000 }, async () => {
  const path = sharedData("timeseries/classic/monthly-sunspots.csv");
  if (path === null) return;
  const { stdout } = await cli.run("forecast", path, "--target", "Sunspots", "--horizon", "12");
  expect(stdout).toContain("a season of 127 rows (from the autocorrelation)");
  const [network, ...others] = json("runs/monthly-sunspots/history.json").scores;
  expect(others.map(({ name }: { name: string }) => name)).toEqual([
    "naive",
    "seasonal naive, 127",
    "seasonal naive, 12",
  ]);
  for (const { all } of others) expect(network.all.mae).toBeLessThan(all.mae * 0.9);
});
