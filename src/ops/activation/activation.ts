import { gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import type { Parameter } from "../../tensor/parameter.ts";
import { requireFloat32 } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { mapNumbers } from "../map.ts";

/** Numbers that go through the engine's passes at a time: few enough to stay in the cache between them. */
export const BLOCK = 4096;

/** Writes `count` numbers at y that follow from those at x, which may be the same ones. */
export type Pass = (x: number, y: number, count: number) => void;

/** What a kernel needs to call an activation: the function-table slots of the map and of its gradient. */
export interface ActivationSlots {
  readonly forwardSlot: number;
  readonly backwardSlot: number;
}

/** Where the two kernels of an activation come from, and what is known of it. */
export interface ActivationSource {
  readonly name: string;
  /** The least and the largest value. */
  readonly range: readonly [number, number];
  /** Whether the derivative follows from f(x) alone, so that x need not be kept. */
  readonly derivedFromResult: boolean;
  /** The numbers that its kernels are handed, [n]; null when they need none. */
  readonly parameters: Tensor | null;
  /** What it learns, by the names of its parameters. */
  readonly learned?: ReadonlyMap<string, Parameter>;
  /** Where something is learned: takes a way back, and gathers the gradients of that. */
  takeBack?(run: (parameters: number) => void): void;
  /**
   * Its slots in the engine that runs; the first call may have to bring the kernels there. What is compiled at run time gives
   * its slots back when the activation is no longer reachable: whoever will call them holds on to it.
   */
  slots(): ActivationSlots;
}

const nothing: ReadonlyMap<string, Parameter> = /* @__PURE__ */ new Map();

/**
 * An activation function with its options: a pair of kernels, the map and its derivative, which every layer calls a block
 * of numbers at a time. `activation(name, options)` makes one.
 */
export class Activation {
  readonly #source: ActivationSource;

  /** @internal */
  constructor(source: ActivationSource) {
    this.#source = source;
  }

  /** What it is called. */
  get name(): string {
    return this.#source.name;
  }

  /** The least and the largest value that it gives. */
  get range(): readonly [number, number] {
    return this.#source.range;
  }

  /**
   * What a recurrent kernel needs to call it: the function-table slots of the map and of its gradient.
   * @internal
   */
  get slots(): ActivationSlots {
    return this.#source.slots();
  }

  /** Whether its derivative follows from f(x) alone, so that x need not be kept. */
  get derivedFromResult(): boolean {
    return this.#source.derivedFromResult;
  }

  /**
   * What it learns, by the names of its parameters; a layer that it is given to has them among its own, as
   * `activation.NAME`. Whoever shares the activation shares them.
   */
  get learned(): ReadonlyMap<string, Parameter> {
    return this.#source.learned ?? nothing;
  }

  /** The address of its parameters in the current step, or 0 when it has none. */
  get parameters(): number {
    return this.#source.parameters?.address ?? 0;
  }

  /** How many numbers its kernels are handed. */
  get parameterCount(): number {
    return this.#source.parameters?.size ?? 0;
  }

  /** Writes its parameters, if it has any, to memory that outlives the step; returns the address, or 0. */
  writeParameters(address: number): number {
    const { parameters } = this.#source;
    if (!parameters) return 0;
    engine().f32.set(parameters.toArray(), address >>> 2);
    return address;
  }

  /**
   * Takes a way back whose kernels call this activation: they are handed the address that `run` is given, and what they sum up
   * there goes to the gradients of what is learned. Sums are taken in one order, so such a way is not shared among threads.
   */
  takeBack(run: (parameters: number) => void): void {
    if (this.#source.takeBack) this.#source.takeBack(run);
    else run(this.parameters);
  }

  /** f(x), differentiable. */
  apply(x: Tensor): Tensor {
    requireFloat32(`${this.name} x`, x);
    const { forwardSlot } = this.slots;
    const { parameters } = this;
    const y = Tensor.inStep(x.shape);
    const from = x.address;
    const to = y.address;
    mapNumbers("activationForward", x.size, (at, size) => [forwardSlot, from + at, to + at, size, parameters]);
    const learned = [...this.learned.values()];
    record([x, ...learned], [y], () => {
      const dy = gradientOf(y);
      const run = (dx: number): void =>
        this.takeBack((numbers) => {
          const { backwardSlot } = this.slots;
          const share = (at: number, size: number) =>
            [backwardSlot, x.address + at, to + at, dy + at, dx + at, size, numbers] as const;
          if (learned.length > 0) engine().kernels.activationBackward(...share(0, x.size));
          else mapNumbers("activationBackward", x.size, share);
        });
      if (x.requiresGrad) writeGradient(x, run);
      else run(engine().allocate(x.size));
    });
    return y;
  }

  /** f′(x); no gradient flows through it. */
  derivative(x: Tensor): Tensor {
    requireFloat32(`${this.name} x`, x);
    const y = Tensor.inStep(x.shape);
    const derive = this.derivativePass(x.size);
    for (let done = 0; done < x.size; done += BLOCK) {
      derive(x.address + 4 * done, y.address + 4 * done, Math.min(x.size - done, BLOCK));
    }
    return y;
  }

  /**
   * y := f(x), for as long as the current step lasts.
   * @internal
   */
  mapPass(): Pass {
    const { kernels } = engine();
    const { forwardSlot } = this.slots;
    const { parameters } = this;
    return (x, y, count) => kernels.activationForward(forwardSlot, x, y, count, parameters);
  }

  /**
   * y := f′(x), likewise, in blocks of an array of `count` numbers.
   * @internal
   */
  derivativePass(count: number): Pass {
    const { kernels } = engine();
    const { backwardSlot } = this.slots;
    const { parameters } = this;
    const map = this.derivedFromResult ? this.mapPass() : null;
    const block = Math.min(count, BLOCK);
    const ones = engine().allocate(block);
    kernels.fill(ones, block, 1);
    return (x, y, n) => {
      map?.(x, y, n);
      kernels.activationBackward(backwardSlot, x, map ? y : x, ones, y, n, parameters);
    };
  }
}
