import { OptionError } from "../../runtime/errors.ts";

/** What becomes of the losses of a batch. */
export type Reduction = "mean" | "sum" | "none";

/** @throws {OptionError} unless it is a reduction. */
export function requireReduction(what: string, reduction: Reduction): void {
  if (!["mean", "sum", "none"].includes(reduction)) {
    throw new OptionError(`${what} reduction: expected "mean", "sum" or "none", got ${JSON.stringify(reduction)}`);
  }
}
