import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { DataError, OptionError } from "../../src/index.ts";
import { type CsvOptions, csvColumns, readCsv, readJsonLines, readLines, readTable } from "../../src/node/index.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-data-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file of this content; its path. */
function file(content: string | Uint8Array, name = "table.csv"): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The rows as plain arrays: numbers, then texts. */
async function rows(content: string | Uint8Array, options?: CsvOptions) {
  const found = await readCsv(file(content), options).toArray();
  return found.map(({ numbers, text }) => [...numbers, ...text]);
}

describe("CSV", () => {
  test("columns are numbers or text by their first cells, or as chosen, in the order chosen", async () => {
    const table = "day,x,sky,y\n1999-01-01,1,clear,-2.5e3\n1999-01-02,+4,rain, 5 \n";
    expect(await csvColumns(file(table))).toEqual({ numbers: ["x", "y"], text: ["day", "sky"] });
    expect(await rows(table)).toEqual([
      [1, -2500, "1999-01-01", "clear"],
      [4, 5, "1999-01-02", "rain"],
    ]);
    expect(await rows(table, { numbers: ["y"], text: ["sky"] })).toEqual([
      [-2500, "clear"],
      [5, "rain"],
    ]);
    expect(await rows(table, { text: ["x"] })).toEqual([["1"], ["+4"]]);
    expect((await readCsv(file(table)).toArray()).map(({ row }) => row)).toEqual([2, 3]);
  });

  test("marks, quotes, delimiters and ends of lines in cells, blank lines, no end at the end", async () => {
    const table = '\ufeff"a",b\r\n1,"x, ""y"""\r\n\r\n2,"two\r\nlines"\r\n3,""""';
    const expected = [
      [1, 'x, "y"'],
      [2, "two\nlines"],
      [3, '"'],
    ];
    expect(await rows(table)).toEqual(expected);
    expect(await rows(table.replaceAll("\r\n", "\n"))).toEqual(expected);
    expect(await rows(table.replaceAll("\r\n", "\r"))).toEqual(expected);
    expect(await rows("a;b\n1;2\n", { delimiter: ";" })).toEqual([[1, 2]]);
    expect(await readCsv(file("a\tb\n1\t2\n", "table.tsv")).toArray()).toHaveLength(1);
    expect(await rows("1,2\n3,4\n", { header: false })).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(await rows("1,2\n3,4\n", { header: ["x", "y"], numbers: ["y"] })).toEqual([[2], [4]]);
  });

  test("whatever cells hold comes back, however the file falls into pieces", async () => {
    const cell = fc.string({
      unit: fc.constantFrom("a", "é", "🙂", ",", '"', "\n", " ", "x".repeat(9000)),
      maxLength: 12,
    });
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 }), async (table) => {
        const content = `a,b\n${table.map((row) => row.map(quoted).join(",")).join("\n")}\n`;
        expect(await rows(content, { text: ["a", "b"], missing: 0 })).toEqual(table);
      }),
      { numRuns: 40 },
    );
  });

  test("numbers with commas: decimal, thousands, or refused with a hint", async () => {
    expect(await rows("x;y\n1,5;-0,25\n", { delimiter: ";", decimal: "," })).toEqual([[1.5, -0.25]]);
    expect(await rows("x;y\n1.234.567,5;12\n", { delimiter: ";", decimal: ",", thousands: "." })).toEqual([
      [1234567.5, 12],
    ]);
    expect(await rows('x\n"1,234.5"\n', { thousands: "," })).toEqual([[1234.5]]);
    await expect(rows('x\n"1,5"\n', { numbers: ["x"] })).rejects.toThrow(
      /table.csv row 2, column "x": expected a number, got "1,5"; `decimal`/,
    );
    await expect(rows('x\n"12,34.5"\n', { numbers: ["x"], thousands: "," })).rejects.toThrow('got "12,34.5"');
    await expect(rows("x\n1.5\n", { numbers: ["x"], decimal: "," })).rejects.toThrow('got "1.5"');
  });

  test("missing values are refused with file and row, or dealt with as asked", async () => {
    const table = "x,y,z\n1,2,a\nNA,3,b\n4,,\n";
    const numbers = { numbers: ["x", "y"] };
    await expect(rows(table, numbers)).rejects.toThrow(/table.csv row 3, column "x": expected a value, got none/);
    await expect(rows("x,z\n1,a\n2,\n")).rejects.toThrow(/row 3, column "z": expected a value/);
    expect(await rows(table, { ...numbers, missing: "skip" })).toEqual([[1, 2]]);
    expect(await rows(table, { missing: 0 })).toEqual([
      [1, 2, "a"],
      [0, 3, "b"],
      [4, 0, ""],
    ]);
    expect(await rows(table, { ...numbers, missing: "previous" })).toEqual([
      [1, 2],
      [1, 3],
      [4, 3],
    ]);
    expect(await rows(table, { ...numbers, missing: Number.NaN })).toEqual([
      [1, 2],
      [Number.NaN, 3],
      [4, Number.NaN],
    ]);
    expect(await rows("x\n-\n2\n", { missing: -1, missingMarks: ["-"] })).toEqual([[-1], [2]]);
    await expect(rows("x,y\nNA,1\n", { ...numbers, missing: "previous" })).rejects.toThrow("row 2");
  });

  const latin = Uint8Array.from(`x,n\n1,a\n2,b\n${"3,c\n".repeat(30_000)}4,caf\xe9\n`, (c) => c.charCodeAt(0));
  const bad: [string, string | Uint8Array, CsvOptions, RegExp][] = [
    ["an empty file", "", {}, /table.csv: expected a table, got an empty file/],
    ["a row too short", "a,b\n1,2\n3\n", {}, /table.csv row 3: expected 2 cells, got 1/],
    ["a row too long", "a,b\n1,2\n\n3,4,5\n", {}, /table.csv row 4: expected 2 cells, got 3/],
    ["a quote that is not closed", 'a,b\n1,"2\n3,4\n', {}, /table.csv row 2: expected the quote to be closed/],
    ["text behind a quote", 'a,b\n1,"2"x\n3,4\n', {}, /row 2: expected a delimiter after the closing quote/],
    ["words", "a\n1\ntwo\n", {}, /row 3, column "a": expected a number, got "two"/],
    ["hexadecimal and infinite numbers", "a\n0x10\n", { numbers: ["a"] }, /got "0x10"/],
    ["a hexadecimal number behind a blank", "a\n1\n 0x10\n", {}, /got " 0x10"/],
    ["an infinite number", "a\n1e999\n", { numbers: ["a"] }, /got "1e999"/],
    ["a name twice", "a,a\n1,2\n", {}, /row 1: expected each column's name once, got "a" twice/],
    ["no names", "1,2\n3,4\n", {}, /row 1: expected names of columns, got 1,2; say `header: false`/],
    ["a column that is not there", "a,b\n1,2\n", { numbers: ["c"] }, /expected a column "c", got a, b/],
    ["bytes that are no UTF-8", latin, {}, /table.csv line 30004: expected text in utf-8/],
    ["UTF-16", Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x0a, 0), {}, /got the mark of utf-16le; say `encoding: "utf-16le"`/],
    ["a file cut off within a character", Uint8Array.of(0x61, 0x0a, 0xc3), {}, /line 2: expected text in utf-8/],
  ];
  test.each(bad)("%s: one typed error with file and row", async (_, content, options, message) => {
    await expect(rows(content, options)).rejects.toThrow(message);
    await expect(rows(content, options)).rejects.toBeInstanceOf(DataError);
  });

  test("other encodings are read when they are named", async () => {
    expect((await rows(latin, { encoding: "windows-1252" })).at(-1)).toEqual([4, "café"]);
    const wide = new Uint8Array(new Uint16Array([..."\ufeffx\n1\n"].map((c) => c.charCodeAt(0))).buffer);
    expect(await rows(wide, { encoding: "utf-16le" })).toEqual([[1]]);
  });

  test("files that cannot be read, and options that are none", async () => {
    await expect(readCsv(join(folder, "none.csv")).toArray()).rejects.toThrow(/none.csv: cannot be read: no such file/);
    mkdirSync(join(folder, "directory"));
    await expect(readCsv(join(folder, "directory")).toArray()).rejects.toThrow("it is a directory");
    const wrong = [
      { delimiter: "ab" },
      { decimal: ";" },
      { missing: "drop" },
      { encoding: "klingon" },
      { separator: "," },
    ];
    for (const options of [...wrong, { thousands: "." }, { header: "a" }, { numbers: "a" }]) {
      expect(() => readCsv("table.csv", options as object)).toThrow(OptionError);
    }
  });

  test("a whole table, column by column", async () => {
    const { length, numbers, text } = await readTable(file("t,x\na,1\nb,2\n"));
    expect([length, [...numbers.get("x")!], text.get("t")]).toEqual([2, [1, 2], ["a", "b"]]);
    await expect(readTable(file("t,x\n"))).rejects.toThrow("expected at least one row");
  });
});

