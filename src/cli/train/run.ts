import { basename, dirname, join, resolve } from "node:path";
import {
  Adam,
  type Callback,
  configure,
  crossEntropy,
  Generator,
  type History,
  type Progress,
  runtimeInfo,
  seed,
  Trainer,
} from "../../index.ts";
import { replaceFile } from "../../node/index.ts";
import { buildModel, type CharacterModel, countParameters, encodeModel } from "../character-model.ts";
import { requireWritable } from "../files.ts";
import { count } from "../format.ts";
import { generateText } from "../generate.ts";
import { renderReport } from "../report/page.ts";
import { checkpointing, type Kept as KeptRun, type Left, requireSame } from "../run/checkpoint.ts";
import { type Display, openDisplay } from "../run/display.ts";
import { stoppable } from "../run/interrupt.ts";
import { type Settled, searchLearningRate, settleLearningRate } from "../run/learningRate.ts";
import { modelFile } from "../sample.ts";
import { type Corpus, readCorpus } from "./corpus.ts";
import type { Check, Settings, TrainingRecord } from "./settings.ts";
import { HeldOut, type Measurement } from "./validation.ts";
import { conclude, introduce, tellCheck } from "./wording.ts";

const historyFile = "history.json";
const reportFile = "report.html";

/** What a run keeps besides the training itself. */
export interface Kept extends KeptRun<Settings> {
  /** Looks so far, and the seconds they took. */
  readonly checks: readonly Check[];
  readonly looking: number;
}

/** Characters of text made up at each look, and at the end. */
const SAMPLE = { check: 200, end: 1000 };
const TEMPERATURE = 0.8;

/**
 * Trains a model on a text as the settings say and leaves model, history and report.
 * @throws {Failure} when the text or a place to write to is not as it should be: before anything is trained or written.
 * @throws {NumericError} when the loss stops being finite: what was saved before stays.
 */
export function train(settings: Settings): Promise<void> {
  return perform(settings, null);
}

/**
 * Goes on with a training from where it was left, to the model of one that was never disturbed.
 * @throws as `train`, and {Failure} when the text has changed.
 */
export function goOn(left: Left<Kept>): Promise<void> {
  return perform(left.kept.settings, left);
}

async function perform(settings: Settings, left: Left<Kept> | null): Promise<void> {
  const corpus = readCorpus(left?.kept.place ?? settings.file ?? undefined, settings);
  requireSame(corpus.title, "text", corpus.fingerprint, left);
  if (settings.json !== null) {
    const path = resolve(settings.json);
    requireWritable("--json", dirname(path), [basename(path)]);
  }
  requireWritable("--out", settings.out, [modelFile, historyFile, reportFile]);
  configure({ deterministic: settings.deterministic, threads: settings.threads });
  seed(settings.seed);
  const model = buildModel(settings, corpus.vocabulary);
  const display = openDisplay();
  await stoppable(display, async (signal) => {
    display.say(introduce(settings, corpus, countParameters(model)));
    if (left) display.say(`going on from step ${count(left.step)}`);
    const settled = await settleLearningRate(settings, () =>
      searchLearningRate({
        ...{ model: model.network, loss: crossEntropy, data: corpus.training, display, signal },
        optimizer: new Adam(model.network.parameters()),
        clipNorm: settings.clip,
        batchSize: settings.batch,
        seed: settings.seed,
        out: settings.out,
      }),
    );
    const record = await new Training(settled, corpus, model, display, left).run(signal);
    await writeResults(settled, record);
    display.say(conclude(record));
  });
}

/** One training, from the first step to the last look. */
class Training {
  readonly #settings: Settled<Settings>;
  readonly #corpus: Corpus;
  readonly #model: CharacterModel;
  readonly #display: Display;
  readonly #trainer: Trainer;
  readonly #heldOut: HeldOut | null;
  readonly #left: Left<Kept> | null;
  readonly #checks: Check[];
  /** Seconds spent on looks, which are not training. */
  #looking: number;

