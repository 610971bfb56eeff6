/**
 * The packed package on every host there is a row for.
 *   npm run test:hosts [-- ROW … --json FILE]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { inChromium, inFirefox, inWebKit } from "./browsers.ts";
import {
  byNext,
  byParcel,
  byVite,
  byViteDev,
  scriptBy,
  served,
  unbundled,
  workerByParcel,
  workerByVite,
  workerByWebpack,
} from "./bundlers.ts";
import { complaintsAbout, type Run, sourceFolder } from "./outcome.ts";
import { inBun, inDeno, inNode, inWorkerd } from "./runtimes.ts";

interface Row {
  readonly name: string;
  readonly run: () => Promise<Run[]>;
  /** How many threads the host can give; default 2. */
  readonly threads?: number;
}

const inBrowser =
  (visit: (url: string) => Promise<Run[]>, isolated = true) =>
  async () =>
    served(await unbundled(), visit, isolated);

const rows: readonly Row[] = [
  ...[20, 22, 24, 26].map((major) => ({ name: `node${major}`, run: () => inNode(major) })),
  { name: "bun", run: inBun },
  { name: "deno", run: inDeno },
  { name: "workerd", run: inWorkerd, threads: 1 },
  { name: "chromium", run: inBrowser(inChromium) },
  { name: "chromium-not-isolated", run: inBrowser(inChromium, false), threads: 1 },
  { name: "firefox", run: inBrowser(inFirefox) },
  { name: "webkit", run: inBrowser(inWebKit) },
  { name: "vite", run: byVite },
  { name: "vite-dev", run: byViteDev },
  ...["webpack", "esbuild", "rollup", "rolldown"].map((name) => ({ name, run: () => scriptBy(name) })),
  { name: "parcel", run: byParcel },
  { name: "next", run: byNext },
  { name: "vite-worker", run: workerByVite },
  { name: "webpack-worker", run: workerByWebpack },
  { name: "parcel-worker", run: workerByParcel },
];

/** Rows that may fail, and why. */
const exceptions: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(fileURLToPath(new URL("exceptions.json", sourceFolder())), "utf8"),
);

interface Result {
  readonly name: string;
  readonly seconds: number;
  readonly threads: string;
  readonly complaints: readonly string[];
}

async function tried({ name, run, threads = 2 }: Row): Promise<Result> {
  const started = performance.now();
  let runs: Run[] = [];
  let complaints: string[];
  try {
    runs = await run();
    complaints = complaintsAbout(runs, threads);
  } catch (error) {
    complaints = [error instanceof Error ? error.message : String(error)];
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(`${complaints.length ? "FAILED" : "ok    "} ${name} (${seconds.toFixed(1)} s)`);
  for (const complaint of complaints) console.log(`       ${complaint}`);
  return { name, seconds, threads: runs.map((each) => each.threads).join(", "), complaints };
}

/** All rows, two at a time, in the order in which they were given. */
async function all(wanted: readonly Row[]): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const line = async (): Promise<void> => {
    while (next < wanted.length) {
      const at = next++;
      results[at] = await tried(wanted[at] as Row);
    }
  };
  await Promise.all([line(), line()]);
  return results;
}

function wantedRows(names: readonly string[]): readonly Row[] {
  return names.length === 0
    ? rows
    : names.map((name) => {
        const row = rows.find((each) => each.name === name);
        if (row === undefined)
          throw new RangeError(`expected some of ${rows.map((each) => each.name).join(", ")}, got ${name}`);
        return row;
      });
}

const { values, positionals } = parseArgs({ options: { json: { type: "string" } }, allowPositionals: true });
const results = await all(wantedRows(positionals));
const table = new Table({ head: ["host", "threads", "s", "200 steps each of LSTM, GRU and Elman"] });
for (const { name, threads, seconds, complaints } of results) {
  const excepted = complaints.length > 0 && name in exceptions ? `excepted: ${exceptions[name]}` : undefined;
  table.push([name, threads, seconds.toFixed(1), excepted ?? (complaints.length ? "failed" : "the same bits")]);
}
console.log(String(table));
const skipped = results.filter(({ name, complaints }) => complaints.length > 0 && name in exceptions).length;
const failed = results.filter(({ complaints }) => complaints.length > 0).length - skipped;
const counts = { passed: results.length - failed - skipped, failed, skipped };
if (values.json) writeFileSync(values.json, JSON.stringify(counts));
console.log(`tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);
