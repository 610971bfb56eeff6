/** A training in a worker, as its page holds it. */
import type { History } from "../train/history.ts";
import { revived, WorkerLostError } from "./errors.ts";
import { type Line, lineTo, type TrainingWorker } from "./port.ts";
import type { Order, Report, Start, TrainingProgress, TrainingSnapshot } from "./protocol.ts";
import type { Questions } from "./work.ts";

/** How a training ended, and what it came to. */
export interface TrainingResult extends TrainingSnapshot {
  readonly history: History;
}

/** Starting, until the first progress; over, well or not. */
export type TrainingStage = "starting" | "training" | "paused" | "over";

export interface Watchers {
  readonly onProgress: ((progress: TrainingProgress) => void) | undefined;
  readonly onSnapshot: ((snapshot: TrainingSnapshot) => void) | undefined;
  readonly onTold: ((value: unknown) => void) | undefined;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A training that a worker does for this page; made by `trainInWorker`. */
export class TrainingRun<Asked extends Questions = Questions> {
  /**
   * Settles when the training has ended: with its history, weights and checkpoint, also after `abort`; rejects with the error
   * that ended it in the worker, with what a callback of the page threw, or with a WorkerLostError. `lastSnapshot` is there in
   * any case.
   */
  readonly finished: Promise<TrainingResult>;
  readonly #line: Line<Order>;
  readonly #watchers: Watchers;
  readonly #patience: number;
  readonly #keepWorker: boolean;
  readonly #waiting = new Map<number, Waiting>();
  #settle!: Waiting;
  #id = 0;
  #stage: TrainingStage = "starting";
  #turns = 0;
  #lastSnapshot: TrainingSnapshot | undefined;
  #progress: TrainingProgress | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  /** Times in a row that the worker was found silent. */
  #silences = 0;
  #gone: string | undefined;

  constructor(worker: TrainingWorker, watchers: Watchers, { patience = 60, keepWorker = false }) {
    this.finished = new Promise((resolve, reject) => {
      this.#settle = { resolve: resolve as (value: unknown) => void, reject };
    });
    // Whoever only listens to progress is not to be ended by a rejection that nobody awaits.
    this.finished.catch(() => undefined);
    this.#watchers = watchers;
    this.#patience = patience * 1000;
    this.#keepWorker = keepWorker;
    this.#line = lineTo<Order, Report>(
      worker,
      (report) => this.#listen(report),
      (why) => this.#lose(why),
    );
  }

  /** Where it stands. */
  get stage(): TrainingStage {
    return this.#stage;
  }

  /** What the page was told last; undefined before the first. */
  get progress(): TrainingProgress | undefined {
    return this.#progress;
  }

  /** The latest snapshot that has come, of those taken every `snapshotEvery` seconds and those asked for. */
  get lastSnapshot(): TrainingSnapshot | undefined {
    return this.#lastSnapshot;
  }

  /**
   * Stops after the step that runs, or the next, until `resume`; comes back when it stands, with the steps done. Paused
   * already, it stays so.
   */
  pause(): Promise<number> {
    return this.#turn("pause", "paused");
  }

  /** Goes on after `pause`; gives the steps done. */
  resume(): Promise<number> {
    return this.#turn("continue", "training");
  }

  /** The training as it is after a whole step and the validation that belongs to it, while it goes on. */
  async snapshot(): Promise<TrainingSnapshot> {
    await this.#order({ kind: "snapshot", id: this.#id++ });
    return this.#lastSnapshot as TrainingSnapshot;
  }

  /**
   * Asks what `serveTraining` answers, between two steps.
   * @throws {OptionError} when the worker knows no such question; what the question throws.
   */
  ask<Name extends keyof Asked & string>(
    question: Name,
    ...[argument]: Parameters<Asked[Name]>
  ): Promise<Awaited<ReturnType<Asked[Name]>>> {
    const answer = this.#order({ kind: "ask", id: this.#id++, question, argument });
    return answer as Promise<Awaited<ReturnType<Asked[Name]>>>;
  }

