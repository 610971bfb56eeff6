/** This library beside every alternative, on the same work. `npm run bench:peers -- --help` tells the options. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { SingleBar } from "cli-progress";
import { Reference } from "./agreement.ts";
import { type Ceiling, measureCeiling } from "./ceiling.ts";
import { installPeers, obstacleOf } from "./install.ts";
import { type Implementation, Measurement, type Row } from "./measurement.ts";
import { help, type Options, readOptions } from "./options.ts";
import { takeTurn } from "./processes.ts";
import { type Record as MeasurementRecord, renderReport } from "./report.ts";
import { tableOf, titleOf } from "./table.ts";
import type { Result } from "./turn.ts";
import type { Case } from "./workloads.ts";

/** Peers that can run here, once for each number of threads that they can be told; says which cannot. */
async function findImplementations(options: Options): Promise<Implementation[]> {
  const needed = options.peers.some((peer) => peer.package);
  const failure = needed ? await installPeers() : undefined;
  const found: Implementation[] = [];
  for (const peer of options.peers) {
    const obstacle = await obstacleOf(peer, failure);
    if (obstacle) console.error(`skipped ${peer.title}: ${obstacle}`);
    else for (const threads of peer.threads ? options.threads : [1]) found.push({ peer, threads });
  }
  return found;
}

/** Everything that a measurement gathers. */
class Session {
  readonly measurement = new Measurement();
  readonly versions: Record<string, string> = {};
  readonly #options: Options;
  readonly #reference: Reference;

  constructor(options: Options) {
    this.#options = options;
    this.#reference = new Reference(options.node);
  }

  /** The open cases of one workload in one implementation; in its first turn the results are compared as well. */
  async take(workload: readonly Case[], implementation: Implementation, first: boolean): Promise<void> {
    const { measurement } = this;
    const open = workload.filter((benchCase) => measurement.isOpen(benchCase, implementation));
    if (open.length === 0) return;
    const { node, seconds } = this.#options;
    const caseOf = (name: string) => open.find((benchCase) => benchCase.name === name) as Case;
    const results: Result[] = [];
    const { peer, threads } = implementation;
    const request = { peer: peer.name, threads, cases: open, check: first, seconds };
    try {
      await takeTurn(node, request, (message) => {
        if (message.kind === "started")
          this.versions[titleOf(implementation)] = [message.version, message.details].filter(Boolean).join(", ");
        else if (message.kind === "result") results.push(message);
        else if (message.kind === "refusal") measurement.refuse(caseOf(message.case), implementation, message.reason);
        else measurement.add(caseOf(message.case), implementation, message.seconds, message.runs, message.note);
      });
    } catch (error) {
      const reason = `its process failed: ${error instanceof Error ? error.message : error}`;
      for (const benchCase of open) measurement.refuse(benchCase, implementation, reason);
    }
    for (const result of results) {
      const complaint = await this.#reference.complaint(caseOf(result.case), result);
      if (complaint) measurement.refuse(caseOf(result.case), implementation, complaint);
    }
  }
}

async function measure(options: Options, implementations: readonly Implementation[]): Promise<Session> {
  const session = new Session(options);
  const workloads = [...new Set(options.cases.map(({ workload }) => workload))];
  const format = "{bar} {percentage} % | {what}";
  const bar = new SingleBar({
    format,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    noTTYOutput: true,
    notTTYSchedule: 30_000,
  });
  bar.start(options.turns * workloads.length * implementations.length, 0, { what: "" });
  try {
    for (let turn = 0; turn < options.turns; turn++) {
      const order = turn % 2 === 0 ? implementations : [...implementations].reverse();
      for (const workload of workloads) {
        const cases = options.cases.filter((benchCase) => benchCase.workload === workload);
        for (const implementation of order) {
          bar.update({ what: `${workload}, ${titleOf(implementation)}` });
          await session.take(cases, implementation, turn === 0);
          bar.increment();
        }
      }
    }
  } finally {
    bar.stop();
  }
  return session;
}

/** Tables by workload, then what the dashes mean. */
function print(rows: readonly Row[], implementations: readonly Implementation[], ceiling: Ceiling): void {
  for (const workload of new Set(rows.map((row) => row.workload)))
    console.log(
      tableOf(
        implementations,
        rows.filter((row) => row.workload === workload),
      ),
    );
  const vectors = `${ceiling.gigaflops.toFixed(1)} GFLOP/s, ${ceiling.measuredBy}`;
  console.log(`Each cell: median, share of the ceiling (${vectors}), ± half the spread in percent.`);
  const remarks = rows.flatMap(({ implementation, workload, note, reason }) => {
    const text = reason ? `— ${reason}` : note;
    return text ? [`${implementation}, ${workload}: ${text}`] : [];
  });
  for (const remark of new Set(remarks)) console.log(remark);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function main(): Promise<void> {
  const options = readOptions(fileURLToPath(new URL("./report.html", import.meta.url)));
  if (!options) {
    console.log(help);
    return;
  }
  const implementations = await findImplementations(options);
  if (implementations.length === 0) throw new Error("nothing to measure");
  const ceiling = await measureCeiling(options.cases.map(({ cost }) => cost));
  const { measurement, versions } = await measure(options, implementations);
  const rows = options.cases.flatMap((benchCase) =>
    implementations.map((implementation) => measurement.row(benchCase, implementation, ceiling)),
  );
  print(rows, implementations, ceiling);
  const node = execFileSync(options.node, ["--version"], { encoding: "utf8" }).trim();
  const machine = { node, platform: process.platform, arch: process.arch, cpu: cpus()[0]?.model };
  const { turns, seconds } = options;
  const record: MeasurementRecord = { machine, versions, ceiling, turns, seconds, rows };
  if (options.json) write(options.json, `${JSON.stringify(record, null, 2)}\n`);
  write(options.html, renderReport(record, implementations));
  console.log(`Charts: ${options.html}`);
  const wrong = rows.find(({ implementation, median }) => implementation === "unrolled" && median === null);
  if (wrong) throw new Error(`unrolled, ${wrong.workload} ${wrong.case}: ${wrong.reason}`);
}

main().catch((error: unknown) => {
  console.error(`bench:peers: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
