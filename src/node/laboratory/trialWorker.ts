/** A worker that trains: an engine of its own, one trial after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { configure } from "../../index.ts";
import { provideData, runTrial } from "../../laboratory/index.ts";
import type { Answer, Order, WorkerStart } from "./messages.ts";

async function answer({ spec, needs: { module, data } }: Order): Promise<Answer> {
  try {
    if (module !== null) await import(module);
    if (data !== null) await provideData(data);
    return { result: await runTrial(spec) };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
    return { error: { name, message } };
  }
}

configure({ deterministic: (workerData as WorkerStart).deterministic });
parentPort?.on("message", async (order: Order) => parentPort?.postMessage(await answer(order)));