  /** Ends the training after the step that runs, paused or not; `finished` then says what it came to. */
  abort(): void {
    if (this.#stage === "over") return;
    this.#turns++;
    this.#line.post({ kind: "abort" });
  }

  /** Ends the worker, whatever it does. What it had not sent is lost. */
  close(): void {
    this.#lose("it was closed");
  }

  /**
   * Sends the first order.
   * @internal
   */
  begin(start: Omit<Start, "kind">, transfer: ArrayBuffer[]): void {
    this.#line.post({ kind: "start", ...start }, transfer);
    this.#watch = setInterval(() => this.#listenForLife(), this.#patience);
    // In Node: what is waited for is the worker, not the watch over it.
    (this.#watch as { unref?: () => void }).unref?.();
  }

  /** Pauses or goes on. Whichever was said last is the stage, in whatever order the answers come. */
  async #turn(kind: "pause" | "continue", stage: TrainingStage): Promise<number> {
    const turn = ++this.#turns;
    const step = (await this.#order({ kind, id: this.#id++ })) as number;
    if (turn === this.#turns && this.#stage !== "over") this.#stage = stage;
    return step;
  }

  #order(order: Extract<Order, { id: number }>): Promise<unknown> {
    if (this.#gone !== undefined) return Promise.reject(this.#loss(this.#gone));
    return new Promise((resolve, reject) => {
      this.#waiting.set(order.id, { resolve, reject });
      try {
        this.#line.post(order);
      } catch (error) {
        // What cannot be cloned never left.
        this.#waiting.delete(order.id);
        throw error;
      }
    });
  }

  /** What a callback of the page throws ends the training, as it would on the page. */
  #listen(report: Report): void {
    // A worker of Node's may go on talking for a moment after it was ended.
    if (this.#gone !== undefined) return;
    try {
      this.#hear(report);
    } catch (error) {
      if (this.#stage === "over") throw error;
      this.#stage = "over";
      this.#leave("a callback of the page has thrown");
      this.#settle.reject(error as Error);
    }
  }

  #hear(report: Report): void {
    this.#silences = 0;
    switch (report.kind) {
      case "progress":
        if (this.#stage === "starting") this.#stage = "training";
        this.#progress = report.progress;
        this.#watchers.onProgress?.(report.progress);
        break;
      case "told":
        this.#watchers.onTold?.(report.value);
        break;
      case "snapshot":
        this.#keep(report.snapshot);
        break;
      case "answer":
        this.#take(report.id)?.resolve(report.value);
        break;
      case "refusal":
        this.#take(report.id)?.reject(revived(report.error));
        break;
      case "done":
        this.#keep(report.snapshot);
        this.#end();
        this.#settle.resolve({ ...report.snapshot, history: report.history });
        break;
      case "failed":
        if (report.snapshot) this.#keep(report.snapshot);
        this.#end();
        this.#settle.reject(revived(report.error));
        break;
      default:
        // A pong has said all it says by coming.
        break;
    }
  }

  #keep(snapshot: TrainingSnapshot): void {
    this.#lastSnapshot = snapshot;
    this.#watchers.onSnapshot?.(snapshot);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  /** The training is over; the worker too, unless it is to go on answering. */
  #end(): void {
    this.#stage = "over";
    if (!this.#keepWorker) this.#leave("the training is over");
  }

  #leave(why: string): void {
    this.#gone = why;
    clearInterval(this.#watch);
    this.#line.terminate();
    for (const { reject } of this.#waiting.values()) reject(this.#loss(why));
    this.#waiting.clear();
  }

  #lose(why: string): void {
    if (this.#gone !== undefined) return;
    this.#stage = "over";
    this.#leave(why);
    this.#settle.reject(this.#loss(why));
  }

  #loss(why: string): WorkerLostError {
    const snapshot = this.#lastSnapshot;
    const step = Math.max(this.#progress?.step ?? 0, snapshot?.step ?? 0);
    const kept = snapshot ? `; the last snapshot is of step ${snapshot.step}` : "";
    return new WorkerLostError(`the worker that trained is gone: ${why}${kept}`, snapshot, step);
  }

  /**
   * Asks for a sign of life, and gives the worker up after two silences: one may be a machine that slept, whose timers fire
   * before its messages come.
   */
  #listenForLife(): void {
    if (this.#silences >= 2) {
      this.#lose(`it has not answered for ${(this.#silences * this.#patience) / 1000} s`);
      return;
    }
    this.#silences++;
    this.#line.post({ kind: "ping" });
  }
}
