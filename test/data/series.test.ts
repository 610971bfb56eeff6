import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DataError,
  forecastData,
  OptionError,
  parseSeriesFile,
  Scaler,
  type SeriesWindowOptions,
  seriesWindows,
} from "../../src/index.ts";
import { readSeriesFile, readTable } from "../../src/node/index.ts";

const shared = process.env.UNROLLED_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));
const count = (length: number, from = 0) => Float64Array.from({ length }, (_, i) => from + i);

describe("scalers", () => {
  test("mean 0 and deviation 1, or from 0 to 1, of the rows they learn from alone, and back", () => {
    const column = [1, 2, 3, 4, 1000];
    const standard = Scaler.standard([column], { to: 4 });
    const deviation = Math.sqrt(1.25);
    expect([standard.offset[0], standard.scale[0]]).toEqual([2.5, deviation]);
    expect(standard.transform([column])[0]![0]).toBeCloseTo(-1.5 / deviation, 6);
    const minMax = Scaler.minMax([column], { from: 1, to: 4 });
    expect([...minMax.transform([column])[0]!]).toEqual([-0.5, 0, 0.5, 1, 499]);
    expect([...minMax.invert([0, 0.5, 1])]).toEqual([2, 3, 4]);
  });

  test("whatever is scaled comes back, in the unit of its column", () => {
    const column = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(column, column, fc.constantFrom("standard" as const, "minMax" as const), (a, b, kind) => {
        const scaler = new Scaler(JSON.parse(JSON.stringify(Scaler[kind]([a, b]))));
        const [x, y] = scaler.transform([a, b]);
        const back = scaler.invert(
          [...x!].flatMap((value, i) => [value, y![i]!]),
          [0, 1],
        );
        a.forEach((value, i) => {
          expect(Math.abs(back[2 * i]! - value)).toBeLessThanOrEqual(1e-6 * (Math.max(...a) - Math.min(...a)) + 1e-9);
          expect(Math.abs(back[2 * i + 1]! - b[i]!)).toBeLessThanOrEqual(
            1e-6 * (Math.max(...b) - Math.min(...b)) + 1e-9,
          );
        });
      }),
    );
  });

  test("a constant column becomes zeros, also where its mean is not exactly its value", () => {
    const constant = new Float64Array(1001).fill(0.1);
    for (const scaler of [Scaler.standard([constant]), Scaler.minMax([constant])]) {
      expect(scaler.scale[0]).toBe(1);
      expect(scaler.transform([constant])[0]!.every((value) => value === 0)).toBe(true);
      expect(scaler.invert([0])[0]).toBe(0.1);
    }
  });

  test("what cannot be learnt from is refused", () => {
    expect(() => Scaler.standard([[1, Number.NaN, 2]])).toThrow("column 0: expected finite numbers, got NaN in row 1");
    expect(() => Scaler.standard([])).toThrow(DataError);
    expect(() => Scaler.minMax([[1, 2], [1]])).toThrow("expected 2 rows in each column, got 1 in column 1");
    expect(() => Scaler.standard([[1, 2]], { to: 0 })).toThrow(DataError);
    expect(() => Scaler.standard([[1, 2]], { to: 3 })).toThrow(OptionError);
    expect(() => new Scaler({ offset: [0], scale: [0] })).toThrow(OptionError);
    expect(() => Scaler.standard([[1, 2]]).invert([1], [1])).toThrow(OptionError);
    expect(() => Scaler.standard([[1, 2]]).transform([[1], [2]])).toThrow(DataError);
  });
});

