/** A training and the buttons that steer it. */
import { DataError, MemoryError, NumericError, UnsupportedRuntimeError, WeightsError } from "unrolled";
import { type TrainingProgress, type TrainingSnapshot, trainInWorker, WorkerLostError } from "unrolled/worker";
import { GradientMap } from "../charts/gradientMap.ts";
import { LossChart } from "../charts/lossChart.ts";
import { BATCH } from "../settings.ts";
import { cardOf } from "../worker/card.ts";
import type { Setup, Told } from "../worker/setup.ts";
import type { Served } from "../worker/train.worker.ts";
import { element, show } from "./elements.ts";
import { MaterialError } from "./files.ts";
import { number, onLanguageChange, type TextName, text } from "./language.ts";
import { chooseKind, kindChosen, materialChosen } from "./material.ts";
import { chooseSettings, settingsChosen } from "./settingsForm.ts";
import { type Run, Views } from "./views.ts";

const buttons = {
  train: element<HTMLButtonElement>("train"),
  pause: element<HTMLButtonElement>("pause"),
  stop: element<HTMLButtonElement>("stop"),
  save: element<HTMLButtonElement>("save"),
  goOn: element<HTMLButtonElement>("go-on"),
} as const;
const lossChart = new LossChart(element("loss-chart"));
const gradients = new GradientMap(element<HTMLCanvasElement>("gradients"));

let run: Run | undefined;
let views: Views | undefined;
let setup: Setup | undefined;
/** What the status line says, to be said again in another language. */
let said: () => string = () => text("idle");

function say(name: TextName, details: Record<string, string | number> = {}, wrong = false): void {
  said = () => text(name, details);
  show("status", said());
  element("status").classList.toggle("wrong", wrong);
}

function showButtons(): void {
  const active = run !== undefined && run.stage !== "over";
  buttons.pause.disabled = !active;
  buttons.stop.disabled = !active;
  buttons.save.disabled = run === undefined;
  const paused = run?.stage === "paused";
  buttons.pause.dataset.text = paused ? "resume" : "pause";
  buttons.pause.textContent = text(paused ? "resume" : "pause");
  buttons.train.dataset.text = run ? "trainAnew" : "train";
  buttons.train.textContent = text(run ? "trainAnew" : "train");
}

function showProgress({ step, loss, losses, stepsPerSecond, validation }: TrainingProgress): void {
  if (!setup) return;
  show("step", number(step));
  show("loss", number(loss, 3));
  show("speed", number(Math.round(stepsPerSecond * BATCH * setup.settings.window)));
  lossChart.add(step, losses, validation);
  views?.ask();
}

function hear(told: Told): void {
  if (told.kind === "network") {
    show("parameters", number(told.parameters));
    document.body.dataset.build = told.build;
    return;
  }
  gradients.add(told.step, told.norms);
  const [first, last] = gradients.span ?? [told.step, told.step];
  show("gradient-span", `(${text("gradientSpan", { first, last })})`);
}

/** Begins a training; `resume` goes on with one, `paused` waits before the first step. */
function begin(next: Setup, { resume, paused = false }: { resume?: Uint8Array; paused?: boolean } = {}): void {
  end();
  setup = next;
  buttons.goOn.hidden = true;
  const worker = new Worker(new URL("../worker/train.worker.ts", import.meta.url), { type: "module" });
  const current = trainInWorker<Served>(worker, {
    setup: next,
    keepWorker: true,
    snapshotEvery: 5,
    onProgress: (progress) => {
      if (run === current) showProgress(progress);
    },
    onTold: (told) => {
      if (run === current) hear(told as Told);
    },
    ...(resume && { resume }),
  });
  run = current;
  views = new Views(current, next.material, (error) => {
    if (run === current && !(error instanceof WorkerLostError)) explain(error, current.lastSnapshot);
  });
  document.body.dataset.step = "0";
  say("starting");
  if (paused) waitBeforeTheFirst(current);
  else current.ask("plainSpeed").then((speed) => show("plain", number(Math.round(speed))), ignore);
  if (!paused) say("training");
  current.finished.then(
    () => {
      if (run === current) say("stopped", { step: current.lastSnapshot?.step ?? 0 });
      showButtons();
    },
    (error: unknown) => {
      if (run === current) explain(error, current.lastSnapshot);
    },
  );
  showButtons();
}

