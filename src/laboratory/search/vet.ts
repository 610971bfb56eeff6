/** What is known of a function before anything is trained with it: most candidates end here. */
import { inScope, noGrad } from "../../autograd/noGrad.ts";
import type { Activation } from "../../ops/activation/activation.ts";
import { Expression } from "../../ops/activation/expression/expression.ts";
import { activation } from "../../ops/activation/named.ts";
import { ExpressionError } from "../../runtime/errors.ts";
import { tensor } from "../../tensor/create.ts";
import type { Contender } from "../compare/row.ts";

/**
 * Why a function is not trained with:
 * - `noValue`: it is no expression with finite values and slopes over −8 … 8.
 * - `flat`: over −3 … 3 it changes by less than 0.05.
 * - `far`: it goes beyond ±100 over −8 … 8.
 * - `steep`: its slope goes beyond ±10 over −5 … 5.
 * - `vanishing`, `exploding`: the square of a gradient shrinks to less than 0.1 of itself each step, or grows to more than
 *   1.5 of itself, or the state grows without bound (`gainOf`).
 * - `known`: one with the same values was looked at before.
 */
export type FilterName = "noValue" | "flat" | "far" | "steep" | "vanishing" | "exploding" | "known";

/** All of them. */
export const filterNames: readonly FilterName[] = [
  "noValue",
  "flat",
  "far",
  "steep",
  "vanishing",
  "exploding",
  "known",
];

/** What is known of a function that may be trained with. */
export interface Vetted {
  /** The same for functions with the same values. */
  readonly key: string;
  /** By what factor the square of a gradient changes each step at initialisation. */
  readonly gain: number;
  /** The function, simplified. */
  readonly contender: Contender;
}

const grid = /* @__PURE__ */ places(-8, 8, 161);
const normal = /* @__PURE__ */ places(-5, 5, 101);

function places(from: number, to: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
}

/** f and f′ at some places, by the kernels that networks use. */
function look(f: Activation, x: Float32Array): { readonly f: Float32Array; readonly slope: Float32Array } {
  return noGrad(() =>
    inScope(() => ({
      f: f.apply(tensor(x)).toArray().slice() as Float32Array,
      slope: f.derivative(tensor(x)).toArray().slice() as Float32Array,
    })),
  );
}

const within = (reach: number, values: Float32Array): number[] =>
  [...values].filter((_, i) => Math.abs(grid[i] as number) <= reach + 1e-6);
const largestOf = (values: readonly number[]): number => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

/** Weights of `normal` for means over a standard normal distribution. */
const weights = /* @__PURE__ */ normalWeights();

function normalWeights(): readonly number[] {
  const densities = Array.from(normal, (z) => Math.exp((-z * z) / 2));
  const total = densities.reduce((sum, density) => sum + density, 0);
  return densities.map((density) => density / total);
}

const meanSquare = (values: Float32Array): number =>
  values.reduce((sum, value, i) => sum + (weights[i] as number) * value * value, 0);

/** The variance that the input adds to what comes from the state. */
const INPUT = 0.1;
const STEPS = 30;
const LARGEST_STATE = 100;
const LEAST_GAIN = 0.1;
const MOST_GAIN = 1.5;

/**
 * By what factor the square of a gradient changes each step of an Elman network with an orthogonal W_hh, at initialisation:
 * χ = E f′(√q·z)², z normal, where q is the variance that q ← E f(√q·z)² + 0.1 leads to. Infinite where q grows beyond 100.
 * Source: mean field theory as in Poole et al. 2016, "Exponential expressivity in deep neural networks through transient
 * chaos"; Chen, Pennington & Schoenholz 2018, "Dynamical isometry and a mean field theory of RNNs".
 */
export function gainOf(f: Activation): number {
  let variance = INPUT;
  const scaled = (): Float32Array => normal.map((z) => z * Math.sqrt(variance));
  for (let step = 0; step < STEPS; step++) {
    const next = meanSquare(look(f, scaled()).f) + INPUT;
    if (!(next <= LARGEST_STATE)) return Number.POSITIVE_INFINITY;
    if (Math.abs(next - variance) < 1e-4 * variance) break;
    variance = next;
  }
  const gain = meanSquare(look(f, scaled()).slope);
  return Number.isFinite(gain) ? gain : Number.POSITIVE_INFINITY;
}

/** An expression as it is computed, with those of its parameters that are left. */
function simplified(f: Activation, given: Contender): Contender {
  if (!(f instanceof Expression)) return given;
  const { text } = f;
  const words = new Set(text.match(/[A-Za-z_]\w*/g));
  const left = Object.entries(given.parameters ?? {}).filter(([name]) => words.has(name));
  return left.length > 0 ? { activation: text, parameters: Object.fromEntries(left) } : { activation: text };
}

/** Looks at a function. @returns the name of the filter that keeps it back, or what is known of it. */
export function vet({ activation: text, parameters = {} }: Contender): FilterName | Vetted {
  let f: Activation;
  try {
    f = activation(text, parameters);
  } catch (error) {
    if (error instanceof ExpressionError) return "noValue";
    throw error;
  }
  const seen = look(f, grid);
  if (![...seen.f, ...seen.slope].every(Number.isFinite)) return "noValue";
  const middle = within(3, seen.f);
  if (Math.max(...middle) - Math.min(...middle) < 0.05) return "flat";
  if (largestOf([...seen.f]) > 100) return "far";
  if (largestOf(within(5, seen.slope)) > 10) return "steep";
  const gain = gainOf(f);
  if (gain < LEAST_GAIN) return "vanishing";
  if (gain > MOST_GAIN) return "exploding";
  const values = Array.from(seen.f, (value) => Math.round(value * 1e3));
  const contender = simplified(f, { activation: text, parameters });
  return { key: `${Object.keys(contender.parameters ?? {}).length}: ${values.join()}`, gain, contender };
}
