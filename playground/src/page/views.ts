/** What a network says while it learns: text, what goes on inside, a forecast. Asked for one at a time, as often as fits. */
import type { trainInWorker } from "unrolled/worker";
import { ForecastChart } from "../charts/forecastChart.ts";
import { ReadingPicture } from "../charts/readingPicture.ts";
import type { Material, Reading } from "../worker/setup.ts";
import type { Served } from "../worker/train.worker.ts";
import { element, show } from "./elements.ts";
import { onLanguageChange, type TextName, text } from "./language.ts";

/** A training of this page's worker. */
export type Run = ReturnType<typeof trainInWorker<Served>>;

/** Characters that it begins with, reads and writes where nobody says otherwise. */
const PROMPT = 20;
const LINE = 60;
const WRITTEN = 280;

/** Values that are forecast, and milliseconds between two questions. */
const HORIZON = 60;
const EVERY = 1500;

const prompt = element<HTMLInputElement>("prompt");
const line = element<HTMLInputElement>("line");
const view = element<HTMLSelectElement>("view");
const temperature = element<HTMLInputElement>("temperature");
const picture = new ReadingPicture(element<HTMLCanvasElement>("reading"), element("read-line"));
const chart = new ForecastChart(element("forecast"));

/** So many characters of a text, none of them cut in half. */
function beginningOf(text: string, count: number): string {
  return [...text.slice(0, 2 * count)].slice(0, count).join("");
}

export class Views {
  readonly #run: Run;
  readonly #material: Material;
  readonly #failed: (error: unknown) => void;
  #asking = false;
  #again = false;
  #over = false;
  #nextAt = 0;
  #reading: Reading | undefined;
  readonly #listeners = new AbortController();

  constructor(run: Run, material: Material, failed: (error: unknown) => void) {
    this.#run = run;
    this.#material = material;
    this.#failed = failed;
    const { signal } = this.#listeners;
    for (const field of [prompt, line, temperature]) field.addEventListener("input", () => this.ask(true), { signal });
    view.addEventListener("change", () => this.#showReading(), { signal });
    onLanguageChange(() => this.#showViews());
    if (material.kind === "series") return;
    prompt.placeholder = beginningOf(material.text, PROMPT);
    line.placeholder = beginningOf(material.text, LINE);
  }

  /** Asks when the last answer is old enough, or at once; while one is awaited, after it. */
  ask(atOnce = false): void {
    if (this.#over || (!atOnce && performance.now() < this.#nextAt)) return;
    if (this.#asking) {
      this.#again ||= atOnce;
      return;
    }
    this.#asking = true;
    this.#answer()
      .catch(this.#failed)
      .finally(() => {
        this.#asking = false;
        this.#nextAt = performance.now() + EVERY;
        if (!this.#again) return;
        this.#again = false;
        this.ask(true);
      });
  }

  /** Asks no more. */
  end(): void {
    this.#over = true;
    this.#listeners.abort();
  }

  async #answer(): Promise<void> {
    if (this.#material.kind === "series") {
      const horizon = Math.min(HORIZON, Math.floor(this.#material.values.length * 0.1));
      const from = this.#material.values.length - horizon;
      chart.show(await this.#run.ask("forecast", { from, horizon }), from);
      return;
    }
    const start = prompt.value || beginningOf(this.#material.text, PROMPT);
    const wanted = { prompt: start, length: WRITTEN, temperature: Number(temperature.value) };
    show("written", start + (await this.#run.ask("write", wanted)));
    this.#reading = await this.#run.ask("read", line.value || beginningOf(this.#material.text, LINE));
    this.#showViews();
    this.#showReading();
  }

  /** The views that this cell has. */
  #showViews(): void {
    const names = Object.keys(this.#reading?.views ?? { state: null });
    const chosen = view.value;
    view.replaceChildren(...names.map((name) => new Option(text(`view_${name}` as TextName), name)));
    if (names.includes(chosen)) view.value = chosen;
  }

  #showReading(): void {
    if (this.#reading) picture.show(this.#reading, view.value);
  }
}
