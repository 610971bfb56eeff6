import type { ComparisonGroup, ComparisonRow } from "../../laboratory/index.ts";
import { type Band, drawLines, type Line } from "../report/drawing.ts";

/** More curves than these cannot be told apart: the best are drawn. */
const MOST_CURVES = 8;

const SIZE = { width: 440, height: 300 };

/** By what factor values must differ for a logarithmic axis. */
const WIDE = 20;

/** How an activation is drawn wherever it is. */
export interface Pen {
  readonly color: string;
  readonly dashes?: string;
}

/** Pens by the names of activations: eight colours, and then the same again with dashes. */
export function pensFor(names: readonly string[]): ReadonlyMap<string, Pen> {
  return new Map(
    names.map((name, i) => [name, { color: `series-${i % 8}`, ...(i >= 8 && { dashes: i >= 16 ? "2 3" : "7 4" }) }]),
  );
}

/** What of a learning curve is drawn. */
export type CurveKind = "losses" | "scores";

/** At a training step: the lowest, the middle and the highest over seeds. */
type Spread = readonly [step: number, low: number, middle: number, high: number];

/** Over the seeds that got so far, as long as these are more than half. */
function spreadOf({ trials }: ComparisonRow, kind: CurveKind): Spread[] {
  const curves = trials.map(({ result }) => result.curve).filter(({ steps }) => steps.length > 0);
  const longest = curves.reduce<readonly number[]>((all, { steps }) => (steps.length > all.length ? steps : all), []);
  return longest.flatMap((step, i): Spread[] => {
    const values = curves.flatMap((curve) => (i < curve[kind].length ? [curve[kind][i] as number] : []));
    if (2 * values.length <= trials.length) return [];
    values.sort((a, b) => a - b);
    return [[step, values[0] as number, values[values.length >> 1] as number, values.at(-1) as number]];
  });
}

/** Whether more than half of the seeds got far enough to be judged. */
export function hasCurve(row: ComparisonRow): boolean {
  return spreadOf(row, "scores").length > 0;
}

/** The rows whose curves are drawn. */
export function drawnRows({ rows }: ComparisonGroup): readonly ComparisonRow[] {
  return rows.filter(hasCurve).slice(0, MOST_CURVES);
}

/** The learning curves of a group: the median over seeds, in a band from the lowest to the highest. */
export function drawCurves(group: ComparisonGroup, kind: CurveKind, pens: ReadonlyMap<string, Pen>): string {
  const curves = drawnRows(group).map((row) => ({ pen: pens.get(row.name) as Pen, spread: spreadOf(row, kind) }));
  const values = curves.flatMap(({ spread }) => spread.flatMap(([, low, , high]) => [low, high]));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const powers = least > 0 && most / least > WIDE;
  const scale = (value: number): number => (powers ? Math.log10(value) : value);
  const lines = curves.map(
    ({ pen, spread }): Line => ({ ...pen, width: 2, points: spread.map(([x, , y]) => [x, scale(y)]) }),
  );
  const bands = curves.map(
    ({ pen, spread }): Band => ({
      color: pen.color,
      opacity: 0.14,
      points: spread.map(([x, low, , high]) => [x, scale(low), scale(high)]),
    }),
  );
  const { target } = group;
  const name = kind === "scores" ? group.scoreName : "training loss";
  // A target far from all curves would only press them together.
  const near = kind === "scores" && target <= most && (powers ? target >= least / WIDE : true);
  return drawLines({
    label: `${group.title}: ${name} over training steps, median and range over seeds`,
    size: SIZE,
    x: { name: "training step", format: (value) => value.toLocaleString("en-US") },
    y: { name, powers },
    lines: lines.toReversed(),
    bands: bands.toReversed(),
    levels: near && !(powers && target <= 0) ? [scale(target)] : [],
  });
}
