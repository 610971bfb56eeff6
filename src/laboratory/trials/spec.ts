/** Whether a spec can be trained, found out before anything is. */
import type { Activation } from "../../ops/activation/activation.ts";
import { activation } from "../../ops/activation/named.ts";
import { OptionError } from "../../runtime/errors.ts";
import { nearest } from "../../runtime/nearest.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { type SettledTask, settleTask } from "../tasks/registry.ts";
import { type CellName, cellNames, type TrialSpec } from "../trial.ts";

/** What a spec names, found. */
export interface SettledTrial extends SettledTask {
  readonly activation: Activation;
}

/** @throws {OptionError} naming the cells there are, and the nearest. */
export function requireCell(name: string): CellName {
  const found = cellNames.find((cell) => cell === name);
  if (found) return found;
  throw new OptionError(
    `cell: expected one of ${cellNames.join(", ")}, got ${JSON.stringify(name)}${nearest(String(name), cellNames)}`,
  );
}

/** @throws {OptionError} unless it is a whole number that a generator can start from. */
export function requireSeed(what: string, seed: number): number {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new OptionError(`${what}: expected a whole number from 0 to 2^53 − 1, got ${seed}`);
  }
  return seed;
}

/** An activation of a spec, made anew: what it learns is its own. @throws {OptionError} when there is no such activation. */
export function activationOfSpec({ activation: text, parameters = {} }: Pick<TrialSpec, "activation" | "parameters">) {
  return activation(text, parameters);
}

/**
 * Finds everything that a spec names.
 * @throws {OptionError} when something in it is unknown or out of range; {DataError} when the task's data will not do.
 */
export function settleTrial(spec: TrialSpec): SettledTrial {
  requireKnown("trial", spec, ["activation", "parameters", "cell", "task", "seed", "budget", "stopAtTarget"]);
  requireCell(spec.cell);
  requireSeed("trial seed", spec.seed);
  requireCount("trial budget", spec.budget);
  requireKnown("trial task", spec.task, ["name", "options", "data"]);
  return { ...settleTask(spec.task), activation: activationOfSpec(spec) };
}
