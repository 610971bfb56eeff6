import { LineChart, type LineSeriesOption, ScatterChart, type ScatterSeriesOption } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([LineChart, ScatterChart, GridComponent, SVGRenderer]);

/** Measured points, and a line through or beside them. */
export interface Trace {
  /** A custom property of the page: light and dark are its business. */
  readonly color: string;
  readonly points: readonly (readonly [number, number])[];
  readonly line: readonly (readonly [number, number])[];
}

export interface Axes {
  readonly x: string;
  readonly y: string;
  /** Both axes logarithmic: a power law is a straight line, its exponent the slope. */
  readonly logarithmic: boolean;
}

const SIZE = { width: 440, height: 300 };

function axis(name: string, logarithmic: boolean, isX: boolean) {
  return {
    type: logarithmic ? ("log" as const) : ("value" as const),
    name,
    nameLocation: "middle" as const,
    nameGap: isX ? 26 : 40,
    ...(logarithmic && isX ? { logBase: 2 } : {}),
    nameTextStyle: { color: "var(--quiet)" },
    axisLabel: { color: "var(--quiet)" },
    axisLine: { show: isX, lineStyle: { color: "var(--line)" } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: "var(--line)" } },
    minorTick: { show: false },
  };
}

/** Points and lines as an SVG element that the page scales; `name` is for those who cannot see it. */
export function renderTraces(name: string, axes: Axes, traces: readonly Trace[]): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...SIZE });
  const xs = traces.flatMap(({ points }) => points.map(([x]) => x));
  const ys = traces.flatMap(({ points }) => points.map(([, y]) => y));
  const room = axes.logarithmic
    ? {
        x: { min: Math.min(...xs) / 1.15, max: Math.max(...xs) * 1.15 },
        y: { min: 10 ** Math.floor(Math.log10(Math.min(...ys))), max: 10 ** Math.ceil(Math.log10(Math.max(...ys))) },
      }
    : { x: { min: 0 }, y: { min: 0 } };
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: "inherit", fontSize: 11 },
    grid: { left: 58, right: 14, top: 12, bottom: 42 },
    xAxis: { ...axis(axes.x, axes.logarithmic, true), ...room.x },
    yAxis: { ...axis(axes.y, axes.logarithmic, false), ...room.y },
    series: traces.flatMap(({ color, points, line }): (LineSeriesOption | ScatterSeriesOption)[] => [
      {
        type: "line",
        data: line.filter(([, y]) => y > 0).map(([x, y]) => [x, y]),
        showSymbol: false,
        silent: true,
        clip: true,
        lineStyle: { color: `var(${color})`, width: 1.5 },
      },
      {
        type: "scatter",
        data: points.map(([x, y]) => [x, y]),
        symbolSize: 7,
        silent: true,
        itemStyle: { color: `var(${color})` },
      },
    ]),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg
    .replace(/<svg width="\d+" height="\d+"/, `<svg role="img" aria-label="${name}"`)
    .replace(/<style\s*>[\s\S]*?<\/style>/, "")
    .replace(/ class="zr[\w-]*"/g, "");
}
