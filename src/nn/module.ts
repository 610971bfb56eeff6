import { decodeSafetensors, encodeSafetensors } from "../io/safetensors.ts";
import type { Activation } from "../ops/activation/activation.ts";
import { OptionError, ShapeError, WeightsError } from "../runtime/errors.ts";
import type { WeightFormat } from "../stream/format.ts";
import type { StreamStage } from "../stream/stage.ts";
import { Parameter } from "../tensor/parameter.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Tensors by name, as a network's weights are kept in files. */
export type StateDict = Record<string, Tensor>;

/**
 * A network or a part of one: parameters, other modules, and what it computes.
 *
 * A model of your own is a class with modules in its fields; they are found by themselves, and their names become the
 * names of the parameters, as in PyTorch (`lstm.weight_ih_l0`).
 */
export abstract class Module {
  /** Whether dropout and the like are active. */
  training = true;
  readonly #own = new Map<string, Parameter>();
  readonly #buffers = new Map<string, Tensor>();

  /** What the module computes. */
  // biome-ignore lint/suspicious/noExplicitAny: each module says for itself what it takes.
  abstract forward(...inputs: any[]): unknown;

  /** Adds a parameter under a name that is no field's. */
  protected register(name: string, parameter: Parameter): Parameter {
    this.#own.set(name, parameter);
    return parameter;
  }

  /** Adds what an activation learns, as parameters `name.PARAMETER`; returns the activation. */
  protected registerActivation(name: string, activation: Activation): Activation {
    for (const [own, parameter] of activation.learned) this.register(`${name}.${own}`, parameter);
    return activation;
  }

  /** The parameter registered under a name. */
  protected registered(name: string): Parameter | undefined {
    return this.#own.get(name);
  }

