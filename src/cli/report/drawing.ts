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
  /** Default 1. */
  readonly opacity?: number;
}

/** What an axis is called, and what it shows. */
export interface Axis {
  readonly name: string;
  readonly format?: (value: number) => string;
  /** From where to where; default: as far as there is something. */
  readonly range?: readonly [number, number];
}

/** Width and height in the units of the drawing, which the page scales; letters are 12 high. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What a chart shows. */
export interface Chart {
  /** For those who cannot see it. */
  readonly label: string;
  readonly x: Axis;
  /** With `powers` what it is given are logarithms to base ten, and it is marked with what they are of. */
  readonly y: Axis & { readonly powers?: boolean };
  readonly lines: readonly Line[];
  readonly bands?: readonly Band[];
  /** Places marked by a vertical line. */
  readonly marks?: readonly number[];
  /** Heights marked by a horizontal line. */
  readonly levels?: readonly number[];
  /** Default 880 × 340. */
  readonly size?: Size;
}

const SIZE: Size = { width: 880, height: 340 };
const MARGIN = { left: 64, right: 18, top: 14, bottom: 48 };

/** A chart of curves and bands as an SVG element in the page's colours. */
export function drawLines(chart: Chart): string {
  const { label, x, y, lines, bands = [], marks = [], levels = [], size = SIZE } = chart;
  const [left, right] = x.range ?? extent(placesOf(chart));
  const ticksY = y.powers
    ? powersOfTen(...extent(heightsOf(chart)))
    : ticks(...(y.range ?? extent(heightsOf(chart))), 6);
  const [low, high] = y.range ?? [ticksY[0] as number, ticksY.at(-1) as number];
  const across = (at: number): number =>
    MARGIN.left + ((at - left) / (right - left)) * (size.width - MARGIN.left - MARGIN.right);
  const up = (value: number): number =>
    size.height - MARGIN.bottom - ((value - low) / (high - low)) * (size.height - MARGIN.top - MARGIN.bottom);
  const at = (a: number, b: number): string => `${across(a).toFixed(1)} ${up(b).toFixed(1)}`;
  const parts = [
    ...ticksY
      .filter((value) => value >= low && value <= high)
      .map((value) => horizontal(up(value), y.format?.(value) ?? number(y.powers ? 10 ** value : value), size)),
    ...ticks(left, right, size.width / 98)
      .filter((value) => value >= left && value <= right)
      .map((value) =>
        text(across(value), size.height - MARGIN.bottom + 18, "middle", x.format?.(value) ?? number(value)),
      ),
    ...bands.map(({ points, color, opacity = 1 }) => {
      const there = points.map(([a, , to]) => at(a, to));
      const back = points.toReversed().map(([a, from]) => at(a, from));
      const thin = opacity < 1 ? ` fill-opacity="${opacity}"` : "";
      return `<path d="M${[...there, ...back].join("L")}Z" fill="var(--${color})"${thin}/>`;
    }),
    ...marks.map(
      (place) => `<path d="M${at(place, low)}L${at(place, high)}" stroke="var(--quiet)" stroke-dasharray="2 3"/>`,
    ),
    ...levels.map(
      (level) => `<path d="M${at(left, level)}L${at(right, level)}" stroke="var(--quiet)" stroke-dasharray="2 3"/>`,
    ),
    ...lines
      .filter(({ points }) => points.length > 0)
      .map(({ points, color, width, dashes }) => {
        const dash = dashes ? ` stroke-dasharray="${dashes}"` : "";
        return `<path d="M${points.map(([a, b]) => at(a, b)).join("L")}" fill="none" stroke="var(--${color})" stroke-width="${width}" stroke-linejoin="round"${dash}/>`;
      }),
    ...axisNames(x, y, size),
  ];
  return drawing(label, size, parts);
}

/** An SVG element of these parts. */
function drawing(label: string, { width, height }: Size, parts: readonly string[]): string {
  return `<svg role="img" aria-label="${escapeText(label)}" viewBox="0 0 ${width} ${height}" font-size="12">${parts.join("")}</svg>`;
}

function axisNames(x: Axis, y: Axis, { width, height }: Size): string[] {
  return [
    text((MARGIN.left + width - MARGIN.right) / 2, height - 10, "middle", x.name),
    `<text transform="translate(14 ${height / 2 - 16}) rotate(-90)" text-anchor="middle" fill="var(--quiet)">${escapeText(y.name)}</text>`,
  ];
}

function placesOf({ lines, bands = [] }: Chart): number[] {
  return [
    ...lines.flatMap(({ points }) => points.map(([place]) => place)),
    ...bands.flatMap(({ points }) => points.map(([place]) => place)),
  ];
}

function heightsOf({ lines, bands = [], levels = [] }: Chart): number[] {
  return [
    ...lines.flatMap(({ points }) => points.map(([, value]) => value)),
    ...bands.flatMap(({ points }) => points.flatMap(([, from, to]) => [from, to])),
    ...levels,
  ];
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

/** Logarithms of numbers to mark on a logarithmic axis that takes in a range: powers of ten, and where these are few, 2 and 5 times. */
function powersOfTen(low: number, high: number): number[] {
  const factors = high - low < 2.5 ? [0, Math.log10(2), Math.log10(5)] : [0];
  const step = Math.max(1, Math.ceil((high - low) / 6));
  const first = Math.floor(low / step) * step;
  const marks: number[] = [];
  for (let power = first; power < high + step; power += step) marks.push(...factors.map((factor) => power + factor));
  const begin = marks.findLastIndex((mark) => mark <= low + 1e-9);
  const end = marks.findIndex((mark) => mark >= high - 1e-9);
  return marks.slice(Math.max(0, begin), Math.max(end, begin + 1) + 1);
}

function number(value: number): string {
  return Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3)
    ? value.toExponential(1)
    : value.toLocaleString("en-US", { maximumFractionDigits: 4 });
}

function horizontal(height: number, name: string, { width }: Size): string {
  const line = `<path d="M${MARGIN.left} ${height.toFixed(1)}H${width - MARGIN.right}" stroke="var(--line)"/>`;
  return line + text(MARGIN.left - 8, height + 4, "end", name);
}

function text(x: number, y: number, anchor: "start" | "middle" | "end", words: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="var(--quiet)">${escapeText(words)}</text>`;
}
