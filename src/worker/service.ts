/** A training in the worker: takes a page's orders between two steps, and reports to it. */
import { OptionError } from "../runtime/errors.ts";
import type { Callback, TrainingState } from "../train/callback.ts";
import type { Progress } from "../train/history.ts";
import type { Trainer } from "../train/trainer.ts";
import { written } from "./errors.ts";
import type { Post } from "./port.ts";
import type { Order, Report, Start, TrainingSnapshot } from "./protocol.ts";
import type { ServedPage, ServedWork } from "./work.ts";

type Numbered = Exclude<Order, { kind: "start" | "abort" | "ping" }>;
type Make = (setup: unknown, page: ServedPage) => ServedWork | Promise<ServedWork>;

/** Where it stands: nothing was asked for, the work is being made, it trains, it is over. */
type Stage = "waiting" | "making" | "training" | "over";

export class Service {
  readonly #post: Post<Order, Report>["post"];
  readonly #make: Make;
  readonly #abort = new AbortController();
  #stage: Stage = "waiting";
  #work: ServedWork | undefined;
  #start: Start | undefined;
  /** How the training stands; undefined before it begins. */
  #state: TrainingState | undefined;
  /** That the training has begun, or will not. */
  readonly #begun: Promise<void>;
  #hasBegun!: () => void;
  /** Lets the training go on; undefined while it does. */
  #release: (() => void) | undefined;
  #paused: Promise<void> | undefined;
  /** Whether no step is under way: before the first, after the last, and between two. A validation belongs to its step. */
  #isWhole = false;
  /** Whether no step will be until the page says so. */
  #isStanding = false;
  /** Orders that wait for the one or the other. */
  readonly #untilWhole: (() => void)[] = [];
  readonly #untilStanding: (() => void)[] = [];
  /** Losses that the page has not been told of. */
  #losses: number[] = [];
  /** The progress that the page has not been told of. */
  #latest: Progress | undefined;
  #toldAt = 0;
  /** When the last snapshot was taken, or the training began. */
  #snapshotAt = { time: 0, step: 0 };

