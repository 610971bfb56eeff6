/** What the command prints. */
import Table from "cli-table3";
import { type Comparison, compare, type Ratio, ratioText, summaryOf } from "./comparison.ts";
import type { Ceiling } from "./limit.ts";
import type { Implementation, Row } from "./measurement.ts";
import { percent, rounded, spreadText, titleOf, withFigures } from "./table.ts";

const style = { head: [], border: [], compact: true };

function cellText({ median, shareOfCeiling, spread }: Row): string {
  if (median === null) return "—";
  return `${rounded(median)}\n${percent(shareOfCeiling ?? 0)} ${spreadText(spread)}`;
}

/** One workload: a line a case, a column an implementation that has figures; median, share of the ceiling, half the spread in percent. */
export function tableOf(implementations: readonly Implementation[], rows: readonly Row[]): string {
  const [shown, lines] = withFigures(rows, implementations);
  const table = new Table({
    head: [rows[0].workload, "unit", ...shown.map((implementation) => titleOf(implementation).replace(", ", "\n"))],
    colAligns: ["left", "left", ...shown.map(() => "right" as const)],
    style,
  });
  lines.forEach((line, l) => {
    const { case: name, unit } = rows[l * implementations.length];
    table.push([name, unit, ...line.map(cellText)]);
  });
  return table.toString();
}

function comparisonTable(comparisons: readonly Comparison[]): string {
  const table = new Table({
    head: [
      "unrolled",
      "median",
      "of the\nceiling",
      "against the best\nJavaScript/WASM",
      "against\nPyTorch",
      "ORT native",
    ],
    colAligns: ["left", "right", "right", "left", "right", "right"],
    style,
  });
  const text = (ratio?: Ratio) => (ratio ? ratioText(ratio.ratio) : "—");
  for (const { workload, case: name, threads, median, unit, shareOfCeiling, ...against } of comparisons) {
    const { portable, pytorch, native } = against;
    table.push([
      `${workload}, ${name}${threads > 1 ? `, ${threads} threads` : ""}`,
      `${rounded(median)} ${unit}`,
      percent(shareOfCeiling),
      portable ? `${ratioText(portable.ratio)} ${portable.title}` : "—",
      text(pytorch),
      text(native),
    ]);
  }
  return table.toString();
}

/** Tables by workload, what the dashes mean, and who is faster. */
export function print(rows: readonly Row[], implementations: readonly Implementation[], ceiling: Ceiling): void {
  for (const workload of new Set(rows.map((row) => row.workload)))
    console.log(
      tableOf(
        implementations,
        rows.filter((row) => row.workload === workload),
      ),
    );
  const vectors = `${ceiling.gigaflops.toFixed(1)} GFLOP/s, ${ceiling.measuredBy}`;
  console.log(`Each cell: median, share of the ceiling (${vectors}), ± half the spread in percent.`);
  const remarks = rows.flatMap(({ implementation, workload, note, reason }) => {
    const text = reason ? `— ${reason}` : note;
    return text ? [`${implementation}, ${workload}: ${text}`] : [];
  });
  for (const remark of new Set(remarks)) console.log(remark);
  const comparisons = compare(rows, implementations);
  if (comparisons.length === 0) return;
  console.log(comparisonTable(comparisons));
  for (const line of summaryOf(comparisons)) console.log(line);
}
