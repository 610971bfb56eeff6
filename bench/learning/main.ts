/**
 * Whether networks learn what they are known to learn, several seeds each.
 *   npm run bench:learning [-- --only TEXT] [--seeds N] [--data FOLDER] [--json FILE] [--jobs N]
 */
import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { SingleBar } from "cli-progress";
import Table from "cli-table3";
import { medianOf } from "../rows.ts";
import type { Outcome, Task } from "./task.ts";
import { tasks } from "./tasks/index.ts";

const help = `Learns tasks from scratch, once a seed, and tells how well.

npm run bench:learning -- [options]
  --only TEXT     only tasks whose name contains TEXT, and those that they are compared with
  --seeds N       how many seeds, from 1 (default 5)
  --data FOLDER   where the data sets are (default ../shared/data); tasks whose data is missing are named and left out
  --jobs N        processes at a time (default: one a core)
  --json FILE     write the outcomes to FILE, whenever there is another one
  --help`;

interface Learning {
  readonly task: Task;
  readonly seed: number;
  outcome?: Outcome;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: "" },
      seeds: { type: "string", default: "5" },
      data: { type: "string", default: "../shared/data" },
      jobs: { type: "string", default: String(availableParallelism()) },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const [seeds, jobs] = [Number(values.seeds), Number(values.jobs)];
  if (!(Number.isInteger(seeds) && seeds >= 1))
    throw new Error(`--seeds: expected a whole number ≥ 1, got ${values.seeds}`);
  if (!(Number.isInteger(jobs) && jobs >= 1))
    throw new Error(`--jobs: expected a whole number ≥ 1, got ${values.jobs}`);
  return { ...values, seeds, jobs };
}

/** Takes learnings from the list until there are none left. */
async function work(queue: Learning[], data: string, done: (learning: Learning) => void): Promise<void> {
  const child = fileURLToPath(new URL("./child.js", import.meta.url));
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { stdout } = await promisify(execFile)(process.execPath, [child, next.task.name, String(next.seed), data]);
    next.outcome = JSON.parse(stdout) as Outcome;
    done(next);
  }
}

/** The tasks asked for and those they are compared with, in the order of the table; without those that lack data. */
function chosenOf({ only, data }: { only: string; data: string }): Task[] {
  const asked = tasks.filter(({ name }) => name.toLowerCase().includes(only.toLowerCase()));
  if (asked.length === 0) throw new Error(`--only: no task's name contains "${only}"`);
  const chosen = tasks.filter((task) => asked.includes(task) || asked.some(({ against }) => against === task.name));
  return chosen.filter(({ name, files = [] }) => {
    const missing = files.filter((file) => !existsSync(join(data, file)));
    if (missing.length > 0) console.log(`left out: ${name}, whose data is not in ${data} (${missing.join(", ")})`);
    return missing.length === 0;
  });
}

/** What became of a task so far. */
function rowOf(task: Task, learnings: readonly Learning[]) {
  const outcomeOf = (name: string | undefined, seed: number): Outcome | undefined =>
    learnings.find((learning) => learning.task.name === name && learning.seed === seed)?.outcome;
  const ended = learnings.flatMap(({ task: { name }, seed, outcome }) =>
    name === task.name && outcome ? [{ ...outcome, other: outcomeOf(task.against, seed)?.score ?? Number.NaN }] : [],
  );
  const { solved } = task;
  return {
    task: task.name,
    promised: task.score,
    scores: ended.map(({ score }) => score),
    solved: solved ? ended.filter(({ score, other }) => solved(score, other)).length : null,
    medianSteps: medianOf(ended.map(({ steps }) => steps)),
    medianSeconds: medianOf(ended.map(({ seconds }) => seconds)),
  };
}

function tableOf(rows: readonly ReturnType<typeof rowOf>[]): string {
  const table = new Table({
    head: ["task", "score", "scores by seed", "solved", "steps", "seconds"],
    style: { head: [], border: [], compact: true },
  });
  for (const { task, promised, scores, solved, medianSteps, medianSeconds } of rows) {
    const shown = scores.map((score) => score.toPrecision(3)).join(" ");
    const share = solved === null ? "–" : `${solved} of ${scores.length}`;
    table.push([task, promised, shown, share, medianSteps, medianSeconds.toFixed(0)]);
  }
  return table.toString();
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) {
    console.log(help);
    return;
  }
  const possible = chosenOf(options);
  // All tasks with one seed before the next seed, so that what there is can be compared at any time.
  const learnings: Learning[] = Array.from({ length: options.seeds }, (_, i) =>
    possible.map((task) => ({ task, seed: i + 1 })),
  ).flat();
  const bar = new SingleBar({
    format: "{bar} {value}/{total} | {what}",
    stream: process.stderr,
    clearOnComplete: true,
  });
  bar.start(learnings.length, 0, { what: "" });
  const queue = [...learnings];
  const rows = () => possible.map((task) => rowOf(task, learnings)).filter(({ scores }) => scores.length > 0);
  const done = ({ task, seed, outcome }: Learning): void => {
    bar.increment(1, { what: `${task.name}, seed ${seed}: ${outcome?.score.toPrecision(3)}` });
    // Whole as far as it goes, in case that what takes long is broken off.
    if (options.json)
      writeFileSync(options.json, `${JSON.stringify({ seeds: options.seeds, rows: rows() }, null, 2)}\n`);
  };
  await Promise.all(Array.from({ length: options.jobs }, () => work(queue, options.data, done)));
  bar.stop();
  console.log(tableOf(rows()));
}

main().catch((error: unknown) => {
  console.error(`bench:learning: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
