import { style } from "./style.ts";

/** Names and what they are, in this order. */
export type Rows = readonly (readonly [string, string])[];

/** A page of its own that needs nothing beside itself. `body` is HTML, the rest is text. */
export function page({ title, subtitle, body }: { title: string; subtitle: string; body: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)} – unrolled</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeText(title)}</h1>
<p class="subtitle">${escapeText(subtitle)}</p>
${body}
</main>
</body>
</html>
`;
}

/** The figures that matter most, large. */
export function figures(rows: Rows): string {
  const cards = rows.map(([name, value]) => `<div><dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd></div>`);
  return `<dl class="figures">${cards.join("")}</dl>`;
}

/** A table of names and values. */
export function table(caption: string, rows: Rows): string {
  const lines = rows.map(
    ([name, value]) => `<tr><th scope="row">${escapeText(name)}</th><td>${escapeText(value)}</td></tr>`,
  );
  return `<table><caption>${escapeText(caption)}</caption><tbody>\n${lines.join("\n")}\n</tbody></table>`;
}

/** A table with names above its columns; the first cell of a row is the row's name. An empty caption is left out. */
export function grid(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const top = head.map((name) => `<th scope="col">${escapeText(name)}</th>`).join("");
  const lines = rows.map(([name = "", ...cells]) => {
    return `<tr><th scope="row">${escapeText(name)}</th>${cells.map((text) => `<td>${escapeText(text)}</td>`).join("")}</tr>`;
  });
  const above = caption === "" ? "" : `<caption>${escapeText(caption)}</caption>`;
  return `<div class="wide"><table class="grid">${above}<thead><tr>${top}</tr></thead><tbody>\n${lines.join("\n")}\n</tbody></table></div>`;
}

/** A drawing with what its colours stand for: names of the page's custom properties, and words. */
export function figure(legend: Rows, drawing: string): string {
  const keys = legend.map(
    ([color, name]) => `<span><span class="key" style="background:var(--${color})"></span>${escapeText(name)}</span>`,
  );
  return `<figure><figcaption>${keys.join("")}</figcaption>${drawing}</figure>`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text for HTML; control characters other than line breaks and tabs would not be valid there. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] as string).replace(/[^\P{Cc}\n\t]/gu, "�");
}
