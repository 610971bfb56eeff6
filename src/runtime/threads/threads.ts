import type { CatalogueKernels, CompanionKernels, Kernels } from "../../wasm/kernels.ts";
import { ThreadError } from "../errors.ts";
import { startWorker, type WorkerHandle, type WorkerStarter } from "./host.ts";
import { announceModule, FAILED, isReady, type Mailbox, openMailbox, send, settle } from "./mailbox.ts";

/** Multiply-adds below which a job is not worth sharing: some eighty microseconds, of which the other core saves half. */
const LEAST_WORK = 2_000_000;

/** Milliseconds that a worker may need beyond what its owner needed for its own share. */
const PATIENCE = 10_000;

/** A kernel's name. */
export type KernelName = keyof Kernels | keyof CompanionKernels | keyof CatalogueKernels;

/** A module of kernels, and what it was compiled to for a shared memory. */
export interface SharedModule {
  readonly shared: WebAssembly.Module;
  readonly kernels: object;
}

interface Member {
  readonly worker: WorkerHandle;
  readonly mailbox: Mailbox;
}

/** What a crew needs to know. */
export interface CrewOptions {
  /** How many workers to start. */
  readonly workers: number;
  /** The engine's modules, the core first. */
  readonly modules: readonly SharedModule[];
  /** Slots that the function table has to have for them. */
  readonly slots?: number;
  readonly memory: WebAssembly.Memory;
  /** Told, in a sentence, when fewer workers than wanted can be had. */
  readonly complain: (reason: string) => void;
  readonly start?: WorkerStarter;
  readonly patience?: number;
}

/**
 * The workers beside this thread, over one shared memory. A job is cut into parts that write apart from each other, the
 * first part for this thread; it is done when all parts are. Workers take part from the moment they are up, so nothing
 * ever waits for one to start; results never depend on how many there are.
 */
export class Threads {
  readonly #members: Member[] = [];
  /** Names and functions of all kernels, in the order in which workers hear of them. */
  readonly #names: string[] = [];
  readonly #kernels: ((...values: readonly number[]) => void)[] = [];
  #modules = 0;
  readonly #patience: number;
  readonly #complain: (reason: string) => void;
  readonly #waiting: (() => void)[] = [];

  constructor({
    workers,
    modules,
    slots = 0,
    memory,
    complain,
    start = startWorker,
    patience = PATIENCE,
  }: CrewOptions) {
    this.#patience = patience;
    this.#complain = complain;
    try {
      for (let i = 1; i <= workers; i++) this.#hire(start, `unrolled ${i}`, memory);
      for (const module of modules) this.attach(module, slots);
    } catch (error) {
      this.#dismiss(`a worker was refused: ${error instanceof Error ? error.message : error}`);
    }
  }

  #hire(start: WorkerStarter, name: string, memory: WebAssembly.Memory): void {
    const failed = (reason: string): void => {
      if (this.#members.includes(member)) this.#dismiss(`a worker failed: ${reason}`);
    };
    const ready = (): void => {
      member.worker.release();
      this.#tellSettled();
    };
    const member: Member = { worker: start(name, { ready, failed }), mailbox: openMailbox() };
    this.#members.push(member);
    member.worker.post({ memory, ...member.mailbox });
  }

  /**
   * Adds the kernels of a module; workers take part again from the moment they have started it.
   * @param slots how many the function table has to have for it.
   */
  attach({ shared, kernels }: SharedModule, slots = 0): void {
    const functions = Object.entries(kernels).filter(([, value]) => typeof value === "function");
    const names = functions.map(([name]) => name);
    this.#names.push(...names);
    this.#kernels.push(...functions.map(([, call]) => call));
    this.#modules++;
    for (const { worker, mailbox } of this.#members) {
      worker.post({ module: shared, names, slots });
      announceModule(mailbox);
    }
  }

  /** Workers that were started and have not failed, up or not. */
  get hired(): number {
    return this.#members.length;
  }

  /** Threads that take part in the next job: this one and every worker that is up. */
  get count(): number {
    return 1 + this.#ready().length;
  }

  #ready(): Member[] {
    return this.#members.filter(({ mailbox }) => isReady(mailbox, this.#modules));
  }

  /** Resolves when every worker is up or known not to come. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#tellSettled();
    });
  }

  #tellSettled(): void {
    if (this.count <= this.#members.length) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Into how many parts a job should be cut: `work` in multiply-adds (or what takes as long), at most `most`. */
  partsFor(work: number, most: number): number {
    if (this.#members.length === 0 || work < LEAST_WORK) return 1;
    return Math.max(1, Math.min(most, this.count));
  }

  /**
   * Calls a kernel once for each list of arguments, all at the same time. There are at most `count` lists, and what they
   * write does not overlap.
   * @throws {ThreadError} when a worker died or did not come back; from then on everything runs on this thread.
   */
  run(kernel: KernelName, parts: readonly (readonly number[])[]): void {
    const index = this.#names.indexOf(kernel);
    const call = this.#kernels[index] as (...values: readonly number[]) => void;
    const [own = [], ...others] = parts;
    const crew = this.#ready();
    const jobs = others.map((values, i) => {
      const { mailbox } = crew[i] as Member;
      return { mailbox, ticket: send(mailbox, index, values) };
    });
    const started = performance.now();
    try {
      call(...own);
    } finally {
      const limit = this.#patience + 20 * (performance.now() - started);
      const missing = jobs.filter(({ mailbox, ticket }) => !settle(mailbox, ticket, limit)).length;
      const broken = jobs.filter(({ mailbox }) => mailbox.words[FAILED] === 1).length;
      if (missing + broken > 0) this.#fail(kernel, missing, broken);
    }
  }

  #fail(kernel: KernelName, missing: number, broken: number): never {
    const what = missing > 0 ? `${missing} did not come back` : `${broken} stopped with an error`;
    this.#dismiss(`of its workers, ${what}`);
    throw new ThreadError(
      `${kernel}: expected every worker to finish its part, but ${what}; the pass is lost, the next runs on one thread`,
    );
  }

  #dismiss(reason: string): void {
    this.stop();
    this.#complain(reason);
  }

  /** Ends all workers. */
  stop(): void {
    for (const { worker } of this.#members.splice(0)) worker.terminate();
    this.#tellSettled();
  }
}
