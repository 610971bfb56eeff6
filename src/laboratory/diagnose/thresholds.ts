/** From when on a figure is a finding. */
import { OptionError } from "../../runtime/errors.ts";
import { requireKnown } from "../../runtime/options.ts";

/** From when on something is a finding. */
export interface Thresholds {
  /**
   * Vanishing: both the gradient that was sent back and one along the most lasting direction (e to the leading Lyapunov
   * exponent times the steps) arrive before the first step with less than this share of their size; default 1e-6, where what
   * the first steps add to a gradient is lost beside what the last ones do, in float32.
   */
  readonly vanishing: number;
  /**
   * Exploding: one of the two arrives with more than this many times its size; default 10. It is the gradient that counts,
   * not the radius of W_hh: of tanh networks of radius 1.6, inputs or a cycle hold some where nothing explodes.
   */
  readonly exploding: number;
  /**
   * Saturated: more than this share of a gate's values lies in the lowest or highest hundredth of its range; default 0.5. Of
   * gates that keep the state where they are open (the LSTM's forget gate, the GRU's update gate) only the other end counts.
   */
  readonly saturated: number;
  /** Dead: more than this share of the units is 0 all the time; default 0.25. */
  readonly dead: number;
  /** Constant: more than this share of the units is the same number all the time; default 0.25. */
  readonly constant: number;
}

const usual: Thresholds = { vanishing: 1e-6, exploding: 10, saturated: 0.5, dead: 0.25, constant: 0.25 };

/** @throws {OptionError} when one is unknown or out of range. */
export function thresholdsOf(given: Partial<Thresholds> = {}): Thresholds {
  requireKnown("diagnose thresholds", given, Object.keys(usual));
  const all = { ...usual, ...given };
  for (const [name, value] of Object.entries(all)) {
    const most = name === "exploding" ? Number.POSITIVE_INFINITY : 1;
    if (!(typeof value === "number" && value >= 0 && value <= most)) {
      const wanted = name === "exploding" ? "a number ≥ 0" : "a number from 0 to 1";
      throw new OptionError(`diagnose thresholds ${name}: expected ${wanted}, got ${value}`);
    }
  }
  return all;
}
