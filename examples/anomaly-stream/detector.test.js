import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { csvOf, pump } from "./series.js";

const folder = mkdtempSync(join(tmpdir(), "anomaly-stream-"));
const main = fileURLToPath(new URL("main.js", import.meta.url));
const HEADER = "time,pressure,temperature\n";
const columns = ["--columns", "pressure,temperature"];

after(() => rmSync(folder, { recursive: true, force: true }));

function run(input, ...parameters) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...parameters]);
    const said = { out: "", error: "" };
    child.stdout.on("data", (piece) => (said.out += piece));
    child.stderr.on("data", (piece) => (said.error += piece));
    child.stdin.on("error", () => undefined);
    child.on("close", (code) => resolve({ code, ...said }));
    child.stdin.end(input);
  });
}

const linesOf = (text) =>
  text
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

test("finds what was planted, and next to nothing else", async () => {
  const planted = new Map(Array.from({ length: 20 }, (_, i) => [2300 + 150 * i, i % 2 ? 0.8 : -0.8]));
  const { code, out, error } = await run(HEADER + csvOf(pump(6000, planted)), ...columns);
  assert.equal(code, 0, error);
  assert.match(error, /learned from 2000 rows of pressure, temperature/);
  const found = linesOf(out);
  const rows = new Set(found.map(({ row }) => row - 1));
  assert.deepEqual(
    [...planted.keys()].filter((row) => !rows.has(row)),
    [],
  );
  const others = found.filter(({ row }) => !planted.has(row - 1));
  assert.ok(others.length <= 4, `${others.length} others among 4,000 rows`);
  assert.ok(found.every(({ column, score }) => column === "pressure" && score > 8));
});

test("what was learned can be kept, and judges the same again", async () => {
  const model = join(folder, "pump.safetensors");
  const rows = pump(1600, new Map([[1500, 2]]));
  const first = await run(HEADER + csvOf(rows), ...columns, "--train", "1200", "--save", model);
  assert.deepEqual(
    linesOf(first.out).map(({ row }) => row),
    [1501],
  );
  assert.ok(readFileSync(model).length > 1000);
  const again = await run(HEADER + csvOf(rows.slice(1200)), "--model", model, "--format", "csv");
  assert.deepEqual(
    again.out
      .trim()
      .split("\n")
      .map((line) => line.split(",")[0]),
    ["row", "301"],
  );
});

test("cells that are missing, lines that are broken and quotes that are odd do not end it", async () => {
  const lines = csvOf(pump(900)).split("\n");
  lines[100] = "100,,60.1";
  lines[700] = "700,n/a,60.2";
  lines[750] = "750,1";
  lines[760] = '760,5"1,60';
  const { code, out, error } = await run(HEADER + lines.join("\r\n"), ...columns, "--train", "600", "--all");
  assert.equal(code, 0, error);
  assert.match(error, /1 cells missing/);
  assert.match(error, /row 751: expected 3 cells, got 2; left out/);
  assert.equal(linesOf(out).length, 299);
});

test("what cannot be done is said in a line", async () => {
  const few = await run(HEADER + csvOf(pump(50)), ...columns);
  assert.deepEqual([few.code, few.out], [1, ""]);
  assert.match(few.error, /expected more than 2000 rows to learn from, got 50/);
  const column = await run(HEADER + csvOf(pump(50)), "--columns", "humidity");
  assert.match(column.error, /expected a column of time, pressure, temperature, got humidity/);
  const file = join(folder, "none.safetensors");
  writeFileSync(file, "no weights");
  const model = await run("", "--model", file);
  assert.equal(model.code, 1);
  assert.match(model.error, /^anomaly-stream: .*safetensors/);
  assert.match((await run("", "--threshold", "-3")).error, /expected a number > 0/);
  for (const rows of ["10", "300.5", "many"]) {
    assert.match((await run("", "--train", rows)).error, /expected a whole number ≥ 256/);
  }
});

test("a reader that has had enough ends it quietly", async () => {
  const child = spawn(process.execPath, [main, ...columns, "--train", "400", "--all"]);
  let error = "";
  child.stderr.on("data", (piece) => (error += piece));
  child.stdin.on("error", () => undefined);
  const ended = new Promise((resolve) => child.on("close", resolve));
  child.stdout.once("data", () => child.stdout.destroy());
  child.stdin.end(HEADER + csvOf(pump(20_000)));
  assert.equal(await ended, 0, error);
});
