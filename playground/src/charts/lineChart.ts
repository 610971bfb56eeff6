/** uPlot with this page's looks. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { colorOf, onSchemeChange } from "./colors.ts";

export interface Line {
  /** A custom property. */
  readonly color: string;
  readonly width?: number;
  readonly dash?: number[];
  /** Points instead of a line. */
  readonly points?: boolean;
}

export interface LineChartOptions {
  readonly lines: readonly Line[];
  readonly height?: number;
  /** Pairs of lines, numbered from 1, with what is between them filled. */
  readonly bands?: readonly { readonly between: readonly [upper: number, lower: number]; readonly color: string }[];
}

const font = "12px system-ui, sans-serif";

/** A chart of lines over one axis that fills the width of its place. */
export class LineChart {
  readonly #plot: uPlot;

  constructor(place: HTMLElement, { lines, height = 200, bands = [] }: LineChartOptions) {
    const axis = {
      font,
      stroke: () => colorOf("--quiet"),
      grid: { stroke: () => colorOf("--line"), width: 1 },
      ticks: { show: false },
    };
    this.#plot = new uPlot(
      {
        width: Math.max(place.clientWidth, 1),
        height,
        padding: [8, 12, 0, 0],
        cursor: { show: false },
        legend: { show: false },
        scales: { x: { time: false } },
        axes: [
          { ...axis, space: 60, size: 28 },
          { ...axis, size: 46 },
        ],
        series: [
          {},
          ...lines.map(({ color, width = 2, dash, points }) => ({
            stroke: () => colorOf(color),
            width: points ? 0 : width,
            spanGaps: !points,
            ...(dash && { dash }),
            points: points ? { show: true, size: 6, fill: () => colorOf(color), width: 0 } : { show: false },
          })),
        ],
        bands: bands.map(({ between: [upper, lower], color }) => ({
          series: [upper, lower] as [number, number],
          fill: () => colorOf(color),
        })),
      },
      [[], ...lines.map(() => [])],
      place,
    );
    new ResizeObserver(() => this.#plot.setSize({ width: Math.max(place.clientWidth, 1), height })).observe(place);
    onSchemeChange(() => this.#plot.redraw(false, true));
  }

  /** Shows columns: x, then each line's values; null where a line has none. */
  show(columns: readonly (readonly (number | null)[] | Float32Array)[]): void {
    this.#plot.setData(columns as uPlot.AlignedData);
  }
}
