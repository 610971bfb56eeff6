import type { HistorySoFar } from "../index.ts";

export interface PlotOptions {
  /** What the vertical axis is called; default "loss". */
  label?: string;
}

/** What of a history is drawn. */
export interface PlottedHistory {
  readonly loss: HistorySoFar["loss"];
  readonly validation: readonly { readonly step: number; readonly loss: number }[];
}

/**
 * A history as a drawing: the loss of each step, its moving average, and the validations, as an SVG element for a page.
 * Colours are the custom properties `--raw`, `--training`, `--validation`, `--line` and `--quiet` where the page has them.
 *
 * ```ts
 * import { writeFileSync } from "node:fs";
 *
 * const model = new Linear({ inputSize: 1, outputSize: 1 });
 * const optimizer = new Adam(model.parameters(), { learningRate: 0.1 });
 * const trainer = new Trainer({ model, loss: mseLoss, optimizer });
 * const data = arrayDataset(tensor([[0], [1], [2], [3]]), tensor([[1], [3], [5], [7]]));
 * const drawing = await plotHistory(await trainer.fit(data, { epochs: 50 }), { label: "squared error" });
 * drawing.startsWith("<svg"); // true
 * writeFileSync("loss.svg", drawing);
 * ```
 */
export async function plotHistory({ loss, validation }: PlottedHistory, options: PlotOptions = {}): Promise<string> {
  // Loaded when first used: the drawing library is large.
  const { renderLossChart } = await import("./chart.ts");
  const points = validation.map((found) => [found.step, found.loss] as const);
  return renderLossChart({ loss, validation: points, label: options.label ?? "loss" });
}
