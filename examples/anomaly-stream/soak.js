/** A million rows through the detector: how many a second, and whether its memory stays where it was. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { csvOf, pump } from "./series.js";

const ROWS = 1_000_000;
const PIECE = 10_000;

const child = spawn(
  process.execPath,
  [fileURLToPath(new URL("main.js", import.meta.url)), "--columns", "pressure,temperature"],
  {
    stdio: ["pipe", "ignore", "inherit"],
  },
);
/** Of the child, in MB; Linux says it. */
const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0) / 1000;
const ended = new Promise((resolve) => child.on("close", resolve));
const piece = pump(PIECE);
child.stdin.write("time,pressure,temperature\n");
const started = performance.now();
for (let row = 0; row < ROWS; row += PIECE) {
  if (!child.stdin.write(`${csvOf(piece, row)}\n`)) await new Promise((resolve) => child.stdin.once("drain", resolve));
  if ((row + PIECE) % 200_000 === 0) console.log(`${row + PIECE} rows: ${memory().toFixed(0)} MB`);
}
child.stdin.end();
await ended;
console.log(`${Math.round((ROWS * 1000) / (performance.now() - started))} rows/s`);
