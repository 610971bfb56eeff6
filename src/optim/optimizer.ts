import { engine } from "../runtime/engine.ts";
import { NumericError, OptionError, WeightsError } from "../runtime/errors.ts";
import type { Parameter } from "../tensor/parameter.ts";
import { Blocks, type StateLayout } from "./blocks.ts";
import { type Learnable, readGroups, requireRange } from "./group.ts";
import { findArrays, findList, findNumber, type OptimizerState, readArrays, requireKind } from "./state.ts";

export { requireRange } from "./group.ts";
export type { OptimizerState } from "./state.ts";

/** Options that every kind has. */
export interface OptimizerOptions {
  learningRate?: number;
}

/** What one kind of optimizer is, apart from the numbers it works with. */
export interface Rule<Options extends OptimizerOptions, Settings> {
  /** The name of the class. */
  readonly name: string;
  readonly known: readonly (keyof Options & string)[];
  /** Used where the options name none. */
  readonly learningRate?: number;
  /** Checks the options of a group and fills in defaults. @throws {OptionError} when one is out of range. */
  readonly settings: (options: Options) => Settings;
  /** What is kept for a parameter. */
  readonly layout: (settings: Settings, parameter: Parameter) => StateLayout;
  /** Numbers that are kept for each parameter, and what they are before the first step. */
  readonly scalars?: (settings: Settings) => Readonly<Record<string, number>>;
}

/** Parameters in a row that take the same step. */
export interface Run<Settings> {
  /** The address of the first one's block. */
  readonly blocks: number;
  readonly count: number;
  /** How often all of them have been changed before. */
  readonly steps: number;
  readonly learningRate: number;
  readonly settings: Settings;
  /** The numbers kept for each of them (all the same here), to read and to replace. */
  readonly scalars: Record<string, number>;
}

/** Parameters that share their settings: a stretch of the optimizer's list. */
interface Group<Settings> {
  readonly start: number;
  readonly end: number;
  readonly settings: Settings;
  /** Its learning rate while that of the optimizer is what it was at first. */
  learningRate: number;
}

/**
 * Changes parameters by their gradients.
 *
 * An optimizer takes parameters, or groups of them with options of their own:
 *
 * ```ts
 * const [embed, head] = [new Embedding({ count: 9, size: 4 }), new Linear({ inputSize: 4, outputSize: 2 })];
 * const optimizer = new AdamW(
 *   [
 *     { parameters: embed.parameters(), weightDecay: 0 },
 *     { parameters: head.parameters(), learningRate: 0.01 },
 *   ],
 *   { learningRate: 0.1, weightDecay: 0.05 },
 * );
 * optimizer.learningRate = 0.05;
 * optimizer.groups.map((group) => group.learningRate); // [0.05, 0.005]
 * ```
 *
 * `learningRate` is that of the optimizer; a group with a rate of its own keeps its proportion to it, so that a schedule
 * scales every group.
 *
 * **Frozen parameters**: one whose `requiresGrad` is false is never changed, not by weight decay either, and no state is
 * taken for it until it is let go.
 *
 * **Gradient accumulation**: gradients add up until `zeroGrad`, so a step after several `backward` goes by their sum. Divide
 * each loss by the number of parts for the gradient of the mean:
 *
 * ```ts
 * const weight = new Parameter([1]);
 * const optimizer = new SGD([weight], { learningRate: 1 });
 * const parts = [1, 2, 6];
 * optimizer.zeroGrad();
 * for (const part of parts) div(sum(mul(weight, part)), parts.length).backward();
 * optimizer.step();
 * weight.item(); // -3
 * ```
 *
 * The parts' intermediate results live until `step`.
 */
export abstract class Optimizer<Options extends OptimizerOptions = OptimizerOptions, Settings = unknown> {
  readonly parameters: readonly Parameter[];
  readonly #name: string;
  readonly #groups: readonly Group<Settings>[];
  readonly #blocks: Blocks;
  /** How often each parameter has been changed. */
  readonly #steps: number[];
  /** Numbers kept for each parameter. */
  readonly #scalars: Record<string, number[]> = {};
  #learningRate: number;
  /** What the rates of groups are in proportion to. */
  #initialLearningRate: number;

