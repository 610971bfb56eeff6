import { BarChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { percent, rounded } from "./table.ts";

use([BarChart, GridComponent, SVGRenderer]);

export interface Bar {
  readonly title: string;
  readonly value: number;
  readonly shareOfCeiling: number;
  /** A custom property of the page: light and dark are its business. */
  readonly color: string;
}

const WIDTH = 460;

/** Length of the shortest bar, as a factor on the logarithmic axis, which begins at 1. */
const SHORTEST = 2;

/** One case as horizontal bars on a logarithmic axis, shortest time first; an SVG element that the page scales. */
export function renderBars(name: string, unit: string, bars: readonly Bar[]): string {
  const ordered = [...bars].sort((a, b) => b.value - a.value);
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: 12 + 22 * ordered.length });
  const shortest = Math.min(...ordered.map(({ value }) => value));
  const longest = Math.max(...ordered.map(({ value }) => value));
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: "inherit", fontSize: 11 },
    grid: { left: 138, right: 122, top: 4, bottom: 8 },
    xAxis: { type: "log", show: false, min: 1, max: (SHORTEST * longest) / shortest },
    yAxis: {
      type: "category",
      data: ordered.map(({ title }) => title),
      axisLabel: { color: "var(--ink)" },
      axisLine: { lineStyle: { color: "var(--line)" } },
      axisTick: { show: false },
    },
    series: {
      type: "bar",
      barWidth: 13,
      silent: true,
      data: ordered.map(({ value, color, shareOfCeiling }) => ({
        value: (SHORTEST * value) / shortest,
        itemStyle: { color: `var(${color})` },
        label: { formatter: `${rounded(value)} ${unit} · ${percent(shareOfCeiling)}` },
      })),
      label: { show: true, position: "right", color: "var(--quiet)" },
    },
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg
    .replace(/<svg width="\d+" height="\d+"/, `<svg role="img" aria-label="${name}, median time in ${unit}"`)
    .replace(/<style\s*>[\s\S]*?<\/style>/, "")
    .replace(/ class="zr[\w-]*"/g, "");
}
