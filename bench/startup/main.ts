/** How long a program waits for the library: from the start of a process to its first result. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import Table from "cli-table3";
import { medianOf } from "../rows.ts";
import { programs } from "./programs.ts";

const help = `npm run bench:startup -- [options]

Runs small programs in fresh processes, in turns, and tells how much longer each lives than "node -e 0". Where Node.js
can keep what it has compiled (NODE_COMPILE_CACHE, from 22.1 on), once more with that.

  --rounds N    processes of each program (default: 20)
  --node PATH   the Node.js to measure in, once for each (default: this one)
  --json FILE   write the figures as JSON
  --help`;

interface Options {
  readonly rounds: number;
  readonly nodes: readonly string[];
  readonly json?: string;
}

/** A Node.js to measure in. */
interface Host {
  readonly node: string;
  /** The folder where it keeps what it has compiled, if it does. */
  readonly cache?: string;
}

/** The times of one Node.js, in milliseconds. */
interface Startup {
  readonly node: string;
  readonly version: string;
  readonly compileCache: boolean;
  /** Median life of `node -e 0`. */
  readonly bare: number;
  /** `beyond` is the median over the rounds of how much longer it lives than `node -e 0` of the same round. */
  readonly programs: readonly { readonly name: string; readonly wall: number; readonly beyond: number }[];
  /** Medians of what programs/stages.ts finds. */
  readonly stages: Readonly<Record<string, number>>;
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "20" },
      node: { type: "string", multiple: true, default: [process.execPath] },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds: expected a whole number ≥ 1, got ${values.rounds}`);
  return { rounds, nodes: values.node, json: values.json };
}

function compiled(file: string): string {
  return fileURLToPath(new URL(`./${file}.js`, import.meta.url));
}

const execute = promisify(execFile);

async function run(
  { node, cache }: Host,
  parameters: readonly string[],
): Promise<{ milliseconds: number; output: string }> {
  const { NODE_COMPILE_CACHE: _, ...environment } = process.env;
  const env = cache === undefined ? environment : { ...environment, NODE_COMPILE_CACHE: cache };
  const started = performance.now();
  const { stdout } = await execute(node, parameters, { env });
  return { milliseconds: performance.now() - started, output: stdout };
}

async function measurePrograms(host: Host, rounds: number): Promise<Pick<Startup, "bare" | "programs">> {
  const commands = [["-e", "0"], ...programs.map(({ file }) => [compiled(file)])];
  const lives: number[][] = [];
  // The first round brings into memory what the disk holds, and fills the cache; it does not count.
  for (let round = 0; round <= rounds; round++) {
    const times: number[] = [];
    for (const command of commands) times.push((await run(host, command)).milliseconds);
    if (round > 0) lives.push(times);
  }
  return {
    bare: medianOf(lives.map(([bare]) => bare)),
    programs: programs.map(({ name }, i) => ({
      name,
      wall: medianOf(lives.map((times) => times[i + 1])),
      beyond: medianOf(lives.map((times) => times[i + 1] - times[0])),
    })),
  };
}

async function measureStages(host: Host, rounds: number): Promise<Record<string, number>> {
  const found: Record<string, number>[] = [];
  for (let round = 0; round < rounds; round++) found.push(JSON.parse((await run(host, [compiled("stages")])).output));
  return Object.fromEntries(Object.keys(found[0]).map((stage) => [stage, medianOf(found.map((one) => one[stage]))]));
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: [...head],
    colAligns: ["left", ...head.slice(1).map(() => "right" as const)],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push([...row]);
  return table.toString();
}

function print(found: readonly Startup[]): void {
  const versions = found.map(({ version, compileCache }) => (compileCache ? `${version}, cache` : version));
  const bare = ["node -e 0", ...found.flatMap((one) => [one.bare.toFixed(1), ""])];
  const lines = programs.map(({ name }, i) => [
    name,
    ...found.flatMap((one) => [one.programs[i].wall.toFixed(1), one.programs[i].beyond.toFixed(1)]),
  ]);
  console.log(
    tableOf(["ms from start to exit", ...versions.flatMap((version) => [version, "beyond"])], [bare, ...lines]),
  );
  const stages = Object.keys(found[0].stages);
  console.log(
    tableOf(
      ["where it goes, ms", ...versions],
      stages.map((stage) => [stage, ...found.map((one) => one.stages[stage].toFixed(3))]),
    ),
  );
}

/** The same Node.js without its compile cache and, where it has one, with it. */
async function measure(node: string, rounds: number, cache: string): Promise<Startup[]> {
  const version = (await run({ node }, ["--version"])).output.trim();
  const [major = 0, minor = 0] = version.slice(1).split(".").map(Number);
  const hosts: Host[] = [{ node }];
  if (major > 22 || (major === 22 && minor >= 1)) hosts.push({ node, cache: join(cache, version) });
  const found: Startup[] = [];
  for (const host of hosts) {
    const times = { ...(await measurePrograms(host, rounds)), stages: await measureStages(host, rounds) };
    found.push({ node, version, compileCache: host.cache !== undefined, ...times });
  }
  return found;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) {
    console.log(help);
    return;
  }
  const { rounds, nodes, json } = options;
  const found: Startup[] = [];
  const cache = mkdtempSync(join(tmpdir(), "unrolled-startup-"));
  try {
    for (const node of nodes) found.push(...(await measure(node, rounds, cache)));
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
  print(found);
  const machine = { platform: process.platform, arch: process.arch, cpu: cpus()[0]?.model };
  if (json) writeFileSync(json, `${JSON.stringify({ machine, rounds, found }, null, 2)}\n`);
}

main().catch((error: unknown) => {
  console.error(`bench:startup: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
