/** Products with the Jacobian J_t = ∂s_t/∂s_{t-1} of a step, by the layer's own way back; s is its whole state. */
import { giveGradient, gradientOf, nextOperation, propagateSince, withGradients } from "../../autograd/graph.ts";
import { inScope } from "../../autograd/noGrad.ts";
import { engine } from "../../runtime/engine.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { partOf, rowOf, widthOf } from "./rows.ts";
import type { Step, Unit } from "./unit.ts";

/** How many numbers the state of one sequence has. */
export function stateSize(unit: Unit, { before }: Step): number {
  return before.reduce((sum, part, p) => sum + widthOf(part, unit.batchAxis(p)), 0);
}

/** What comes into a step, of some of its sequences. */
function inputsOf(unit: Unit, { inputs }: Step, rows: readonly number[]): Tensor[] {
  return inputs.map((input) => {
    const numbers = input.toArray();
    const axis = unit.kind.timed && input.shape.length > 2 ? 1 : 0;
    const taken = rows.map((row) => rowOf(input, numbers, axis, row));
    const { data, shape } = partOf(input, axis, taken);
    return Tensor.fromArray(data, unit.kind.timed && axis === 0 ? [1, ...shape] : shape);
  });
}

/** The state before a step, of some of its sequences; gradients are wanted of it. */
function statesOf(unit: Unit, { before }: Step, rows: readonly number[]): Tensor[] {
  return before.map((part, p) => {
    const numbers = part.toArray();
    const axis = unit.batchAxis(p);
    const { data, shape } = partOf(
      part,
      axis,
      rows.map((row) => rowOf(part, numbers, axis, row)),
    );
    const t = Tensor.fromArray(data, shape);
    t.requiresGrad = true;
    return t;
  });
}

/** Puts vectors of the size of the state where gradients of its parts are taken from. */
function seed(unit: Unit, parts: readonly Tensor[], vectors: readonly Float64Array[]): void {
  let at = 0;
  parts.forEach((part, p) => {
    const axis = unit.batchAxis(p);
    const width = widthOf(part, axis);
    const { data } = partOf(
      part,
      axis,
      vectors.map((vector) => Float32Array.from(vector.subarray(at, at + width))),
    );
    at += width;
    const address = engine().allocate(part.size);
    engine().f32.set(data, address >>> 2);
    giveGradient(part, address);
  });
}

/** The gradients of a state, one vector for each sequence. */
function collect(unit: Unit, parts: readonly Tensor[], count: number, size: number): Float64Array[] {
  const vectors = Array.from({ length: count }, () => new Float64Array(size));
  let at = 0;
  parts.forEach((part, p) => {
    const axis = unit.batchAxis(p);
    const address = gradientOf(part);
    if (address !== 0) {
      const numbers = engine().f32.slice(address >>> 2, (address >>> 2) + part.size);
      for (const [row, vector] of vectors.entries()) vector.set(rowOf(part, numbers, axis, row), at);
    }
    at += widthOf(part, axis);
  });
  return vectors;
}

/**
 * Jᵀ·v of one step: vector i is multiplied with the Jacobian of sequence `rows[i]`. Nothing is dropped, whatever mode the
 * model is in.
 */
export function transposedProducts(
  unit: Unit,
  step: Step,
  rows: readonly number[],
  vectors: readonly Float64Array[],
): Float64Array[] {
  const { modules, advance } = unit.kind;
  const training = modules.map((module) => module.training);
  for (const module of modules) module.training = false;
  try {
    return inScope(() => {
      const before = statesOf(unit, step, rows);
      const inputs = inputsOf(unit, step, rows);
      const since = nextOperation();
      const after = withGradients(true, () => advance(inputs, before));
      seed(unit, after, vectors);
      propagateSince(after, since);
      return collect(unit, before, rows.length, stateSize(unit, step));
    });
  } finally {
    modules.forEach((module, m) => {
      module.training = training[m] as boolean;
    });
  }
}

/**
 * The mean of J_t over some of the steps and sequences of a trajectory, evenly drawn, row-major [n, n].
 * @param positions how many.
 */
export function meanJacobian(unit: Unit, steps: readonly Step[], positions: number): Float64Array {
  const size = stateSize(unit, steps[0] as Step);
  const all = steps.reduce((sum, { rows }) => sum + rows, 0);
  const count = Math.min(positions, all);
  const units = Array.from({ length: size }, (_, i) => new Float64Array(size).fill(1, i, i + 1));
  const sum = new Float64Array(size * size);
  for (let p = 0; p < count; p++) {
    const { step, row } = placeOf(steps, Math.floor(((p + 0.5) * all) / count));
    const products = transposedProducts(unit, step, new Array<number>(size).fill(row), units);
    products.forEach((product, i) => {
      for (let j = 0; j < size; j++) (sum[i * size + j] as number) += (product[j] as number) / count;
    });
  }
  return sum;
}

/** The step and the sequence that come at a place, counting the sequences of all steps. */
function placeOf(steps: readonly Step[], place: number): { step: Step; row: number } {
  let left = place;
  for (const step of steps) {
    if (left < step.rows) return { step, row: left };
    left -= step.rows;
  }
  throw new RangeError(`place ${place}: expected one inside the trajectory`);
}