  /**
   * Adds a buffer, or replaces it: a tensor that is part of the module's state and saved with it, but is not learnt, such
   * as running statistics. A copy is kept, which lives as long as the module.
   *
   * ```ts
   * class Shifted extends Module {
   *   constructor(size: number) {
   *     super();
   *     this.registerBuffer("running_mean", zeros([size]));
   *   }
   *   forward(x: Tensor): Tensor {
   *     return sub(x, this.buffer("running_mean"));
   *   }
   * }
   * Object.keys(new Shifted(3).stateDict()); // ["running_mean"]
   * ```
   *
   * @throws {OptionError} when a parameter has the name; {ShapeError} when a buffer of another shape or type has it.
   */
  protected registerBuffer(name: string, value: Tensor): void {
    const before = this.#buffers.get(name);
    if (this.#own.has(name)) throw new OptionError(`registerBuffer: expected a name that is free, got ${name}`);
    if (before && (before.dtype !== value.dtype || !sameShape(before.shape, value.shape))) {
      const wanted = `${before.dtype} ${formatShape(before.shape)}`;
      throw new ShapeError(`buffer ${name}: expected ${wanted}, got ${value.dtype} ${formatShape(value.shape)}`);
    }
    this.#buffers.set(name, value.detach());
  }

  /** The buffer of a name. @throws {OptionError} when there is none. */
  protected buffer(name: string): Tensor {
    const found = this.#buffers.get(name);
    if (!found)
      throw new OptionError(`buffer: expected ${[...this.#buffers.keys()].join(", ") || "none"}, got ${name}`);
    return found;
  }

  /** Every buffer here and in the modules inside, with its full name. */
  namedBuffers(): [string, Tensor][] {
    return this.#holdersOfBuffers("").map(([name, holder, own]) => [name, holder.buffer(own)]);
  }

  /**
   * What puts all buffers back as they are now; costs no copies.
   * @internal
   */
  keepBuffers(): () => void {
    const kept = this.#holdersOfBuffers("").map(([, holder, own]) => [holder, own, holder.buffer(own)] as const);
    return () => {
      for (const [holder, own, value] of kept) holder.#buffers.set(own, value);
    };
  }

  /** Full name, module and own name of every buffer; a module that is in two places appears once. */
  #holdersOfBuffers(prefix: string, seen = new Set<Module>()): [string, Module, string][] {
    if (seen.has(this)) return [];
    seen.add(this);
    const own = [...this.#buffers.keys()].map((name): [string, Module, string] => [prefix + name, this, name]);
    const inside = [...this.children()].flatMap(([name, child]) => child.#holdersOfBuffers(`${prefix}${name}.`, seen));
    return [...own, ...inside];
  }

  /** The modules in this one's fields (also in arrays), with the names they have there. */
  *children(): Generator<[string, Module]> {
    for (const [name, value] of Object.entries(this)) {
      if (value instanceof Module) yield [name, value];
      if (Array.isArray(value)) {
        for (const [i, entry] of value.entries()) if (entry instanceof Module) yield [`${name}.${i}`, entry];
      }
    }
  }

  /**
   * Every parameter in fields and modules (also in arrays) with its full name: a module's own, then those of the modules
   * in it, each in order of definition. One that is shared appears once, under its first name.
   */
  namedParameters(): [string, Parameter][] {
    return [...this.#namesOfParameters()].map(([parameter, [name]]) => [name as string, parameter]);
  }

  /** Every parameter with all its full names: one that is shared has several. */
  #namesOfParameters(prefix = "", found = new Map<Parameter, Set<string>>()): Map<Parameter, Set<string>> {
    const add = (name: string, value: unknown): void => {
      if (!(value instanceof Parameter)) return;
      found.set(value, (found.get(value) ?? new Set()).add(prefix + name));
    };
    for (const [name, parameter] of this.#own) add(name, parameter);
    for (const [name, value] of Object.entries(this)) {
      if (Array.isArray(value)) for (const [i, entry] of value.entries()) add(`${name}.${i}`, entry);
      else add(name, value);
    }
    for (const [name, child] of this.children()) child.#namesOfParameters(`${prefix}${name}.`, found);
    return found;
  }

  /** Every parameter, in the order of `namedParameters`. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** Copies of all parameters, then of all buffers, by name. */
  stateDict(): StateDict {
    const named: [string, Tensor][] = [...this.namedParameters(), ...this.namedBuffers()];
    return Object.fromEntries(named.map(([name, value]) => [name, value.detach()]));
  }

  /**
   * Replaces all parameters and buffers. A parameter that is shared may come under its other names as well, as it does
   * from PyTorch.
   * @throws {WeightsError} when a name is missing or unknown, a shape differs, or what is shared has two values;
   *   {LifetimeError} when the step of a tensor has ended. The module is then as it was.
   */
  loadStateDict(state: StateDict): void {
    const parameters = this.namedParameters();
    const holders = this.#holdersOfBuffers("");
    const buffers = holders.map(([name, holder, own]): [string, Tensor] => [name, holder.buffer(own)]);
    const all: [string, Tensor][] = [...parameters, ...buffers];
    const shared = [...this.#namesOfParameters().values()].map((names) => [...names]);
    const names = new Set([...all.map(([name]) => name), ...shared.flat()]);
    const missing = all.map(([name]) => name).filter((name) => !Object.hasOwn(state, name));
    const unknown = Object.keys(state).filter((name) => !names.has(name));
    if (missing.length > 0 || unknown.length > 0) {
      const parts = [
        missing.length > 0 ? `missing ${missing.join(", ")}` : "",
        unknown.length > 0 ? `unknown ${unknown.join(", ")}` : "",
      ];
      throw new WeightsError(`weights: expected the parameters of this model, got ${parts.filter(Boolean).join("; ")}`);
    }
    for (const [name, own] of all) {
      const given = state[name];
      if (!(given instanceof Tensor)) throw new WeightsError(`weights ${name}: expected a tensor, got ${typeof given}`);
      if (given.dtype !== own.dtype || !sameShape(given.shape, own.shape)) {
        throw new WeightsError(
          `weights ${name}: expected ${own.dtype} ${formatShape(own.shape)}, got ${given.dtype} ${formatShape(given.shape)}`,
        );
      }
    }
    for (const [first, ...others] of shared) {
      for (const other of others) if (Object.hasOwn(state, other)) requireSame(state, first as string, other);
    }
    // All are read before any is replaced: reading one whose step has ended throws.
    const values = all.map(([name]) => (state[name] as Tensor).detach());
    parameters.forEach(([, parameter], i) => {
      parameter.set((values[i] as Tensor).toArray());
    });
    holders.forEach(([, holder, own], i) => {
      holder.registerBuffer(own, values[parameters.length + i] as Tensor);
    });
  }

  /** All parameters and buffers as the bytes of a safetensors file. */
  save(metadata?: Record<string, string>): Uint8Array<ArrayBuffer> {
    return encodeSafetensors(this.stateDict(), metadata);
  }

  /**
   * Replaces all parameters and buffers by those of a safetensors file.
   * @throws {WeightsError} when the file is damaged or belongs to another model; the module is then as it was.
   */
  load(bytes: Uint8Array): void {
    this.loadStateDict(decodeSafetensors(bytes).tensors);
  }

  /**
   * What `forward` takes after x when a container has it: nothing, `{ lengths }`, or a state and then `{ lengths }`.
   * @internal
   */
  get sequenceArguments(): "none" | "lengths" | "state" {
    return "none";
  }

  /** Switches dropout and the like on, here and in every module inside. */
  train(on = true): this {
    this.training = on;
    for (const [, child] of this.children()) child.train(on);
    return this;
  }

  /** Switches dropout and the like off. */
  eval(): this {
    return this.train(false);
  }

  /**
   * The stages this module adds to a stream, their weights in the given format (default "float32").
   * @throws {OptionError} when it cannot work one sample at a time.
   */
  stages(_weights?: WeightFormat): StreamStage[] {
    throw new OptionError(`stream: ${this.constructor.name} does not work one sample at a time`);
  }
}

/** @throws {WeightsError} unless both names of a shared parameter stand for the same numbers. */
function requireSame(state: StateDict, first: string, other: string): void {
  const [one, two] = [state[first] as Tensor, state[other]];
  if (two === one) return;
  if (!(two instanceof Tensor)) throw new WeightsError(`weights ${other}: expected a tensor, got ${typeof two}`);
  const [own, given] = [one.toArray(), two.toArray()];
  if (own.length === given.length && own.every((value, i) => Object.is(value, given[i]))) return;
  throw new WeightsError(`weights ${other}: expected the numbers of ${first}, with which it is shared, got others`);
}
