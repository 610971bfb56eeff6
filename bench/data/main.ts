/**
 * How fast files become batches, and in how much memory.
 *   npm run bench:data [-- --gigabytes N] [--only TEXT] [--folder FOLDER] [--json FILE]
 */
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import Table from "cli-table3";
import { makeFile } from "./files.ts";
import { pipelines } from "./pipelines.ts";

const help = `Generates large files and walks them, each pipeline in a process of its own.

npm run bench:data -- [options]
  --gigabytes N    size of each file (default 2)
  --only TEXT      only pipelines whose name contains TEXT
  --folder FOLDER  where files are generated, one at a time, and removed again (default: the system's temporary folder)
  --json FILE      write the figures to FILE
  --help`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      gigabytes: { type: "string", default: "2" },
      only: { type: "string", default: "" },
      folder: { type: "string", default: tmpdir() },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const gigabytes = Number(values.gigabytes);
  if (!(gigabytes > 0)) throw new Error(`--gigabytes: expected a number > 0, got ${values.gigabytes}`);
  return { ...values, gigabytes };
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) {
    console.log(help);
    return;
  }
  const chosen = pipelines.filter(({ name }) => name.toLowerCase().includes(options.only.toLowerCase()));
  if (chosen.length === 0) throw new Error(`--only: no pipeline's name contains "${options.only}"`);
  const folder = join(options.folder, `unrolled-bench-data-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const child = fileURLToPath(new URL("./child.js", import.meta.url));
  const rows: { name: string; unit: string; perSecond: number; perCpuSecond: number; megabytes: number }[] = [];
  try {
    for (const kind of new Set(chosen.map(({ file }) => file))) {
      const path = join(folder, `file.${kind}`);
      await makeFile(kind, path, options.gigabytes * 1e9);
      for (const { name, unit } of chosen.filter(({ file }) => file === kind)) {
        const { stdout } = await promisify(execFile)(process.execPath, [child, name, path]);
        const outcome = JSON.parse(stdout) as Record<"count" | "seconds" | "cpuSeconds" | "megabytes", number>;
        const { count, seconds, cpuSeconds, megabytes } = outcome;
        rows.push({ name, unit, perSecond: count / seconds, perCpuSecond: count / cpuSeconds, megabytes });
        console.error(`${name}: ${count} ${unit} in ${seconds.toFixed(1)} s`);
      }
      rmSync(path);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const table = new Table({
    head: ["pipeline", "a second", "a second of CPU", "", "memory, at most"],
    style: { head: [], border: [], compact: true },
  });
  const whole = (value: number): string => Math.round(value).toLocaleString("en");
  for (const { name, unit, perSecond, perCpuSecond, megabytes } of rows) {
    table.push([name, whole(perSecond), whole(perCpuSecond), unit, `${megabytes.toFixed(0)} MB`]);
  }
  console.log(table.toString());
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ gigabytes: options.gigabytes, rows }, null, 2)}\n`);
}

main().catch((error: unknown) => {
  console.error(`bench:data: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
