/** What a worker that trains is told, and what it answers. */
import type { TaskNeeds, TrialResult, TrialSpec } from "../../laboratory/index.ts";

/** How a worker begins. */
export interface WorkerStart {
  /** Run the build whose results are the same bits on every host, as the thread does that asks. */
  readonly deterministic: boolean;
}

/** A trial to be computed. A text that the worker has already is not sent again. */
export interface Order {
  readonly spec: TrialSpec;
  readonly needs: TaskNeeds;
}

/** What came of it, or what was thrown. */
export type Answer =
  | { readonly result: TrialResult }
  | { readonly error: { readonly name: string; readonly message: string } };
