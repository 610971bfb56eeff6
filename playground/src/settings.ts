/** What a visitor chooses, and what of it an address can hold. */

export const cells = ["RNN", "LSTM", "GRU"] as const;
export type CellName = (typeof cells)[number];

export interface Settings {
  readonly cell: CellName;
  readonly hiddenSize: number;
  readonly layers: number;
  /** A name of the catalogue, or an expression in x. */
  readonly activation: string;
  readonly learningRate: number;
  /** Time steps that a gradient goes back. */
  readonly window: number;
}

export const defaults: Settings = {
  cell: "LSTM",
  hiddenSize: 128,
  layers: 1,
  activation: "tanh",
  learningRate: 0.004,
  window: 64,
};

/** What numbers may be: from, to, and whether they are whole. */
export const limits = {
  hiddenSize: { least: 4, most: 512, whole: true },
  layers: { least: 1, most: 4, whole: true },
  learningRate: { least: 1e-6, most: 1, whole: false },
  window: { least: 8, most: 256, whole: true },
} as const;

/** Sequences of a step. */
export const BATCH = 32;

/** Longer expressions are somebody's mistake, or joke. */
const LONGEST_ACTIVATION = 200;

function numberFrom(text: string | null, name: keyof typeof limits): number {
  const { least, most, whole } = limits[name];
  const value = Number(text ?? Number.NaN);
  const fits = value >= least && value <= most && (!whole || Number.isInteger(value));
  return text !== null && text.trim() !== "" && fits ? value : defaults[name];
}

/** The settings of an address's part after #; whatever does not fit there is the default. */
export function settingsFrom(hash: string): Settings {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const cell = cells.find((name) => name === parameters.get("cell")) ?? defaults.cell;
  const activation = (parameters.get("activation") ?? "").trim();
  return {
    cell,
    hiddenSize: numberFrom(parameters.get("hidden"), "hiddenSize"),
    layers: numberFrom(parameters.get("layers"), "layers"),
    activation: activation !== "" && activation.length <= LONGEST_ACTIVATION ? activation : defaults.activation,
    learningRate: numberFrom(parameters.get("rate"), "learningRate"),
    window: numberFrom(parameters.get("window"), "window"),
  };
}

/** The part after # of an address that leads to these settings. */
export function hashOf({ cell, hiddenSize, layers, activation, learningRate, window }: Settings): string {
  const parameters = new URLSearchParams({
    cell,
    hidden: String(hiddenSize),
    layers: String(layers),
    activation,
    rate: String(learningRate),
    window: String(window),
  });
  return `#${parameters}`;
}
