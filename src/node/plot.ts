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
 *     writeFileSync("loss.svg", await plotHistory(await trainer.fit(data, { epochs: 10 })));
 */
export async function plotHistory({ loss, validation }: PlottedHistory, options: PlotOptions = {}): Promise<string> {
  // Loaded when first used: the drawing library is large.
  const { renderLossChart } = await import("./chart.ts");
  const points = validation.map((found) => [found.step, found.loss] as const);
  return renderLossChart({ loss, validation: points, label: options.label ?? "loss" });
}
