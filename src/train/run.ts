/** One `fit`, from where it begins or goes on to its end. */

import { WeightsError } from "../runtime/errors.ts";
import { generator as common, type Generator } from "../runtime/random.ts";
import { type Moment, statefulCallbacks, type TrainingState } from "./callback.ts";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  readStanding,
  writtenStanding,
} from "./checkpointFile.ts";
import { evaluateOn } from "./evaluation.ts";
import { type Portion, walk } from "./feed.ts";
import type { History, HistorySoFar, Progress, Stopped, Validation } from "./history.ts";
import type { Learner } from "./learner.ts";
import { isSource, type Plan } from "./plan.ts";
import { layoutOf, loadParts, requireLayout } from "./resume.ts";
import { pauseIfDue } from "./yield.ts";

/** What a trainer keeps from one `fit` to the next. */
export interface Standings {
  /** Of the order in which examples are shown. */
  readonly generator: Generator;
  seed: number;
  /** Passes over data begun so far. */
  passes: number;
}

/** Where a training is, and what it has found. */
export class Run {
  readonly #learner: Learner;
  readonly #plan: Plan;
  readonly #standings: Standings;
  readonly #loss: number[] = [];
  readonly #validation: Validation[] = [];
  #started = performance.now();
  /** Spent before the checkpoint it goes on from. */
  #before = 0;
  #step = 0;
  #epoch = 0;
  #inEpoch = 0;
  #passEnded = false;
  /** Where the generator of the order stood before this pass. */
  #orderBefore: Generator["standing"];
  /** The number of this pass in the life of the trainer; undefined between passes. */
  #pass: number | undefined;
  /** The pass that is being told of, when it is over already. */
  #told: number | undefined;
  #carried: unknown;
  #progress: Progress | undefined;
  #stopping: Stopped | undefined;
  /** Where the common generator stood at the end; undefined before. */
  #commonAfter: Generator["standing"] | undefined;
  readonly #state: TrainingState;

  constructor(learner: Learner, plan: Plan, standings: Standings) {
    this.#learner = learner;
    this.#plan = plan;
    this.#standings = standings;
    this.#orderBefore = standings.generator.standing;
    this.#state = this.#makeState();
  }

