/** Sweeps stretches of float32 bit patterns for the program that asks. */
import { parentPort, workerData } from "node:worker_threads";
import { configure } from "unrolled";
import { sweep } from "./sweep.ts";

/** A stretch to be swept. */
export interface Stretch {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly stride: number;
}

configure({ deterministic: (workerData as { deterministic: boolean }).deterministic });
parentPort?.on("message", ({ name, from, to, stride }: Stretch) =>
  parentPort?.postMessage(sweep(name, from, to, stride)),
);
