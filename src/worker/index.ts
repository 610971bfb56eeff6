/**
 * `unrolled/worker`: training in a worker, for pages that stay live and programs that go on. The page's half brings no engine
 * with it.
 *
 * @module unrolled/worker
 */

export { UnrolledError } from "../runtime/errors.ts";
export { WorkerLostError } from "./errors.ts";
export type { NodeWorker, TrainingWorker, WebWorker } from "./port.ts";
export type { TrainingProgress, TrainingSnapshot } from "./protocol.ts";
export type { TrainingResult, TrainingRun, TrainingStage } from "./run.ts";
export { type ServedTraining, serveTraining } from "./serve.ts";
export { trainInWorker, type WorkerTrainingOptions } from "./trainInWorker.ts";
export type { Questions, ServedPage, ServedWork } from "./work.ts";