  constructor({ post, listen }: Post<Order, Report>, make: Make) {
    this.#post = post;
    this.#make = make;
    this.#begun = new Promise((resolve) => {
      this.#hasBegun = resolve;
    });
    listen((order) => this.#obey(order));
  }

  get #step(): number {
    return this.#state?.step ?? 0;
  }

  #obey(order: Order): void {
    if (order.kind === "ping") this.#post({ kind: "pong" });
    else if (order.kind === "start") this.#begin(order);
    else if (order.kind === "abort") this.#end();
    else this.#reply(order);
  }

  #end(): void {
    this.#abort.abort();
    this.#goOn();
  }

  #goOn(): void {
    this.#release?.();
    this.#release = undefined;
    this.#paused = undefined;
    // A pause that is taken back before it came has come to nothing, which is an answer too.
    run(this.#untilStanding);
  }

  /** Does what an order with a number asks, and answers under the number. */
  async #reply(order: Numbered): Promise<void> {
    const { id } = order;
    try {
      // At once: the training may be about to take its next step.
      if (order.kind === "pause") this.#pause();
      await this.#begun;
      this.#post({ kind: "answer", id, value: await this.#carryOut(order) });
    } catch (error) {
      this.#post({ kind: "refusal", id, error: written(error) });
    }
  }

  async #carryOut(order: Numbered): Promise<unknown> {
    if (order.kind === "ask") return this.#answer(order.question, order.argument);
    if (order.kind === "snapshot") {
      if (!this.#isWhole) await new Promise<void>((resolve) => this.#untilWhole.push(resolve));
      this.#postSnapshot(this.#snapshot());
      return undefined;
    }
    if (order.kind === "continue") this.#goOn();
    else if (this.#paused && !this.#isStanding) {
      await new Promise<void>((resolve) => this.#untilStanding.push(resolve));
    }
    return this.#step;
  }

  #pause(): void {
    if (this.#abort.signal.aborted || this.#stage === "over") return;
    this.#paused ??= new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  #answer(question: string, argument: unknown): unknown {
    const questions = this.#work?.questions ?? {};
    if (!Object.hasOwn(questions, question)) {
      const known = Object.keys(questions).join(", ") || "none";
      throw new OptionError(`ask: expected a question of ${known}, got ${JSON.stringify(question)}`);
    }
    return (questions[question] as (argument: unknown) => unknown)(argument);
  }

  async #begin(start: Start): Promise<void> {
    if (this.#stage !== "waiting") return;
    this.#stage = "making";
    this.#start = start;
    try {
      const work = await this.#make(start.setup, { tell: (value) => this.#post({ kind: "told", value }) });
      this.#work = work;
      this.#stage = "training";
      // What the page said right after its start is heard before the first step.
      await new Promise((resolve) => setTimeout(resolve));
      await this.#train(work, start);
    } catch (error) {
      const safe = this.#stage === "training" ? this.#snapshotIfAny() : undefined;
      this.#post({ kind: "failed", error: written(error), snapshot: safe }, safe && buffersOf(safe));
    } finally {
      this.#stage = "over";
      this.#hasBegun();
      this.#atWhole();
      this.#goOn();
    }
  }

  async #train({ trainer, data, fit = {} }: ServedWork, { resume }: Start): Promise<void> {
    const { callbacks = [], onProgress, signal } = fit;
    signal?.addEventListener("abort", () => this.#end());
    if (signal?.aborted) this.#end();
    this.#toldAt = performance.now();
    const history = await trainer.fit(data, {
      ...fit,
      ...(resume && { resume }),
      callbacks: [...callbacks, this.#callback()],
      signal: this.#abort.signal,
      onProgress: async (progress) => {
        await onProgress?.(progress);
        this.#tell(progress);
      },
    });
    this.#flush();
    const snapshot = this.#snapshot();
    this.#post({ kind: "done", history, snapshot }, buffersOf(snapshot));
  }

  /** Follows a page's orders where they may be: before the first step, and after each. */
  #callback(): Callback {
    return {
      onFitStart: async (state) => {
        this.#state = state;
        this.#snapshotAt = this.#now();
        this.#hasBegun();
        this.#atWhole();
        await this.#standWhilePaused();
      },
      onStepStart: () => {
        this.#isWhole = false;
      },
      onStepEnd: async ({ stopping }) => {
        this.#snapshotIfDue();
        this.#atWhole();
        if (stopping === undefined) await this.#standWhilePaused();
        else run(this.#untilStanding);
      },
    };
  }

  #atWhole(): void {
    this.#isWhole = true;
    run(this.#untilWhole);
  }

  async #standWhilePaused(): Promise<void> {
    // Again, where a page has paused anew before this came to know that it may go on.
    while (this.#paused) {
      this.#isStanding = true;
      run(this.#untilStanding);
      await this.#paused;
      this.#isStanding = false;
    }
  }

  /** Tells of a step: at once when it was validated, otherwise when the last telling is long enough ago. */
  #tell(progress: Progress): void {
    this.#losses.push(progress.loss);
    this.#latest = progress;
    const due = performance.now() - this.#toldAt >= (this.#start?.progressEvery ?? 0);
    if (due || progress.validation !== undefined) this.#flush();
  }

  #flush(): void {
    const progress = this.#latest;
    if (progress === undefined) return;
    const now = performance.now();
    const losses = Float32Array.from(this.#losses);
    const stepsPerSecond = (losses.length * 1000) / Math.max(now - this.#toldAt, 1e-3);
    this.#toldAt = now;
    this.#losses = [];
    this.#latest = undefined;
    this.#post({ kind: "progress", progress: { ...progress, losses, stepsPerSecond } }, [losses.buffer]);
  }

  #snapshotIfDue(): void {
    const { time, step } = this.#now();
    const { time: longest, steps: most } = (this.#start as Start).snapshotEvery;
    if (time - this.#snapshotAt.time < longest && step - this.#snapshotAt.step < most) return;
    this.#postSnapshot(this.#snapshot());
  }

  #now(): { time: number; step: number } {
    return { time: performance.now(), step: this.#step };
  }

  #postSnapshot(snapshot: TrainingSnapshot): void {
    this.#snapshotAt = this.#now();
    this.#post({ kind: "snapshot", snapshot }, buffersOf(snapshot));
  }

  /** @throws {OptionError} when there is no training. */
  #snapshot(): TrainingSnapshot {
    if (!this.#work) throw new OptionError("snapshot: expected a training, got none that could be made");
    const trainer: Trainer = this.#work.trainer;
    return { step: this.#step, checkpoint: trainer.save(), weights: trainer.model.save() };
  }

  #snapshotIfAny(): TrainingSnapshot | undefined {
    try {
      return this.#snapshot();
    } catch {
      // What failed may be the trainer's own beginning: then there is nothing to save.
      return undefined;
    }
  }
}

/** Calls what waits, once. */
function run(waiting: (() => void)[]): void {
  for (const each of waiting.splice(0)) each();
}

function buffersOf({ checkpoint, weights }: TrainingSnapshot): ArrayBuffer[] {
  return [checkpoint.buffer, weights.buffer];
}
