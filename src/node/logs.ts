/** A line for each step of a training, in a file. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Callback, Progress, TrainingState } from "../index.ts";
import { OptionError } from "../runtime/errors.ts";
import { fileError, replaceFile, requireFolder } from "./files.ts";

/** How a kind of log writes. */
interface Format {
  /** What the file begins with. */
  header(metrics: readonly string[]): string;
  line(progress: Progress, metrics: readonly string[]): string;
  /** The step that a line is of; undefined of a header. */
  stepOf(line: string): number | undefined;
}

const columns = ["step", "epoch", "loss", "gradientNorm", "learningRate", "seconds", "validation"] as const;

const csv: Format = {
  header: (metrics) => `${[...columns, ...metrics].map(cell).join(",")}\n`,
  line: (progress, metrics) => {
    const values = [...columns.map((name) => progress[name]), ...metrics.map((name) => progress.metrics?.[name])];
    return `${values.map((value) => value ?? "").join(",")}\n`;
  },
  stepOf: (line) => (/^\d+,/.test(line) ? Number.parseInt(line, 10) : undefined),
};

const jsonLines: Format = {
  header: () => "",
  line: (progress) => `${JSON.stringify(progress)}\n`,
  stepOf: (line) => JSON.parse(line).step,
};

/** A name as a cell: in quotes where a comma, a quote or a line break is in it. */
function cell(name: string): string {
  return /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

/**
 * Writes a table with a row for each step: step, epoch, loss, gradientNorm, learningRate, seconds, validation, and the
 * metrics by their names; cells are empty where a step had no such figure. A training that is resumed goes on with the
 * file as it was at its checkpoint; one that begins begins a new one.
 *
 * ```ts
 * const model = new Linear({ inputSize: 1, outputSize: 1 });
 * const optimizer = new Adam(model.parameters(), { learningRate: 0.1 });
 * const trainer = new Trainer({ model, loss: mseLoss, optimizer });
 * const data = arrayDataset(tensor([[0], [1], [2], [3]]), tensor([[1], [3], [5], [7]]));
 * await trainer.fit(data, { epochs: 3, callbacks: [csvLog("runs/line/log.csv")] });
 * const { numbers } = await readTable("runs/line/log.csv", { numbers: ["step", "loss"] });
 * numbers.get("step"); // [1, 2, 3]
 * ```
 *
 * @throws {OptionError} when the path is none. The training ends with a {FileError} when it cannot be written.
 */
export function csvLog(path: string): Callback {
  return log("csvLog", path, csv);
}

/**
 * Writes a line of JSON for each step, with what `onProgress` is told of it; NaN and infinities are null. A training that
 * is resumed goes on with the file as it was at its checkpoint; one that begins begins a new one.
 *
 * ```ts
 * const model = new Linear({ inputSize: 1, outputSize: 1 });
 * const optimizer = new Adam(model.parameters(), { learningRate: 0.1 });
 * const trainer = new Trainer({ model, loss: mseLoss, optimizer });
 * const data = arrayDataset(tensor([[0], [1], [2], [3]]), tensor([[1], [3], [5], [7]]));
 * await trainer.fit(data, { epochs: 3, callbacks: [jsonLog("runs/line/log.jsonl")] });
 * const steps = await readJsonLines<Progress>("runs/line/log.jsonl").map(({ step }) => step).toArray();
 * steps; // [1, 2, 3]
 * ```
 *
 * @throws {OptionError} when the path is none. The training ends with a {FileError} when it cannot be written.
 */
export function jsonLog(path: string): Callback {
  return log("jsonLog", path, jsonLines);
}

function log(what: string, path: string, format: Format): Callback {
  if (typeof path !== "string" || path === "") {
    throw new OptionError(`${what} path: expected the path of a file, got ${JSON.stringify(path)}`);
  }
  const write = (change: () => void): void => {
    try {
      change();
    } catch (error) {
      throw fileError(path, "written", error);
    }
  };
  return {
    onFitStart: ({ step, metrics }) => {
      requireFolder(dirname(path));
      const before = step === 0 ? null : linesUpTo(path, step, format);
      if (before !== null) replaceFile(path, new TextEncoder().encode(before));
      else write(() => writeFileSync(path, format.header(metrics)));
    },
    onStepEnd: ({ progress, metrics }: TrainingState) => {
      if (progress) write(() => appendFileSync(path, format.line(progress, metrics)));
    },
  };
}

/** What a file holds up to a step: the lines after it are of steps that will be done again. Null when there is none. */
function linesUpTo(path: string, step: number, format: Format): string | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw fileError(path, "read", error);
  }
  // What follows the last line break was cut off as it was written.
  const lines = text.split("\n").slice(0, -1);
  const kept = lines.filter((line) => (format.stepOf(line) ?? 0) <= step);
  return kept.map((line) => `${line}\n`).join("");
}
