import { LineChart } from "./lineChart.ts";

/** More points than this say no more. */
const MOST_POINTS = 1200;

/** The loss of every step, faint; its running mean; and that of what was held out, as points. */
export class LossChart {
  readonly #chart: LineChart;
  #steps: number[] = [];
  #losses: number[] = [];
  #means: number[] = [];
  #held: (number | null)[] = [];

  constructor(place: HTMLElement) {
    const lines = [{ color: "--faint", width: 1 }, { color: "--accent" }, { color: "--second", points: true }];
    this.#chart = new LineChart(place, { lines });
  }

  /** Adds the steps that end with this one. */
  add(step: number, losses: Float32Array, heldOut: number | undefined): void {
    losses.forEach((loss, i) => {
      const mean = this.#means.at(-1) ?? loss;
      this.#steps.push(step - losses.length + 1 + i);
      this.#losses.push(loss);
      this.#means.push(mean + (loss - mean) / Math.min(this.#steps.length, 30));
      this.#held.push(null);
    });
    if (heldOut !== undefined) this.#held[this.#held.length - 1] = heldOut;
    if (this.#steps.length > MOST_POINTS) this.#thin();
    this.#chart.show([this.#steps, this.#losses, this.#means, this.#held]);
  }

  /** Leaves out every second step, but none that was measured. */
  #thin(): void {
    const kept = this.#steps.map((_, i) => i % 2 === 0 || this.#held[i] !== null);
    const keep = <T>(values: readonly T[]): T[] => values.filter((_, i) => kept[i]);
    this.#steps = keep(this.#steps);
    this.#losses = keep(this.#losses);
    this.#means = keep(this.#means);
    this.#held = keep(this.#held);
  }

  clear(): void {
    this.#steps = [];
    this.#losses = [];
    this.#means = [];
    this.#held = [];
    this.#chart.show([[], [], [], []]);
  }
}
