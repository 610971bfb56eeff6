/**
 * One turn of one peer in a process of its own: the request is JSON in the first argument, the messages go to file
 * descriptor 3.
 */
import { writeSync } from "node:fs";
import { perform } from "./perform.ts";
import { encoded, MESSAGES, type TurnMessage } from "./turn.ts";

function send(message: TurnMessage): void {
  const wired = message.kind === "result" ? { ...message, arrays: message.arrays.map(encoded) } : message;
  const bytes = Buffer.from(`${JSON.stringify(wired)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(MESSAGES, bytes, at);
}

await perform(JSON.parse(process.argv[2]), send);
// Some libraries leave workers or timers behind, which would keep the process.
process.exit(0);
