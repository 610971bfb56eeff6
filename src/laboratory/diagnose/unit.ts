/** One layer in one direction, or a cell, as a thing that steps, and what it was seen to do. */
import type { Module } from "../../nn/module.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Gated } from "./gated.ts";

/** A step as it was walked. */
export interface Step {
  /** What came in: [1, N, ·], or [N, ·] where sequences are packed and of cells. */
  readonly inputs: readonly Tensor[];
  /** The state before the step, whose gradient is what this step sends back; the sequences that take part are the first. */
  readonly before: readonly Tensor[];
  /** The state after it, whose gradient comes from all that is made of it, save of `output`. */
  readonly after: readonly Tensor[];
  /** The first part of the state once more, as those who read the layer have it, where that has a gradient of its own. */
  readonly output: Tensor | null;
  /** How many sequences took part. */
  readonly rows: number;
}

/** A step from any states, outside of what is observed: inputs as a `Step` has them, [1, N, ·] or [N, ·]. */
export type Advance = (inputs: readonly Tensor[], before: readonly Tensor[]) => readonly Tensor[];

/** What a unit is. */
export interface UnitKind {
  /** Its place in the model: `lstm`, `encoder.gru.l1_reverse`. */
  readonly layer: string;
  /** Its class. */
  readonly className: string;
  /** The modules whose `training` its step looks at. */
  readonly modules: readonly Module[];
  readonly advance: Advance;
  /** Which axis of each part of the state is the batch. */
  readonly batchAxes: readonly (0 | 1)[] | null;
  /** Whether the state is h and c of an LSTM. */
  readonly hasCell: boolean;
  /** Whether inputs are [1, N, ·]. */
  readonly timed: boolean;
  /** Its weights and activations, where its equations are known. */
  readonly gated: Gated | null;
}

/** A unit and the steps that it was seen to take. */
export class Unit {
  readonly kind: UnitKind;
  /** Each time it was called anew, the steps in the order in which it walked them. */
  readonly trajectories: Step[][] = [];

  constructor(kind: UnitKind) {
    this.kind = kind;
  }

  /** The longest of its trajectories, the last of equals; empty: it was not called. */
  get trajectory(): readonly Step[] {
    let longest: Step[] = [];
    for (const each of this.trajectories) if (each.length >= longest.length) longest = each;
    return longest;
  }

  batchAxis(part: number): 0 | 1 {
    return this.kind.batchAxes?.[part] ?? 0;
  }

  /**
   * The steps that a call goes on with: those before, when its state comes from them, else new ones.
   * @param state what it was given; null: nothing.
   */
  going(state: readonly Tensor[] | null): Step[] {
    const latest = this.trajectories.at(-1);
    if (latest && latest.length > 0 && state?.some(({ requiresGrad }) => requiresGrad)) return latest;
    const anew: Step[] = [];
    this.trajectories.push(anew);
    return anew;
  }
}
