/** How time and memory grow with T, B, H and layers. `npm run bench:growth -- --help` tells the options. */
import { execFile, fork } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { SingleBar } from "cli-progress";
import { isSelected } from "../suite.ts";
import { type Growth, growthOf, leastOf, type MemoryGrowth, memoryOf } from "./growth.ts";
import { type GrowthRecord, renderReport } from "./report.ts";
import { cells, kinds, type Measured, type Request, sweeps, variables } from "./sweeps.ts";
import { growthTable, memoryTable } from "./table.ts";

const help = `npm run bench:growth -- [options]

Times training steps and inference over T, B, H and layers, fits power laws and polynomials, and compares the memory of
a training step with what is documented.

  --only PATTERN   only sweeps whose "cell, what, variable" contains this, such as "lstm" or "training step, T"
  --seconds S      seconds of sampling for each point in a turn (default: 0.15)
  --turns N        turns of each sweep; the fastest counts (default: 2)
  --json FILE      write points and fits as JSON
  --html FILE      where the page of charts goes (default: build/growth/report.html)
  --node PATH      the Node.js to measure in (default: this one)
  --help`;

interface Options {
  readonly only: string;
  readonly seconds: number;
  readonly turns: number;
  readonly json?: string;
  readonly html: string;
  readonly node: string;
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: "" },
      seconds: { type: "string", default: "0.15" },
      turns: { type: "string", default: "2" },
      json: { type: "string" },
      html: { type: "string", default: fileURLToPath(new URL("./report.html", import.meta.url)) },
      node: { type: "string", default: process.execPath },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const seconds = Number(values.seconds);
  if (!(seconds > 0 && seconds <= 60)) throw new Error(`--seconds: expected 0 < S ≤ 60, got ${values.seconds}`);
  const turns = Number(values.turns);
  if (!Number.isInteger(turns) || turns < 1)
    throw new Error(`--turns: expected a whole number ≥ 1, got ${values.turns}`);
  return { only: values.only, seconds, turns, json: values.json, html: values.html, node: values.node };
}

/** Runs one request in a process of its own. */
function measure(node: string, request: Request): Promise<Measured[]> {
  const child = fork(new URL("./child.js", import.meta.url), [JSON.stringify(request)], { execPath: node });
  const found: Measured[] = [];
  child.on("message", (measured) => found.push(measured as Measured));
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("exit", (code) => {
      if (code === 0) done(found);
      else fail(new Error(`${JSON.stringify(request)}: the process ended with ${code}`));
    });
  });
}

async function measureAll(options: Options): Promise<{ time: Growth[]; memory: MemoryGrowth[] }> {
  const wanted = cells.flatMap((cell) =>
    kinds.flatMap((kind) =>
      variables
        .filter((variable) => isSelected(options.only, `${cell}, ${kind},`, variable))
        .map((variable) => ({ cell, kind, variable })),
    ),
  );
  const withMemory = cells.filter((cell) => isSelected(options.only, `${cell},`, "memory"));
  if (wanted.length + withMemory.length === 0) throw new Error(`--only: no sweep contains "${options.only}"`);
  const bar = new SingleBar({
    format: "{bar} {percentage} % | {what}",
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(wanted.length * options.turns + withMemory.length, 0, { what: "" });
  try {
    const time: Growth[] = [];
    for (const { cell, kind, variable } of wanted) {
      bar.update({ what: `${cell}, ${kind}, ${variable}` });
      const turns: Measured[][] = [];
      for (let turn = 0; turn < options.turns; turn++) {
        turns.push(await measure(options.node, { task: "time", cell, kind, variable, seconds: options.seconds }));
        bar.increment();
      }
      time.push(growthOf(cell, kind, variable, leastOf(turns)));
    }
    const memory: MemoryGrowth[] = [];
    for (const cell of withMemory) {
      const points: Measured[] = [];
      for (const steps of sweeps.T) points.push(...(await measure(options.node, { task: "memory", cell, steps })));
      memory.push(memoryOf(cell, points));
      bar.increment(1, { what: `${cell}, memory` });
    }
    return { time, memory };
  } finally {
    bar.stop();
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) {
    console.log(help);
    return;
  }
  const { time, memory } = await measureAll(options);
  if (time.length > 0) console.log(growthTable(time));
  if (memory.length > 0) console.log(memoryTable(memory));
  const node = (await promisify(execFile)(options.node, ["--version"])).stdout.trim();
  const machine = { node, platform: process.platform, arch: process.arch, cpu: cpus()[0]?.model };
  const record: GrowthRecord = { machine, seconds: options.seconds, turns: options.turns, time, memory };
  if (options.json) write(options.json, `${JSON.stringify(record, null, 2)}\n`);
  write(options.html, renderReport(record));
  console.log(`Charts: ${options.html}`);
}

main().catch((error: unknown) => {
  console.error(`bench:growth: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
