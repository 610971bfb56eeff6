import { style } from "../../src/cli/report/style.ts";
import { renderTraces, type Trace } from "./chart.ts";
import { type Growth, type MemoryGrowth, remarks } from "./growth.ts";
import { base, kinds, SYMBOLS, type Variable, variables } from "./sweeps.ts";
import { curveOf, deviationText, duration, formula } from "./table.ts";

/** Everything about one measurement, as the JSON file has it. */
export interface GrowthRecord {
  readonly machine: { readonly node: string; readonly platform: string; readonly arch: string; readonly cpu?: string };
  readonly seconds: number;
  readonly turns: number;
  readonly time: readonly Growth[];
  readonly memory: readonly MemoryGrowth[];
}

const dress = `
:root { --LSTM: #d0562b; --GRU: #2563b8; --RNN: #4b8f3f; }
@media (prefers-color-scheme: dark) { :root { --LSTM: #f28b5e; --GRU: #6fa8f5; --RNN: #86c779; } }
main { max-width: 72rem; }
.cases { display: grid; grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); gap: 0.9rem; }
.fits { margin-top: 0.9rem; overflow-x: auto; }
.fits table { font-size: 0.85rem; }
.fits tbody th { color: var(--ink); }
.fits td, .fits thead th { padding-left: 1.1rem; padding-right: 0; text-align: right; white-space: nowrap; }
.remark { max-width: 50rem; color: var(--quiet); }
.dot { display: inline-block; width: 0.7rem; height: 0.7rem; margin-right: 0.45rem; border-radius: 50%; }
`;

const names: Readonly<Record<Variable, string>> = {
  T: "Time steps, T",
  B: "Sequences in a batch, B",
  H: "Hidden units, H",
  layers: "Layers, L",
};

function escapeText(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

function key(cell: string): string {
  return `<span><span class="dot" style="background:var(--${cell})"></span>${cell}</span>`;
}

function timeFigure(variable: Variable, growths: readonly Growth[]): string {
  const traces = growths.map(
    (growth): Trace => ({
      color: `--${growth.cell}`,
      points: growth.points.map(({ size, cost }) => [size, cost * 1e3]),
      line: curveOf(growth).map(([size, cost]) => [size, cost * 1e3]),
    }),
  );
  const [{ kind }] = growths;
  const axes = { x: variable === "layers" ? "L" : variable, y: "ms", logarithmic: variable !== "layers" };
  const drawing = renderTraces(`Milliseconds of a ${kind} over ${variable}`, axes, traces);
  return `<figure><figcaption><b>${kind}</b>${growths.map(({ cell }) => key(cell)).join("")}</figcaption>${drawing}</figure>`;
}

function fitLines(growths: readonly Growth[]): string {
  const head = ["", "", "exponent", "fit", "R²", "furthest off", "from", "to"];
  const rows = growths.map((growth) => {
    const { cell, kind, powerLaw, polynomial, points } = growth;
    const cells = [
      kind,
      powerLaw.exponent.toFixed(2),
      formula(growth),
      polynomial.rSquared.toFixed(4),
      deviationText(growth),
      duration(points[0].cost),
      duration(points[points.length - 1].cost),
    ];
    return `<tr><th scope="row">${cell}</th>${cells.map((text) => `<td>${escapeText(text)}</td>`).join("")}</tr>`;
  });
  return `<div class="fits"><table><thead><tr>${head.map((text) => `<th>${text}</th>`).join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
}

function timeSection(variable: Variable, time: readonly Growth[]): string {
  const own = time.filter((growth) => growth.variable === variable);
  if (own.length === 0) return "";
  const figures = kinds.map((kind) => own.filter((growth) => growth.kind === kind)).filter((some) => some.length > 0);
  return `<h2>${names[variable]}</h2>
<div class="cases">${figures.map((some) => timeFigure(variable, some)).join("\n")}</div>
${fitLines(own)}
<p class="remark">${escapeText(remarks[variable])}</p>`;
}

function memorySection(memory: readonly MemoryGrowth[]): string {
  if (memory.length === 0) return "";
  const traces = memory.map(
    ({ cell, points }): Trace => ({
      color: `--${cell}`,
      points: points.map(({ size, reserved }) => [size, reserved / 1e6]),
      line: points.map(({ size, documented }) => [size, documented / 1e6]),
    }),
  );
  const drawing = renderTraces("Megabytes of a training step over T", { x: "T", y: "MB", logarithmic: false }, traces);
  return `<h2>Memory of a training step</h2>
<div class="cases"><figure><figcaption>${memory.map(({ cell }) => key(cell)).join("")}</figcaption>${drawing}</figure></div>
<p class="remark">Lines: what is documented, 4 bytes × T·B positions × (7H, 6H or 3H, and E + 2C + 3). Points: what the
engine has in reserve after three steps; it takes memory in pieces of at least 1 MB and half of what it has, and holds
the room that products work in as well.</p>`;
}

/** One HTML page that needs nothing beside itself: charts, fits, and why points lie off them. */
export function renderReport({ machine, turns, time, memory }: GrowthRecord): string {
  const { T, B, H, layers } = base;
  const about =
    `${machine.cpu ?? machine.arch}, Node ${machine.node}. Embedding ${SYMBOLS} × ${SYMBOLS}, recurrent layer, linear layer, cross-entropy, ` +
    `Adam; T = ${T}, B = ${B}, H = ${H}, L = ${layers} except for what is varied. Points: median times of a step, the least of ${turns} turns. Lines: least ` +
    "squares of relative errors, linear in T, B and L, quadratic in H. Logarithmic axes, save for layers.";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>How the cost of unrolled grows</title>
<style>${style}${dress}</style>
</head>
<body>
<main>
<h1>How the cost grows</h1>
<p class="subtitle">${escapeText(about)}</p>
${variables.map((variable) => timeSection(variable, time)).join("\n")}
${memorySection(memory)}
</main>
</body>
</html>
`;
}
