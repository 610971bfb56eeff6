import type { SearchResult } from "../../laboratory/index.ts";
import { count, seconds } from "../format.ts";
import { drawLines } from "../report/drawing.ts";
import { escapeText, figures, grid, page, type Rows, table } from "../report/html.ts";
import { drawShape, shapeOf } from "./shape.ts";

/** What a report tells besides the result. */
export interface SearchReportFacts {
  readonly workers: number;
  readonly build: string;
  readonly data: Rows;
}

/** How many of the ranking are shown. */
const MOST = 12;

const filterWords = {
  noValue: "no finite value somewhere from −8 to 8",
  flat: "flat from −3 to 3",
  far: "beyond ±100 from −8 to 8",
  steep: "a slope beyond ±10 from −5 to 5",
  vanishing: "gradients vanish at initialisation",
  exploding: "gradients explode at initialisation",
  known: "the same function in other words",
} as const;

/** A search as one HTML page that needs nothing beside itself. */
export function renderSearch(result: SearchResult, facts: SearchReportFacts): string {
  const { facts: found, table: finalists } = result;
  const { settings, spent } = found;
  return page({
    title: "Search for an activation",
    subtitle: `${settings.task.name}, ${settings.cell}: ${result.verdict}`,
    body: `${figures([
      ["functions looked at", count(found.seen)],
      ["trained", count(found.ranking.length)],
      ["trainings", count(spent.trials)],
      ["time", seconds(spent.seconds)],
    ])}
${finalists.rows.length > 0 ? `<section class="setting"><h2>Confirmed with fresh seeds</h2>${grid("", finalists.head, finalists.rows)}</section>` : ""}
<p class="note">${escapeText(result.note)}</p>
<h2>The functions</h2>
<p class="note">f, and dashed f′.</p>
<div class="several small">${shapesOf(result)}</div>
<h2>The course of the search</h2>
${courseOf(result)}
<p class="note">The best score of a training of full length so far, with the one seed that the search uses: the lower of many are partly luck, which is why the best are confirmed with others.</p>
<div class="tables">
${table("Settings", settingsOf(result, facts))}
${table("Kept back before training", keptOf(result))}
</div>
<section class="setting"><h2>The best of the search</h2>
${grid("", ["activation", "steps", "score"], rankingOf(result))}</section>`,
  });
}

function shapesOf({ facts: { finalists, settings } }: SearchResult): string {
  const shown = finalists.map((one, i) => [`${i + 1}`, one] as const);
  const all = [...shown, ["reference", settings.reference] as const];
  return all
    .map(([place, { activation, parameters }]) => {
      const contender = parameters === undefined ? { activation } : { activation, parameters };
      const drawn = drawShape(activation, shapeOf(contender, [-5, 5], 201), { width: 320, height: 230 });
      return `<figure><h4>${escapeText(`${place}: ${activation}`)}</h4>${drawn}</figure>`;
    })
    .join("\n");
}

function courseOf({ facts: { generations } }: SearchResult): string {
  const points = generations.flatMap(({ steps, best }) => (best === null ? [] : [[steps, best] as const]));
  if (points.length < 2) return "<p>There are too few generations to be drawn.</p>";
  const drawn = drawLines({
    label: "The best score so far over training steps",
    x: { name: "training steps of all trainings", format: (value) => value.toLocaleString("en-US") },
    y: { name: "best score" },
    lines: [{ points, color: "training", width: 2 }],
  });
  return `<figure>${drawn}</figure>`;
}

function settingsOf(
  { facts: { settings, complete } }: SearchResult,
  { workers, build, data }: SearchReportFacts,
): Rows {
  const options = Object.entries(settings.task.options ?? {}).map(([name, value]) => `${name} ${value}`);
  const { budget } = settings;
  return [
    ["task", [settings.task.name, ...options].join(", ")],
    ["cell", settings.cell],
    ["budget", "steps" in budget ? `${count(budget.steps)} training steps` : seconds(budget.seconds)],
    ["seed", String(settings.seed)],
    ["steps of a training of full length", count(settings.trialSteps)],
    ...data,
    ["workers", String(workers)],
    ["build", build],
    ["complete", complete ? "yes" : "no, it was interrupted"],
  ];
}

function keptOf({ facts: { kept } }: SearchResult): Rows {
  return Object.entries(filterWords).map(([name, words]) => [words, count(kept[name as keyof typeof filterWords])]);
}

function rankingOf({ facts: { ranking } }: SearchResult): string[][] {
  return ranking
    .slice(0, MOST)
    .map(({ name, steps, score }) => [name, count(steps), score === null ? "diverged" : score.toPrecision(3)]);
}
