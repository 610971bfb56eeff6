/**
 * Plans: what a recurrent kernel works on, written into the step's memory as consecutive four-byte fields. The list of
 * names on this side is the list of fields of the kernel's class, in the same order.
 */
import { engine } from "./engine.ts";

/** Writes one plan and returns its address; fields that are not given are 0. */
export type PlanWriter<Field extends string> = (values: { readonly [F in Field]?: number }) => number;

/** Declares a plan by the names of its fields. */
export function plan<const Field extends string>(fields: readonly Field[]): PlanWriter<Field> {
  return (values) => {
    const e = engine();
    const address = e.allocate(fields.length);
    const at = address >>> 2;
    const view = e.i32;
    for (let f = 0; f < fields.length; f++) view[at + f] = values[fields[f] as Field] ?? 0;
    return address;
  };
}

export const rnnPlan = plan([
  "steps",
  "batch",
  "hidden",
  "reverse",
  "weight",
  "gates",
  "history",
  "forwardSlot",
  "backwardSlot",
  "parameters",
  "dOutput",
  "outputRow",
  "dh",
  "workspace",
]);

export const lstmPlan = plan([
  "steps",
  "batch",
  "hidden",
  "reverse",
  "weight",
  "peepholes",
  "gates",
  "history",
  "cells",
  "dOutput",
  "outputRow",
  "dh",
  "dc",
  "dPeepholes",
  "workspace",
]);

export const gruPlan = plan([
  "steps",
  "batch",
  "hidden",
  "reverse",
  "resetAfter",
  "weight",
  "biasCandidate",
  "gates",
  "history",
  "candidate",
  "dOutput",
  "outputRow",
  "dh",
  "workspace",
]);
