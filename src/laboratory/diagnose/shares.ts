/** How many gates are stuck at an end, and which units say nothing. */
import { noGrad } from "../../autograd/noGrad.ts";
import { reshape, slice } from "../../ops/layout.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Gated, GateInputs } from "./gated.ts";
import type { Step } from "./unit.ts";

/** Where the values of a gate, a candidate or an activated cell are, over all steps, sequences and units. */
export interface GateShare {
  /** A block of W_hh: `h` of an RNN, `i f g o` of an LSTM, `r z n` of a GRU; `c`: the LSTM's activated cell. */
  readonly name: string;
  /** The share of values in the lowest hundredth of the activation's range, and in the highest; 0 where it has no such end. */
  readonly low: number;
  readonly high: number;
  /** Whether the activation has both ends, so that to be at one is to be saturated. */
  readonly bounded: boolean;
  readonly mean: number;
}

/** Units of h that carry nothing. */
export interface UnitShares {
  /** How many there are. */
  readonly count: number;
  /** Those that were 0 at every step of every sequence. */
  readonly dead: readonly number[];
  /** Those that were the same number, other than 0, all the time, to a millionth of it. */
  readonly constant: readonly number[];
}

/** How much of the range of an activation counts as its end; of one that has no other end, so much in numbers. */
const END = 0.01;

const SAME = 1e-6;

/** Counts of one gate. */
class GateCount {
  readonly name: string;
  readonly #lowest: number;
  readonly #highest: number;
  readonly #bounded: boolean;
  #low = 0;
  #high = 0;
  #sum = 0;
  #count = 0;

  constructor(name: string, [least, largest]: readonly [number, number]) {
    this.name = name;
    this.#bounded = Number.isFinite(largest - least);
    const end = END * (this.#bounded ? largest - least : 1);
    this.#lowest = least + end;
    this.#highest = largest - end;
  }

  take(values: Tensor): void {
    for (const value of values.toArray()) {
      if (value < this.#lowest) this.#low++;
      if (value > this.#highest) this.#high++;
      this.#sum += value;
      this.#count++;
    }
  }

  get share(): GateShare {
    const { name } = this;
    const of = (count: number): number => count / this.#count;
    return { name, low: of(this.#low), high: of(this.#high), bounded: this.#bounded, mean: of(this.#sum) };
  }
}

/** The sequences of a step that take part. */
function partsOf({ inputs, before, after, rows }: Step): GateInputs {
  const taking = (t: Tensor): Tensor => (t.shape[0] === rows ? t : slice(t, 0, 0, rows));
  const x = inputs[0] as Tensor;
  return {
    x: x.shape.length === 3 ? reshape(x, x.shape.slice(1)) : x,
    before: before.map(taking),
    after: after.map(taking),
  };
}

/** The gates of a trajectory, nothing dropped. */
export function gateShares(gated: Gated, steps: readonly Step[]): GateShare[] {
  const counts: GateCount[] = [];
  for (const step of steps) {
    noGrad(() => {
      gated.values(partsOf(step)).forEach(({ name, values, activation }, g) => {
        counts[g] ??= new GateCount(name, activation.range);
        counts[g].take(values);
      });
    });
  }
  return counts.map(({ share }) => share);
}

/** The units of the first part of the state, [N, H]. */
export function unitShares(steps: readonly Step[]): UnitShares {
  const first = (steps[0] as Step).after[0] as Tensor;
  const count = first.shape.at(-1) as number;
  const least = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const largest = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  for (const { after, rows } of steps) {
    const numbers = (after[0] as Tensor).toArray().subarray(0, rows * count);
    numbers.forEach((value, i) => {
      const unit = i % count;
      if (value < (least[unit] as number)) least[unit] = value;
      if (value > (largest[unit] as number)) largest[unit] = value;
    });
  }
  const units = Array.from(least.keys());
  const [from, to] = [(unit: number) => least[unit] as number, (unit: number) => largest[unit] as number];
  return {
    count,
    dead: units.filter((unit) => from(unit) === 0 && to(unit) === 0),
    constant: units.filter((unit) => {
      const size = Math.max(Math.abs(from(unit)), Math.abs(to(unit)));
      return size > 0 && to(unit) - from(unit) <= SAME * size;
    }),
  };
}
