#!/usr/bin/env node
/** A table of sensors on standard input, anomalies on standard output, as they come. */
import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { replaceFile } from "unrolled/node";
import { Detector, LEAST_ROWS } from "./detector.js";
import { rowsOf } from "./rows.js";

const positive = (text) => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("expected a number > 0");
  return value;
};

const rows = (text) => {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= LEAST_ROWS)) {
    throw new InvalidArgumentError(`expected a whole number ≥ ${LEAST_ROWS}`);
  }
  return value;
};

const command = new Command("anomaly-stream")
  .description(
    "Reads a CSV on standard input, learns what is usual from its first rows, and writes what is not, a line each.",
  )
  .option("--train <rows>", "rows to learn from", rows, 2000)
  .option("--columns <names>", "columns to watch, with commas; default: all numbers", (text) => text.split(","))
  .option("--threshold <spreads>", "by how many spreads a value may be missed", positive, 8)
  .option("--model <file>", "a detector that --save has written, instead of learning")
  .option("--save <file>", "where to keep what was learned")
  .option("--all", "write every row with its score", false)
  .option("--format <kind>", "json or csv", "json")
  .parse();

/** Standard output has been closed: there is nobody to write for. */
process.stdout.on("error", (error) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

async function write(line) {
  if (!process.stdout.write(`${line}\n`)) await new Promise((resolve) => process.stdout.once("drain", resolve));
}

/** Takes rows to learn from until there are enough, then judges. */
class Watch {
  #options;
  #detector;
  #judge;
  #learned = [];
  #missing = 0;

  constructor(options) {
    this.#options = options;
    if (options.model) this.#begin(Detector.load(readFileSync(options.model)));
  }

  /** The columns that are watched; undefined when the table itself decides. */
  get columns() {
    return this.#detector?.columns ?? this.#options.columns;
  }

  #begin(detector) {
    this.#detector = detector;
    this.#judge = detector.watch({ threshold: this.#options.threshold });
  }

  /** What is to be said of a row; undefined while it learns. */
  async take(values, names) {
    if (this.#judge) return this.#judge(values);
    // What is missing among the rows to learn from is what came last.
    const before = this.#learned.at(-1) ?? values.map(() => 0);
    this.#missing += values.filter(Number.isNaN).length;
    this.#learned.push(values.map((value, i) => (Number.isNaN(value) ? before[i] : value)));
    if (this.#learned.length >= this.#options.train) await this.#learn(names);
    return undefined;
  }

  async #learn(names) {
    const rows = this.#learned;
    this.#begin(await Detector.learn(names, rows));
    const missing = this.#missing ? `, ${this.#missing} cells missing` : "";
    console.error(`learned from ${rows.length} rows of ${names.join(", ")}${missing}`);
    for (const known of rows.slice(-64)) this.#judge(known);
    this.#learned = [];
    if (this.#options.save) replaceFile(this.#options.save, this.#detector.save());
  }

  /** @throws {Error} when the rows have ended before there were enough to learn from. */
  end() {
    if (this.#judge) return;
    const { train } = this.#options;
    throw new Error(`expected more than ${train} rows to learn from, got ${this.#learned.length} (see --train)`);
  }
}

const asCsv = ({ row, score, column, value, expected }) =>
  [row, score.toFixed(2), JSON.stringify(column), value, expected.toPrecision(6)].join(",");

async function run({ all, format, ...options }) {
  if (!["json", "csv"].includes(format)) throw new Error(`--format: expected json or csv, got ${format}`);
  const written = format === "csv" ? asCsv : JSON.stringify;
  const watch = new Watch(options);
  if (format === "csv") await write("row,score,column,value,expected");
  const broken = (row, why) => console.error(`row ${row}: ${why}; left out`);
  for await (const { number, columns, values } of rowsOf(process.stdin, { wanted: watch.columns, broken })) {
    const verdict = await watch.take(values, columns);
    if (verdict && (all || verdict.anomaly)) await write(written({ row: number, ...verdict }));
  }
  watch.end();
}

run(command.opts()).catch((error) => {
  console.error(`anomaly-stream: ${error.message}`);
  process.exitCode = 1;
});
