import type { Stopped, Validation } from "../../index.ts";
import type { RecipeSettings } from "../recipe/options.ts";
import type { Layout } from "./collection.ts";
import type { LogMel } from "./logMel.ts";

/** All that decides what a training does. */
export interface Settings extends RecipeSettings {
  /** The file or folder. */
  readonly source: string;
  /** The column that labels are in, or null to find it. */
  readonly label: string | null;
  /** A fraction, a pattern of names as a regular expression's source, or null for what is agreed or else a fifth. */
  readonly test: number | string | null;
  readonly bySpeaker: boolean;
}

/** How well one class is told from the others. */
export interface ClassScore {
  readonly label: string;
  /** Sequences of the test that are of this class. */
  readonly sequences: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** What the network makes of one sequence of the test. */
export interface Prediction {
  readonly name: string;
  readonly label: string;
  readonly predicted: string;
  readonly probability: number;
}

/** What a training leaves in history.json, and where --json says. */
export interface ClassifyRecord {
  readonly name: string;
  readonly steps: number;
  readonly epochs: number;
  readonly seconds: number;
  readonly build: "simd" | "relaxed";
  readonly parameters: number;
  readonly stopped: Stopped;
  readonly data: {
    readonly title: string;
    readonly layout: Layout;
    readonly training: number;
    readonly test: number;
    /** How the test was chosen, in words. */
    readonly rule: string;
    readonly channels: number;
    readonly meanSteps: number;
    readonly features: LogMel | null;
    readonly labelColumn: string | null;
  };
  /** Shares of the test. */
  readonly accuracy: number;
  /** The mean of the classes' F1. */
  readonly macroF1: number;
  readonly classes: readonly ClassScore[];
  /** How many sequences of a class (row) were taken for which (column), in the order of `classes`. */
  readonly confusion: readonly (readonly number[])[];
  readonly settings: Omit<Settings, "test"> & { readonly test: number | string | null };
  /** What was found on the test on the way; nothing was chosen by it. */
  readonly checks: readonly Validation[];
  readonly predictions: readonly Prediction[];
  /** Of each step's batch, nats; a tenth of each label goes to all classes alike, so that 0 is out of reach. */
  readonly loss: readonly number[];
}
