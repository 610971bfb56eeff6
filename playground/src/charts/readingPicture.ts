import type { Reading } from "../worker/setup.ts";
import { onSchemeChange, paint, scaleThrough } from "./colors.ts";

/** Rows that an eye can tell apart. */
const MOST_UNITS = 96;

/** Under each character a column of the network's units: their state from −1 to 1, or a gate from shut to open. */
export class ReadingPicture {
  readonly #canvas: HTMLCanvasElement;
  readonly #line: HTMLElement;
  #reading: Reading | undefined;
  #view = "state";

  constructor(canvas: HTMLCanvasElement, line: HTMLElement) {
    this.#canvas = canvas;
    this.#line = line;
    onSchemeChange(() => this.#draw());
  }

  show(reading: Reading, view: string): void {
    this.#reading = reading;
    this.#view = view in reading.views ? view : "state";
    this.#line.replaceChildren(
      ...reading.characters.map((character) => {
        const box = document.createElement("span");
        box.textContent = /\s/.test(character) ? "\u00b7" : character;
        return box;
      }),
    );
    this.#draw();
  }

  #draw(): void {
    const { characters, hiddenSize, views } = this.#reading ?? { characters: [], hiddenSize: 0, views: {} };
    const values = views[this.#view];
    const context = this.#canvas.getContext("2d");
    if (!values || !context) return;
    const rows = Math.min(hiddenSize, MOST_UNITS);
    this.#canvas.width = characters.length;
    this.#canvas.height = rows;
    const isState = this.#view === "state";
    const colors = scaleThrough(isState ? ["--minus", "--page", "--plus"] : ["--page", "--plus"]);
    const image = context.createImageData(characters.length, rows);
    characters.forEach((_, t) => {
      for (let unit = 0; unit < rows; unit++) {
        const value = values[t * hiddenSize + unit] as number;
        paint(image.data, unit * characters.length + t, colors, isState ? (value + 1) / 2 : value);
      }
    });
    context.putImageData(image, 0, 0);
  }
}
