import type { Forecast } from "../worker/setup.ts";
import { LineChart } from "./lineChart.ts";

/** The past, the truth where it is known, and the course that is expected with the bands of half and of nine in ten. */
export class ForecastChart {
  readonly #chart: LineChart;

  constructor(place: HTMLElement) {
    const hidden = { color: "--accent", width: 0 };
    this.#chart = new LineChart(place, {
      height: 240,
      lines: [
        { color: "--text", width: 1.5 },
        { color: "--second", width: 1.5, dash: [4, 4] },
        { color: "--accent" },
        hidden,
        hidden,
        hidden,
        hidden,
      ],
      bands: [
        { between: [7, 4], color: "--band-wide" },
        { between: [6, 5], color: "--band" },
      ],
    });
  }

  /** @param from the number of the first value that is forecast. */
  show({ past, truth, middle, lowest, low, high, highest }: Forecast, from: number): void {
    const horizon = middle.length;
    const empty = new Array<null>(past.length).fill(null);
    const ahead = (values: Float32Array): (number | null)[] => [
      ...empty,
      ...values,
      ...new Array<null>(horizon - values.length).fill(null),
    ];
    const x = Array.from({ length: past.length + horizon }, (_, i) => from - past.length + i);
    const before = [...past, ...new Array<null>(horizon).fill(null)];
    this.#chart.show([x, before, ahead(truth), ahead(middle), ahead(lowest), ahead(low), ahead(high), ahead(highest)]);
  }
}
