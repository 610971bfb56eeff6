/** A worker that trains for its page, on as many threads as it asks for and gets. */
import { configure, threadsReady } from "unrolled";
import { serveTraining } from "unrolled/worker";
import { makeTraining, type Setup } from "./served-training.ts";

const served = serveTraining(async (setup: Setup, page) => {
  configure({ deterministic: true, threads: setup.threads ?? 1 });
  page.tell({ threads: await threadsReady() });
  return makeTraining(setup);
});

export type Served = typeof served;
