import { basename, dirname, join, resolve } from "node:path";
import {
  AdamW,
  accuracy,
  configure,
  confusionMatrix,
  cosineSchedule,
  crossEntropy,
  f1Score,
  type History,
  type Progress,
  precision,
  recall,
  runtimeInfo,
  seed,
  type Tensor,
  Trainer,
} from "../../index.ts";
import { replaceFile } from "../../node/index.ts";
import { requireWritable } from "../files.ts";
import { count, percent, seconds } from "../format.ts";
import { checkpointing, fingerprintOf, type Kept, type Left, requireSame } from "../run/checkpoint.ts";
import { type Display, openDisplay } from "../run/display.ts";
import { stoppable } from "../run/interrupt.ts";
import { type Settled, searchLearningRate, settleLearningRate } from "../run/learningRate.ts";
import { modelFile } from "../sample.ts";
import type { Collection } from "./collection.ts";
import { type Division, divide } from "./division.ts";
import { type ClassifierModel, encodeClassifier, examplesOf, probabilitiesOf, scalingOf } from "./model.ts";
import { SequenceClassifier, stridesFor } from "./network.ts";
import { renderClassifyReport } from "./report.ts";
import { readSequences } from "./sequences.ts";
import type { ClassifyRecord, Settings } from "./settings.ts";

const historyFile = "history.json";
const reportFile = "report.html";

/** Steps that are enough for most data, and passes that are never fewer or more. */
const PLENTY = 1600;
const FEWEST_EPOCHS = 10;
const MOST_EPOCHS = 200;

/** How much of each label goes to all classes alike: with few sequences, seeds then differ less in what they come to. */
const LABEL_SMOOTHING = 0.1;

/** What the optimizer is made with before the rate is known. */
const LEARNING_RATE = 1e-3;

/** Of AdamW; and what gradients are scaled down to. */
const WEIGHT_DECAY = 0.05;
const CLIP = 1;

/** Looks at the test on the way, for the curve alone. */
const LOOKS = 20;

/**
 * Learns to tell classes of sequences apart, and leaves model, history and report.
 * @throws {Failure | DataError} when the data or a place to write to is not as it should be: before anything is trained or
 *   written.
 */
export function classify(settings: Settings): Promise<void> {
  return perform(settings, null);
}

/**
 * Goes on with a training from where it was left, to the model of one that was never disturbed.
 * @throws as `classify`, and {Failure} when the data has changed.
 */
export function goOn(left: Left<Kept<Settings>>): Promise<void> {
  return perform(left.kept.settings, left);
}

async function perform(settings: Settings, left: Left<Kept<Settings>> | null): Promise<void> {
  const collection = await readSequences(left?.kept.place ?? settings.source, {
    label: settings.label ?? undefined,
    labelled: true,
  });
  const fingerprint = fingerprintOf(partsOf(collection));
  requireSame(collection.title, "sequences", fingerprint, left);
  const division = divide(collection, settings);
  if (settings.json !== null) {
    const path = resolve(settings.json);
    requireWritable("--json", dirname(path), [basename(path)]);
  }
  requireWritable("--out", settings.out, [modelFile, historyFile, reportFile]);
  configure({ deterministic: settings.deterministic, threads: settings.threads });
  seed(settings.seed);
  const model = buildModel(settings, collection, division);
  const display = openDisplay("sequences");
  await stoppable(display, async (signal) => {
    display.say(introduce(settings, collection, division, model));
    if (left) display.say(`going on from step ${count(left.step)}`);
    const settled = await settleLearningRate(settings, () =>
      searchLearningRate({
        ...{ model: model.network, loss, clipNorm: CLIP, display, signal },
        optimizer: optimizerOf(model, LEARNING_RATE),
        data: examplesOf(model, division.training).shuffle().batch({ batchSize: settings.batch }),
        batchSize: settings.batch,
        seed: settings.seed,
        out: settings.out,
      }),
    );
    const history = await train({ settings: settled, model, division, fingerprint, display, signal, left });
    display.end();
    replaceFile(join(settings.out, modelFile), encodeClassifier(model));
    const record = await recordOf(settled, collection, division, model, history);
    const text = `${JSON.stringify(record, null, 1)}\n`;
    replaceFile(join(settings.out, historyFile), text);
    replaceFile(join(settings.out, reportFile), await renderClassifyReport(record));
    if (settings.json !== null) replaceFile(settings.json, text);
    display.say(conclude(record));
  });
}

/** What is learned from, piece by piece. */
function* partsOf({ channels, sequences }: Collection): Generator<string | Float32Array> {
  yield `${channels} channels`;
  for (const { name, label, input } of sequences) {
    yield JSON.stringify([name, label, input.shape]);
    yield input.data;
  }
}

function meanSteps({ training }: Division): number {
  return training.reduce((sum, { input }) => sum + input.shape[0], 0) / training.length;
}

function buildModel(settings: Settings, collection: Collection, division: Division): ClassifierModel {
  const { channels, features, layout, labelColumn } = collection;
  const { hidden, dropout } = settings;
  const { classes } = division;
  const architecture = { channels, classes: classes.length, hidden, strides: stridesFor(meanSteps(division)), dropout };
  return {
    architecture,
    classes,
    scaling: scalingOf(division.training, channels),
    features,
    layout,
    labelColumn,
    network: new SequenceClassifier(architecture),
  };
}

const parametersOf = ({ network }: ClassifierModel): number =>
  network.parameters().reduce((sum, { size }) => sum + size, 0);

function stepsOf({ epochs, batch }: Settings, { training }: Division): { perEpoch: number; epochs: number } {
  const perEpoch = Math.ceil(training.length / batch);
  const enough = Math.min(MOST_EPOCHS, Math.max(FEWEST_EPOCHS, Math.ceil(PLENTY / perEpoch)));
  return { perEpoch, epochs: epochs ?? enough };
}