  constructor(
    settings: Settled<Settings>,
    corpus: Corpus,
    model: CharacterModel,
    display: Display,
    left: Left<Kept> | null,
  ) {
    this.#left = left;
    this.#checks = [...(left?.kept.checks ?? [])];
    this.#looking = left?.kept.looking ?? 0;
    this.#settings = settings;
    this.#corpus = corpus;
    this.#model = model;
    this.#display = display;
    this.#heldOut = corpus.heldOut && new HeldOut(corpus.heldOut, settings);
    this.#trainer = new Trainer({
      model: model.network,
      loss: crossEntropy,
      optimizer: new Adam(model.network.parameters(), { learningRate: settings.learningRate }),
      clipNorm: settings.clip,
      seed: settings.seed,
    });
  }

  async run(signal: AbortSignal): Promise<TrainingRecord> {
    const { steps, seconds, batch } = this.#settings;
    const history = await this.#trainer.fit(this.#corpus.training, {
      steps: steps ?? Number.MAX_SAFE_INTEGER,
      seconds: seconds ?? undefined,
      batchSize: batch,
      signal,
      callbacks: [this.#checkpoints()],
      resume: this.#left?.bytes,
      onProgress: (progress) => this.#observe(progress),
    });
    this.#display.end();
    this.#save();
    if (this.#heldOut && !signal.aborted)
      this.#display.say(`measuring on ${count(this.#heldOut.characters)} held-out characters`);
    const validation = (await this.#heldOut?.measureAll(this.#trainer, signal)) ?? null;
    return this.#record(history, validation);
  }

  /** What is kept to go on from: it is written after the looks of its step. */
  #checkpoints(): Callback {
    const { out, file, checkpointEvery } = this.#settings;
    const place = this.#left?.kept.place ?? (file === null ? null : resolve(file));
    return checkpointing<Kept>({
      command: "train",
      out,
      every: checkpointEvery,
      kept: () => ({
        settings: this.#settings,
        place,
        fingerprint: this.#corpus.fingerprint,
        checks: this.#checks,
        looking: this.#looking,
      }),
    });
  }

  async #observe(progress: Progress): Promise<void> {
    const { steps, seconds, every } = this.#settings;
    const { step } = progress;
    const done = Math.max(
      step / (steps ?? Number.POSITIVE_INFINITY),
      progress.seconds / (seconds ?? Number.POSITIVE_INFINITY),
    );
    const spent = progress.seconds - this.#looking;
    this.#display.step({ progress, done: Math.min(1, done), perSecond: this.#tokens(step) / spent });
    if (step % every === 0 && step !== steps) {
      const started = performance.now();
      await this.#check(step, spent);
      this.#looking += (performance.now() - started) / 1000;
    }
  }

  /** Saves the model and takes a look at it. */
  async #check(step: number, spent: number): Promise<void> {
    this.#save();
    const validation = (await this.#heldOut?.measureSubset(this.#trainer)) ?? null;
    const check = { step, seconds: spent, validation, sample: this.#sample(SAMPLE.check) };
    this.#checks.push(check);
    this.#display.say(tellCheck(check));
  }

  #save(): void {
    replaceFile(join(this.#settings.out, modelFile), encodeModel(this.#model));
  }

  #sample(length: number): string {
    const generator = new Generator(this.#settings.seed);
    return generateText(this.#model, { temperature: TEMPERATURE, prompt: "", generator }, length);
  }

  /** Characters learned from in so many steps; the last batch of a pass may be smaller than the others. */
  #tokens(steps: number): number {
    const { batch, window } = this.#settings;
    const { length } = this.#corpus.training;
    const perPass = Math.ceil(length / batch);
    const windows = Math.floor(steps / perPass) * length + Math.min(length, (steps % perPass) * batch);
    return windows * window;
  }

  #record(history: History, validation: Measurement | null): TrainingRecord {
    const { settings, corpus } = { settings: this.#settings, corpus: this.#corpus };
    const seconds = history.seconds - this.#looking;
    return {
      name: settings.name,
      steps: history.steps,
      seconds,
      tokensPerSecond: seconds > 0 ? this.#tokens(history.steps) / seconds : 0,
      build: runtimeInfo().build,
      parameters: countParameters(this.#model),
      stopped: history.stopped,
      text: {
        title: corpus.title,
        characters: corpus.characters,
        distinct: corpus.vocabulary.size,
        learnedFrom: corpus.trainingCharacters,
        heldOut: corpus.characters - corpus.trainingCharacters,
      },
      validation,
      settings,
      checks: this.#checks,
      sample: this.#sample(SAMPLE.end),
      loss: history.loss,
    };
  }
}

async function writeResults({ out, json }: Settings, record: TrainingRecord): Promise<void> {
  const text = `${JSON.stringify(record, null, 1)}\n`;
  replaceFile(join(out, historyFile), text);
  replaceFile(join(out, reportFile), await renderReport(record));
  if (json !== null) replaceFile(json, text);
}
