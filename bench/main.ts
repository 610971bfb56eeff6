/**
 * Plain JavaScript against the library, each in processes of its own, in turns.
 *   npm run bench [-- --only PATTERN] [--json FILE] [--turns N] [--seconds S] [--node PATH]
 */
import { execFileSync, fork } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import Table from "cli-table3";
import { Measurements, type Row, rowsOf } from "./rows.ts";
import { type Implementation, implementations, isSelected, type Suite } from "./suite.ts";
import { suites } from "./suites/index.ts";
import type { TurnMessage, TurnRequest } from "./turn.ts";

/** Where a case does not say how far its results may differ. */
const LARGEST_DIFFERENCE = 1e-4;

const help = `Plain JavaScript against unrolled's WebAssembly.

npm run bench -- [options]
  --only PATTERN   only cases whose "workload case" contains this text, e.g. "lstm" or "matmul 256"
  --json FILE      write the rows to FILE
  --turns N        turns of each implementation, interleaved (default 3)
  --seconds S      sampling time of a case in a turn (default 0.5)
  --node PATH      the Node.js to measure in (default: this one)
  --help`;

interface Options {
  only: string;
  json?: string;
  turns: number;
  seconds: number;
  node: string;
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: "" },
      json: { type: "string" },
      turns: { type: "string", default: "3" },
      seconds: { type: "string", default: "0.5" },
      node: { type: "string", default: process.execPath },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const turns = Number(values.turns);
  const seconds = Number(values.seconds);
  if (!Number.isInteger(turns) || turns < 1)
    throw new Error(`--turns: expected a whole number ≥ 1, got ${values.turns}`);
  if (!(seconds > 0 && seconds <= 60)) throw new Error(`--seconds: expected 0 < S ≤ 60, got ${values.seconds}`);
  const selected = suites.some((suite) => casesOf(suite, values.only).length > 0);
  if (!selected) throw new Error(`--only: no case contains "${values.only}"`);
  return { only: values.only, json: values.json, turns, seconds, node: values.node };
}

function casesOf(suite: Suite, only: string): string[] {
  const names = suite.cases.javascript().map(({ name }) => name);
  return names.filter((name) => isSelected(only, suite.workload, name));
}

/** Runs one turn in a child; its messages come back in the order it sent them. */
function takeTurn(node: string, request: TurnRequest, onMessage: (message: TurnMessage) => void): Promise<void> {
  const child = fork(new URL("./child.js", import.meta.url), [JSON.stringify(request)], { execPath: node });
  child.on("message", (message) => onMessage(message as TurnMessage));
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("exit", (code) => {
      if (code === 0) done();
      else fail(new Error(`${request.workload}, ${request.implementation}: the process ended with ${code}`));
    });
  });
}

/** Both sides must compute the same before their times mean anything. */
async function checkResults(options: Options, selected: readonly Suite[], measurements: Measurements): Promise<void> {
  for (const { workload, cases } of selected) {
    const tolerances = new Map(cases.wasm().map(({ name, tolerance }) => [name, tolerance]));
    const request: TurnRequest = { task: "compare", workload, implementation: "wasm", ...options };
    await takeTurn(options.node, request, (message) => {
      if (message.kind !== "comparison") return;
      const { case: name, difference } = message;
      measurements.compare(workload, name, difference);
      const tolerance = tolerances.get(name) ?? LARGEST_DIFFERENCE;
      if (difference <= tolerance) return;
      throw new Error(`${workload} ${name}: expected a relative difference ≤ ${tolerance}, got ${difference}`);
    });
  }
}

async function measure(options: Options, selected: readonly Suite[], measurements: Measurements): Promise<void> {
  const cases = selected.reduce((total, suite) => total + casesOf(suite, options.only).length, 0);
  const bar = new SingleBar({
    format: "{bar} {percentage} % | {what}",
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(cases * options.turns * implementations.length, 0, { what: "" });
  try {
    for (let turn = 0; turn < options.turns; turn++) {
      const order: readonly Implementation[] = turn % 2 === 0 ? implementations : [...implementations].reverse();
      for (const { workload } of selected) {
        for (const implementation of order) {
          await takeTurn(options.node, { task: "time", workload, implementation, ...options }, (message) => {
            if (message.kind !== "timing") return;
            measurements.add(workload, message.case, implementation, message.seconds);
            bar.increment(1, { what: `${workload} ${message.case}, ${implementation}` });
          });
        }
      }
    }
  } finally {
    bar.stop();
  }
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function table(rows: readonly Row[]): string {
  const lines = new Table({
    head: ["workload", "case", "javascript", "wasm", "unit", "GFLOP/s", "difference", "spread", "times faster"],
    colAligns: ["left", "left", "right", "right", "left", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (let r = 0; r < rows.length; r += 2) {
    const [plain, engine] = [rows[r], rows[r + 1]];
    const gigaflops = engine.gigaflops ? `${rounded(plain.gigaflops ?? 0)} → ${rounded(engine.gigaflops)}` : "";
    const spread = `${(100 * plain.spread).toFixed(0)} % / ${(100 * engine.spread).toFixed(0)} %`;
    lines.push([
      engine.workload,
      engine.case,
      rounded(plain.median),
      rounded(engine.median),
      engine.unit,
      gigaflops,
      engine.difference.toExponential(1),
      spread,
      `${rounded(engine.ratio)}×`,
    ]);
  }
  return lines.toString();
}

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) {
    console.log(help);
    return;
  }
  const selected = suites.filter((suite) => casesOf(suite, options.only).length > 0);
  const measurements = new Measurements();
  await checkResults(options, selected, measurements);
  await measure(options, selected, measurements);
  const rows = rowsOf(selected, options.only, measurements);
  console.log(table(rows));
  if (options.json) {
    const node = execFileSync(options.node, ["--version"], { encoding: "utf8" }).trim();
    const machine = { node, platform: process.platform, arch: process.arch, cpu: cpus()[0]?.model };
    const { turns, seconds } = options;
    writeFileSync(options.json, `${JSON.stringify({ machine, turns, seconds, rows }, null, 2)}\n`);
  }
}

main().catch((error: unknown) => {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
