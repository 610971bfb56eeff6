/** The comparison in a page: what to measure, how far it is, and the same report as the command writes. */
import { versions } from "virtual:peers";
import { isSelected } from "../../suite.ts";
import { type Ceiling, probesOf } from "../limit.ts";
import type { Implementation } from "../measurement.ts";
import { peers } from "../peers.ts";
import { type Record, renderReport, renderSections, reportStyle } from "../report.ts";
import { Session } from "../session.ts";
import { type Case, cases } from "../workloads.ts";
import { measureCeiling, takeTurn } from "./workers.ts";
import "./style.css";

function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found as T;
}

const start = element<HTMLButtonElement>("start");
const stop = element<HTMLButtonElement>("stop");
const saves = { json: element<HTMLButtonElement>("json"), html: element<HTMLButtonElement>("html") };
const fields = Object.fromEntries(
  ["only", "threads", "turns", "seconds"].map((id) => [id, element<HTMLInputElement | HTMLSelectElement>(id)]),
);
const progress = element<HTMLProgressElement>("progress");
const here = peers.filter((peer) => peer.page);
const available = here.filter((peer) => !peer.package || versions[peer.package]);

let isStopped = false;
let done: { record: Record; implementations: Implementation[] } | undefined;

function show(text: string): void {
  element("status").textContent = text;
}

/** What the address asks for, such as ?only=lstm&threads=1,2&peers=unrolled,tfjs-wasm. */
function readAddress(): void {
  const wanted = new URLSearchParams(location.search);
  for (const [name, field] of Object.entries(fields)) {
    const value = wanted.get(name);
    if (value === null) continue;
    if (field instanceof HTMLSelectElement && ![...field.options].some((option) => option.value === value))
      field.add(new Option(value.replaceAll(",", " and "), value));
    field.value = value;
  }
  const chosen = wanted.get("peers")?.split(",");
  for (const { name, title } of available) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.value = name;
    box.checked = chosen?.includes(name) ?? true;
    label.append(box, title);
    element("peers").append(label);
  }
  const missing = here.filter((peer) => !available.includes(peer)).map(({ title }) => title);
  const sorry = missing.length > 0 ? `Not installed, so left out: ${missing.join("; ")}. ` : "";
  const alone = crossOriginIsolated ? "" : "This page is not isolated from other origins, so there is one thread only.";
  element("missing").textContent = sorry + alone;
}

function chosenImplementations(): Implementation[] {
  const boxes = [...element("peers").querySelectorAll("input")];
  const names = new Set<string>(boxes.filter((box) => box.checked).map((box) => box.value));
  const counts = crossOriginIsolated ? fields.threads.value.split(",").map(Number) : [1];
  return available
    .filter(({ name }) => names.has(name))
    .flatMap((peer) => (peer.pageThreads ? counts : [1]).map((threads) => ({ peer, threads })));
}

function recordOf(
  session: Session,
  chosen: readonly Case[],
  implementations: readonly Implementation[],
  ceiling: Ceiling,
): Record {
  const rows = chosen.flatMap((benchCase) =>
    implementations.map((implementation) => session.measurement.row(benchCase, implementation, ceiling)),
  );
  const host = navigator.userAgent.match(/(Firefox|Edg|Chrome|Version)\/[\d.]+/)?.[0] ?? navigator.userAgent;
  const machine = { host, platform: navigator.platform, cores: navigator.hardwareConcurrency };
  const [turns, seconds] = [Number(fields.turns.value), Number(fields.seconds.value)];
  return { machine, versions: session.versions, ceiling, turns, seconds, rows };
}

async function measure(): Promise<void> {
  const chosen = cases.filter(({ workload, name }) => isSelected(fields.only.value, workload, name));
  const implementations = chosenImplementations();
  if (chosen.length === 0 || implementations.length === 0) {
    show("Nothing to measure: no case contains that, or nothing is chosen.");
    return;
  }
  show("Measuring what this machine can do at most …");
  const ceiling = await measureCeiling(probesOf(chosen.map(({ cost }) => cost)));
  const session = new Session(takeTurn);
  const began = performance.now();
  let step = 0;
  await session.measure({
    cases: chosen,
    implementations,
    turns: Number(fields.turns.value),
    seconds: Number(fields.seconds.value),
    isStopped: () => isStopped,
    onStep: (what, steps) => {
      progress.max = steps;
      progress.value = step++;
      show(`${step} of ${steps}: ${what}`);
    },
  });
  progress.value = progress.max;
  const record = recordOf(session, chosen, implementations, ceiling);
  done = { record, implementations };
  element("report").innerHTML = renderSections(record, implementations);
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  show(`${isStopped ? "Stopped" : "Done"} after ${minutes} minutes, ${chosen.length} cases.`);
}

function save(name: string, type: string, text: string): void {
  const link = document.createElement("a");
  link.download = name;
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function setRunning(running: boolean): void {
  start.disabled = running;
  stop.disabled = !running;
  for (const button of Object.values(saves)) button.disabled = running || !done;
}

element("options").addEventListener("submit", (event) => {
  event.preventDefault();
  isStopped = false;
  setRunning(true);
  measure()
    .catch((error: unknown) => show(`It stopped: ${error instanceof Error ? error.message : error}`))
    .finally(() => setRunning(false));
});

stop.addEventListener("click", () => {
  isStopped = true;
  show("Stopping after this turn …");
});

saves.json.addEventListener("click", () => {
  if (done) save("peers.json", "application/json", `${JSON.stringify(done.record, null, 2)}\n`);
});

saves.html.addEventListener("click", () => {
  if (done) save("peers.html", "text/html", renderReport(done.record, done.implementations));
});

const style = document.createElement("style");
style.textContent = reportStyle;
document.head.prepend(style);
readAddress();
if (new URLSearchParams(location.search).has("start")) start.click();
