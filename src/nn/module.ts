import { decodeSafetensors, encodeSafetensors } from "../io/safetensors.ts";
import { OptionError, WeightsError } from "../runtime/errors.ts";
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

  /** What the module computes. */
  // biome-ignore lint/suspicious/noExplicitAny: each module says for itself what it takes.
  abstract forward(...inputs: any[]): unknown;

  /** Adds a parameter under a name that is no field's. */
  protected register(name: string, parameter: Parameter): Parameter {
    this.#own.set(name, parameter);
    return parameter;
  }

  /** The parameter registered under a name. */
  protected registered(name: string): Parameter | undefined {
    return this.#own.get(name);
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
    const found = new Map<Parameter, string>();
    this.#collect("", found);
    return [...found].map(([parameter, name]) => [name, parameter]);
  }

  #collect(prefix: string, found: Map<Parameter, string>): void {
    for (const [name, parameter] of this.#own) if (!found.has(parameter)) found.set(parameter, prefix + name);
    for (const [name, value] of Object.entries(this)) {
      const entries = Array.isArray(value) ? value.map((entry, i) => [`${name}.${i}`, entry]) : [[name, value]];
      for (const [full, entry] of entries) {
        if (entry instanceof Parameter && !found.has(entry)) found.set(entry, prefix + full);
      }
    }
    for (const [name, child] of this.children()) child.#collect(`${prefix}${name}.`, found);
  }

  /** Every parameter, in the order of `namedParameters`. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** Copies of all parameters by name. */
  stateDict(): StateDict {
    return Object.fromEntries(this.namedParameters().map(([name, parameter]) => [name, parameter.detach()]));
  }

  /**
   * Replaces all parameters.
   * @throws {WeightsError} when a name is missing or unknown, or a shape differs; {LifetimeError} when the step of a
   *   tensor has ended. The module is then as it was.
   */
  loadStateDict(state: StateDict): void {
    const parameters = this.namedParameters();
    const names = new Set(parameters.map(([name]) => name));
    const missing = [...names].filter((name) => !Object.hasOwn(state, name));
    const unknown = Object.keys(state).filter((name) => !names.has(name));
    if (missing.length > 0 || unknown.length > 0) {
      const parts = [
        missing.length > 0 ? `missing ${missing.join(", ")}` : "",
        unknown.length > 0 ? `unknown ${unknown.join(", ")}` : "",
      ];
      throw new WeightsError(`weights: expected the parameters of this model, got ${parts.filter(Boolean).join("; ")}`);
    }
    for (const [name, parameter] of parameters) {
      const given = state[name];
      if (!(given instanceof Tensor)) throw new WeightsError(`weights ${name}: expected a tensor, got ${typeof given}`);
      if (given.dtype !== "float32" || !sameShape(given.shape, parameter.shape)) {
        throw new WeightsError(
          `weights ${name}: expected float32 ${formatShape(parameter.shape)}, got ${given.dtype} ${formatShape(given.shape)}`,
        );
      }
    }
    // All are read before any is replaced: reading one whose step has ended throws.
    const values = parameters.map(([name]) => (state[name] as Tensor).toArray());
    parameters.forEach(([, parameter], i) => {
      parameter.set(values[i] as Float32Array);
    });
  }

  /** All parameters as the bytes of a safetensors file. */
  save(metadata?: Record<string, string>): Uint8Array<ArrayBuffer> {
    return encodeSafetensors(this.stateDict(), metadata);
  }

  /**
   * Replaces all parameters by those of a safetensors file.
   * @throws {WeightsError} when the file is damaged or belongs to another model; the module is then as it was.
   */
  load(bytes: Uint8Array): void {
    this.loadStateDict(decodeSafetensors(bytes).tensors);
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
