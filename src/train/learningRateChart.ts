import type { LearningRateCurve } from "./learningRateFinder.ts";

/** Width and height in the units of the drawing, and the room that is left for labels. */
const SIZE = { width: 880, height: 380 };
const ROOM = { left: 60, right: 20, top: 20, bottom: 46 };

/** How many lines across there are. */
const LABELS_OF_LOSS = 5;

/**
 * The picture of a search for a learning rate, as an SVG element of its own: each batch's loss as a point, the smoothed loss as a
 * line, over the logarithm of the rate; a dashed line where the suggestion is. Colours are custom properties of the page
 * (`--raw`, `--training`, `--validation`, `--quiet`, `--line`) where it has them.
 *
 * ```ts
 * const curve = { rates: [0.01, 0.1, 1], losses: [3, 1, 9], smoothed: [3, 2, 5], suggestion: 0.01 };
 * learningRateChart(curve).startsWith("<svg"); // true
 * ```
 */
export function learningRateChart(curve: LearningRateCurve): string {
  const { rates, losses, smoothed, suggestion } = curve;
  const label = `Loss over the learning rate${suggestion === null ? "" : `; suggested: ${suggestion.toPrecision(2)}`}`;
  const open = `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${SIZE.width} ${SIZE.height}" aria-label="${label}" font-family="inherit" font-size="12">`;
  if (rates.length === 0) return `${open}</svg>`;
  const logs = rates.map((rate) => Math.log10(rate));
  const across = scale(logs[0] as number, logs.at(-1) as number, ROOM.left, SIZE.width - ROOM.right);
  const [low, high] = rangeOf(smoothed);
  const up = scale(low, high, SIZE.height - ROOM.bottom, ROOM.top);
  const inside = (loss: number): number => up(Math.min(high, Math.max(low, loss)));
  const points = losses.map((loss, i) => circle(across(logs[i] as number), inside(loss))).join("");
  const path = smoothed.map((loss, i) => `${round(across(logs[i] as number))},${round(inside(loss))}`).join(" ");
  return [
    open,
    axisOfRates(logs, across),
    axisOfLosses(low, high, up),
    `<g fill="var(--raw, #9ca3af)">${points}</g>`,
    `<polyline points="${path}" fill="none" stroke="var(--training, #2563eb)" stroke-width="2"/>`,
    suggestion === null ? "" : mark(across(Math.log10(suggestion)), suggestion),
    "</svg>",
  ].join("");
}

/** The map of [from, to] onto [start, end]; of an empty range, all onto the middle. */
function scale(from: number, to: number, start: number, end: number): (value: number) => number {
  const length = to - from;
  return (value) => (length > 0 ? start + ((value - from) / length) * (end - start) : (start + end) / 2);
}

/** From the lowest smoothed loss to the first one with some room, so that what comes before the end is not flattened by it. */
function rangeOf(smoothed: readonly number[]): [low: number, high: number] {
  const lowest = smoothed.reduce((a, b) => Math.min(a, b));
  const highest = smoothed.reduce((a, b) => Math.max(a, b));
  const start = smoothed[0] as number;
  const room = 0.1 * (start - lowest);
  return start > lowest ? [lowest - room, Math.min(highest, start + 3 * room)] : [lowest, highest];
}

function axisOfRates(logs: readonly number[], across: (log: number) => number): string {
  const base = SIZE.height - ROOM.bottom;
  const [first, last] = [Math.ceil(logs[0] as number), Math.floor(logs.at(-1) as number)];
  const decades = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  const labels = decades.map((log) => text(across(log), base + 18, `1e${log}`, "middle"));
  const title = text((ROOM.left + SIZE.width - ROOM.right) / 2, SIZE.height - 8, "learning rate", "middle");
  return `${line(ROOM.left, base, SIZE.width - ROOM.right, base)}${labels.join("")}${title}`;
}

function axisOfLosses(low: number, high: number, up: (loss: number) => number): string {
  const values = Array.from({ length: LABELS_OF_LOSS }, (_, i) => low + ((high - low) * i) / (LABELS_OF_LOSS - 1));
  const lines = values.map((value) => line(ROOM.left, up(value), SIZE.width - ROOM.right, up(value)));
  const labels = values.map((value) => text(ROOM.left - 8, up(value) + 4, value.toPrecision(3), "end"));
  return `${lines.join("")}${labels.join("")}`;
}

function mark(x: number, suggestion: number): string {
  const stroke = `stroke="var(--validation, #d97706)" stroke-dasharray="4 4"`;
  const base = SIZE.height - ROOM.bottom;
  const rule = `<line x1="${round(x)}" y1="${ROOM.top}" x2="${round(x)}" y2="${base}" ${stroke}/>`;
  return `${rule}${text(x + 6, ROOM.top + 10, suggestion.toPrecision(2), "start")}`;
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  const ends = `x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"`;
  return `<line ${ends} stroke="var(--line, #e5e7eb)"/>`;
}

function circle(x: number, y: number): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="1.5"/>`;
}

function text(x: number, y: number, words: string, anchor: string): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="var(--quiet, #6b7280)">${words}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