describe("lines", () => {
  test("of text, whatever ends them and however long the file is", async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} ${"ö".repeat(i % 9)}`);
    for (const end of ["\n", "\r\n", "\r"]) {
      const path = file(lines.join(end), "lines.txt");
      expect(await readLines(path).toArray()).toEqual(lines);
    }
    expect(await readLines(file("", "lines.txt")).toArray()).toEqual([]);
    await expect(readLines(file(Uint8Array.of(0x61, 0x0a, 0xff, 0x0a), "lines.txt")).toArray()).rejects.toThrow(
      "line 2",
    );
  });

  test("of JSON, refused with file and line", async () => {
    const read = (content: string) => readJsonLines(file(content, "rows.jsonl"), { fields: ["a"] }).toArray();
    expect(await read('\ufeff{"a":1}\r\n\n{"a":{"b":[2]}}')).toEqual([{ a: 1 }, { a: { b: [2] } }]);
    await expect(read('{"a":1}\n{"a":')).rejects.toThrow(/rows.jsonl line 2: expected JSON/);
    await expect(read('{"a":1}\n[1]\n')).rejects.toThrow("line 2: expected an object, got [1]");
    await expect(read('{"a":1}\n\n{"b":1}\n')).rejects.toThrow('line 3: expected a field "a", got none');
    await expect(read('{"a":1}\nnull\n')).rejects.toBeInstanceOf(DataError);
  });
});
