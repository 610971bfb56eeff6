import { onSchemeChange, paint, scaleThrough } from "./colors.ts";

/** Columns that are kept; when there are more, every second is left out. */
const MOST_COLUMNS = 160;

/** Orders of magnitude that the colours tell apart. */
const DECADES = 6;

/** How large ∂L/∂h_t is: training steps to the right, time steps from the oldest, at the top, to the newest. */
export class GradientMap {
  readonly #canvas: HTMLCanvasElement;
  #columns: { readonly step: number; readonly norms: readonly number[] }[] = [];
  #colors = scaleThrough(["--map-0", "--map-1", "--map-2", "--map-3"]);

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    onSchemeChange(() => {
      this.#colors = scaleThrough(["--map-0", "--map-1", "--map-2", "--map-3"]);
      this.#draw();
    });
  }

  add(step: number, norms: readonly number[]): void {
    this.#columns.push({ step, norms });
    if (this.#columns.length > MOST_COLUMNS) this.#columns = this.#columns.filter((_, i) => i % 2 === 0);
    this.#draw();
  }

  clear(): void {
    this.#columns = [];
    this.#draw();
  }

  /** The first and the last step that are shown. */
  get span(): readonly [number, number] | undefined {
    const [first, last] = [this.#columns[0], this.#columns.at(-1)];
    return first && last && [first.step, last.step];
  }

  #draw(): void {
    const rows = this.#columns[0]?.norms.length ?? 0;
    this.#canvas.width = Math.max(this.#columns.length, 1);
    this.#canvas.height = Math.max(rows, 1);
    const context = this.#canvas.getContext("2d");
    if (!context || rows === 0) return;
    const image = context.createImageData(this.#columns.length, rows);
    const largest = this.#columns.flatMap(({ norms }) => norms).reduce((a, b) => Math.max(a, b), 1e-30);
    this.#columns.forEach(({ norms }, column) => {
      norms.forEach((norm, row) => {
        const share = 1 + Math.log10(Math.max(norm, 1e-30) / largest) / DECADES;
        paint(image.data, row * this.#columns.length + column, this.#colors, share);
      });
    });
    context.putImageData(image, 0, 0);
  }
}
