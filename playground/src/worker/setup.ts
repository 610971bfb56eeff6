/** What the page sends to its worker, and what it gets back: plain data. */
import type { Settings } from "../settings.ts";

/** A text to learn, character by character. */
export interface TextMaterial {
  readonly kind: "text";
  readonly text: string;
}

/** A series to forecast. */
export interface SeriesMaterial {
  readonly kind: "series";
  readonly values: Float32Array;
}

export type Material = TextMaterial | SeriesMaterial;

export interface Setup {
  readonly settings: Settings;
  readonly material: Material;
  /** Weights to begin with, as a file that the page saved. */
  readonly weights?: Uint8Array<ArrayBuffer>;
  /** Weights of the same network and material to begin with, as a snapshot has them. */
  readonly start?: Uint8Array<ArrayBuffer>;
}

/** What the weights of a file belong to, in its metadata. */
export interface FileCard {
  readonly version: 1;
  readonly settings: Settings;
  readonly kind: Material["kind"];
  /** The characters the network knows, in their order; of a series, its mean and standard deviation. */
  readonly characters?: readonly string[];
  readonly scale?: { readonly mean: number; readonly deviation: number };
}

/** ‖∂L/∂h_t‖ for each time step of the network's last layer, at a step of the training. */
export interface GradientTold {
  readonly kind: "gradients";
  readonly step: number;
  readonly norms: readonly number[];
}

/** What a network is made of, told once. */
export interface NetworkTold {
  readonly kind: "network";
  readonly parameters: number;
  readonly build: string;
}

export type Told = GradientTold | NetworkTold;

/** What goes on inside while a line is read: each unit's value for each character. */
export interface Reading {
  readonly characters: readonly string[];
  readonly hiddenSize: number;
  /** By name: the state, and the gates that the cell has; [characters, hiddenSize]. */
  readonly views: Readonly<Record<string, Float32Array>>;
}

/** The course that a network expects, in the units of the series. */
export interface Forecast {
  /** The last values that it was told. */
  readonly past: Float32Array;
  /** Half of the drawn courses run between low and high, nine in ten between lowest and highest. */
  readonly lowest: Float32Array;
  readonly low: Float32Array;
  readonly middle: Float32Array;
  readonly high: Float32Array;
  readonly highest: Float32Array;
  /** What really came after `past`, where that is known. */
  readonly truth: Float32Array;
}
