/** The worker: makes a network and its task from what the page sent, trains it, and answers about it. */
import { type Callback, type Dataset, runtimeInfo, type Trainer } from "unrolled";
import { diagnose } from "unrolled/laboratory";
import { type ServedPage, serveTraining } from "unrolled/worker";
import { BATCH } from "../settings.ts";
import { CARD, cardOf } from "./card.ts";
import { plainTokensPerSecond } from "./plainSpeed.ts";
import { forecast, type SeriesTask, seriesTask } from "./seriesTask.ts";
import type { Setup, Told } from "./setup.ts";
import { read, type Task, type TextTask, textTask, write } from "./textTask.ts";

/** Milliseconds between two looks at the gradients, which cost as much as a few steps. */
const LOOK_EVERY = 800;

/** Sequences that are looked at. */
const LOOKED_AT = 4;

/** Nobody waits for longer. */
const MOST_STEPS = 1_000_000;

/** Losses that the history keeps; the page draws them as they come. */
const KEPT = 100;

/** Sequences that a measurement takes. */
const MEASURED = 128;

/** Steps between two measurements on what was held out. */
const VALIDATION_EVERY = 100;

/** Looks at how the gradient fares on its way back through time. */
function gradientWatch(task: Task, trainer: Trainer, tell: (told: Told) => void): Callback {
  let next = 0;
  return {
    onStepEnd: ({ step }) => {
      if (performance.now() < next) return;
      const batch = task.data.batch(Int32Array.from({ length: Math.min(LOOKED_AT, task.data.length) }, (_, i) => i));
      const { layers } = diagnose(trainer.model, batch, { loss: task.loss, exponents: 0, largestSpectrum: 0 });
      const norms = layers.at(-1)?.gradient.norms ?? [];
      tell({ kind: "gradients", step, norms: [...norms] });
      next = performance.now() + LOOK_EVERY;
    },
  };
}

/** A file's weights go into a network that was made as the file's card says. */
function taskOf({ settings, material, weights, start }: Setup): Task {
  const known = weights && cardOf(weights);
  const task =
    material.kind === "text"
      ? textTask(material, settings, known?.characters)
      : seriesTask(material, settings, known?.scale);
  const bytes = start ?? weights;
  if (bytes) task.network.load(bytes);
  return task;
}

/** What the page may ask, of a text and of a series. */
function questionsOf(task: Task, settings: Setup["settings"]) {
  return {
    write: (wanted: { prompt: string; length: number; temperature: number }) =>
      write(task as TextTask, wanted.prompt, wanted.length, wanted.temperature),
    read: (line: string) => read(task as TextTask, line),
    forecast: (wanted: { from: number; horizon: number }) => forecast(task as SeriesTask, wanted.from, wanted.horizon),
    plainSpeed: () => plainTokensPerSecond(settings, task.card.characters?.length ?? 1),
    file: () => task.network.save({ [CARD]: JSON.stringify(task.card) }),
  };
}

function make(setup: Setup, page: ServedPage) {
  const tell = (told: Told): void => page.tell(told);
  const task = taskOf(setup);
  const { trainer, data, validation, network } = task;
  const parameters = network.parameters().reduce((count, { size }) => count + size, 0);
  tell({ kind: "network", parameters, build: runtimeInfo().build });
  const fit = {
    steps: MOST_STEPS,
    batchSize: BATCH,
    validation: few(validation),
    validationEvery: VALIDATION_EVERY,
    keepLosses: KEPT,
    callbacks: [gradientWatch(task, trainer, tell)],
  };
  return { trainer, data, fit, questions: questionsOf(task, setup.settings) };
}

/** Enough of what was held out to measure on, spread over all of it. */
function few(data: Dataset): Dataset {
  const length = Math.min(data.length, MEASURED);
  const spread = data.length / length;
  return { length, batch: (indices) => data.batch(indices.map((index) => Math.floor(index * spread))) };
}

const served = serveTraining(make);

export type Served = typeof served;
