import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

const HEIGHT = 220;

/** Reads, at each drawing, the colour that a custom property stands for in the scheme at hand. */
function color(name: string): () => string {
  return () => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };
}

/** The line of the loss: each step's, faint, and its running mean. */
export class LossChart {
  readonly #plot: uPlot;
  #steps: number[] = [];
  #losses: number[] = [];
  #means: number[] = [];
  #drawAt = 0;

  constructor(parent: HTMLElement) {
    const axis = { stroke: color("--quiet"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
    this.#plot = new uPlot(
      {
        width: parent.clientWidth,
        height: HEIGHT,
        padding: [14, 16, 0, 0],
        cursor: { show: false },
        legend: { show: false },
        scales: { x: { time: false } },
        axes: [
          { ...axis, space: 60, size: 32 },
          { ...axis, size: 44 },
        ],
        series: [
          {},
          { stroke: color("--faint"), width: 1, points: { show: false } },
          { stroke: color("--accent"), width: 2, points: { show: false } },
        ],
      },
      [[], [], []],
      parent,
    );
    new ResizeObserver(() => this.#plot.setSize({ width: parent.clientWidth, height: HEIGHT })).observe(parent);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#plot.redraw(false, true));
  }

  /** Adds one step; draws at most ten times a second. */
  add(step: number, loss: number): void {
    const mean = this.#means.at(-1) ?? loss;
    this.#steps.push(step);
    this.#losses.push(loss);
    this.#means.push(mean + (loss - mean) / Math.min(this.#steps.length, 10));
    const now = performance.now();
    if (now < this.#drawAt) return;
    this.#drawAt = now + 100;
    this.draw();
  }

  draw(): void {
    this.#plot.setData([this.#steps, this.#losses, this.#means]);
  }

  clear(): void {
    this.#steps = [];
    this.#losses = [];
    this.#means = [];
    this.draw();
  }
}
