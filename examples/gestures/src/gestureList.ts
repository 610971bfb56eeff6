/** The gestures that are taught, the examples of each, and which one is being taught. */
import { drawStroke } from "./pad.ts";
import type { Point, Stroke } from "./stroke.ts";

/** Examples of each gesture that are enough. */
export const ENOUGH = 3;

const PREVIEW = 44;

export interface Gesture {
  readonly name: string;
  strokes: Stroke[];
}

export class GestureList {
  readonly #place: HTMLElement;
  readonly #changed: () => void;
  #gestures: Gesture[] = [];
  /** The number of the gesture that is taught; −1 for none: strokes are recognised then. */
  #taught = 0;

  constructor(place: HTMLElement, changed: () => void) {
    this.#place = place;
    this.#changed = changed;
  }

  get gestures(): readonly Gesture[] {
    return this.#gestures;
  }

  get taught(): Gesture | undefined {
    return this.#gestures[this.#taught];
  }

  /** Whether there is enough of at least two. */
  get complete(): boolean {
    return this.#gestures.length >= 2 && this.#gestures.every(({ strokes }) => strokes.length >= ENOUGH);
  }

  /** @returns whether the name was free. */
  add(name: string): boolean {
    if (this.#gestures.some((gesture) => gesture.name === name)) return false;
    this.#gestures.push({ name, strokes: [] });
    this.#taught = this.#gestures.length - 1;
    this.show();
    return true;
  }

  /** Replaces all, and teaches none. */
  replace(names: readonly string[]): void {
    this.#gestures = names.map((name) => ({ name, strokes: [] }));
    this.teach(-1);
  }

  /** An example of the gesture that is taught; when it has enough, the next that has not comes. */
  take(stroke: Stroke): void {
    const gesture = this.taught;
    if (!gesture) return;
    gesture.strokes.push([...stroke]);
    if (gesture.strokes.length === ENOUGH) {
      const next = this.#gestures.findIndex(({ strokes }) => strokes.length < ENOUGH);
      if (next >= 0) this.#taught = next;
    }
    this.show();
  }

  teach(index: number): void {
    this.#taught = index;
    this.show();
  }

  show(): void {
    this.#place.replaceChildren(...this.#gestures.map((gesture, i) => this.#row(gesture, i)), this.#recognise());
    this.#changed();
  }

  #row(gesture: Gesture, index: number): HTMLElement {
    const label = this.#choice(gesture.name, index);
    const previews = document.createElement("span");
    previews.className = "previews";
    previews.append(...gesture.strokes.slice(-ENOUGH).map(previewOf));
    const count = document.createElement("small");
    count.textContent = `${gesture.strokes.length} of ${ENOUGH}`;
    const forget = document.createElement("button");
    forget.type = "button";
    forget.textContent = "×";
    forget.setAttribute("aria-label", `forget ${gesture.name}`);
    forget.addEventListener("click", () => {
      this.#gestures.splice(index, 1);
      this.teach(Math.min(this.#taught, this.#gestures.length - 1));
    });
    const row = document.createElement("div");
    row.className = "gesture";
    row.append(label, previews, count, forget);
    return row;
  }

  #recognise(): HTMLElement {
    const row = document.createElement("div");
    row.className = "gesture";
    row.append(this.#choice("only recognise", -1));
    return row;
  }

  #choice(name: string, index: number): HTMLElement {
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "taught";
    radio.checked = index === this.#taught;
    radio.addEventListener("change", () => this.teach(index));
    const label = document.createElement("label");
    label.append(radio, ` ${name}`);
    return label;
  }
}

function previewOf(stroke: Stroke): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = PREVIEW * 2;
  canvas.height = PREVIEW * 2;
  const [xs, ys] = [stroke.map(({ x }) => x), stroke.map(({ y }) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const size = Math.max(Math.max(...xs) - left, Math.max(...ys) - top, 1);
  const place = ({ x, y }: Point): Point => ({
    x: 4 + ((x - left) / size) * (PREVIEW - 8),
    y: 4 + ((y - top) / size) * (PREVIEW - 8),
  });
  const context = canvas.getContext("2d");
  if (context) drawStroke(context, stroke.map(place), 2, getComputedStyle(document.body).color);
  return canvas;
}
