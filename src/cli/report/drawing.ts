import { escapeText } from "./html.ts";

/** Points, in the order of x. */
export type Points = readonly (readonly [number, number])[];

/** A curve. Colours are names of the page's custom properties. */
export interface Line {
  readonly points: Points;
  readonly color: string;
  readonly width: number;
  /** Lengths of dash and gap, such as "5 4". */
  readonly dashes?: string;
}

/** An area between two curves over the same places. */
export interface Band {
  /** [x, from, to] */
  readonly points: readonly (readonly [number, number, number])[];
  readonly color: string;
}

/** What a chart shows. */
export interface Chart {
  /** For those who cannot see it. */
  readonly label: string;
  readonly x: { readonly name: string; readonly format?: (value: number) => string };
  readonly y: { readonly name: string };
  readonly lines: readonly Line[];
  readonly bands?: readonly Band[];
  /** Places marked by a vertical line. */
  readonly marks?: readonly number[];
}

const WIDTH = 880;
const HEIGHT = 340;
const MARGIN = { left: 64, right: 18, top: 14, bottom: 48 };

/** A chart of curves and bands as an SVG element in the page's colours. */
export function drawLines({ label, x, y, lines, bands = [], marks = [] }: Chart): string {
  const places = [
    ...lines.flatMap(({ points }) => points.map(([at]) => at)),
    ...bands.flatMap((b) => b.points.map(([at]) => at)),
  ];
  const heights = [
    ...lines.flatMap(({ points }) => points.map(([, value]) => value)),
    ...bands.flatMap((b) => b.points.flatMap(([, from, to]) => [from, to])),
  ];
  const [left, right] = extent(places);
  const ticksY = ticks(...extent(heights), 6);
  const [low, high] = [ticksY[0] as number, ticksY.at(-1) as number];
  const across = (at: number): number =>
    MARGIN.left + ((at - left) / (right - left)) * (WIDTH - MARGIN.left - MARGIN.right);
  const up = (value: number): number =>
    HEIGHT - MARGIN.bottom - ((value - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const at = (a: number, b: number): string => `${across(a).toFixed(1)} ${up(b).toFixed(1)}`;
  const parts = [
    ...ticksY.map((value) => horizontal(up(value), number(value))),
    ...ticks(left, right, 9)
      .filter((value) => value >= left && value <= right)
      .map((value) => text(across(value), HEIGHT - MARGIN.bottom + 18, "middle", x.format?.(value) ?? number(value))),
    ...bands.map(({ points, color }) => {
      const there = points.map(([a, , to]) => at(a, to));
      const back = points.toReversed().map(([a, from]) => at(a, from));
      return `<path d="M${[...there, ...back].join("L")}Z" fill="var(--${color})"/>`;
    }),
    ...marks.map(
      (place) => `<path d="M${at(place, low)}L${at(place, high)}" stroke="var(--quiet)" stroke-dasharray="2 3"/>`,
    ),
    ...lines
      .filter(({ points }) => points.length > 0)
      .map(({ points, color, width, dashes }) => {
        const dash = dashes ? ` stroke-dasharray="${dashes}"` : "";
        return `<path d="M${points.map(([a, b]) => at(a, b)).join("L")}" fill="none" stroke="var(--${color})" stroke-width="${width}" stroke-linejoin="round"${dash}/>`;
      }),
    text(WIDTH / 2, HEIGHT - 10, "middle", x.name),
    `<text transform="translate(14 ${HEIGHT / 2 - 16}) rotate(-90)" text-anchor="middle" fill="var(--quiet)">${escapeText(y.name)}</text>`,
  ];
  return `<svg role="img" aria-label="${escapeText(label)}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-size="12">${parts.join("")}</svg>`;
}

function extent(values: readonly number[]): [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(low)) return [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** Round numbers that take in a range: about so many, at distances of 1, 2 or 5 times a power of ten. */
function ticks(low: number, high: number, about: number): number[] {
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) as number) * power;
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function number(value: number): string {
  return Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3)
    ? value.toExponential(1)
    : value.toLocaleString("en-US", { maximumFractionDigits: 4 });
}

function horizontal(height: number, name: string): string {
  const line = `<path d="M${MARGIN.left} ${height.toFixed(1)}H${WIDTH - MARGIN.right}" stroke="var(--line)"/>`;
  return line + text(MARGIN.left - 8, height + 4, "end", name);
}

function text(x: number, y: number, anchor: "start" | "middle" | "end", words: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="var(--quiet)">${escapeText(words)}</text>`;
}
