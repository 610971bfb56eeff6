/** What a visitor brings to learn from. */
import { LineChart } from "../charts/lineChart.ts";
import { sampleSeries } from "../samples/series.ts";
import { sampleText } from "../samples/text.ts";
import type { Material } from "../worker/setup.ts";
import { element, show } from "./elements.ts";
import { looksLikeTable, MaterialError, type Table, tableOf, textOf } from "./files.ts";
import { text } from "./language.ts";

/** Fewer characters than this teach nothing. */
const LEAST_TEXT = 500;

const field = element<HTMLTextAreaElement>("text");
const column = element<HTMLSelectElement>("column");
const drop = element("drop");
const file = element<HTMLInputElement>("file");
const chart = new LineChart(element("series-chart"), { lines: [{ color: "--accent", width: 1.5 }], height: 140 });

let table: Table = { columns: [{ name: "MW", values: sampleSeries(), filled: 0 }] };

export function kindChosen(): Material["kind"] {
  return document.querySelector<HTMLInputElement>('input[name="kind"]:checked')?.value === "series" ? "series" : "text";
}

/**
 * What is to be learned from, in `window` steps.
 * @throws {MaterialError} when it is too little.
 */
export function materialChosen(window: number): Material {
  if (kindChosen() === "text") {
    const size = field.value.length;
    const least = Math.max(LEAST_TEXT, window * 12);
    if (size < least) throw new MaterialError("tooShort", { size, least });
    return { kind: "text", text: field.value };
  }
  const { values } = table.columns[column.selectedIndex] ?? (table.columns[0] as Table["columns"][number]);
  if (values.length < window * 6) throw new MaterialError("tooShortSeries", { size: values.length, window });
  return { kind: "series", values };
}

function note(content: string, wrong = false): void {
  show("material-note", content);
  element("material-note").classList.toggle("wrong", wrong);
}

function showSeries(): void {
  const { values } = table.columns[column.selectedIndex] ?? (table.columns[0] as Table["columns"][number]);
  const stride = Math.ceil(values.length / 1000);
  const shown = values.filter((_, i) => i % stride === 0);
  chart.show([Float32Array.from(shown, (_, i) => i * stride), shown]);
}

function showTable(next: Table): void {
  table = next;
  column.replaceChildren(...next.columns.map(({ name }, i) => new Option(name, String(i))));
  showSeries();
}

/** Shows what belongs to the kind that is chosen. */
function showKind(): void {
  const series = kindChosen() === "series";
  element("text-field").hidden = series;
  element("series-field").hidden = !series;
  for (const card of document.querySelectorAll<HTMLElement>(".of-text")) card.hidden = series;
  for (const card of document.querySelectorAll<HTMLElement>(".of-series")) card.hidden = !series;
  element("loss-hint").dataset.text = series ? "lossSeries" : "lossText";
  element("speed-name").dataset.text = series ? "speedSeries" : "speed";
  show("loss-hint", text(series ? "lossSeries" : "lossText"));
  show("speed-name", text(series ? "speedSeries" : "speed"));
  if (series) showSeries();
}

export function chooseKind(kind: Material["kind"]): void {
  const radio = document.querySelector<HTMLInputElement>(`input[name="kind"][value="${kind}"]`);
  if (radio) radio.checked = true;
  showKind();
}

async function take(chosen: File): Promise<void> {
  try {
    const { text: content, encoding } = await textOf(chosen);
    if (looksLikeTable(chosen.name, content)) {
      const next = tableOf(content);
      chooseKind("series");
      showTable(next);
      const { values, filled } = next.columns[0] as Table["columns"][number];
      note(text("readTable", { name: chosen.name, rows: values.length, filled }));
      return;
    }
    field.value = content;
    chooseKind("text");
    const details = { name: chosen.name, size: content.length, encoding: encoding ?? "" };
    note(text(encoding ? "readFileEncoding" : "readFile", details));
  } catch (error) {
    if (!(error instanceof MaterialError)) throw error;
    note(text(error.message as "empty", error.details), true);
  }
}

/** Takes files that are dropped or chosen, and samples. @param changed is told when something else is to be learned. */
export function startMaterial(changed: () => void): void {
  const taking = (chosen: File | undefined): void => {
    if (chosen) take(chosen).then(changed);
  };
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    taking(event.dataTransfer?.files[0]);
  });
  element("choose").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    taking(file.files?.[0]);
    file.value = "";
  });
  element("sample").addEventListener("click", () => {
    if (kindChosen() === "text") field.value = sampleText;
    else showTable({ columns: [{ name: "MW", values: sampleSeries(), filled: 0 }] });
    note("");
    changed();
  });
  for (const radio of document.querySelectorAll('input[name="kind"]')) radio.addEventListener("change", showKind);
  column.addEventListener("change", showSeries);
  field.value = sampleText;
  showTable(table);
  showKind();
}
