import type { ComparisonGroup, ComparisonRow } from "../../laboratory/index.ts";
import { drawHeatMap } from "../report/heatMap.ts";

/** Gradients smaller than this share of the largest are all the same: gone. */
const DECADES = 8;

/** The heat map of a row over its seeds: the median of log₁₀‖∂L/∂h_t‖, a column for each training step. */
interface RowMap {
  readonly name: string;
  readonly steps: readonly number[];
  readonly times: readonly number[];
  readonly columns: readonly (readonly (number | null)[])[];
}

function mapOf({ name, trials }: ComparisonRow): RowMap | null {
  const maps = trials.map(({ result }) => result.gradientNorms).filter(({ steps }) => steps.length > 0);
  if (maps.length === 0) return null;
  const longest = maps.reduce((all, one) => (one.steps.length > all.steps.length ? one : all));
  const columns = longest.steps.map((_, s) =>
    longest.times.map((_, t) => {
      const norms = maps.flatMap(({ norms: rows }) => (rows[s] ? [rows[s]?.[t] ?? null] : []));
      const finite = norms.filter((norm): norm is number => norm !== null).sort((a, b) => a - b);
      if (2 * finite.length <= norms.length) return null;
      return Math.log10(finite[finite.length >> 1] as number);
    }),
  );
  return { name, steps: longest.steps, times: longest.times, columns };
}

/** The heat maps of a group in one scale, each with its activation's name. */
export interface DrawnMaps {
  readonly range: readonly [number, number];
  readonly maps: readonly { readonly name: string; readonly drawing: string }[];
}

/** Draws how far gradients reach back in time, in the course of the training; null where nothing was measured. */
export function drawGradients({ title, rows }: ComparisonGroup): DrawnMaps | null {
  const maps = rows.map(mapOf).filter((map) => map !== null);
  const values = maps.flatMap(({ columns }) => columns.flat()).filter((value): value is number => value !== null);
  if (maps.length === 0 || values.length === 0) return null;
  const highest = Math.ceil(values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY));
  const lowest = values.reduce((least, value) => Math.min(least, value), highest);
  const range = [Math.max(Math.floor(lowest), highest - DECADES), highest] as const;
  return {
    range,
    maps: maps.map(({ name, steps, times, columns }) => ({
      name,
      drawing: drawHeatMap({
        label: `${title}, ${name}: the norm of the gradient of each time step's state, over training steps`,
        x: { name: "training step", values: steps },
        y: { name: "time step", values: times },
        columns,
        range,
      }),
    })),
  };
}
