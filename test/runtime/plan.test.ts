import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { engine } from "../../src/runtime/engine.ts";
import {
  gruPlan,
  gruVariantPlan,
  lstmPlan,
  lstmVariantPlan,
  optimizerBlock,
  rnnPlan,
  stagePlan,
} from "../../src/runtime/plan.ts";

const plans = {
  "recurrent/rnn": rnnPlan,
  "recurrent/lstm": lstmPlan,
  "recurrent/gru": gruPlan,
  "recurrent/lstmVariant": lstmVariantPlan,
  "recurrent/gruVariant": gruVariantPlan,
  "stream/stage": stagePlan,
  "optim/block": optimizerBlock,
};

/** The fields of a kernel's plan, in order, as its source declares them. */
function declaredFields(file: string): string[] {
  const source = readFileSync(new URL(`../../assembly/${file}.ts`, import.meta.url), "utf8");
  const body = /class \w+ \{([\s\S]*?)\n\}/.exec(source)?.[1] ?? "";
  return [...body.matchAll(/^ {2}(\w+): (?:i32|usize);/gm)].map(([, name]) => name as string);
}

test.each(Object.entries(plans))("%s: both sides of the plan name the same fields in the same order", (file, write) => {
  const fields = declaredFields(file);
  expect(fields.length).toBe(write.length);
  expect(fields.length).toBeGreaterThan(4);
  fields.forEach((field, i) => {
    const address = write({ [field]: 1000 + i });
    const written = [...engine().i32.subarray(address >>> 2, (address >>> 2) + fields.length)];
    expect(written).toEqual(fields.map((_, j) => (i === j ? 1000 + i : 0)));
  });
});
