import { style } from "../../src/cli/report/style.ts";
import { renderBars } from "./chart.ts";
import { type Comparison, compare, LEVEL, type Ratio, ratioText, summaryOf } from "./comparison.ts";
import type { Implementation, Row } from "./measurement.ts";
import { linesOf, percent, rounded, spreadText, titleOf, withFigures } from "./table.ts";

/** Everything about one measurement, as the JSON file has it. */
export interface Record {
  readonly machine: {
    /** What ran it: a Node.js or a browser, with its version. */
    readonly host: string;
    readonly platform: string;
    readonly arch?: string;
    readonly cpu?: string;
    readonly cores: number;
  };
  readonly versions: Readonly<globalThis.Record<string, string>>;
  readonly ceiling: { readonly measuredBy: string; readonly gigaflops: number };
  readonly turns: number;
  readonly seconds: number;
  readonly rows: readonly Row[];
}

const dress = `
:root { --ours: #d0562b; --script: #5b8fd6; --native: #8b95a1; --won: #1f7a4d; --lost: #b3372f; }
@media (prefers-color-scheme: dark) {
  :root { --ours: #f28b5e; --script: #6fa8f5; --native: #7b8591; --won: #6fcf97; --lost: #ff8f85; }
}
main { max-width: 72rem; }
.cases { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: 0.9rem; }
.cases figcaption { color: var(--ink); font-weight: 600; }
.tables { align-items: start; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); }
.tables th { white-space: normal; }
.summary { padding-left: 1.2rem; }
.summary li { margin: 0.4rem 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
.wide td, .wide th { padding: 0.38rem 0.7rem 0.38rem 0; white-space: nowrap; }
.wide tbody th { white-space: normal; min-width: 8.5rem; }
.wide thead th { text-align: right; vertical-align: bottom; }
.wide thead th:first-child { text-align: left; }
.wide small { display: block; color: var(--quiet); }
.best { font-weight: 700; }
.won { color: var(--won); }
.lost { color: var(--lost); font-weight: 600; }
details { margin-top: 0.9rem; }
summary { cursor: pointer; color: var(--quiet); }
`;

