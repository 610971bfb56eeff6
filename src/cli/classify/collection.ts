import type { LogMel } from "./logMel.ts";

/** A sequence as it was found. */
export interface Sequence {
  /** What it is called in messages and results: a file, or a row of one. */
  readonly name: string;
  /** Time first: [T, channels]. */
  readonly input: { readonly data: Float32Array; readonly shape: readonly [number, number] };
  /** null where none is told, as in what is yet to be classified. */
  readonly label: string | null;
  /** Who was recorded, where the name of the file tells. */
  readonly speaker: string | null;
  /** Whether it belongs to the test by agreement; null where there is no such agreement. */
  readonly official: "training" | "test" | null;
}

/** How sequences are kept: a row each, a line each, or a file each. */
export const layouts = ["rows", "archive", "tables", "recordings"] as const;
export type Layout = (typeof layouts)[number];

/** Sequences to learn from, or to classify. */
export interface Collection {
  readonly title: string;
  readonly layout: Layout;
  readonly channels: number;
  readonly sequences: readonly Sequence[];
  /** What a network is shown of recordings; null for numbers that are shown as they are. */
  readonly features: LogMel | null;
  /** The column that labels are in, for rows of a table. */
  readonly labelColumn: string | null;
  /** How the official test is told, where there is one. */
  readonly official: string | null;
}

/** How to read. */
export interface Reading {
  /** The column that labels are in; found by its name and content when omitted. */
  readonly label?: string;
  /** Whether every sequence needs a label. */
  readonly labelled: boolean;
  /** How the model that they are for was taught, when there is one already. */
  readonly known?: { readonly layout: Layout; readonly labelColumn: string | null };
}
