import { type Contender, nameOf } from "../compare/row.ts";
import type { Estimate } from "../compare/statistics.ts";
import { taskNamed } from "../tasks/registry.ts";
import type { CellName, TaskSpec } from "../trial.ts";
import type { Finalist } from "./confirm.ts";
import type { SearchClock } from "./trials.ts";
import type { FilterName } from "./vet.ts";

/** What a search was asked, as data. */
export interface SearchSettings {
  readonly task: TaskSpec;
  readonly cell: CellName;
  readonly budget: { readonly steps: number } | { readonly seconds: number };
  readonly seed: number;
  readonly trialSteps: number;
  readonly reference: Contender;
}

/** One that was trained in the search. */
export interface Ranked extends Contender {
  readonly name: string;
  /** The steps of its longest trial. */
  readonly steps: number;
  /** The score of that; null when it diverged. */
  readonly score: number | null;
}

/** A generation that is over. */
export interface Generation {
  /** How many functions were trained. */
  readonly size: number;
  /** How many of their trials diverged. */
  readonly diverged: number;
  /** The best score of a trial of full length so far. */
  readonly best: number | null;
  /** Training steps done when it was over. */
  readonly steps: number;
}

/** What a search has found. */
export interface SearchFacts {
  readonly settings: SearchSettings;
  /** Whether it went through to the confirmation. */
  readonly complete: boolean;
  readonly spent: SearchClock;
  /** How many functions were looked at, and how many each filter kept back. */
  readonly seen: number;
  readonly kept: Readonly<Record<FilterName, number>>;
  readonly generations: readonly Generation[];
  /** All that were trained, the best first. */
  readonly ranking: readonly Ranked[];
  /** The best, confirmed with fresh seeds, the best first; empty when it is not complete. */
  readonly finalists: readonly Finalist[];
  /** The reference with the same seeds; null when it is not complete. */
  readonly reference: { readonly scores: readonly (number | null)[]; readonly score: Estimate | null } | null;
}

const head = ["activation", "score", "minus the reference's", "interval", "diverged", "verdict"];

/** Longer names are cut in plain text. */
const LONGEST = 72;
const shortened = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

const figure = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(1) : value.toPrecision(3);
const signed = (value: number): string => `${value > 0 ? "+" : value < 0 ? "−" : ""}${figure(Math.abs(value))}`;

/** What `searchActivation` found. `String(result)` is a table, `JSON.stringify(result)` everything. */
export class SearchResult {
  readonly facts: SearchFacts;

  /** @internal */
  constructor(facts: SearchFacts) {
    this.facts = facts;
  }

  /** The best of the finalists; null when the search was interrupted. */
  get best(): Finalist | null {
    return this.facts.finalists[0] ?? null;
  }

  /** Everything as plain data. */
  toJSON(): object {
    return { format: "unrolled search", version: 1, ...this.facts };
  }

  /** What came of it, in a sentence. */
  get verdict(): string {
    const { best, facts } = this;
    const reference = nameOf(facts.settings.reference);
    if (facts.complete && !best) return `Nothing to compare with ${reference} was found: every function diverged.`;
    if (!best) return `The search was interrupted: nothing is confirmed yet, and nothing is said against ${reference}.`;
    const interval = best.difference?.interval;
    const told = interval ? ` (difference ${signed(interval[0])} … ${signed(interval[1])})` : "";
    if (best.verdict === "better") return `${nameOf(best)} is better than ${reference}${told}.`;
    if (best.verdict === "worse") return `Nothing better than ${reference} was found; the best is worse${told}.`;
    return `Nothing was shown to be better than ${reference}; the best is ${nameOf(best)}${told}.`;
  }

  /** The finalists as a table, the reference last. */
  get table(): { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] } {
    const { finalists, reference, settings } = this.facts;
    const rows = finalists.map((one) => [
      nameOf(one),
      one.score ? figure(one.score.mean) : "–",
      one.difference ? signed(one.difference.mean) : "–",
      one.difference?.interval ? one.difference.interval.map(signed).join(" … ") : "–",
      `${one.diverged} of ${one.scores.length}`,
      one.verdict,
    ]);
    const scores = reference?.scores ?? [];
    const diverged = scores.filter((score) => score === null).length;
    const last = [
      nameOf(settings.reference),
      reference?.score ? figure(reference.score.mean) : "–",
      "",
      "",
      `${diverged} of ${scores.length}`,
      "reference",
    ];
    return { head, rows: finalists.length > 0 ? [...rows, last] : [] };
  }

  /** What has to be known to read the table. */
  get note(): string {
    const { settings, spent, seen, ranking, generations, finalists } = this.facts;
    const { score } = taskNamed(settings.task.name);
    const looked = `${seen} functions were looked at and ${ranking.length} of them trained in ${generations.length} generations`;
    const whole = `${spent.trials} trainings, ${spent.steps} steps`;
    const seeds = finalists[0]?.scores.length ?? 0;
    return [
      `Score: ${score}, lower is better. ${looked} (${whole}).`,
      ...(seeds > 0
        ? [
            `Scores are of ${seeds} fresh seeds of ${settings.trialSteps} steps; differences are seed by seed, their intervals hold together with 95 % confidence.`,
          ]
        : []),
    ].join(" ");
  }

  /** The table in plain text. */
  toString(): string {
    const { rows } = this.table;
    const lines = rows.length > 0 ? [head, ...rows].map((cells) => cells.map(shortened)) : [];
    const widths = head.map((_, c) => Math.max(0, ...lines.map((cells) => (cells[c] as string).length)));
    const shown = lines.map((cells) =>
      cells
        .map((text, c) => text.padEnd(widths[c] as number))
        .join("  ")
        .trimEnd(),
    );
    return [...(shown.length > 0 ? [shown.join("\n")] : []), this.verdict, this.note].join("\n\n");
  }
}
