/** One turn of one peer, or the ceiling, in a worker of its own. */
import { probes } from "virtual:peers";
import { probeInWebAssembly } from "../ceiling-wasm.ts";
import type { Ceiling, Probes } from "../limit.ts";
import { perform } from "../perform.ts";
import type { TurnMessage, TurnRequest } from "../turn.ts";

/** What the page asks of a worker. */
export type Order = { readonly turn: TurnRequest } | { readonly ceiling: Probes };

/** What a worker says: the messages of its turn, and that it is done. */
export type Answer = TurnMessage | { readonly kind: "done"; readonly ceiling?: Ceiling };

function answer(message: Answer): void {
  self.postMessage(message);
}

function binaryOf(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

self.addEventListener("message", async ({ data }: MessageEvent<Order>) => {
  if ("ceiling" in data) {
    answer({ kind: "done", ceiling: await probeInWebAssembly(probes.map(binaryOf), data.ceiling) });
    return;
  }
  await perform(data.turn, answer);
  answer({ kind: "done" });
});
