/**
 * Sweeps every float32 through every activation and writes what it found to docs/accuracy.md. Whatever is over is kept in
 * build/accuracy.json, from which the next run goes on.
 *   npm run accuracy [-- --only NAME,NAME --stride N --deterministic --workers N --page FILE]
 */
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { SingleBar } from "cli-progress";
import { configure, runtimeInfo } from "unrolled";
import { replaceFile } from "unrolled/node";
import { references } from "./references.ts";
import { type Finding, nothing, together } from "./sweep.ts";
import { type Findings, pageOf } from "./table.ts";
import type { Stretch } from "./worker.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    stride: { type: "string", default: "1" },
    deterministic: { type: "boolean", default: false },
    workers: { type: "string", default: String(availableParallelism()) },
    page: { type: "string", default: "docs/accuracy.md" },
    state: { type: "string", default: "build/accuracy.json" },
  },
});
const stride = Number(values.stride);
if (!Number.isSafeInteger(stride) || stride < 1)
  throw new RangeError(`--stride: expected a whole number ≥ 1, got ${values.stride}`);
const names = values.only?.split(",") ?? Object.keys(references);
const stranger = names.find((name) => !Object.hasOwn(references, name));
if (stranger !== undefined) {
  throw new RangeError(`--only: expected some of ${Object.keys(references).join(", ")}, got ${stranger}`);
}
configure({ deterministic: values.deterministic });
const { build } = runtimeInfo();

/** Stretches of all bit patterns. */
const STRETCHES = 256;
const LENGTH = 2 ** 32 / STRETCHES;

/** What is known of an activation: how many stretches were swept with which stride, one after the other, and what they showed. */
interface Known {
  readonly stride: number;
  readonly stretches: number;
  readonly finding: Finding;
}
type State = Record<string, Record<string, Known>>;

const state: State = existsSync(values.state) ? JSON.parse(readFileSync(values.state, "utf8")) : {};
state[build] ??= {};
const own = state[build] as Record<string, Known>;

/** The first pattern of a stretch that a stride over all of them meets. */
const firstOf = (stretch: number): number => Math.ceil((stretch * LENGTH) / stride) * stride;

const workers = Array.from(
  { length: Number(values.workers) },
  () => new Worker(new URL("./worker.js", import.meta.url), { workerData: { deterministic: values.deterministic } }),
);

function swept(worker: Worker, stretch: Stretch): Promise<Finding> {
  return new Promise((resolve, reject) => {
    const failed = (error: unknown): void => reject(error);
    worker.once("error", failed).once("message", (finding: Finding) => {
      worker.off("error", failed);
      resolve(finding);
    });
    worker.postMessage(stretch);
  });
}

/** Sweeps what is left of an activation; `over` is told of each stretch, in their order. */
async function sweepAll(name: string, from: number, over: (finding: Finding) => void): Promise<void> {
  for (let next = from; next < STRETCHES; ) {
    const batch = workers.slice(0, STRETCHES - next);
    const found = await Promise.all(
      batch.map((worker, i) => {
        const stretch = { name, from: firstOf(next + i), to: (next + i + 1) * LENGTH, stride };
        return swept(worker, stretch);
      }),
    );
    for (const finding of found) over(finding);
    next += batch.length;
  }
}

function save(): void {
  replaceFile(values.state, JSON.stringify(state));
  const findings: Record<string, Record<string, Finding>> = {};
  for (const [of, byName] of Object.entries(state)) {
    const whole = Object.entries(byName).filter(([, { stretches }]) => stretches === STRETCHES);
    const order = Object.keys(references);
    whole.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
    findings[of] = Object.fromEntries(whole.map(([name, { finding }]) => [name, finding]));
  }
  replaceFile(values.page, pageOf(findings as Findings));
}

/** What is known already with this stride. */
function startOf(name: string): Known {
  const known = own[name];
  return known?.stride === stride ? known : { stride, stretches: 0, finding: nothing };
}

const bar = new SingleBar({ format: "{bar} {percentage}%  {name}, {left} left", stream: process.stderr, barsize: 24 });
const total = names.length * STRETCHES;
let done = names.reduce((sum, name) => sum + startOf(name).stretches, 0);
const [began, before] = [performance.now(), done];
bar.start(total, done, { name: names[0], left: "?" });
for (const name of names) {
  let known = startOf(name);
  await sweepAll(name, known.stretches, (finding) => {
    known = { stride, stretches: known.stretches + 1, finding: together(known.finding, finding) };
    own[name] = known;
    done++;
    const perStretch = (performance.now() - began) / (done - before);
    bar.update(done, { name, left: `${Math.ceil((perStretch * (total - done)) / 60_000)} min` });
    if (known.stretches % 16 === 0) save();
  });
  const { value, slope, wrong } = known.finding;
  console.log(
    `${name}: ${value.error.toFixed(2)} ulp at ${value.x}, f′ ${slope.error.toFixed(2)} at ${slope.x}, ${wrong} wrong`,
  );
}
bar.stop();
save();
await Promise.all(workers.map((worker) => worker.terminate()));
console.log(values.page);