const loss = (output: Tensor, target: Tensor): Tensor =>
  crossEntropy(output, target, { labelSmoothing: LABEL_SMOOTHING });

function optimizerOf({ network }: ClassifierModel, learningRate: number): AdamW {
  return new AdamW(network.parameters(), { learningRate, weightDecay: WEIGHT_DECAY });
}

/** What a training is made of. */
interface Training {
  readonly settings: Settled<Settings>;
  readonly model: ClassifierModel;
  readonly division: Division;
  readonly fingerprint: string;
  readonly display: Display;
  readonly signal: AbortSignal;
  readonly left: Left<Kept<Settings>> | null;
}

function train({ settings, model, division, fingerprint, display, signal, left }: Training): Promise<History> {
  const { learningRate, batch, out, source } = settings;
  const { perEpoch, epochs } = stepsOf(settings, division);
  const { network } = model;
  const trainer = new Trainer({
    model: network,
    loss,
    optimizer: optimizerOf(model, learningRate),
    clipNorm: CLIP,
    seed: settings.seed,
  });
  const steps = epochs * perEpoch;
  const validationEvery = Math.max(perEpoch, Math.ceil(steps / LOOKS));
  const kept = { settings, place: left?.kept.place ?? resolve(source), fingerprint };
  const every = settings.checkpointEvery ?? validationEvery;
  const onProgress = (progress: Progress): void => {
    const shown = (progress.step / perEpoch) * division.training.length;
    display.step({ progress, done: progress.step / steps, perSecond: shown / progress.seconds });
  };
  return trainer.fit(examplesOf(model, division.training).shuffle().batch({ batchSize: batch }), {
    epochs,
    schedule: cosineSchedule({ learningRate, steps }),
    validation: examplesOf(model, division.test).batch({ batchSize: 64 }),
    validationEvery,
    metrics: { accuracy: (output, target) => accuracy(output, target) },
    callbacks: [checkpointing({ command: "classify", out, every, kept: () => kept })],
    resume: left?.bytes,
    signal,
    onProgress,
  });
}

async function recordOf(
  settings: Settings,
  collection: Collection,
  division: Division,
  model: ClassifierModel,
  history: History,
): Promise<ClassifyRecord> {
  const { classes, training, test, rule } = division;
  const probabilities = await probabilitiesOf(model, test);
  const wanted = test.map(({ label }) => classes.indexOf(label as string));
  const found = probabilities.map((row) => row.indexOf(Math.max(...row)));
  const scores = { average: "none" as const, classes: classes.length };
  const [precisions, recalls, f1s] = [precision, recall, f1Score].map((score) => score(found, wanted, scores)) as [
    number[],
    number[],
    number[],
  ];
  const confusion = confusionMatrix(found, wanted, { classes: classes.length });
  return {
    name: settings.name,
    steps: history.steps,
    epochs: stepsOf(settings, division).epochs,
    seconds: history.seconds,
    build: runtimeInfo().build,
    parameters: parametersOf(model),
    stopped: history.stopped,
    data: {
      title: collection.title,
      layout: collection.layout,
      training: training.length,
      test: test.length,
      rule,
      channels: collection.channels,
      meanSteps: meanSteps(division),
      features: collection.features,
      labelColumn: collection.labelColumn,
    },
    accuracy: accuracy(found, wanted),
    macroF1: f1s.reduce((sum, value) => sum + value, 0) / f1s.length,
    classes: classes.map((label, c) => ({
      label,
      sequences: confusion[c]?.reduce((sum, value) => sum + value, 0) ?? 0,
      precision: precisions[c] as number,
      recall: recalls[c] as number,
      f1: f1s[c] as number,
    })),
    confusion,
    settings,
    checks: history.validation,
    predictions: test.map(({ name, label }, i) => ({
      name,
      label: label as string,
      predicted: classes[found[i] as number] as string,
      probability: Math.max(...(probabilities[i] as number[])),
    })),
    loss: history.loss,
  };
}

/** Before the first step: data and model. */
function introduce(settings: Settings, collection: Collection, division: Division, model: ClassifierModel): string {
  const { training, test, classes, rule } = division;
  const shown = collection.features
    ? `log-mel frames of ${collection.channels} bands`
    : `${count(collection.channels)} numbers`;
  const column = collection.labelColumn === null ? "" : `, told by column ${collection.labelColumn}`;
  return [
    `${collection.title}: ${count(training.length + test.length)} sequences of ${classes.length} classes${column}; ${Math.round(meanSteps(division))} steps on average, of ${shown}`,
    `test: ${count(test.length)} sequences, ${rule}`,
    `two convolutions and a GRU of 2 × ${settings.hidden}: ${count(parametersOf(model))} parameters; ${stepsOf(settings, division).epochs} passes, ${runtimeInfo().build} build, seed ${settings.seed}`,
  ].join("\n");
}

/** After everything is written. */
function conclude(record: ClassifyRecord): string {
  const { out, json } = record.settings;
  const why = { done: "", callback: "", aborted: ", interrupted", time: "" }[record.stopped];
  const right = Math.round(record.accuracy * record.data.test);
  return [
    `trained    ${count(record.steps)} steps in ${seconds(record.seconds)}${why}`,
    `accuracy   ${percent(record.accuracy)} of the test (${count(right)} of ${count(record.data.test)}), macro F1 ${record.macroF1.toFixed(4)}`,
    `saved      ${join(out, modelFile)}, history.json, report.html${json === null ? "" : `, ${json}`}`,
    `next       unrolled classify FILE --apply ${out}${record.stopped === "aborted" ? `, or unrolled resume ${out}` : ""}`,
  ].join("\n");
}
