import { type Peer, prepare, type StartPeer, Unsupported } from "./peer.ts";
import type { PeerName } from "./peers.ts";
import { timed } from "./timing.ts";
import type { TurnMessage, TurnRequest } from "./turn.ts";
import type { Case } from "./workloads.ts";

/** Each loaded where it runs, and nowhere else. */
const starts: Readonly<Record<Exclude<PeerName, "pytorch">, () => Promise<StartPeer>>> = {
  unrolled: async () => (await import("./unrolled.ts")).startUnrolled,
  "unrolled-int8": async () => (await import("./unrolled.ts")).startUnrolledInt8,
  "unrolled-kernel": async () => (await import("./kernel.ts")).startUnrolledKernel,
  javascript: async () => (await import("./javascript.ts")).startJavascript,
  "tfjs-cpu": async () => (await import("./tfjs.ts")).startTfjsCpu,
  "tfjs-wasm": async () => (await import("./tfjs.ts")).startTfjsWasm,
  "jax-js": async () => (await import("./jax.ts")).startJax,
  "brain.js": async () => (await import("./brain.ts")).startBrain,
  "onnxruntime-web": async () => (await import("./onnxruntime.ts")).startWebRuntime,
  "onnxruntime-node": async () => (await import("./onnxruntime.ts")).startNativeRuntime,
};

/** After a first run of so many seconds there is nothing left to warm, and no time for another. */
const COLD_RUN = 5;

type Send = (message: TurnMessage) => void;

function reasonOf(error: unknown): string {
  if (error instanceof Unsupported) return error.message;
  const text = error instanceof Error ? error.message : String(error);
  return `failed: ${text.split("\n")[0].slice(0, 200)}`;
}

async function take(peer: Peer, benchCase: Case, { check, seconds }: TurnRequest, send: Send): Promise<void> {
  const name = benchCase.name;
  const { run, result, resetBefore, tolerance, note } = await prepare(peer, benchCase);
  const started = performance.now();
  const arrays = await result();
  const first = (performance.now() - started) / 1000;
  if (check) send({ kind: "result", case: name, arrays, resetBefore, tolerance });
  if (seconds === 0) return;
  const cold = first > COLD_RUN && benchCase.work.kind !== "stream";
  const timing = cold ? { seconds: first, runs: 1 } : await timed(run, seconds);
  send({
    kind: "timing",
    case: name,
    ...timing,
    note: cold ? [note, "one run, not warmed"].filter(Boolean).join("; ") : note,
  });
}

/** One turn of one peer, wherever this runs: what it computes, how long it takes, or why it does not. */
export async function perform(request: TurnRequest, send: Send): Promise<void> {
  const refuse = (benchCase: Case, error: unknown) =>
    send({ kind: "refusal", case: benchCase.name, reason: reasonOf(error) });
  let peer: Peer;
  try {
    const start = await starts[request.peer as keyof typeof starts]();
    peer = await start(request.threads);
  } catch (error) {
    for (const benchCase of request.cases) refuse(benchCase, error);
    return;
  }
  send({ kind: "started", version: peer.version, details: peer.details });
  for (const benchCase of request.cases) {
    try {
      await take(peer, benchCase, request, send);
    } catch (error) {
      refuse(benchCase, error);
    }
  }
}