describe("windows of a series", () => {
  test("what is shown and what is to be foretold", () => {
    const data = seriesWindows([count(10), count(10, 100)], { window: 3, horizon: 2, stride: 2 });
    expect(data.length).toBe(3);
    const { input, target } = data.batch(Int32Array.of(2, 0));
    expect(input.shape).toEqual([3, 2, 2]);
    expect([...input.toArray()]).toEqual([4, 104, 0, 100, 5, 105, 1, 101, 6, 106, 2, 102]);
    expect([target.shape, [...target.toArray()]]).toEqual([
      [2, 2],
      [7, 8, 3, 4],
    ]);
    const some = seriesWindows([count(10), count(10, 100)], { window: 1, horizon: 2, inputs: [1], targets: [1, 0] });
    const batch = some.batch(Int32Array.of(0));
    expect([[...batch.input.toArray()], [...batch.target.toArray()]]).toEqual([[100], [101, 1, 102, 2]]);
  });

  test("as many windows as fit, for any sizes", () => {
    const size = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), size, size, size, (rows, window, horizon, stride) => {
        const starts = [...count(rows).keys()].filter((s) => s % stride === 0 && s + window + horizon <= rows);
        const make = () => seriesWindows([count(rows)], { window, horizon, stride });
        if (starts.length === 0) {
          expect(make).toThrow(DataError);
          return;
        }
        const data = make();
        expect(data.length).toBe(starts.length);
        const { input } = data.batch(Int32Array.of(starts.length - 1));
        expect(input.toArray()[0]).toBe(starts.at(-1));
      }),
    );
  });

  test("parts in time: no part foretells a row of another, scaling knows the first part alone", () => {
    const column = Float64Array.from({ length: 100 }, (_, i) => (i < 80 ? i % 2 : 1e6));
    const { parts, scaler } = forecastData([column], { window: 10, horizon: 5 });
    expect(parts.map(({ length }) => length)).toEqual([66, 16]);
    expect([scaler.offset[0], scaler.scale[0]]).toEqual([0.5, 0.5]);
    const last = parts[0]!.batch(Int32Array.of(65)).target.toArray();
    expect(Math.max(...last)).toBe(1);
    const first = parts[1]!.batch(Int32Array.of(0));
    expect(Math.max(...first.input.toArray())).toBe(1);
    expect([...scaler.invert(first.target.toArray())]).toEqual([1e6, 1e6, 1e6, 1e6, 1e6]);
    const plain = forecastData([column], { window: 10, scaling: "none", fractions: [0.5, 0.25, 0.25] });
    expect(plain.parts.map(({ length }) => length)).toEqual([40, 25, 25]);
  });

  test("a horizon longer than the series, missing values and options that are none are refused", () => {
    expect(() => forecastData([count(30)], { window: 5, horizon: 40 })).toThrow(
      /a window of 5 and a horizon of 40, got 24/,
    );
    expect(() => seriesWindows([[1, Number.NaN, 3, 4]], { window: 2 })).toThrow("got NaN in row 1");
    expect(() => seriesWindows([], { window: 2 })).toThrow(DataError);
    const wrong = [{ window: 0 }, { window: 2, horizon: 1.5 }, { window: 2, targets: [1] }, { window: 2, targets: [] }];
    for (const options of [...wrong, { window: 2, size: 1 }, { window: 2, targetRows: { to: 11 } }]) {
      expect(() => seriesWindows([count(10)], options as SeriesWindowOptions)).toThrow(OptionError);
    }
    expect(() => forecastData([count(10)], { window: 2, fractions: [1, 1] })).toThrow(OptionError);
    expect(() => forecastData([count(10)], { window: 2, scaling: "log" as "none" })).toThrow(OptionError);
  });
});

