import type { Stopped, Validation } from "../../index.ts";
import type { RecipeSettings } from "../recipe/options.ts";
import type { Errors, Score } from "./measures.ts";

/** All that decides what a training does. */
export interface Settings extends RecipeSettings {
  readonly file: string;
  /** The column to foretell, or null for the only one there is. */
  readonly target: string | null;
  readonly inputs: readonly string[];
  /** The column of times, or null to find it. */
  readonly time: string | null;
  readonly missing: "refuse" | "previous";
  readonly horizon: number;
  /** Rows shown, or null to go by the season. */
  readonly history: number | null;
  /** Rows of a season, or null to guess. */
  readonly season: number | null;
  /** Shares of the series, from its end, for the test, and before it for the validation. */
  readonly test: number;
  readonly validation: number;
}

/** What is settled once the series is known. */
export interface Frame {
  readonly history: number;
  readonly season: number;
  /** Where the season comes from, in words. */
  readonly seasonFrom: string;
  /** Rows before this one are learned from. */
  readonly validationFrom: number;
  /** Rows from this one on are the test. */
  readonly testFrom: number;
}

/** One row that is foretold. */
export interface Foretold {
  /** The row, from 0. */
  readonly row: number;
  readonly time: string;
  readonly forecast: number;
  readonly lower: number;
  readonly upper: number;
  /** null for what is yet to come. */
  readonly truth: number | null;
}

/** What a training leaves in history.json, and where --json says. */
export interface ForecastRecord {
  readonly name: string;
  readonly steps: number;
  readonly seconds: number;
  readonly build: "simd" | "relaxed";
  readonly parameters: number;
  readonly stopped: Stopped;
  readonly data: {
    readonly title: string;
    readonly rows: number;
    readonly target: string;
    readonly inputs: readonly string[];
    readonly timeColumn: string | null;
    readonly first: string;
    readonly last: string;
    /** Windows whose forecasts lie in each part. */
    readonly windows: { readonly training: number; readonly validation: number; readonly test: number };
  };
  readonly frame: Frame;
  /** On the test: the network first, then what it has to beat. */
  readonly scores: readonly Score[];
  readonly band: {
    /** The share of true values that should lie within it. */
    readonly share: number;
    /** How far it reaches to both sides, for each step ahead. */
    readonly widths: readonly number[];
    /** The share that did, in the test. */
    readonly coverage: number;
  };
  readonly settings: Settings;
  readonly checks: readonly Validation[];
  /** Forecasts side by side over the test. */
  readonly test: readonly Foretold[];
  /** The rows after the last. */
  readonly forecast: readonly Foretold[];
  /** The rows before it, to be drawn with it. */
  readonly recent: readonly { readonly row: number; readonly time: string; readonly value: number }[];
  /** Of each step's batch, in units of the training part's deviation squared. */
  readonly loss: readonly number[];
}

/** The errors of the network. */
export function ownErrors({ scores }: ForecastRecord): Errors {
  return (scores[0] as Score).all;
}
