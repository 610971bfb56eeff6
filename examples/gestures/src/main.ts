/** The page: teaches gestures, learns them in a worker, and recognises them while they are drawn. */
import { trainInWorker } from "unrolled/worker";
import { GestureList } from "./gestureList.ts";
import type { Served } from "./learn.worker.ts";
import { startPad } from "./pad.ts";
import { Recognizer } from "./recognizer.ts";
import type { Stroke } from "./stroke.ts";
import "./style.css";

/** Less sure than this is not sure. */
const SURE = 0.7;

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const learnButton = element<HTMLButtonElement>("learn");
const saveButton = element<HTMLButtonElement>("save");
const progress = element<HTMLProgressElement>("progress");
const file = element<HTMLInputElement>("file");
const list = new GestureList(element("gestures"), showButtons);

let recognizer: Recognizer | undefined;
let learning = false;

function say(text: string): void {
  element("status").textContent = text;
}

function showButtons(): void {
  learnButton.disabled = learning || !list.complete;
  saveButton.disabled = recognizer === undefined;
}

async function learn(): Promise<void> {
  learning = true;
  showButtons();
  progress.hidden = false;
  progress.value = 0;
  const names = list.gestures.map(({ name }) => name);
  const strokes = list.gestures.map((gesture) => gesture.strokes);
  const worker = new Worker(new URL("./learn.worker.ts", import.meta.url), { type: "module" });
  const started = performance.now();
  try {
    const run = trainInWorker<Served>(worker, {
      setup: { strokes },
      onProgress: ({ step, steps }) => {
        progress.value = step / steps;
      },
    });
    const { weights } = await run.finished;
    recognizer = new Recognizer(names, weights);
    list.teach(-1);
    say(`Learned ${names.length} gestures in ${((performance.now() - started) / 1000).toFixed(1)} s. Draw one.`);
  } finally {
    learning = false;
    progress.hidden = true;
    showButtons();
  }
}

/** Says what a stroke is, and how sure that is. */
function recognise(stroke: Stroke, ended: boolean): void {
  if (!recognizer) return;
  const shares = recognizer.recognize(stroke);
  const { names } = recognizer;
  const best = shares.indexOf(shares.reduce((a, b) => Math.max(a, b)));
  const share = shares[best] as number;
  element("answer").textContent = share >= SURE ? (names[best] as string) : ended ? "not sure" : "…";
  element("answer").dataset.share = share.toFixed(3);
  element("bars").replaceChildren(...names.map((name, i) => bar(name, shares[i] as number)));
}

function bar(name: string, share: number): HTMLElement {
  const row = document.createElement("div");
  row.className = "bar";
  const meter = document.createElement("meter");
  meter.value = share;
  meter.setAttribute("aria-label", name);
  row.append(name, meter, `${Math.round(share * 100)} %`);
  return row;
}

function save(): void {
  if (!recognizer) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([recognizer.save()]));
  link.download = "gestures.safetensors";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function load(chosen: File): Promise<void> {
  recognizer = Recognizer.load(new Uint8Array(await chosen.arrayBuffer()));
  list.replace(recognizer.names);
  say(`${recognizer.names.length} gestures: ${recognizer.names.join(", ")}. Draw one.`);
}

const told = (work: Promise<void>): void => {
  work.catch((error: unknown) => say(`That went wrong: ${error instanceof Error ? error.message : error}`));
};

startPad(element<HTMLCanvasElement>("pad"), {
  drawing: (stroke) => {
    if (!list.taught) recognise(stroke, false);
  },
  drawn: (stroke) => {
    if (!list.taught) {
      recognise(stroke, true);
      return;
    }
    list.take(stroke);
    say(list.complete ? "Enough. Press Learn, or draw more." : `Draw ${list.taught?.name}.`);
  },
});
element<HTMLFormElement>("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = element<HTMLInputElement>("name");
  const name = field.value.trim();
  if (name === "") return;
  say(list.add(name) ? `Draw ${name} three times.` : `There is a gesture ${name} already.`);
  field.value = "";
});
learnButton.addEventListener("click", () => told(learn()));
saveButton.addEventListener("click", save);
element("load").addEventListener("click", () => file.click());
file.addEventListener("change", () => {
  const [chosen] = file.files ?? [];
  file.value = "";
  if (chosen) told(load(chosen));
});
for (const name of ["circle", "zigzag", "tick"]) list.add(name);
list.teach(0);
