/** The program in a process: what it found is printed. A training in a worker has to come to the bits of one here. */
import { trainInWorker } from "unrolled/worker";
import { runAll } from "./program.js";
import { makeWork } from "./work.js";

const runs = await runAll();

const { Worker = (await import("node:worker_threads")).Worker } = globalThis;
const setup = { steps: 60 };
const worker = new Worker(new URL("./train.worker.js", import.meta.url), { type: "module" });
const { weights } = await trainInWorker(worker, { setup }).finished;
const { trainer, data, fit } = makeWork(setup);
await trainer.fit(data, fit);
const here = trainer.model.save();
if (weights.length !== here.length || weights.some((byte, i) => byte !== here[i])) {
  throw new Error("expected a worker's training to come to the same bits, got others");
}

console.log(JSON.stringify(runs));
