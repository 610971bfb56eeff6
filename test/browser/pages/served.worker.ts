/** A worker that trains for its page. */
import { serveTraining } from "unrolled/worker";
import { makeTraining } from "./served-training.ts";

const served = serveTraining(makeTraining);

export type Served = typeof served;
