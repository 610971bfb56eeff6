import { addGradient } from "../../../autograd/graph.ts";
import { catalogue } from "../../../runtime/catalogue.ts";
import { engine } from "../../../runtime/engine.ts";
import { Parameter } from "../../../tensor/parameter.ts";
import { Tensor } from "../../../tensor/tensor.ts";
import { copy } from "../../strided.ts";
import type { ActivationSlots, ActivationSource } from "../activation.ts";
import { compile } from "./compile.ts";
import type { Program } from "./emit.ts";
import { type Interpreted, interpreted, interpreterSlots } from "./interpret.ts";

/** What computes an expression. */
export interface ExpressionSource extends ActivationSource {
  /** Of all parameters, as they are now. */
  readonly values: Readonly<Record<string, number>>;
  /** Whether it runs as compiled code. */
  readonly compiled: boolean;
}

/** Kernels of the catalogue, which are handed the values in their order. */
export class KernelSource implements ExpressionSource {
  readonly name: string;
  readonly range: readonly [number, number];
  readonly derivedFromResult = false;
  readonly compiled = true;
  readonly parameters: Tensor;
  readonly values: Readonly<Record<string, number>>;
  readonly #kernel: number;

  /** @param kernel their number (assembly/activation/slots.ts). */
  constructor(
    name: string,
    range: readonly [number, number],
    kernel: number,
    values: Readonly<Record<string, number>>,
  ) {
    this.name = name;
    this.range = range;
    this.values = values;
    const numbers = Float32Array.from(Object.values(values));
    this.parameters = Tensor.fromArray(numbers, [numbers.length]);
    this.#kernel = kernel;
  }

  slots(): ActivationSlots {
    const kernels = catalogue();
    return {
      forwardSlot: kernels.catalogueForwardSlot(this.#kernel),
      backwardSlot: kernels.catalogueBackwardSlot(this.#kernel),
    };
  }
}

/** A module of its own, or where none can be compiled the interpreter. */
export class ModuleSource implements ExpressionSource {
  readonly name: string;
  readonly range: readonly [number, number];
  readonly learned: ReadonlyMap<string, Parameter>;
  readonly #program: Program;
  /** Of the parameters that are not learned. */
  readonly #fixed: Readonly<Record<string, number>>;
  #slots: ActivationSlots | null = null;
  /** What the kernels are handed; the numbers of what is learned are as they were at `#version`. */
  #floats = new Float32Array();
  #parameters: Tensor | null = null;
  #version = -1;
  #interpreted: Interpreted | null = null;

  /**
   * @param initial values of all parameters, of which `learned` change.
   */
  constructor(
    name: string,
    range: readonly [number, number],
    program: Program,
    initial: Readonly<Record<string, number>>,
    learned: readonly string[],
  ) {
    this.name = name;
    this.range = range;
    this.#program = program;
    this.#fixed = initial;
    this.learned = new Map(
      learned.map((own) => {
        const parameter = new Parameter([1]);
        parameter.set([initial[own] as number]);
        return [own, parameter];
      }),
    );
  }

  get derivedFromResult(): boolean {
    return this.#program.slopeFromResult;
  }

  get values(): Readonly<Record<string, number>> {
    const learned = [...this.learned].map(([name, parameter]) => [name, engine().f32[parameter.address >>> 2]]);
    return { ...this.#fixed, ...Object.fromEntries(learned) };
  }

  get parameters(): Tensor {
    this.slots();
    let version = 0;
    for (const parameter of this.learned.values()) version += parameter.version;
    if (this.#parameters && version === this.#version) return this.#parameters;
    this.#version = version;
    const floats = this.#floats.slice();
    const { values } = this;
    for (const [node, place] of this.#program.places) {
      const value = node.kind === "number" ? node.value : values[(node as { name: string }).name];
      floats[place + (this.#interpreted?.numbers ?? 0)] = value as number;
    }
    this.#parameters = Tensor.fromArray(floats, [floats.length]);
    return this.#parameters;
  }

  /** Hands `run` numbers with sums of ∂L/∂p behind them, each a float64, which the kernels add to. */
  takeBack(run: (parameters: number) => void): void {
    const { parameters, learned } = this;
    if (learned.size === 0) {
      run(parameters.address);
      return;
    }
    const address = engine().allocate(parameters.size);
    copy(parameters.address, address, parameters.size);
    const sums = address + (this.#interpreted?.sums ?? this.#program.sums);
    // Whoever asked for a derivative alone has left something there.
    engine().kernels.fill(sums, 2 * learned.size, 0);
    run(address);
    const { f32 } = engine();
    const found = new Float64Array(f32.buffer, sums, learned.size);
    [...learned.values()].forEach((parameter, i) => {
      addGradient(parameter, (d, accumulate) => {
        const before = accumulate ? (f32[d >>> 2] as number) : 0;
        f32[d >>> 2] = before + (found[i] as number);
      });
    });
  }

  get compiled(): boolean {
    this.slots();
    return this.#interpreted === null;
  }

  /** Compiled when they are first asked for. */
  slots(): ActivationSlots {
    if (this.#slots) return this.#slots;
    const compiled = compile(this.#program);
    if (!compiled) this.#interpreted = interpreted(this.#program);
    const size = this.#program.sums / 4 + 2 * this.learned.size;
    this.#floats = this.#interpreted?.floats ?? new Float32Array(size);
    this.#slots = compiled ?? interpreterSlots();
    return this.#slots;
  }
}
