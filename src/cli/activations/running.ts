import type { TrialExecutor } from "../../laboratory/index.ts";
import { workerExecutor } from "../../node/index.ts";
import { Failure } from "../failure.ts";
import { onInterrupt } from "../run/interrupt.ts";
import type { Display } from "./display.ts";
import { blame, type FiledTasks } from "./tasks.ts";

/**
 * Does something with workers that train, until it is done or Ctrl-C comes.
 * @param nothing what is told when Ctrl-C comes before anything was.
 * @throws {Failure} when that is so, or the data of a task will not do.
 */
export async function withWorkers<Progress, Result>(
  workers: number,
  display: Display<Progress>,
  filed: FiledTasks,
  nothing: string,
  work: (executor: TrialExecutor, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const executor = workerExecutor({ workers });
  const stop = new AbortController();
  const forget = onInterrupt(() => {
    display.say("stopping; Ctrl-C again leaves at once");
    stop.abort(new Failure(nothing));
  });
  try {
    return await work(executor, stop.signal);
  } catch (error) {
    throw blame(error, filed);
  } finally {
    display.end();
    forget();
    await executor.close();
  }
}
