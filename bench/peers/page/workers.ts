import type { Ceiling, Probes } from "../limit.ts";
import { PATIENCE, type TakeTurn, type TurnMessage } from "../turn.ts";
import type { Answer, Order } from "./worker.ts";

/** Gives a worker of its own one order; it is gone when that is done. */
function inWorker(order: Order, onMessage: (message: TurnMessage) => void): Promise<Ceiling | undefined> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  let watch: ReturnType<typeof setTimeout> | undefined;
  const outcome = new Promise<Ceiling | undefined>((done, fail) => {
    const wait = () => {
      clearTimeout(watch);
      watch = setTimeout(() => fail(new Error(`took longer than ${PATIENCE / 1000} s`)), PATIENCE);
    };
    wait();
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      wait();
      if (data.kind === "done") done(data.ceiling);
      else onMessage(data);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      fail(new Error(`its worker failed: ${event.message || "it could not be loaded"}`));
    });
  });
  worker.postMessage(order);
  return outcome.finally(() => {
    clearTimeout(watch);
    worker.terminate();
  });
}

/** Turns in workers: each peer in a realm of its own, from its first line to its last. */
export const takeTurn: TakeTurn = async (request, onMessage) => {
  await inWorker({ turn: request }, onMessage);
};

export async function measureCeiling(probes: Probes): Promise<Ceiling> {
  const ceiling = await inWorker({ ceiling: probes }, () => undefined);
  if (!ceiling) throw new Error("the probe gave no figure");
  return ceiling;
}
