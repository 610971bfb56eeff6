import { taskNamed } from "../tasks/registry.ts";
import type { CellName, TaskSpec } from "../trial.ts";
import type { ComparisonRow } from "./row.ts";

/** Everything that was compared on one task with one cell. */
export interface ComparisonGroup {
  /** Both in words: `adding (steps 50), gru`. */
  readonly title: string;
  readonly task: TaskSpec;
  readonly cell: CellName;
  /** What its scores are, such as "mean squared error"; lower is better. */
  readonly scoreName: string;
  /** The score at which the task counts as learned. */
  readonly target: number;
  /** The best first. */
  readonly rows: readonly ComparisonRow[];
}

/** How an activation did over all tasks and cells. */
export interface Standing {
  readonly name: string;
  /** The mean over groups of the middle of its places; 1 is best. */
  readonly meanRank: number;
  /** In how many groups none was clearly better. */
  readonly unbeaten: number;
  /** In how many it took part. */
  readonly groups: number;
}

/** What a comparison was asked, as data. */
export interface ComparisonSettings {
  readonly seeds: readonly number[];
  readonly budget: number;
}

/** A table in words. */
export interface ComparisonTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What `compareActivations` found. `String(comparison)` is a table, `JSON.stringify(comparison)` everything. */
export class Comparison {
  readonly settings: ComparisonSettings;
  /** A group for each task and cell. */
  readonly groups: readonly ComparisonGroup[];
  /** Whether every trial was computed; else it was interrupted, and seeds are missing. */
  readonly complete: boolean;

  /** @internal */
  constructor(settings: ComparisonSettings, groups: readonly ComparisonGroup[], complete: boolean) {
    this.settings = settings;
    this.groups = groups;
    this.complete = complete;
  }

  /** How activations did over all groups, the best first. */
  get standings(): Standing[] {
    const places = new Map<string, { middles: number[]; unbeaten: number }>();
    for (const { rows } of this.groups) {
      for (const { name, rank } of rows) {
        const found = places.get(name) ?? { middles: [], unbeaten: 0 };
        found.middles.push((rank[0] + rank[1]) / 2);
        if (rank[0] === 1) found.unbeaten++;
        places.set(name, found);
      }
    }
    return [...places]
      .map(([name, { middles, unbeaten }]) => ({
        name,
        meanRank: middles.reduce((sum, middle) => sum + middle, 0) / middles.length,
        unbeaten,
        groups: middles.length,
      }))
      .sort((a, b) => a.meanRank - b.meanRank);
  }

  /** Everything as plain data. */
  toJSON(): object {
    const { settings, complete, standings, groups } = this;
    return { format: "unrolled comparison", version: 1, settings, complete, standings, groups };
  }

  /** A table for each task and cell. */
  get tables(): ComparisonTable[] {
    return this.groups.map(({ title, scoreName, target, rows }) => ({
      title: `${title}: ${scoreName}, learned at ${target}`,
      head,
      rows: rows.map(cellsOf),
    }));
  }

  /** What has to be known to read the tables. */
  get note(): string {
    const { seeds, budget } = this.settings;
    const trials = this.groups.flatMap(({ rows }) => rows.flatMap((row) => row.trials.map(({ result }) => result)));
    const failed = trials.filter(({ outcome }) => outcome === "failed");
    return [
      `${seeds.length === 1 ? "1 seed" : `${seeds.length} seeds`} of ${budget} steps; lower scores are better; means with 95 % confidence intervals by Student's t; where they overlap, ranks are shared.`,
      ...(this.complete ? [] : ["It was interrupted: some seeds are missing."]),
      ...(failed[0]
        ? [`${failed.length} of ${trials.length} trainings failed and are left out: ${failed[0].reason}.`]
        : []),
    ].join(" ");
  }

  /** The tables in plain text. */
  toString(): string {
    const tables = this.tables.map(({ title, rows }) => {
      const lines = [head, ...rows];
      const widths = head.map((_, c) => Math.max(...lines.map((cells) => (cells[c] as string).length)));
      const shown = lines.map((cells) =>
        cells
          .map((text, c) => text.padEnd(widths[c] as number))
          .join("  ")
          .trimEnd(),
      );
      return [title, ...shown].join("\n");
    });
    return [...tables, this.note].join("\n\n");
  }
}

/** What the columns of a table are called. */
const head: readonly string[] = ["rank", "activation", "score", "interval", "steps to target", "diverged", "ms a step"];

function titleOf(task: TaskSpec, cell: CellName): string {
  const options = Object.entries(task.options ?? {}).map(([name, value]) => `${name} ${value}`);
  return `${task.name}${options.length > 0 ? ` (${options.join(", ")})` : ""}, ${cell}`;
}

/** A number with so many digits that it can be told from its neighbours. */
function figure(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(1) : value.toPrecision(3);
}

/** A row in the columns of a table. */
function cellsOf(row: ComparisonRow): string[] {
  const { rank, score, stepsToTarget, reached, of, diverged, failed, secondsPerStep, otherRates, learningRate } = row;
  const name = otherRates.length > 0 ? `${row.name} at ${learningRate}` : row.name;
  return [
    rank[0] === rank[1] ? String(rank[0]) : `${rank[0]}–${rank[1]}`,
    name,
    score ? figure(score.mean) : "–",
    score?.interval ? `${figure(score.interval[0])} … ${figure(score.interval[1])}` : "–",
    `${stepsToTarget ?? "–"} (${reached} of ${of})`,
    failed > 0 ? `${diverged} of ${of}, ${failed} failed` : `${diverged} of ${of}`,
    secondsPerStep > 0 ? (secondsPerStep * 1000).toFixed(2) : "–",
  ];
}

/** What is fixed of a group. */
export function groupOf(task: TaskSpec, cell: CellName, rows: readonly ComparisonRow[]): ComparisonGroup {
  const { score, defaults } = taskNamed(task.name);
  const target = task.options?.target ?? defaults.target;
  return { title: titleOf(task, cell), task, cell, scoreName: score, target: target as number, rows };
}
