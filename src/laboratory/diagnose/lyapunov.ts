/**
 * Lyapunov exponents: how fast, in the long run, small differences between states grow (> 0) or die out (< 0), in nats a
 * step, along as many directions as are asked for. A gradient on its way back grows and shrinks by the same exponents, as
 * the products of J_tᵀ have the singular values of those of J_t; so it is J_tᵀ, which the layer's own way back gives, that
 * vectors are sent through here, from the last step to the first.
 *
 * Sources: Benettin, Galgani, Giorgilli & Strelcyn 1980, "Lyapunov characteristic exponents for smooth dynamical systems";
 * Vogt, Puelma Touzel, Shlizerman & Lajoie 2022, "On Lyapunov exponents for RNNs", arXiv:2006.14123.
 */
import { stateSize, transposedProducts } from "./jacobian.ts";
import type { Step, Unit } from "./unit.ts";

export interface LyapunovOptions {
  /** How many exponents; at most as many as the state has numbers. */
  readonly exponents: number;
  /** How many sequences of the batch: the first ones, or the longest where lengths differ. */
  readonly sequences: number;
}

/** Vectors of one sequence, and what their lengths have grown by. */
interface Bundle {
  vectors: Float64Array[];
  readonly logs: Float64Array;
  /** Steps that count. */
  steps: number;
}

/**
 * The leading exponents, the largest first: means over sequences. The first quarter of the steps only turns the vectors into
 * the directions that last, and does not count.
 */
export function lyapunovExponents(unit: Unit, steps: readonly Step[], options: LyapunovOptions): number[] {
  const size = stateSize(unit, steps[0] as Step);
  const count = Math.min(options.exponents, size);
  const most = Math.max(...steps.map(({ rows }) => rows));
  const bundles = Array.from({ length: Math.min(options.sequences, most) }, (_, s) => startOf(size, count, s));
  const lengths = bundles.map((_, s) => steps.filter(({ rows }) => rows > s).length);
  const walked = bundles.map(() => 0);
  for (const step of steps.toReversed()) {
    const active = bundles.slice(0, step.rows);
    const rows = active.flatMap((_, s) => new Array<number>(count).fill(s));
    const products = transposedProducts(
      unit,
      step,
      rows,
      active.flatMap(({ vectors }) => vectors),
    );
    active.forEach((bundle, s) => {
      bundle.vectors = products.slice(s * count, (s + 1) * count);
      const counts = (walked[s] as number) >= Math.floor((lengths[s] as number) / 4);
      (walked[s] as number) += 1;
      const grown = orthonormalise(bundle.vectors);
      if (!counts) return;
      bundle.steps++;
      grown.forEach((length, i) => {
        (bundle.logs[i] as number) += Math.log(length);
      });
    });
  }
  const seen = bundles.filter((bundle) => bundle.steps > 0);
  const means = Array.from(
    { length: count },
    (_, i) => seen.reduce((sum, { logs, steps: n }) => sum + (logs[i] as number) / n, 0) / seen.length,
  );
  // They come in this order but for what few steps leave undecided.
  return means.sort((a, b) => b - a);
}

/** Vectors to start with: the same each time, and in no special direction. */
function startOf(size: number, count: number, sequence: number): Bundle {
  let state = sequence + 1;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state / 2 ** 31;
  };
  const vectors = Array.from({ length: count }, () => Float64Array.from({ length: size }, next));
  orthonormalise(vectors);
  return { vectors, logs: new Float64Array(count), steps: 0 };
}

/** Makes vectors orthonormal, one after the other (Gram–Schmidt, twice each); returns how long the new part of each was. */
function orthonormalise(vectors: readonly Float64Array[]): number[] {
  return vectors.map((vector, i) => {
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors.slice(0, i)) {
        const along = dot(vector, other);
        for (let j = 0; j < vector.length; j++) (vector[j] as number) -= along * (other[j] as number);
      }
    }
    const length = Math.sqrt(dot(vector, vector));
    for (let j = 0; j < vector.length; j++) vector[j] = length === 0 ? 0 : (vector[j] as number) / length;
    return length;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