export function escapeText(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

function colorOf({ peer }: Implementation): string {
  if (peer.own) return "--ours";
  return peer.native ? "--native" : "--script";
}

function figure(rows: readonly Row[], implementations: readonly Implementation[]): string {
  const bars = rows.flatMap(({ median, shareOfCeiling }, i) =>
    median === null
      ? []
      : [
          {
            title: titleOf(implementations[i]),
            value: median,
            shareOfCeiling: shareOfCeiling ?? 0,
            color: colorOf(implementations[i]),
          },
        ],
  );
  const { case: name, unit } = rows[0];
  const drawing = bars.length > 0 ? renderBars(escapeText(name), unit, bars) : "<p>No figures.</p>";
  return `<figure><figcaption>${escapeText(name)}</figcaption>${drawing}</figure>`;
}

function tableHtml(head: readonly string[], lines: readonly string[]): string {
  const cells = head.map((title) => `<th scope="col">${title}</th>`).join("");
  return `<div class="wide" role="region" aria-label="Figures" tabindex="0"><table><thead><tr>${cells}</tr></thead><tbody>${lines.join("\n")}</tbody></table></div>`;
}

function ratioCell(ratio: Ratio | undefined, named: boolean): string {
  if (!ratio) return "<td>—</td>";
  const name = named ? `<small>${escapeText(ratio.title)}</small>` : "";
  const outcome = ratio.ratio < 1 - LEVEL ? "lost" : ratio.ratio > 1 + LEVEL ? "won" : "level";
  return `<td class="${outcome}">${ratioText(ratio.ratio)}${name}</td>`;
}

/** Every case of this library beside its best opponents, the losses as plain as the wins. */
function comparisonHtml(comparisons: readonly Comparison[]): string {
  const native = comparisons.some((comparison) => comparison.pytorch ?? comparison.native);
  const head = ["", "unrolled", "of the ceiling", "best JavaScript/WASM", ...(native ? ["PyTorch", "ORT native"] : [])];
  const lines = comparisons.map(({ workload, case: name, threads, median, unit, shareOfCeiling, ...against }) => {
    const title = `${workload}, ${name}${threads > 1 ? `, ${threads} threads` : ""}`;
    const own = `<td>${rounded(median)} ${unit}</td><td>${percent(shareOfCeiling)}</td>`;
    const others = native ? ratioCell(against.pytorch, false) + ratioCell(against.native, false) : "";
    return `<tr><th scope="row">${escapeText(title)}</th>${own}${ratioCell(against.portable, true)}${others}</tr>`;
  });
  return tableHtml(head, lines);
}

/** Each time over this library's, as many times as slow or as fast. */
function inShort(rows: readonly Row[], implementations: readonly Implementation[]): string {
  const comparisons = compare(rows, implementations);
  if (comparisons.length === 0) return "";
  const lines = summaryOf(comparisons).map((line) => `<li>${escapeText(line)}</li>`);
  return (
    `<h2>In short</h2><ul class="summary">${lines.join("\n")}</ul>` +
    "<p>× is the other's time over this library's: above 1 this library is faster, below 1 the other one is.</p>" +
    `<details open><summary>Case by case</summary>${comparisonHtml(comparisons)}</details>`
  );
}

function figuresTable(rows: readonly Row[], implementations: readonly Implementation[]): string {
  const [shown, figures] = withFigures(rows, implementations);
  const lines = figures.map((line, l) => {
    const best = Math.min(...line.map(({ median }) => median ?? Number.POSITIVE_INFINITY));
    const cells = line.map(({ median, shareOfCeiling, spread }) => {
      if (median === null) return "<td>—</td>";
      const share = `<small>${percent(shareOfCeiling ?? 0)} ${spreadText(spread)}</small>`;
      return `<td${median === best ? ' class="best"' : ""}>${rounded(median)}${share}</td>`;
    });
    const { case: name, unit } = rows[l * implementations.length];
    return `<tr><th scope="row">${escapeText(name)}, ${unit}</th>${cells.join("")}</tr>`;
  });
  const titles = shown.map((implementation) => escapeText(titleOf(implementation)));
  return `<details><summary>Figures</summary>${tableHtml(["", ...titles], lines)}</details>`;
}

function definitions(caption: string, entries: readonly (readonly [string, string])[]): string {
  if (entries.length === 0) return "";
  const lines = entries.map(
    ([name, value]) => `<tr><th scope="row">${escapeText(name)}</th><td>${escapeText(value)}</td></tr>`,
  );
  return `<table><caption>${caption}</caption><tbody>${lines.join("\n")}</tbody></table>`;
}

/** Reasons and notes, each once with the number of cases that it concerns. */
function remarks(rows: readonly Row[], pick: (row: Row) => string | undefined): [string, string][] {
  const counts = new Map<string, [string, string, number]>();
  for (const row of rows) {
    const text = pick(row);
    if (!text) continue;
    const key = JSON.stringify([row.implementation, row.workload, text]);
    const known = counts.get(key);
    if (known) known[2]++;
    else counts.set(key, [`${row.implementation}, ${row.workload}`, text, 1]);
  }
  return [...counts.values()].map(([name, text, count]) => [name, count === 1 ? text : `${text} (${count} cases)`]);
}

/** Everything but the frame of the page: who is faster, bars and figures for each case, versions, what is missing. */
export function renderSections(record: Record, implementations: readonly Implementation[]): string {
  const { machine, ceiling, rows, versions, turns } = record;
  const workloads = [...new Set(rows.map(({ workload }) => workload))];
  const sections = workloads.map((workload) => {
    const own = rows.filter((row) => row.workload === workload);
    const figures = linesOf(own, implementations.length).map((line) => figure(line, implementations));
    const table = figuresTable(own, implementations);
    return `<h2>${escapeText(workload)}</h2><div class="cases">${figures.join("\n")}</div>${table}`;
  });
  const about =
    `${machine.cpu ?? `${machine.cores} cores`}, ${machine.host}. Median of ${turns} interleaved ` +
    `${turns === 1 ? "turn" : "turns"}, each where nothing else lives; shorter is faster, bars are logarithmic. ` +
    "Percentages are shares of what one core can do with 128-bit " +
    `vectors (${ceiling.gigaflops.toFixed(1)} GFLOP/s, measured in ${ceiling.measuredBy}); wider vectors and further ` +
    "threads can pass 100 %. ± is half the spread between the turns, in percent.";
  return `<p class="subtitle">${escapeText(about)}</p>
${inShort(rows, implementations)}
${sections.join("\n")}
<div class="tables">
${definitions("Versions", Object.entries(versions))}
${definitions(
  "Notes",
  remarks(rows, ({ note }) => note),
)}
${definitions(
  "No figure",
  remarks(rows, ({ reason }) => reason),
)}
</div>`;
}

/** What the sections are dressed in. */
export const reportStyle = style + dress;

/** One HTML page that needs nothing beside itself. */
export function renderReport(record: Record, implementations: readonly Implementation[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>unrolled beside its peers</title>
<style>${reportStyle}</style>
</head>
<body>
<main>
<h1>unrolled beside its peers</h1>
${renderSections(record, implementations)}
</main>
</body>
</html>
`;
}
