/** What a checkpoint must fit, and putting it back. */
import { WeightsError } from "../runtime/errors.ts";
import { statefulCallbacks } from "./callback.ts";
import type { Checkpoint, Layout } from "./checkpointFile.ts";
import type { Learner } from "./learner.ts";
import { type FitOptions, isSource, type Plan } from "./plan.ts";

/** What in a plan decides where in the data a step is. */
export function layoutOf({ data, batchSize, accumulate, shuffle }: Plan): Layout {
  return { batchSize, accumulate, shuffle, length: isSource(data) ? null : data.length };
}

/** @throws {WeightsError} when a checkpoint was written with other options or data, in which it would stand elsewhere. */
export function requireLayout(own: Layout, written: Layout): void {
  const names: Readonly<Record<keyof Layout, string>> = {
    length: "examples",
    batchSize: "batchSize",
    accumulate: "accumulate",
    shuffle: "shuffle",
  };
  // A source of batches decides itself how large they are, and in what order.
  const counted = own.length === null && written.length === null ? (["accumulate"] as const) : Object.keys(names);
  for (const name of counted as (keyof Layout)[]) {
    if (own[name] === written[name]) continue;
    const told = (value: unknown): string => (value === null ? "a source of batches" : String(value));
    throw new WeightsError(
      `checkpoint: expected a training with ${names[name]} ${told(own[name])}, got one with ${told(written[name])}`,
    );
  }
}

/** A part of a training that can be put back. */
interface Part<State> {
  readonly now: () => State;
  readonly load: (state: State) => void;
  readonly written: State;
}

/**
 * Puts model, optimizer, schedule and callbacks back.
 * @throws {WeightsError} when one does not fit, or what a schedule or a callback of the user's own throws; all are then
 *   as they were.
 */
export function loadParts(checkpoint: Checkpoint, { model, optimizer }: Learner, options: FitOptions): void {
  const undo: (() => void)[] = [];
  const load = <State>({ now, load: put, written }: Part<State>): void => {
    const before = now();
    undo.unshift(() => put(before));
    put(written);
  };
  try {
    load({
      now: () => model.stateDict(),
      load: (state) => model.loadStateDict(state),
      written: { ...checkpoint.model },
    });
    load({
      now: () => optimizer.stateDict(),
      load: (state) => optimizer.loadStateDict(state),
      written: checkpoint.optimizer,
    });
    loadSchedule(checkpoint, options, load);
    for (const [name, callback] of statefulCallbacks(options.callbacks ?? [])) {
      const written = checkpoint.callbacks[name];
      // One that is new begins now.
      if (!written) continue;
      const now = (): typeof written => callback.stateDict?.() ?? written;
      load({ now, load: (state) => callback.loadStateDict?.(state), written });
    }
  } catch (error) {
    for (const put of undo) putBack(put);
    throw error;
  }
}

/** What could not be put in place the first time may refuse its own state too; the others still get theirs. */
function putBack(put: () => void): void {
  try {
    put();
  } catch {
    // The error that is on its way says what is wrong.
  }
}

function loadSchedule(
  { schedule: written }: Checkpoint,
  { schedule }: FitOptions,
  load: <State>(part: Part<State>) => void,
): void {
  const keeps = schedule?.stateDict !== undefined && schedule.loadStateDict !== undefined;
  if (keeps !== (written !== null)) {
    const [wanted, got] = keeps ? ["with", "without"] : ["without", "with"];
    throw new WeightsError(`checkpoint: expected a training ${wanted} a schedule that has a state, got one ${got}`);
  }
  if (!keeps || written === null) return;
  load({
    now: () => schedule.stateDict?.() ?? {},
    load: (state) => schedule.loadStateDict?.(state),
    written: { ...written },
  });
}