describe("files of series archives", () => {
  const head = "# about\n@problemName x\n@timeStamps false\n@univariate false\n@classLabel true b a\n@data\n";

  test(".ts: dimensions between colons, lengths that differ, padding left out", () => {
    const { classes, dimensions, examples } = parseSeriesFile(`${head}1,2,3:4,5,6:a\r\n7,?:8,NaN:b\n\n`);
    expect({ classes, dimensions }).toEqual({ classes: ["b", "a"], dimensions: 2 });
    expect(examples.map(({ input, label }) => [[...input.data], input.shape, label])).toEqual([
      [[1, 4, 2, 5, 3, 6], [3, 2], 1],
      [[7, 8], [1, 2], 0],
    ]);
  });

  test(".tsv: the class first, classes sorted as numbers, or in the order of another file", () => {
    const text = "10\t1.5\t-2\tNaN\n2\t1\t2\t3\n";
    const { classes, examples } = parseSeriesFile(text);
    expect(classes).toEqual(["2", "10"]);
    expect(examples.map(({ input, label }) => [[...input.data], label])).toEqual([
      [[1.5, -2], 1],
      [[1, 2, 3], 0],
    ]);
    expect(parseSeriesFile(text, { classes: ["10", "2"] }).examples.map(({ label }) => label)).toEqual([0, 1]);
  });

  const bad: [string, string, RegExp][] = [
    ["nothing", "", /x: expected at least one series/],
    ["a head alone", head, /x: expected at least one series/],
    ["no @data", "@problemName x\n1,2:a\n", /x: expected a line @data/],
    ["a word", `${head}1,two:3,4:a\n`, /x line 7: expected numbers, got "two"/],
    ["a missing value", `${head}1,?,3:1,2,3:a\n`, /x line 7: expected a value, got none/],
    [
      "dimensions of two lengths",
      `${head}1,2:1,2,3:a\n`,
      /x line 7: expected 3 values in each dimension, got 2 in dimension 1/,
    ],
    ["a dimension too few", `${head}1:2:a\n1:b\n`, /x line 8: expected 2 dimensions/],
    ["a class that is not listed", `${head}1:2:c\n`, /x line 7: expected a class of b, a, got "c"/],
    ["no values", `${head}?:?:a\n`, /line 7: expected at least one value/],
    ["time stamps", "@timeStamps true\n@classLabel true a\n@data\n(0,1):a\n", /without time stamps/],
    ["no classes", "@classLabel false\n@data\n1,2\n", /expected series with classes/],
    ["a class alone", "1\n", /x line 1: expected a class and values between tabs/],
  ];
  test.each(bad)("%s: one typed error with file and line", (_, text, message) => {
    expect(() => parseSeriesFile(text, { name: "x" })).toThrow(message);
    expect(() => parseSeriesFile(text, { name: "x" })).toThrow(DataError);
    expect(parseSeriesFile(`${head}1,?,3:1,2,3:a\n`, { missing: 0 }).examples[0]!.input.data[2]).toBe(0);
  });

  const archive = join(shared, "sensor/ucr-uea");
  test.skipIf(!existsSync(archive))("GunPoint and JapaneseVowels have the sizes their authors give", async () => {
    const read = async (name: string) => {
      const { examples, classes, dimensions } = await readSeriesFile(join(archive, name));
      const steps = examples.map(({ input: { shape } }) => shape[0]);
      return [examples.length, classes.length, dimensions, Math.min(...steps), Math.max(...steps)];
    };
    expect(await read("GunPoint_TRAIN.ts")).toEqual([50, 2, 1, 150, 150]);
    expect(await read("GunPoint_TEST.ts")).toEqual([150, 2, 1, 150, 150]);
    expect(await read("JapaneseVowels_TRAIN.ts")).toEqual([270, 9, 12, 7, 26]);
    expect(await read("JapaneseVowels_TEST.ts")).toEqual([370, 9, 12, 7, 29]);
    await expect(readSeriesFile(join(archive, "Nothing.ts"))).rejects.toThrow("no such file");
  });

  test.skipIf(!existsSync(shared))("the monthly sunspots, as a table", async () => {
    const { length, numbers } = await readTable(join(shared, "timeseries/classic/monthly-sunspots.csv"));
    expect([length, numbers.get("Sunspots")![0], numbers.get("Sunspots")!.at(-1)]).toEqual([2820, 58, 33.4]);
  });
});
