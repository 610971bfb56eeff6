/**
 * One turn of one peer in a process of its own: the request is JSON in the first argument, the messages go to file
 * descriptor 3.
 */
import { writeSync } from "node:fs";
import { startBrain } from "./brain.ts";
import { startJavascript } from "./javascript.ts";
import { startJax } from "./jax.ts";
import { startNativeRuntime, startWebRuntime } from "./onnxruntime.ts";
import { type Peer, prepare, type StartPeer, Unsupported } from "./peer.ts";
import type { PeerName } from "./peers.ts";
import { startTfjsCpu, startTfjsWasm } from "./tfjs.ts";
import { timed } from "./timing.ts";
import { MESSAGES, type TurnMessage, type TurnRequest } from "./turn.ts";
import { startUnrolled } from "./unrolled.ts";
import type { Case } from "./workloads.ts";

const starts: Record<Exclude<PeerName, "pytorch">, StartPeer> = {
  unrolled: startUnrolled,
  javascript: startJavascript,
  "tfjs-cpu": startTfjsCpu,
  "tfjs-wasm": startTfjsWasm,
  "jax-js": startJax,
  "brain.js": startBrain,
  "onnxruntime-web": startWebRuntime,
  "onnxruntime-node": startNativeRuntime,
};

function send(message: TurnMessage): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(MESSAGES, bytes, at);
}

function base64(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}

async function take(peer: Peer, benchCase: Case, { check, seconds }: TurnRequest): Promise<void> {
  const name = benchCase.name;
  const prepared = await prepare(peer, benchCase);
  const arrays = await prepared.result();
  if (check) send({ kind: "result", case: name, arrays: arrays.map(base64), resetBefore: prepared.resetBefore });
  if (seconds > 0) send({ kind: "timing", case: name, ...(await timed(prepared.run, seconds)), note: prepared.note });
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0].slice(0, 200);
}

const request: TurnRequest = JSON.parse(process.argv[2]);
const peer = await starts[request.peer as keyof typeof starts](request.threads);
send({ kind: "started", version: peer.version, details: peer.details });
for (const benchCase of request.cases) {
  try {
    await take(peer, benchCase, request);
  } catch (error) {
    const reason = error instanceof Unsupported ? error.message : `failed: ${reasonOf(error)}`;
    send({ kind: "refusal", case: benchCase.name, reason });
  }
}
// Some libraries leave workers or timers behind, which would keep the process.
process.exit(0);
