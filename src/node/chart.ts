import { LineChart, type LineSeriesOption } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([LineChart, GridComponent, SVGRenderer]);

/** Points of a curve, [step, loss]. */
type Curve = readonly (readonly [number, number])[];

/** What the chart of a training shows. */
export interface LossCurves {
  /** Loss of each step's batch. */
  readonly loss: readonly number[];
  /** What validations found. */
  readonly validation: Curve;
  /** What the vertical axis is called. */
  readonly label: string;
}

/** Width and height in the units of the drawing, which the page scales. */
const SIZE = { width: 880, height: 380 };

/** A curve with more points than this shows no more in print. */
const MOST_POINTS = 1200;

/**
 * The loss over the steps as an SVG element: each batch, its moving average, and the validations. Colours are the
 * page's custom properties, so that the drawing follows its light and dark dress.
 */
export function renderLossChart({ loss, validation, label }: LossCurves): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...SIZE });
  const points = loss.map((value, i) => [i + 1, value] as const);
  try {
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: "inherit", fontSize: 12 },
      grid: { left: 52, right: 20, top: 18, bottom: 46 },
      xAxis: { ...axis("step"), min: 0, max: loss.length, splitLine: { show: false } },
      yAxis: { ...axis(label), scale: true, ...range(smooth(loss), validation) },
      series: [
        line(thin(points), "var(--raw, #b9c6d8)", 1),
        line(thin(smooth(loss)), "var(--training, #2563a8)", 2),
        { ...line(validation, "var(--validation, #c2571a)", 2), symbol: "circle", showSymbol: true, symbolSize: 6 },
      ],
    });
    return forPage(chart.renderToSVGString());
  } finally {
    // Left alone, it would keep the process alive.
    chart.dispose();
  }
}

function axis(name: string) {
  return {
    type: "value" as const,
    name,
    nameLocation: "middle" as const,
    nameGap: name === "step" ? 28 : 36,
    nameTextStyle: { color: "var(--quiet, #667085)" },
    axisLabel: { color: "var(--quiet, #667085)" },
    axisLine: { show: name === "step", lineStyle: { color: "var(--line, #d7dbe0)" } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: "var(--line, #d7dbe0)" } },
  };
}

function line(data: Curve, color: string, width: number): LineSeriesOption {
  return {
    type: "line",
    data: data.map(([step, value]) => [step, value]),
    showSymbol: false,
    silent: true,
    clip: true,
    itemStyle: { color },
    lineStyle: { color, width },
  };
}

/** Room for everything but the outermost single batches, which would flatten all the rest. */
function range(smoothed: Curve, validation: Curve): { min: number; max: number } {
  const values = [...smoothed, ...validation].map(([, value]) => value);
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  // Round numbers: halves of the power of ten that fits. Values that hardly differ are drawn as such.
  const spread = Math.max(high - low, Math.abs(high) / 50) || 1;
  const unit = 10 ** Math.floor(Math.log10(spread)) / 2;
  const round = (units: number): number => Number((units * unit).toPrecision(12));
  return { min: round(Math.floor(low / unit)), max: round(Math.floor(high / unit + 1)) };
}

/** Steps on each side that a moving average takes in: about a fiftieth of the training in all. */
function reach(steps: number): number {
  return Math.min(25, Math.ceil(steps / 100));
}

/** The mean of each step and those around it: as many before as after, so that the curve comes neither late nor early. */
function smooth(loss: readonly number[]): Curve {
  const sums = [0];
  for (const value of loss) sums.push((sums.at(-1) as number) + value);
  return loss.map((_, i) => {
    const before = Math.min(reach(loss.length), i);
    // Towards the end there are fewer after it, and the loss no longer moves much.
    const after = Math.min(before, loss.length - 1 - i);
    const sum = (sums[i + after + 1] as number) - (sums[i - before] as number);
    return [i + 1, sum / (before + after + 1)] as const;
  });
}

/** At most `MOST_POINTS` points at even distances, the last one among them. */
function thin(curve: Curve): Curve {
  if (curve.length <= MOST_POINTS) return curve;
  const last = curve.length - 1;
  return Array.from(
    { length: MOST_POINTS },
    (_, i) => curve[Math.round((i * last) / (MOST_POINTS - 1))] as readonly [number, number],
  );
}

/** Lets the page scale the drawing, names it for those who cannot see it, and leaves out styles for a pointer. */
function forPage(svg: string): string {
  return svg
    .replace(/<svg width="\d+" height="\d+"/, '<svg role="img" aria-label="Loss over the steps of the training"')
    .replace(/<style\s*>[\s\S]*?<\/style>/, "")
    .replace(/ class="zr[\w-]*"/g, "");
}