/** What fails here is told by `finished`. */
function ignore(): void {
  // Nothing more to say.
}

function waitBeforeTheFirst(current: Run): void {
  current.pause().then(() => {
    if (run !== current || current.stage === "over") return;
    say("loaded");
    showButtons();
    views?.ask(true);
  }, ignore);
}

/** Ends what there is, and clears its pictures. */
function end(): void {
  views?.end();
  run?.close();
  run = undefined;
  lossChart.clear();
  gradients.clear();
  for (const id of ["step", "loss", "speed", "plain", "parameters"]) show(id, "–");
  show("gradient-span", "");
}

/** Says what went wrong, and offers to go on where something is safe. */
function explain(error: unknown, snapshot: TrainingSnapshot | undefined): void {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof MaterialError) say(error.message as TextName, error.details, true);
  else if (error instanceof UnsupportedRuntimeError) say("noWasm", {}, true);
  else if (error instanceof MemoryError) say("noMemory", {}, true);
  else if (error instanceof NumericError) say("overflow", { step: snapshot?.step ?? 0 }, true);
  else if (error instanceof WorkerLostError && snapshot)
    say("lost", { reason: short(reason), step: snapshot.step }, true);
  else if (error instanceof WorkerLostError) say("lostAll", { reason: short(reason) }, true);
  else if (error instanceof DataError && isText(reason)) say(reason, {}, true);
  else if (error instanceof WeightsError) say("damaged", { reason }, true);
  else say("failed", { reason }, true);
  showButtons();
  if (!snapshot || !setup || !(error instanceof WorkerLostError || error instanceof NumericError)) return;
  offer(setup, snapshot, error);
}

function isText(name: string): name is "foreign" | "version" {
  return name === "foreign" || name === "version";
}

const short = (reason: string): string =>
  reason.replace(/^the worker that trained is gone: /, "").replace(/; the last.*/, "");

/** A button that goes on: exactly, after a loss; with the weights but the settings of the form, after an overflow. */
function offer(from: Setup, { step, checkpoint, weights }: TrainingSnapshot, error: Error): void {
  buttons.goOn.hidden = false;
  buttons.goOn.textContent = text("goOn", { step });
  buttons.goOn.onclick = () => {
    if (error instanceof WorkerLostError) begin(from, { resume: checkpoint });
    else
      begin({ ...from, settings: { ...from.settings, learningRate: settingsChosen().learningRate }, start: weights });
  };
}

/** Reads a file of weights, and begins with them, paused. */
async function load(file: File): Promise<void> {
  try {
    const weights = new Uint8Array(await file.arrayBuffer());
    const { settings, kind } = cardOf(weights);
    if (kind !== kindChosen()) chooseKind(kind);
    chooseSettings(settings);
    begin({ settings, material: materialChosen(settings.window), weights }, { paused: true });
  } catch (error) {
    explain(error, undefined);
  }
}

async function save(): Promise<void> {
  if (!run || !setup) return;
  const bytes = await run.ask("file");
  const name = `unrolled-${setup.settings.cell.toLowerCase()}-${setup.settings.hiddenSize}.safetensors`;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  say("saved", { name });
}

async function pauseOrResume(): Promise<void> {
  if (!run) return;
  if (run.stage === "paused") {
    await run.resume();
    say("training");
  } else {
    const step = await run.pause();
    say("paused", { step });
    views?.ask(true);
  }
  showButtons();
}

export function startTraining(): void {
  element<HTMLFormElement>("form").addEventListener("submit", (event) => {
    event.preventDefault();
    try {
      const settings = settingsChosen();
      begin({ settings, material: materialChosen(settings.window) });
    } catch (error) {
      explain(error, undefined);
    }
  });
  const guarded = (work: () => Promise<void>) => () => {
    work().catch((error: unknown) => explain(error, run?.lastSnapshot));
  };
  buttons.pause.addEventListener("click", guarded(pauseOrResume));
  buttons.save.addEventListener("click", guarded(save));
  buttons.stop.addEventListener("click", () => run?.abort());
  const weights = element<HTMLInputElement>("weights");
  element("load").addEventListener("click", () => weights.click());
  weights.addEventListener("change", () => {
    const file = weights.files?.[0];
    weights.value = "";
    if (file) load(file);
  });
  onLanguageChange(() => {
    show("status", said());
    showButtons();
  });
  say("idle");
  showButtons();
}
