/** Everything that is measured of one recurrent layer in one direction. */
import { UnrolledError } from "../../runtime/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { spectrumOf } from "./eigenvalues.ts";
import type { Gated } from "./gated.ts";
import { type GradientFlow, gradientFlow } from "./gradientFlow.ts";
import { meanJacobian, stateSize } from "./jacobian.ts";
import { lyapunovExponents } from "./lyapunov.ts";
import { type GateShare, gateShares, type UnitShares, unitShares } from "./shares.ts";
import type { Step, Unit } from "./unit.ts";

/** What is measured of a recurrent layer in one direction, or of a cell. */
export interface LayerDiagnosis {
  /** Its place in the model, `encoder.lstm.l1_reverse`, or its class where it is the model itself. */
  readonly layer: string;
  /** Its class. */
  readonly className: string;
  /** Steps that it walked; where it was called several times, those of the longest. */
  readonly steps: number;
  /** Sequences that take part in the first step it walked, or in the step with most. */
  readonly batch: number;
  /** How many numbers the state of a sequence has. */
  readonly stateSize: number;
  readonly gradient: GradientFlow;
  /** The spectral radius of each block of W_hh (times W_hr where h is projected); null where there is none, or it is too large. */
  readonly radii: Readonly<Record<string, number>> | null;
  /** The spectral radius of the mean of ∂s_t/∂s_{t-1}, s the whole state, over 16 steps and sequences; null: not measured. */
  readonly jacobianRadius: number | null;
  /** The leading Lyapunov exponents in nats a step, the largest first; null: not measured. */
  readonly exponents: readonly number[] | null;
  /** Where the values of gates are, of RNN, LSTM and GRU; null for other recurrences. */
  readonly gates: readonly GateShare[] | null;
  readonly units: UnitShares;
}

export interface Measures {
  readonly exponents: number;
  readonly sequences: number;
  /** The size of the largest matrix whose spectrum is measured. */
  readonly largestSpectrum: number;
}

/** Steps and sequences of which the mean Jacobian is taken. */
const POSITIONS = 16;

/** @throws {LifetimeError} when the tensors of its steps have not outlived the forward pass. */
export function measureLayer(unit: Unit, measures: Measures): LayerDiagnosis {
  const steps = unit.trajectory;
  const { layer, className, gated } = unit.kind;
  const gradient = gradientFlow(unit);
  const size = stateSize(unit, steps[0] as Step);
  const finite = steps.every(leadsToNumbers);
  const { largestSpectrum, exponents, sequences } = measures;
  return {
    layer,
    className,
    steps: steps.length,
    batch: Math.max(...steps.map(({ rows }) => rows)),
    stateSize: size,
    gradient,
    radii: gated && radiiOf(gated, largestSpectrum),
    jacobianRadius:
      finite && size <= largestSpectrum ? attempt(() => radiusOf(meanJacobian(unit, steps, POSITIONS), size)) : null,
    exponents: finite && exponents > 0 ? attempt(() => lyapunovExponents(unit, steps, { exponents, sequences })) : null,
    gates: gated && gateShares(gated, steps),
    units: unitShares(steps),
  };
}

/** Whether a step led to numbers that a Jacobian can be taken at. */
function leadsToNumbers({ after }: Step): boolean {
  return after.every((part) => part.toArray().every(Number.isFinite));
}

/** A cell of somebody's own may refuse to step with other sequences than those of the batch: then there is nothing to say. */
function attempt<Result>(work: () => Result): Result | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof UnrolledError) return null;
    throw error;
  }
}

function radiusOf(matrix: Float64Array, size: number): number {
  return spectrumOf(matrix, size)[0]?.modulus ?? Number.NaN;
}

/** The radius of each block of W_hh. */
function radiiOf({ blocks, weightHh, projection }: Gated, largest: number): Record<string, number> | null {
  const [rows, width] = weightHh.shape as [number, number];
  const hidden = rows / blocks.length;
  if (hidden > largest) return null;
  const numbers = weightHh.toArray();
  const found = blocks.map((name, b): [string, number] => {
    const block = Float64Array.from(numbers.subarray(b * hidden * width, (b + 1) * hidden * width));
    const square = projection ? productOf(block, projection, hidden) : block;
    return [name, square.every(Number.isFinite) ? radiusOf(square, hidden) : Number.NaN];
  });
  return Object.fromEntries(found);
}

/** A block [H, P] times W_hr [P, H]. */
function productOf(block: Float64Array, projection: Tensor, hidden: number): Float64Array {
  const width = projection.shape[0] as number;
  const numbers = projection.toArray();
  const product = new Float64Array(hidden * hidden);
  for (let i = 0; i < hidden; i++) {
    for (let k = 0; k < width; k++) {
      const factor = block[i * width + k] as number;
      for (let j = 0; j < hidden; j++)
        (product[i * hidden + j] as number) += factor * (numbers[k * hidden + j] as number);
    }
  }
  return product;
}