  /** Takes step after step until all are done, or somebody says otherwise. */
  async toTheEnd(): Promise<History> {
    this.#started = performance.now();
    await this.#tell("onFitStart");
    if (this.#isDone()) this.#stopping ??= "done";
    if (this.#step > 0 && this.#isLate()) this.#stopping ??= "time";
    if (this.#passEnded) await this.#endPass();
    while (!this.#isStopped()) await this.#walkPass();
    await this.#tell("onFitEnd");
    return { ...this.#history(), stopped: this.#stopping as Stopped };
  }

  /** Ends it, well or not: what others draw from the common generator from now on is no part of it. */
  end(): void {
    this.#commonAfter = common.standing;
  }

  /** Whether no further step is to be taken. The signal may come at any time. */
  #isStopped(): boolean {
    if (this.#plan.options.signal?.aborted) this.#stopping ??= "aborted";
    return this.#stopping !== undefined;
  }

  #isDone(): boolean {
    return this.#step >= this.#plan.steps || this.#epoch + Number(this.#passEnded) >= this.#plan.epochs;
  }

  #isLate(): boolean {
    return this.#seconds() >= (this.#plan.options.seconds ?? Number.POSITIVE_INFINITY);
  }

  async #walkPass(): Promise<void> {
    const { generator, seed } = this.#standings;
    this.#orderBefore = generator.standing;
    this.#pass = this.#standings.passes++;
    if (this.#inEpoch === 0) await this.#tell("onEpochStart");
    const pass = { epoch: this.#pass, seed, skip: this.#inEpoch, generator };
    let portions = 0;
    for await (const portion of walk(this.#plan, pass)) {
      // Whoever was told of the beginning, or a pause, may have let the signal come.
      if (this.#isStopped()) return;
      portions++;
      await this.#advance(portion);
      if (this.#isStopped()) return;
      await pauseIfDue();
    }
    // What is left of a pass that is walked again cannot be nothing: it would have ended when it was saved.
    if (portions === 0) throw new WeightsError(`checkpoint: expected data of more than ${this.#inEpoch} steps a pass`);
  }

  async #advance(portion: Portion): Promise<void> {
    const { schedule, onProgress, keepLosses = Number.POSITIVE_INFINITY } = this.#plan.options;
    const { optimizer } = this.#learner;
    await this.#tell("onStepStart");
    if (schedule) optimizer.learningRate = schedule.rateAt(this.#step);
    const { learningRate } = optimizer;
    const carry = { carries: this.#carries(), state: this.#carried };
    const { loss, gradientNorm, state } = this.#learner.step(this.#step + 1, portion, carry);
    this.#carried = state;
    this.#loss.push(loss);
    if (this.#loss.length > 2 * keepLosses) this.#loss.splice(0, keepLosses);
    this.#step++;
    this.#inEpoch++;
    this.#passEnded = portion.last;
    if (this.#isDone()) this.#stopping ??= "done";
    const measured = await this.#validate(portion.last);
    this.#progress = {
      step: this.#step,
      steps: this.#plan.steps,
      epoch: this.#epoch + 1,
      loss,
      gradientNorm,
      learningRate,
      seconds: this.#seconds(),
      validation: measured?.loss,
      metrics: measured?.metrics,
    };
    if (measured) await this.#tell("onValidation");
    if (this.#isLate()) this.#stopping ??= "time";
    await onProgress?.(this.#progress);
    this.#isStopped();
    await this.#tell("onStepEnd");
    if (portion.last) await this.#endPass();
  }

  async #endPass(): Promise<void> {
    const epoch = this.#epoch;
    this.#passEnded = false;
    this.#epoch++;
    this.#inEpoch = 0;
    this.#carried = undefined;
    this.#pass = undefined;
    this.#told = epoch;
    await this.#tell("onEpochEnd");
    this.#told = undefined;
  }

  /** Measures on the validation data, when this step is to. */
  async #validate(passEnds: boolean): Promise<Validation | undefined> {
    const { validation, validationEvery, metrics, schedule } = this.#plan.options;
    const due = validationEvery === undefined ? passEnds : this.#step % validationEvery === 0;
    if (!validation || !(due || this.#stopping === "done")) return undefined;
    const { model } = this.#learner;
    model.eval();
    const { batchSize } = this.#plan;
    const measured = await evaluateOn(this.#learner, validation, { batchSize, metrics }, this.#standings.seed);
    model.train();
    const found = { step: this.#step, loss: measured.loss, metrics: measured.metrics };
    this.#validation.push(found);
    schedule?.observe?.(found.loss);
    return found;
  }

  #carries(): boolean {
    return isSource(this.#plan.data) && this.#plan.data.carriesState === true;
  }

  #seconds(): number {
    return this.#before + (performance.now() - this.#started) / 1000;
  }

  #history(): HistorySoFar {
    return { steps: this.#step, loss: this.#loss, validation: this.#validation, seconds: this.#seconds() };
  }

  async #tell(moment: Moment): Promise<void> {
    for (const callback of this.#plan.options.callbacks ?? []) await callback[moment]?.(this.#state);
  }

  #makeState(): TrainingState {
    const run = this;
    return {
      model: this.#learner.model,
      optimizer: this.#learner.optimizer,
      get step() {
        return run.#step;
      },
      steps: this.#plan.steps,
      get epoch() {
        return (run.#told ?? run.#epoch) + 1;
      },
      get progress() {
        return run.#progress;
      },
      get history() {
        return run.#history();
      },
      metrics: Object.keys(this.#plan.options.metrics ?? {}),
      get stopping() {
        return run.#stopping;
      },
      stop: () => {
        this.#stopping ??= "callback";
      },
      save: (metadata) => this.save(metadata),
    };
  }

  /** Everything that going on depends on, as the bytes of a file. */
  save(metadata?: Record<string, string>): Uint8Array<ArrayBuffer> {
    const { generator, seed, passes } = this.#standings;
    const { model, optimizer } = this.#learner;
    const { schedule, callbacks = [] } = this.#plan.options;
    const between = this.#pass === undefined || this.#passEnded;
    const states = [...statefulCallbacks(callbacks)].map(([name, callback]) => [name, callback.stateDict?.()]);
    const checkpoint: Checkpoint = {
      layout: layoutOf(this.#plan),
      position: {
        step: this.#step,
        epoch: this.#epoch,
        inEpoch: this.#inEpoch,
        passEnded: this.#passEnded,
        passes: between ? passes : (this.#pass as number),
        seconds: this.#seconds(),
      },
      seed,
      generators: {
        order: writtenStanding(between ? generator.standing : this.#orderBefore),
        common: writtenStanding(this.#commonAfter ?? common.standing),
      },
      model: model.stateDict(),
      optimizer: optimizer.stateDict(),
      schedule: schedule?.stateDict?.() ?? null,
      carried: this.#carried,
      loss: Float32Array.from(this.#loss),
      validation: this.#validation,
      progress: this.#progress ?? null,
      callbacks: Object.fromEntries(states),
    };
    return encodeCheckpoint(checkpoint, metadata);
  }

  /**
   * Goes on from where a file says.
   * @throws {WeightsError} when it is damaged, or of another version, model, optimizer or other data; nothing is then
   *   changed.
   */
  resume(bytes: Uint8Array): void {
    const checkpoint = decodeCheckpoint(bytes);
    const { generators, position, seed, validation, progress } = checkpoint;
    requireLayout(layoutOf(this.#plan), checkpoint.layout);
    const order = readStanding(generators.order);
    const drawn = readStanding(generators.common);
    loadParts(checkpoint, this.#learner, this.#plan.options);
    this.#standings.generator.standing = order;
    common.standing = drawn;
    this.#standings.seed = seed;
    this.#standings.passes = position.passes;
    this.#step = position.step;
    this.#epoch = position.epoch;
    this.#inEpoch = position.inEpoch;
    this.#passEnded = position.passEnded;
    this.#before = position.seconds;
    this.#orderBefore = order;
    this.#carried = checkpoint.carried;
    // One by one: there may be more than a call takes arguments.
    for (const loss of checkpoint.loss) this.#loss.push(loss);
    this.#validation.push(...validation);
    this.#progress = progress ?? undefined;
  }
}
