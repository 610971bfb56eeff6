/** A page whose bundler has to find the worker: its training comes to the bits of one in the page. */
import { trainInWorker } from "unrolled/worker";
import { run } from "./program.js";
import { makeWork } from "./work.js";

async function compare() {
  const setup = { steps: 60 };
  const worker = new Worker(new URL("./train.worker.js", import.meta.url), { type: "module" });
  const { weights } = await trainInWorker(worker, { setup }).finished;
  const { trainer, data, fit } = makeWork(setup);
  await trainer.fit(data, fit);
  const here = trainer.model.save();
  if (weights.length !== here.length || weights.some((byte, i) => byte !== here[i])) {
    throw new Error("expected a worker's training to come to the same bits, got others");
  }
  return [await run({ threads: 1 })];
}

const told = document.getElementById("outcome");
compare().then(
  (outcome) => {
    told.textContent = JSON.stringify(outcome);
  },
  (error) => {
    told.textContent = JSON.stringify({ error: String(error?.stack ?? error) });
  },
);
