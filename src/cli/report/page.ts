import { plotHistory } from "../../node/index.ts";
import { count, seconds } from "../format.ts";
import type { Check, TrainingRecord } from "../train/settings.ts";
import { escapeText, figure, figures, page, type Rows, table } from "./html.ts";

/** A training as one HTML page that needs nothing beside itself: figures, loss curves, settings, made-up text. */
export async function renderReport(record: TrainingRecord): Promise<string> {
  return page({
    title: record.name,
    subtitle: describe(record),
    body: `${figuresOf(record)}
<h2>Loss</h2>
${await chart(record)}
<h2>What it writes</h2>
<p class="sample">${escapeText(record.sample.trim())}</p>
<div class="tables">
${table("Settings", settingsOf(record))}
${table("Results", resultsOf(record))}
</div>
${earlier(record.checks)}`,
  });
}

function describe({ settings, text, parameters }: TrainingRecord): string {
  const { cell, layers, hidden } = settings;
  const network = `${layers === 1 ? "One layer" : `${layers} layers`} of ${hidden} ${cell.toUpperCase()} units`;
  return `${network}, ${count(parameters)} parameters, learned ${text.title} one character at a time.`;
}

function figuresOf({ validation, steps, seconds: spent, tokensPerSecond }: TrainingRecord): string {
  return figures([
    ...(validation ? [["bits per character", validation.bitsPerCharacter.toFixed(3)] as const] : []),
    ["steps", count(steps)],
    ["training time", seconds(spent)],
    ["characters a second", count(tokensPerSecond)],
  ]);
}

async function chart({ loss, checks, validation, steps }: TrainingRecord): Promise<string> {
  if (steps === 0) return "<p>It was stopped before its first step.</p>";
  const points = checks.flatMap((check) =>
    check.validation ? [{ step: check.step, loss: check.validation.nats }] : [],
  );
  if (validation) points.push({ step: steps, loss: validation.nats });
  const keys: [string, string][] = [
    ["raw", "each batch"],
    ["training", "training, moving average"],
  ];
  if (validation) keys.push(["validation", "validation"]);
  const drawing = await plotHistory({ loss, validation: points }, { label: "nats per character" });
  return figure(keys, drawing);
}

function settingsOf({ settings }: TrainingRecord): Rows {
  const limits = [
    settings.steps === null ? "" : `${count(settings.steps)} steps`,
    settings.seconds === null ? "" : seconds(settings.seconds),
  ];
  return [
    ["cell", settings.cell === "rnn" ? `rnn, ${settings.activation}` : settings.cell],
    ["layers × hidden", `${settings.layers} × ${settings.hidden}`],
    ["embedding", String(settings.embedding)],
    ["dropout", String(settings.dropout)],
    ["batch × window", `${settings.batch} × ${settings.window}`],
    ["optimizer", `Adam, learning rate ${settings.learningRate}`],
    ["gradient norm at most", String(settings.clip)],
    ["limit", limits.filter(Boolean).join(", ")],
    ["seed", String(settings.seed)],
  ];
}

const reasons = { done: "all steps done", callback: "early", aborted: "interrupted", time: "time was over" } as const;

function resultsOf({ validation, text, build, stopped, loss }: TrainingRecord): Rows {
  const measured: Rows = validation
    ? [
        ["validation", `${validation.nats.toFixed(4)} nats`],
        ["bits per character", validation.bitsPerCharacter.toFixed(4)],
        [
          "measured on",
          `${validation.over === "all" ? "all" : "a subset of"} ${count(validation.characters)} held-out characters`,
        ],
      ]
    : [["validation", "nothing held out"]];
  return [
    ...measured,
    ["last batch", `${loss.at(-1)?.toFixed(4) ?? "–"} nats`],
    ["text", `${count(text.characters)} characters, ${text.distinct} different`],
    ["learned from", `${count(text.learnedFrom)} characters`],
    ["stopped", reasons[stopped]],
    ["build", build],
  ];
}

function earlier(checks: readonly Check[]): string {
  if (checks.length === 0) return "";
  const samples = checks.map(({ step, validation, sample }) => {
    const found = validation ? `, ${validation.bitsPerCharacter.toFixed(3)} bits per character on an even subset` : "";
    return `<section><h3>step ${count(step)}${found}</h3><p class="sample">${escapeText(sample.trim())}</p></section>`;
  });
  return `<h2>On the way there</h2>\n<div class="earlier">${samples.join("\n")}</div>`;
}
