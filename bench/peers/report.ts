import { style } from "../../src/cli/report/style.ts";
import { renderBars } from "./chart.ts";
import type { Implementation, Row } from "./measurement.ts";
import { titleOf } from "./table.ts";

/** Everything about one measurement, as the JSON file has it. */
export interface Record {
  readonly machine: { readonly node: string; readonly platform: string; readonly arch: string; readonly cpu?: string };
  readonly versions: Readonly<globalThis.Record<string, string>>;
  readonly ceiling: { readonly measuredBy: string; readonly gigaflops: number };
  readonly turns: number;
  readonly seconds: number;
  readonly rows: readonly Row[];
}

const dress = `
:root { --ours: #d0562b; --script: #5b8fd6; --native: #8b95a1; }
@media (prefers-color-scheme: dark) { :root { --ours: #f28b5e; --script: #6fa8f5; --native: #7b8591; } }
main { max-width: 72rem; }
.cases { display: grid; grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); gap: 0.9rem; }
figcaption { color: var(--ink); font-weight: 600; }
`;

function escapeText(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

function colorOf({ peer }: Implementation): string {
  if (peer.name === "unrolled") return "--ours";
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

function groups<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: values.length / size }, (_, i) => values.slice(i * size, (i + 1) * size));
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

/** One HTML page that needs nothing beside itself: bars for each case, versions, and why figures are missing. */
export function renderReport(record: Record, implementations: readonly Implementation[]): string {
  const { machine, ceiling, rows, versions, turns } = record;
  const workloads = [...new Set(rows.map(({ workload }) => workload))];
  const sections = workloads.map((workload) => {
    const lines = groups(
      rows.filter((row) => row.workload === workload),
      implementations.length,
    );
    const figures = lines.map((line) => figure(line, implementations));
    return `<h2>${escapeText(workload)}</h2><div class="cases">${figures.join("\n")}</div>`;
  });
  const about =
    `${machine.cpu ?? machine.arch}, Node ${machine.node}. Median of ${turns} interleaved turns, each in a process of ` +
    "its own; shorter is faster, bars are logarithmic. Percentages are shares of what one core can do with 128-bit " +
    `vectors (${ceiling.gigaflops.toFixed(1)} GFLOP/s, measured in ${ceiling.measuredBy}); native code with wider ` +
    "vectors can pass 100 %.";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>unrolled beside its peers</title>
<style>${style}${dress}</style>
</head>
<body>
<main>
<h1>unrolled beside its peers</h1>
<p class="subtitle">${escapeText(about)}</p>
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
</div>
</main>
</body>
</html>
`;
}
