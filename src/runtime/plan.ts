/**
 * Plans: what a kernel with many arguments works on, as consecutive four-byte fields. The list of names on this side is
 * the list of fields of the kernel's class, in the same order.
 */
import { engine } from "./engine.ts";

/** Writes one plan, into the step's memory unless told where, and returns its address; fields not given are 0. */
export type PlanWriter<Field extends string> = {
  (values: { readonly [F in Field]?: number }, address?: number): number;
  /** How many four-byte fields it has. */
  readonly length: number;
};

/** Declares a plan by the names of its fields. */
export function plan<const Field extends string>(fields: readonly Field[]): PlanWriter<Field> {
  const write = (values: { readonly [F in Field]?: number }, address = engine().allocate(fields.length)): number => {
    const view = engine().i32;
    let at = address >>> 2;
    for (const field of fields) view[at++] = values[field] ?? 0;
    return address;
  };
  return Object.defineProperty(write, "length", { value: fields.length });
}

export const rnnPlan = /* @__PURE__ */ plan([
  "steps",
  "batch",
  "stride",
  "hidden",
  "reverse",
  "weight",
  "rows",
  "panels",
  "table",
  "tokens",
  "gates",
  "history",
  "forwardSlot",
  "backwardSlot",
  "parameters",
  "dOutput",
  "outputRow",
  "dh",
  "mask",
  "keepHidden",
  "workspace",
]);

export const lstmPlan = /* @__PURE__ */ plan([
  "steps",
  "batch",
  "stride",
  "hidden",
  "reverse",
  "weight",
  "rows",
  "panels",
  "peepholes",
  "table",
  "tokens",
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

export const lstmVariantPlan = /* @__PURE__ */ plan([
  "steps",
  "batch",
  "stride",
  "hidden",
  "output",
  "reverse",
  "coupled",
  "panels",
  "projectionPanels",
  "peepholes",
  "gateForward",
  "gateBackward",
  "gateParameters",
  "cellForward",
  "cellBackward",
  "cellParameters",
  "mask",
  "keepHidden",
  "keepCell",
  "recurrentGain",
  "recurrent",
  "recurrentScales",
  "dRecurrent",
  "cellGain",
  "cellBias",
  "normalCell",
  "cellScales",
  "dNormalCell",
  "table",
  "tokens",
  "gates",
  "raw",
  "history",
  "cells",
  "unprojected",
  "dOutput",
  "outputRow",
  "dh",
  "dc",
  "dPeepholes",
  "dProjected",
  "workspace",
]);

export const gruPlan = /* @__PURE__ */ plan([
  "steps",
  "batch",
  "stride",
  "hidden",
  "reverse",
  "resetAfter",
  "weight",
  "rows",
  "panels",
  "biasCandidate",
  "table",
  "tokens",
  "gates",
  "history",
  "candidate",
  "dOutput",
  "outputRow",
  "dh",
  "workspace",
]);

export const gruVariantPlan = /* @__PURE__ */ plan([
  "steps",
  "batch",
  "stride",
  "hidden",
  "reverse",
  "resetAfter",
  "panels",
  "biasCandidate",
  "gateForward",
  "gateBackward",
  "gateParameters",
  "cellForward",
  "cellBackward",
  "cellParameters",
  "mask",
  "keepHidden",
  "recurrentGain",
  "recurrent",
  "recurrentScales",
  "dRecurrent",
  "table",
  "tokens",
  "gates",
  "raw",
  "history",
  "candidate",
  "dOutput",
  "outputRow",
  "dh",
  "workspace",
]);

export const stagePlan = /* @__PURE__ */ plan([
  "kernel",
  "input",
  "size",
  "format",
  "weight",
  "recurrent",
  "candidate",
  "bias",
  "peepholes",
  "gates",
  "state",
  "cell",
  "activation",
  "parameters",
  "resetAfter",
  "workspace",
]);

/** A parameter as optimizers list it: assembly/optim/block.ts. */
export const optimizerBlock = /* @__PURE__ */ plan([
  "parameter",
  "gradient",
  "firstState",
  "secondState",
  "thirdState",
  "rows",
  "count",
]);
