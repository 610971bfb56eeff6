/** The library against float64 written out, whose gradients are central differences: for operations without an oracle of theirs. */

import { type Module, Tensor } from "../../src/index.ts";
import { runBoth, toTensor } from "../pytorch/engine.ts";
import { expectClose } from "./compare.ts";
import { gradientOf } from "./finite-differences.ts";
import { randomVector } from "./random.ts";

/** Numbers with a shape, in float64. */
export interface Values {
  readonly shape: number[];
  readonly data: Float64Array;
}

export type Named = Map<string, Values>;

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Random numbers of a shape. */
export const draw = (next: () => number, shape: number[]): Values => ({
  shape,
  data: randomVector(next, sizeOf(shape)),
});

/**
 * What the library and what is written out find for the same operands, with every gradient; a single result is "output".
 * `module` owns the operands that it has names for.
 */
export function expectDifferences(
  name: string,
  operands: Named,
  engine: (leaves: Map<string, Tensor>) => Tensor | Record<string, Tensor>,
  written: (operands: Named) => Values | Record<string, Values>,
  next: () => number,
  module?: Module,
): void {
  const oracle = (): Record<string, Values> => {
    const found = written(operands);
    return found.data instanceof Float64Array ? { output: found as Values } : (found as Record<string, Values>);
  };
  const wanted = oracle();
  const cotangents = new Map(Object.entries(wanted).map(([key, { shape }]) => [`cotangent.${key}`, draw(next, shape)]));
  const owned = new Set([...(module?.namedParameters() ?? [])].map(([key]) => key));
  module?.loadStateDict(
    Object.fromEntries([...operands].filter(([key]) => owned.has(key)).map(([key, v]) => [key, toTensor(v)])),
  );
  const inputs = [...operands].filter(([key]) => !owned.has(key));
  const leaves = new Map(inputs.map(([key, value]) => [key, toTensor(value, true)]));
  const found = engine(leaves);
  const outputs = new Map(Object.entries(found instanceof Tensor ? { output: found } : found));
  const run = runBoth(cotangents, leaves, outputs, module);
  const subject = { family: "random shapes", case: name };
  // Terms of sums are of the size of 1, and may cancel.
  const bound = { magnitude: 1 };
  for (const [key, value] of Object.entries(wanted)) {
    expectClose({ ...subject, tensor: key }, run.get(key)!, value, bound);
  }
  const scalar = (): number =>
    Object.entries(oracle()).reduce((total, [key, { data }]) => {
      const cotangent = cotangents.get(`cotangent.${key}`)!.data;
      return data.reduce((sum, value, i) => sum + value * cotangent[i]!, total);
    }, 0);
  for (const [key, { shape, data }] of operands) {
    expectClose(
      { ...subject, tensor: key },
      run.get(`gradient.${key}`)!,
      { shape, data: gradientOf(scalar, data) },
      bound,
    );
  }
}
