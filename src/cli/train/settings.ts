import type { Stopped } from "../../index.ts";
import type { Architecture } from "../character-model.ts";
import type { Measurement } from "./validation.ts";

/** All that decides what a training does. */
export interface Settings extends Architecture {
  /** The text, or null for the book. */
  readonly file: string | null;
  readonly name: string;
  readonly batch: number;
  readonly window: number;
  /** Steps to do, or null when time alone decides. */
  readonly steps: number | null;
  /** Seconds to train for, looks at the validation included, or null when steps alone decide. */
  readonly seconds: number | null;
  /** "auto": to be looked for before anything is learned. */
  readonly learningRate: number | "auto";
  readonly clip: number;
  readonly validation: number;
  readonly seed: number;
  readonly out: string;
  readonly json: string | null;
  /** Steps between two looks at the validation. */
  readonly every: number;
  /** Steps between two checkpoints to go on from. */
  readonly checkpointEvery: number;
  readonly deterministic: boolean;
  readonly threads: number | "auto";
}

/** One look at how far a training is. */
export interface Check {
  readonly step: number;
  /** Of training, so far. */
  readonly seconds: number;
  /** On an even subset of the held-out part; null when nothing is held out. */
  readonly validation: Measurement | null;
  readonly sample: string;
}

/** What a training leaves in history.json, and where --json says. */
export interface TrainingRecord {
  readonly name: string;
  readonly steps: number;
  /** Spent on training alone. */
  readonly seconds: number;
  readonly tokensPerSecond: number;
  readonly build: "simd" | "relaxed";
  readonly parameters: number;
  readonly stopped: Stopped;
  readonly text: {
    readonly title: string;
    readonly characters: number;
    readonly distinct: number;
    readonly learnedFrom: number;
    readonly heldOut: number;
  };
  /** On the whole held-out part, save after an interruption, when it is the subset; null when nothing is held out. */
  readonly validation: Measurement | null;
  readonly settings: Settings;
  readonly checks: readonly Check[];
  readonly sample: string;
  /** Of each step's batch, nats a character. */
  readonly loss: readonly number[];
}