  /**
   * @throws {OptionError} when there is nothing to learn, a parameter is in two groups, an option is unknown or out of
   *   range, or a group has a learning rate of its own where the optimizer's is 0.
   */
  protected constructor(rule: Rule<Options, Settings>, parameters: Learnable<Options>, options: Options) {
    const given = readGroups(rule.name, parameters, options, rule.known);
    this.#name = rule.name;
    this.parameters = given.flatMap((group) => group.parameters);
    this.#learningRate = checkLearningRate(options.learningRate ?? rule.learningRate);
    this.#initialLearningRate = this.#learningRate;
    let end = 0;
    this.#groups = given.map((group) => {
      const start = end;
      end += group.parameters.length;
      const learningRate = checkLearningRate(group.options.learningRate ?? rule.learningRate);
      if (this.#learningRate === 0 && learningRate !== 0) {
        throw new OptionError(`${rule.name}: expected a learning rate above 0, which those of groups go by, got 0`);
      }
      return { start, end, settings: rule.settings(group.options), learningRate };
    });
    const settingsOf = (i: number): Settings => this.#groupOf(i).settings;
    this.#steps = this.parameters.map(() => 0);
    this.parameters.forEach((_, i) => {
      for (const [name, start] of Object.entries(rule.scalars?.(settingsOf(i)) ?? {})) {
        this.#scalars[name] ??= [];
        (this.#scalars[name] as number[])[i] = start;
      }
    });
    this.#blocks = new Blocks(this.parameters, (i) => rule.layout(settingsOf(i), this.parameters[i] as Parameter));
    this.parameters.forEach(({ requiresGrad }, i) => {
      if (requiresGrad) this.#blocks.open(i);
    });
  }

  #groupOf(index: number): Group<Settings> {
    return this.#groups.find(({ end }) => index < end) as Group<Settings>;
  }

  /** May be changed between steps; groups with a rate of their own keep their proportion to it. */
  get learningRate(): number {
    return this.#learningRate;
  }

  /** @throws {OptionError} when negative or not finite. */
  set learningRate(value: number) {
    this.#learningRate = checkLearningRate(value);
  }

  /** The groups, and the rate at which each learns now. */
  get groups(): readonly { readonly parameters: readonly Parameter[]; readonly learningRate: number }[] {
    return this.#groups.map((group) => ({
      parameters: this.parameters.slice(group.start, group.end),
      learningRate: this.#rateOf(group),
    }));
  }

  #rateOf({ learningRate }: Group<Settings>): number {
    // Without a rate of its own a group has the optimizer's to the last bit.
    if (learningRate === this.#initialLearningRate) return this.#learningRate;
    return learningRate * (this.#learningRate / this.#initialLearningRate);
  }

  /** Changes a run of parameters that have a gradient. */
  protected abstract update(run: Run<Settings>): void;

  /** Changes every parameter that has a gradient and is not frozen, then ends the step: what it computed may be forgotten. */
  step(): void {
    // Nothing is changed before there is room for everything.
    this.parameters.forEach((_, i) => {
      if (this.#learns(i)) this.#blocks.open(i);
    });
    for (const group of this.#groups) {
      let start = group.start;
      while (start < group.end) {
        const end = this.#endOfRun(start, group.end);
        if (end > start) this.#change(group, start, end);
        start = Math.max(end, start + 1);
      }
    }
    engine().arena.endStep();
  }

  #learns(index: number): boolean {
    const parameter = this.parameters[index] as Parameter;
    return parameter.requiresGrad && parameter.hasGradient();
  }

  /** The end of the run of parameters that learn and stand where the first of them does. */
  #endOfRun(start: number, limit: number): number {
    const alike = [this.#steps, ...Object.values(this.#scalars)];
    let end = start;
    while (end < limit && this.#learns(end) && alike.every((values) => values[end] === values[start])) end++;
    return end;
  }

  #change(group: Group<Settings>, start: number, end: number): void {
    const scalars = Object.fromEntries(Object.entries(this.#scalars).map(([name, of]) => [name, of[start] as number]));
    this.update({
      blocks: this.#blocks.at(start),
      count: end - start,
      steps: this.#steps[start] as number,
      learningRate: this.#rateOf(group),
      settings: group.settings,
      scalars,
    });
    for (const [name, value] of Object.entries(scalars)) this.#scalars[name]?.fill(value, start, end);
    for (let i = start; i < end; i++) {
      (this.#steps[i] as number)++;
      (this.parameters[i] as Parameter).version++;
    }
  }

  /** Replaces a number that is kept for each parameter, by how often the parameter was changed. */
  protected setScalar(name: string, valueAfter: (steps: number) => number): void {
    this.#scalars[name] = this.#steps.map(valueAfter);
  }

  /** Exchanges the numbers of every parameter that was ever changed with those of its first array. */
  protected exchange(): void {
    this.#steps.forEach((steps, i) => {
      if (steps > 0) this.#blocks.exchange(i);
    });
  }

  /** Forgets all gradients. */
  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.clearGradient();
  }

  /**
   * A copy of all it carries from step to step.
   *
   * ```ts
   * const first = new Adam([new Parameter([3])], { learningRate: 0.5 });
   * const second = new Adam([new Parameter([3])]);
   * second.loadStateDict(first.stateDict());
   * second.learningRate; // 0.5
   * Object.keys(second.stateDict().arrays); // ["0.expAvg", "0.expAvgSq"]
   * ```
   */
  stateDict(): OptimizerState {
    return {
      kind: this.#name,
      numbers: {
        learningRate: this.#learningRate,
        initialLearningRate: this.#initialLearningRate,
        groupLearningRates: this.#groups.map(({ learningRate }) => learningRate),
        steps: [...this.#steps],
        ...Object.fromEntries(Object.entries(this.#scalars).map(([name, values]) => [name, [...values]])),
      },
      arrays: readArrays(this.#blocks, this.parameters.length),
    };
  }

  /**
   * Takes up where another optimizer of the same kind was, over parameters of the same sizes in groups of the same
   * number. Learning rates are the state's; all other options stay those of this optimizer.
   * @throws {WeightsError} when the state is of another kind, or its numbers or arrays are missing, unknown or of another
   *   length; {MemoryError} when there is no room for its arrays. The optimizer is then as it was.
   */
  loadStateDict(state: OptimizerState): void {
    const what = `${this.#name} loadStateDict`;
    const count = this.parameters.length;
    requireKind(what, state, this.#name);
    const learningRate = findNumber(what, state, "learningRate");
    const initial = findNumber(what, state, "initialLearningRate");
    const rates = findList(what, state, "groupLearningRates", this.#groups.length);
    const steps = findList(what, state, "steps", count);
    const scalars = Object.keys(this.#scalars).map((name) => [name, findList(what, state, name, count)] as const);
    const arrays = findArrays(what, state.arrays, this.#blocks, count);
    requireSteps(what, steps, arrays, this.#blocks);
    arrays.forEach((values, i) => {
      if (values) this.#blocks.open(i);
    });

    this.#learningRate = learningRate;
    this.#initialLearningRate = initial;
    this.#groups.forEach((group, i) => {
      group.learningRate = rates[i] as number;
    });
    this.#steps.splice(0, count, ...steps);
    for (const [name, values] of scalars) this.#scalars[name]?.splice(0, count, ...values);
    arrays.forEach((values, i) => {
      if (values) this.#blocks.write(i, values);
      else this.#blocks.reset(i);
    });
  }
}

/** Steps are whole, and a parameter that was changed brings its arrays. */
function requireSteps(
  what: string,
  steps: readonly number[],
  arrays: readonly (readonly Float32Array[] | null)[],
  blocks: Blocks,
): void {
  const fault = steps.find((value) => !Number.isSafeInteger(value));
  if (fault !== undefined) throw new WeightsError(`${what} steps: expected whole numbers, got ${fault}`);
  const bare = arrays.findIndex((values, i) => !values && (steps[i] as number) > 0 && blocks.arraysOf(i).length > 0);
  if (bare >= 0) {
    const names = blocks.arraysOf(bare).map(({ name }) => `${bare}.${name}`);
    throw new WeightsError(`${what}: expected ${names.join(", ")} after ${steps[bare]} steps, got none`);
  }
}

function checkLearningRate(value: number | undefined): number {
  return requireRange("learningRate", value as number, 0, Number.MAX_VALUE);
}

/**
 * Scales all gradients so that their common Euclidean norm is at most `maxNorm`.
 *
 * ```ts
 * const weight = new Parameter([2]);
 * sum(mul(weight, tensor([3, 4]))).backward();
 * clipGradNorm([weight], 1); // 5
 * weight.grad; // [0.6, 0.8]
 * ```
 *
 * @returns the norm before.
 * @throws {OptionError} when maxNorm is not positive; {NumericError} when the norm is not finite (nothing is changed).
 * Source: Pascanu, Mikolov & Bengio 2013, "On the difficulty of training recurrent neural networks".
 */
export function clipGradNorm(parameters: readonly Parameter[], maxNorm: number): number {
  if (!(maxNorm > 0)) throw new OptionError(`clipGradNorm maxNorm: expected a number > 0, got ${maxNorm}`);
  const { kernels } = engine();
  const learning = parameters.filter(({ requiresGrad }, i) => requiresGrad && parameters[i]?.hasGradient());
  let squares = 0;
  for (const parameter of learning) squares += kernels.sumOfSquares(parameter.gradientAddress, parameter.size);
  const norm = Math.sqrt(squares);
  if (!Number.isFinite(norm)) throw new NumericError(`clipGradNorm: expected finite gradients, got a norm of ${norm}`);
  const factor = maxNorm / (norm + 1e-6);
  if (factor < 1) {
    for (const { gradientAddress, size } of learning) kernels.scale(gradientAddress, gradientAddress, size, factor);
  }
  return norm;
}
