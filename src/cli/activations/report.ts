import type { Comparison, ComparisonGroup } from "../../laboratory/index.ts";
import { count, seconds } from "../format.ts";
import { heatLegend } from "../report/heatMap.ts";
import { escapeText, figures, grid, page, type Rows, table } from "../report/html.ts";
import { drawCurves, drawnRows, hasCurve, type Pen, pensFor } from "./curves.ts";
import { drawGradients } from "./gradients.ts";
import { drawShape, shapeOf } from "./shape.ts";

/** What a report tells besides the comparison. */
export interface ReportFacts {
  readonly seconds: number;
  readonly workers: number;
  readonly build: string;
  /** Which data tasks were made of, where it was not what is built in. */
  readonly data: Rows;
}

/** A comparison as one HTML page that needs nothing beside itself: shapes, tables, learning curves, heat maps. */
export function renderComparison(comparison: Comparison, facts: ReportFacts): string {
  const { groups, standings, settings } = comparison;
  const names = namesIn(groups);
  const pens = pensFor(names);
  const several = groups.length > 1;
  return page({
    title: "Activations compared",
    subtitle: `${listed(names)}, in ${groups.length === 1 ? "one setting" : `${groups.length} settings`}, ${settings.seeds.length === 1 ? "one seed" : `${settings.seeds.length} seeds`} of ${count(settings.budget)} training steps.`,
    body: `${figures(figuresOf(comparison, facts))}
<h2>The functions</h2>
${keyOf([
  ["training", "f", false],
  ["validation", "f′", true],
])}
<div class="several small">${shapesOf(groups, pens)}</div>
${several ? togetherOf(standings) : ""}
${groups.map((group, i) => sectionOf(group, comparison.tables[i]?.rows ?? [], pens)).join("\n")}
<div class="tables">
${table("Settings", settingsOf(comparison, facts))}
</div>
<p class="note">${escapeText(comparison.note)} Weights and batches follow from the seed alone, so that all activations see the same; learning rate, clipping and the size of the network are the same for all${comparison.groups.some(({ rows }) => rows.some(({ otherRates }) => otherRates.length > 0)) ? ", save that each combination's best learning rate counts" : ""}.</p>`,
  });
}

function namesIn(groups: readonly ComparisonGroup[]): string[] {
  return [...new Set(groups.flatMap(({ rows }) => rows.map(({ name }) => name)))];
}

