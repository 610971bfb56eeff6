import { plotHistory } from "../../node/index.ts";
import { count, percent, seconds } from "../format.ts";
import { drawLines } from "../report/drawing.ts";
import { escapeText, figure, figures, grid, page, type Rows, table } from "../report/html.ts";
import type { ClassifyRecord } from "./settings.ts";

/** A training as one page: figures, curves, scores of each class, confusions, what was taken for what, settings. */
export async function renderClassifyReport(record: ClassifyRecord): Promise<string> {
  return page({
    title: record.name,
    subtitle: describe(record),
    body: `${figures([
      ["accuracy on the test", percent(record.accuracy)],
      ["macro F1", record.macroF1.toFixed(3)],
      ["sequences in the test", count(record.data.test)],
      ["training time", seconds(record.seconds)],
    ])}
<h2>Learning</h2>
${await curves(record)}
${grid(
  "Classes",
  ["class", "precision", "recall", "F1", "in the test"],
  record.classes.map(({ label, sequences, ...scores }) => [
    label,
    ...[scores.precision, scores.recall, scores.f1].map((score) => score.toFixed(3)),
    count(sequences),
  ]),
)}
<h2>What was taken for what</h2>
${confusions(record)}
${mistakes(record)}
<div class="tables">
${table("Settings", settingsOf(record))}
${table("Data", dataOf(record))}
</div>`,
  });
}

function describe({ data, classes, parameters }: ClassifyRecord): string {
  const shown = data.features ? "recordings" : "sequences";
  return `Two convolutions and a GRU, ${count(parameters)} parameters, learned to tell ${classes.length} classes from ${count(data.training)} ${shown} of ${data.title}.`;
}

async function curves({ loss, checks, steps }: ClassifyRecord): Promise<string> {
  if (steps === 0) return "<p>It was stopped before its first step.</p>";
  const drawing = await plotHistory({ loss, validation: checks }, { label: "nats per sequence" });
  const losses = figure(
    [
      ["raw", "loss of each batch"],
      ["training", "moving average"],
      ["validation", "test"],
    ],
    drawing,
  );
  if (checks.length < 2) return losses;
  const points = checks.map(({ step, metrics }) => [step, (metrics.accuracy ?? 0) * 100] as const);
  const accuracies = drawLines({
    label: "Accuracy on the test over the steps of the training",
    x: { name: "step" },
    y: { name: "percent right" },
    lines: [{ points, color: "validation", width: 2 }],
  });
  const note = `<p class="note">A tenth of each label goes to all classes alike, so that a loss of 0 is out of reach. The test was looked at on the way for these curves alone: nothing was chosen by it, and the model is the one after the last step.</p>`;
  return `${losses}\n<br>\n${figure([["validation", "accuracy on the test"]], accuracies)}\n${note}`;
}

/** The share of a class that was taken for each, as a colour. */
function confusions({ confusion, classes }: ClassifyRecord): string {
  const head = classes.map(({ label }) => `<th scope="col">${escapeText(label)}</th>`).join("");
  const rows = confusion.map((row, c) => {
    const whole = row.reduce((sum, value) => sum + value, 0);
    const cells = row.map((value, d) => {
      const share = whole === 0 ? 0 : Math.round((100 * value) / whole);
      const color = c === d ? "training" : "validation";
      const dress =
        value === 0
          ? ""
          : ` style="background:color-mix(in srgb, var(--${color}) ${15 + Math.round(share * 0.6)}%, var(--card))"`;
      return `<td${dress}>${value === 0 ? "" : value}</td>`;
    });
    return `<tr><th scope="row">${escapeText(classes[c]?.label ?? "")}</th>${cells.join("")}</tr>`;
  });
  return `<div class="wide" style="margin-top:0"><table class="confusion"><thead><tr><th></th>${head}</tr></thead><tbody>
${rows.join("\n")}
</tbody></table></div>
<p class="note">Rows: what it is. Columns: what the network took it for.</p>`;
}

/** Mistakes that are listed. */
const MOST_MISTAKES = 30;

function mistakes({ predictions }: ClassifyRecord): string {
  const wrong = predictions
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.probability - a.probability);
  if (wrong.length === 0) return "";
  const listed = wrong.slice(0, MOST_MISTAKES);
  const caption =
    wrong.length > listed.length ? `Mistakes, the ${listed.length} surest of ${wrong.length}` : "Mistakes";
  return grid(
    caption,
    ["sequence", "is", "taken for", "how surely"],
    listed.map(({ name, label, predicted, probability }) => [name, label, predicted, percent(probability)]),
  );
}

function settingsOf({ settings, epochs, build }: ClassifyRecord): Rows {
  return [
    ["hidden", String(settings.hidden)],
    ["dropout before the head", String(settings.dropout)],
    ["batch", String(settings.batch)],
    ["passes", count(epochs)],
    ["optimizer", `AdamW, learning rate ${settings.learningRate} to 0 by a cosine`],
    ["seed", String(settings.seed)],
    ["build", build],
  ];
}

const reasons = { done: "all passes done", callback: "early", aborted: "interrupted", time: "time was over" } as const;

function dataOf({ data, stopped, steps, loss }: ClassifyRecord): Rows {
  const { features } = data;
  const duration = (samples: number): string => `${((1000 * samples) / (features?.sampleRate ?? 1)).toFixed(0)} ms`;
  return [
    ["learned from", `${count(data.training)} sequences`],
    ["test", `${count(data.test)} sequences: ${data.rule}`],
    ["numbers a time step", features ? `${data.channels} log-mel bands` : String(data.channels)],
    ...(features
      ? [
          [
            "frames",
            `${duration(features.windowLength)} every ${duration(features.hopLength)}, ${count(features.sampleRate)} samples a second`,
          ] as const,
        ]
      : []),
    ["steps of a sequence", `${data.meanSteps.toFixed(0)} on average`],
    ...(data.labelColumn === null ? [] : [["labels in column", data.labelColumn] as const]),
    ["last batch", `${loss.at(-1)?.toFixed(4) ?? "–"} nats`],
    ["stopped", `${reasons[stopped]}, after ${count(steps)} steps`],
  ];
}
