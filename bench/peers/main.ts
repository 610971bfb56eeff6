/** This library beside every alternative, on the same work. `npm run bench:peers -- --help` tells the options. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { SingleBar } from "cli-progress";
import { measureCeiling } from "./ceiling.ts";
import { print } from "./console.ts";
import { installPeers, obstacleOf } from "./install.ts";
import type { Implementation } from "./measurement.ts";
import { help, type Options, readOptions } from "./options.ts";
import { missingSharedThreads, processesOf } from "./processes.ts";
import { type Record as MeasurementRecord, renderReport } from "./report.ts";
import { Session } from "./session.ts";

/** Peers that can run here, once for each number of threads that they can be told; says which cannot. */
async function findImplementations(options: Options): Promise<Implementation[]> {
  const needed = options.peers.some((peer) => peer.package);
  const failures = needed ? await installPeers() : {};
  const found: Implementation[] = [];
  for (const peer of options.peers) {
    const obstacle = await obstacleOf(peer, failures);
    if (obstacle) console.error(`skipped ${peer.title}: ${obstacle}`);
    else for (const threads of peer.threads ? options.threads : [1]) found.push({ peer, threads });
  }
  const handicap = found.some(({ peer, threads }) => peer.name === "pytorch" && threads > 1) && missingSharedThreads();
  if (handicap) console.error(`PyTorch on several threads: ${handicap}`);
  return found;
}

async function measure(options: Options, implementations: readonly Implementation[]): Promise<Session> {
  const session = new Session(processesOf(options.node));
  const format = "{bar} {percentage} % | {what}";
  const bar = new SingleBar({
    format,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    noTTYOutput: true,
    notTTYSchedule: 30_000,
  });
  let step = 0;
  bar.start(1, 0, { what: "" });
  try {
    await session.measure({
      ...options,
      implementations,
      onStep: (what, steps) => {
        bar.setTotal(steps);
        bar.update(step++, { what });
      },
    });
  } finally {
    bar.stop();
  }
  return session;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Something went wrong, rather than that there is nothing of the kind. */
function isFailure(reason = ""): boolean {
  return /^(failed|another result|its process|took longer|gave no)/.test(reason);
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
  const host = `Node ${node}`;
  const machine = { host, platform: process.platform, arch: process.arch, cpu: cpus()[0]?.model, cores: cpus().length };
  const { turns, seconds } = options;
  const record: MeasurementRecord = { machine, versions, ceiling, turns, seconds, rows };
  if (options.json) write(options.json, `${JSON.stringify(record, null, 2)}\n`);
  write(options.html, renderReport(record, implementations));
  console.log(`Charts: ${options.html}`);
  const wrong = rows.find(({ implementation, reason }) => implementation === "unrolled" && isFailure(reason));
  if (wrong) throw new Error(`unrolled, ${wrong.workload} ${wrong.case}: ${wrong.reason}`);
}

main().catch((error: unknown) => {
  console.error(`bench:peers: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
