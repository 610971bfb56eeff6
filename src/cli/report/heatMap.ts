import { escapeText } from "./html.ts";

/** How many colours a heat map has: `--heat-0` … `--heat-9` of the page, from little to much. */
export const HEATS = 10;

/** Numbers over two axes. */
export interface HeatMap {
  /** For those who cannot see it. */
  readonly label: string;
  readonly x: HeatAxis;
  readonly y: HeatAxis;
  /** For each place of x the values at each place of y; null where there is none. */
  readonly columns: readonly (readonly (number | null)[])[];
  /** What the first and the last colour stand for. */
  readonly range: readonly [number, number];
}

/** What an axis is called, and what its places stand for. */
export interface HeatAxis {
  readonly name: string;
  readonly values: readonly number[];
}

const WIDTH = 320;
const HEIGHT = 230;
const MARGIN = { left: 48, right: 12, top: 8, bottom: 44 };

/** A heat map as an SVG element in the page's colours, the first places left and below. */
export function drawHeatMap({ label, x, y, columns, range }: HeatMap): string {
  const [width, height] = [WIDTH - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom];
  const [across, up] = [width / x.values.length, height / y.values.length];
  const paths = Array.from({ length: HEATS + 1 }, () => "");
  columns.forEach((column, i) => {
    const heats = column.map((value) => heatOf(value, range));
    // Neighbours of one colour are one rectangle.
    for (let from = 0, to = 1; from < heats.length; from = to, to++) {
      while (to < heats.length && heats[to] === heats[from]) to++;
      const [left, top] = [MARGIN.left + i * across, MARGIN.top + height - to * up];
      paths[heats[from] as number] += rectangle(left, top, across, (to - from) * up);
    }
  });
  const fills = paths.flatMap((path, heat) => {
    const color = heat === HEATS ? "line" : `heat-${heat}`;
    return path === "" ? [] : [`<path d="${path}" fill="var(--${color})"/>`];
  });
  const parts = [
    `<g shape-rendering="crispEdges">${fills.join("")}</g>`,
    ...marksOf(x.values, 5).map(([value, i]) =>
      text(MARGIN.left + (i + 0.5) * across, HEIGHT - MARGIN.bottom + 18, "middle", value),
    ),
    ...marksOf(y.values, 5).map(([value, i]) =>
      text(MARGIN.left - 8, MARGIN.top + height - (i + 0.5) * up + 4, "end", value),
    ),
    text(MARGIN.left + width / 2, HEIGHT - 8, "middle", x.name),
    `<text transform="translate(14 ${MARGIN.top + height / 2}) rotate(-90)" text-anchor="middle" fill="var(--quiet)">${escapeText(y.name)}</text>`,
  ];
  return `<svg role="img" aria-label="${escapeText(label)}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-size="12">${parts.join("")}</svg>`;
}

/** The colours and what the ends stand for, for below a title. */
export function heatLegend(name: string, [low, high]: readonly [string, string]): string {
  const colors = Array.from({ length: HEATS }, (_, heat) => `<i style="background:var(--heat-${heat})"></i>`);
  return `<p class="heats"><span>${escapeText(name)}</span> <span>${escapeText(low)}</span><span class="scale">${colors.join("")}</span><span>${escapeText(high)}</span> <span><i class="none"></i> not finite</span></p>`;
}

function heatOf(value: number | null, [low, high]: readonly [number, number]): number {
  if (value === null) return HEATS;
  const share = high > low ? (value - low) / (high - low) : 1;
  return Math.max(0, Math.min(HEATS - 1, Math.floor(share * HEATS)));
}

function rectangle(left: number, top: number, width: number, height: number): string {
  const [a, b, c, d] = [left, top, width, height].map((value) => Number(value.toFixed(2)));
  return `M${a} ${b}h${c}v${d}h-${c}z`;
}

/** Up to about so many of the values and their places, the first and the last among them. */
function marksOf(values: readonly number[], about: number): [string, number][] {
  const last = values.length - 1;
  const count = Math.min(about, values.length);
  const at = Array.from({ length: count }, (_, i) => (count === 1 ? 0 : Math.round((i * last) / (count - 1))));
  return at.map((i) => [(values[i] as number).toLocaleString("en-US"), i]);
}

function text(x: number, y: number, anchor: string, words: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="var(--quiet)">${escapeText(words)}</text>`;
}