function listed(names: readonly string[]): string {
  if (names.length > 6) return `${names.slice(0, 5).join(", ")} and ${names.length - 5} others`;
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function figuresOf({ groups, standings }: Comparison, facts: ReportFacts): Rows {
  const rows = groups.flatMap((group) => group.rows);
  const trials = rows.reduce((sum, row) => sum + row.trials.length, 0);
  const diverged = rows.reduce((sum, row) => sum + row.diverged, 0);
  return [
    unbeatenOf(standings),
    ["trainings", count(trials)],
    ["diverged", count(diverged)],
    ["time", seconds(facts.seconds)],
  ];
}

/** How activations did over all settings. */
function togetherOf(standings: Comparison["standings"]): string {
  const rows = standings.map(({ name, meanRank, unbeaten, groups }) => [
    name,
    meanRank.toFixed(2),
    `${unbeaten} of ${groups}`,
  ]);
  return `<section class="setting">
<h2>All settings together</h2>
${grid("", ["activation", "mean rank", "none clearly better"], rows)}
<p class="note">The mean rank is the mean over settings of the middle of the places that an activation can have there.</p>
</section>`;
}

/** Who is clearly worse than another nowhere, which may be many; else who does best on the whole. */
function unbeatenOf(standings: Comparison["standings"]): readonly [string, string] {
  const names = standings.filter(({ unbeaten, groups }) => unbeaten === groups).map(({ name }) => name);
  if (names.length === 0) return ["best mean rank", standings[0]?.name ?? "–"];
  const many = names.length > 2 || names.join().length > 24;
  return ["clearly beaten nowhere", many ? `${names.length} of ${standings.length}` : names.join(", ")];
}

/** What lines stand for. */
function keyOf(keys: readonly (readonly [color: string, name: string, dashed: boolean])[]): string {
  const shown = keys.map(([color, name, dashed]) => {
    const line = dashed
      ? `background:repeating-linear-gradient(90deg,var(--${color}) 0 6px,transparent 6px 9px)`
      : `background:var(--${color})`;
    return `<span><span class="key" style="${line}"></span>${escapeText(name)}</span>`;
  });
  return `<figcaption>${shown.join("")}</figcaption>`;
}

function heading(name: string, pen: Pen | undefined): string {
  const dot = pen ? `<span class="key" style="background:var(--${pen.color})"></span>` : "";
  return `<h4>${dot}${escapeText(name)}</h4>`;
}

function shapesOf(groups: readonly ComparisonGroup[], pens: ReadonlyMap<string, Pen>): string {
  const seen = new Map(groups.flatMap(({ rows }) => rows.map((row) => [row.name, row] as const)));
  const drawn = [...seen].map(([name, { activation, parameters }]) => {
    const contender = parameters === undefined ? { activation } : { activation, parameters };
    const shape = shapeOf(contender, [-5, 5], 201);
    return `<figure>${heading(name, pens.get(name))}${drawShape(name, shape, { width: 320, height: 230 })}</figure>`;
  });
  return drawn.join("\n");
}

function sectionOf(
  group: ComparisonGroup,
  rows: readonly (readonly string[])[],
  pens: ReadonlyMap<string, Pen>,
): string {
  const { title, scoreName, target } = group;
  const drawn = drawnRows(group).map(({ name }) => {
    const { color = "ink", dashes } = pens.get(name) ?? {};
    return [color, name, dashes !== undefined] as const;
  });
  const left = group.rows.filter(hasCurve).length - drawn.length;
  return `<section class="setting">
<h2>${escapeText(title)}</h2>
<p class="note">Score: ${escapeText(scoreName)}, lower is better; learned at ${target}.</p>
${grid(
  "",
  ["activation", "rank", "score", "95 % interval", "steps to target", "diverged", "ms a step"],
  rows.map(([rank = "", name = "", ...rest]) => [name, rank, ...rest]),
)}
<div class="several">
<figure>${keyOf(drawn)}${drawCurves(group, "scores", pens)}</figure>
<figure>${keyOf(drawn)}${drawCurves(group, "losses", pens)}</figure>
</div>
<p class="note">First the score of the validation, then the training loss: the median over seeds, in a band from the lowest to the highest. Dashed is the target.${left > 0 ? ` The best ${drawn.length} are drawn, ${left} others are not.` : ""}</p>
${gradientsOf(group, pens)}
${divergedIn(group)}
</section>`;
}

function gradientsOf(group: ComparisonGroup, pens: ReadonlyMap<string, Pen>): string {
  const drawn = drawGradients(group);
  if (!drawn) return "";
  const [low, high] = drawn.range.map((power) => `10${superscript(power)}`) as [string, string];
  const maps = drawn.maps.map(({ name, drawing }) => `<figure>${heading(name, pens.get(name))}${drawing}</figure>`);
  return `${heatLegend("How strongly the loss feels each time step's state, ‖∂L/∂h_t‖:", [`${low} and less`, high])}
<div class="several small">${maps.join("\n")}</div>
<p class="note">The median over seeds of the mean over a batch. Where the lower edge has the colours of the scale's beginning, gradients vanish before they reach the beginning of the sequence.</p>`;
}

function superscript(power: number): string {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  return [...String(power)].map((sign) => (sign === "-" ? "⁻" : digits[Number(sign)])).join("");
}

/** Why trainings diverged, a reason for each activation. */
function divergedIn({ rows }: ComparisonGroup): string {
  const reasons = rows.flatMap(({ name, trials, diverged, failed }) => {
    const found = trials.find(({ result }) => result.reason !== "");
    return found ? [[name, `${diverged + failed} of ${trials.length}`, found.result.reason]] : [];
  });
  return reasons.length === 0
    ? ""
    : `<div class="reasons">${grid("What diverged", ["activation", "seeds", "for example"], reasons)}</div>`;
}

function settingsOf({ settings, groups, complete }: Comparison, { workers, build, data }: ReportFacts): Rows {
  const rates = [...new Set(groups.flatMap(({ rows }) => rows.map(({ learningRate }) => learningRate)))];
  return [
    ["seeds", settings.seeds.join(", ")],
    ["training steps of each", count(settings.budget)],
    ["optimizer", `Adam, learning rate ${rates.join(", ")}`],
    ...data,
    ["workers", String(workers)],
    ["build", build],
    ["complete", complete ? "yes" : "no, it was interrupted"],
  ];
}
