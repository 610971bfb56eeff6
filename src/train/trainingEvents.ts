import { OptionError } from "../runtime/errors.ts";
import type { Callback, TrainingState } from "./callback.ts";

/** The names of the events. */
export type TrainingEventName = "fitstart" | "epochstart" | "validation" | "step" | "epochend" | "fitend";

/** What of a callback each event tells of; `detail` is the state of the training. */
const events = {
  onFitStart: "fitstart",
  onEpochStart: "epochstart",
  onValidation: "validation",
  onStepEnd: "step",
  onEpochEnd: "epochend",
  onFitEnd: "fitend",
} as const satisfies Partial<Record<keyof Callback, TrainingEventName>>;

/**
 * Tells a training by events, as a page likes to hear of it: `fitstart`, `epochstart`, `step`, `validation`, `epochend`
 * and `fitend`, each a `CustomEvent` whose `detail` is the state of the training. The trainer pauses between steps often
 * enough for a page to draw what it heard.
 *
 * ```ts
 * const model = new Linear({ inputSize: 1, outputSize: 1 });
 * const optimizer = new Adam(model.parameters(), { learningRate: 0.1 });
 * const data = arrayDataset(tensor([[0], [1], [2], [3]]), tensor([[1], [3], [5], [7]]));
 * const trainer = new Trainer({ model, loss: mseLoss, optimizer });
 * const events = new EventTarget();
 * let done = 0;
 * events.addEventListener("step", (event) => {
 *   const { detail } = event as CustomEvent<TrainingState>;
 *   done = detail.step / detail.steps;
 * });
 * await trainer.fit(data, { epochs: 5, callbacks: [trainingEvents(events)] });
 * done; // 1
 * ```
 *
 * @param target what dispatches them: an element, or an `EventTarget` of its own.
 * @throws {OptionError} when it is none.
 */
export function trainingEvents(target: EventTarget): Callback {
  if (typeof target?.dispatchEvent !== "function") {
    throw new OptionError(`trainingEvents target: expected an EventTarget, got ${typeof target}`);
  }
  const dispatch = (name: TrainingEventName) => (detail: TrainingState) => {
    target.dispatchEvent(new CustomEvent<TrainingState>(name, { detail }));
  };
  return Object.fromEntries(Object.entries(events).map(([moment, name]) => [moment, dispatch(name)]));
}
