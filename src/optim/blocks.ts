import { engine } from "../runtime/engine.ts";
import { optimizerBlock } from "../runtime/plan.ts";
import type { Parameter } from "../tensor/parameter.ts";

/** An array that is kept for a parameter from step to step. */
export interface StateArray {
  /** PyTorch's name in camelCase: `expAvg`. */
  readonly name: string;
  readonly size: number;
  /** What every number of it is before the first step; default 0. */
  readonly start?: number;
}

/** What is kept for one parameter. At most three arrays, which the kernels know as first, second and third. */
export interface StateLayout {
  readonly arrays: readonly StateArray[];
  /** Rows of a matrix whose second moment is kept factored; default 0: it is not. */
  readonly rows?: number;
}

/** Memory goes back to the heap when nothing refers to its owner any more. */
const registry = /* @__PURE__ */ new FinalizationRegistry<readonly number[]>((addresses) => {
  for (const address of addresses) engine().heap.release(address);
});

/**
 * The list that the kernels work through, a block for each parameter, and the arrays the blocks point at. Parameters never
 * move, so the list holds for as long as it is held. Arrays are taken when they are first asked for: what is never
 * learnt takes none.
 */
export class Blocks {
  /** Where the list lies. */
  readonly address: number;
  readonly #parameters: readonly Parameter[];
  readonly #layouts: readonly StateLayout[];
  /** The addresses of each parameter's arrays; null before there are any. */
  readonly #arrays: (readonly number[] | null)[];
  readonly #kept: number[];

  constructor(parameters: readonly Parameter[], layoutOf: (index: number) => StateLayout) {
    this.#parameters = parameters;
    this.#layouts = parameters.map((_, i) => layoutOf(i));
    this.#arrays = parameters.map(() => null);
    this.address = engine().heap.allocate(parameters.length * optimizerBlock.length * 4);
    this.#kept = [this.address];
    registry.register(this, this.#kept);
    parameters.forEach((_, i) => {
      this.#write(i, []);
    });
  }

  /** Where the block of a parameter lies. */
  at(index: number): number {
    return this.address + index * optimizerBlock.length * 4;
  }

  #write(index: number, [firstState = 0, secondState = 0, thirdState = 0]: readonly number[]): void {
    const { address: parameter, gradientBlock: gradient, size: count } = this.#parameters[index] as Parameter;
    const { rows = 0 } = this.#layouts[index] as StateLayout;
    optimizerBlock({ parameter, gradient, firstState, secondState, thirdState, rows, count }, this.at(index));
  }

  /** Takes a parameter's arrays if it has none yet. @throws {MemoryError} when there is no room; it then has none. */
  open(index: number): void {
    if (this.#arrays[index]) return;
    const { heap } = engine();
    const taken: number[] = [];
    try {
      for (const { size } of this.arraysOf(index)) taken.push(heap.allocate(size * 4));
    } catch (error) {
      for (const address of taken) heap.release(address);
      throw error;
    }
    this.#kept.push(...taken);
    this.#arrays[index] = taken;
    this.#write(index, taken);
    this.reset(index);
  }

  isOpen(index: number): boolean {
    return this.#arrays[index] !== null;
  }

  /** What the arrays of a parameter are called, and how long they are. */
  arraysOf(index: number): readonly StateArray[] {
    return (this.#layouts[index] as StateLayout).arrays;
  }

  /** Sets a parameter's arrays, if it has them, to what they are before the first step. */
  reset(index: number): void {
    this.arraysOf(index).forEach(({ start = 0 }, i) => {
      this.#view(index, i)?.fill(start);
    });
  }

  /** A copy of the numbers of each array of a parameter; none when it has none. */
  read(index: number): readonly Float32Array[] {
    return this.#arrays[index]
      ? this.arraysOf(index).map((_, i) => (this.#view(index, i) as Float32Array).slice())
      : [];
  }

  /** Replaces the numbers of a parameter's arrays, in their order. */
  write(index: number, values: readonly Float32Array[]): void {
    values.forEach((numbers, i) => {
      this.#view(index, i)?.set(numbers);
    });
  }

  #view(index: number, array: number): Float32Array | undefined {
    const address = this.#arrays[index]?.[array];
    if (address === undefined) return undefined;
    const { size } = this.arraysOf(index)[array] as StateArray;
    return engine().f32.subarray(address >>> 2, (address >>> 2) + size);
  }

  /** Exchanges the numbers of a parameter with those of its first array. */
  exchange(index: number): void {
    const view = this.#view(index, 0) as Float32Array;
    const parameter = this.#parameters[index] as Parameter;
    const own = engine().f32.slice(parameter.address >>> 2, (parameter.address >>> 2) + parameter.size);
    parameter.set(view);
    view.set(own);
  }
}
