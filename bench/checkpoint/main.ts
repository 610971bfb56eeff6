/**
 * What checkpoints over time save and cost: one sequence of many steps through an LSTM and a head, kept whole and in
 * segments, each in processes of their own, in turns.
 *   npm run bench:checkpoint [-- --steps T] [--hidden H] [--turns N]
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { medianOf } from "../rows.ts";

const modes = ["plain", "checkpointed"] as const;

function main(): void {
  const { values } = parseArgs({
    options: {
      steps: { type: "string", default: "10000" },
      hidden: { type: "string", default: "256" },
      turns: { type: "string", default: "3" },
    },
  });
  for (const [name, value] of Object.entries(values)) {
    if (!(Number.isInteger(Number(value)) && Number(value) >= 1)) {
      throw new Error(`--${name}: expected a whole number ≥ 1, got ${value}`);
    }
  }
  const child = fileURLToPath(new URL("./child.js", import.meta.url));
  const found = modes.map(() => ({ seconds: [] as number[], bytes: 0 }));
  for (let turn = 0; turn < Number(values.turns); turn++) {
    modes.forEach((mode, i) => {
      const output = execFileSync(process.execPath, [child, mode, values.steps, values.hidden], { encoding: "utf8" });
      const { seconds, bytes } = JSON.parse(output) as { seconds: number[]; bytes: number };
      found[i]?.seconds.push(medianOf(seconds));
      (found[i] as { bytes: number }).bytes = bytes;
    });
  }
  const [plain, checkpointed] = found.map(({ seconds, bytes }) => ({ seconds: medianOf(seconds), bytes }));
  const table = new Table({
    head: ["", "ms a step", "MB"],
    colAligns: ["left", "right", "right"],
    style: { head: [], border: [] },
  });
  const rows = [plain, checkpointed] as { seconds: number; bytes: number }[];
  rows.forEach(({ seconds, bytes }, i) => {
    table.push([modes[i], (1000 * seconds).toFixed(0), (bytes / 1e6).toFixed(1)]);
  });
  const [a, b] = rows as [{ seconds: number; bytes: number }, { seconds: number; bytes: number }];
  table.push(["ratio", (b.seconds / a.seconds).toFixed(2), (b.bytes / a.bytes).toFixed(3)]);
  console.log(`LSTM of ${values.hidden}, one sequence of ${values.steps} steps\n${table}`);
}

try {
  main();
} catch (error) {
  console.error(`bench:checkpoint: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
