import { Reference } from "./agreement.ts";
import { type Implementation, Measurement } from "./measurement.ts";
import { titleOf } from "./table.ts";
import type { Result, TakeTurn, TurnMessage } from "./turn.ts";
import type { Case } from "./workloads.ts";

export interface SessionOptions {
  readonly cases: readonly Case[];
  readonly implementations: readonly Implementation[];
  readonly turns: number;
  /** Seconds of sampling for each case in each turn. */
  readonly seconds: number;
  /** Told before each step, of `steps`. */
  onStep(what: string, steps: number): void;
  /** Asked before each step. */
  isStopped?(): boolean;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Everything that a measurement gathers, wherever its turns are taken. */
export class Session {
  readonly measurement = new Measurement();
  readonly versions: Record<string, string> = {};
  readonly #takeTurn: TakeTurn;
  readonly #reference: Reference;

  constructor(takeTurn: TakeTurn) {
    this.#takeTurn = takeTurn;
    this.#reference = new Reference(takeTurn);
  }

  /** All turns: workload by workload each implementation in its turn, the order turned round after each turn. */
  async measure({ cases, implementations, turns, seconds, onStep, isStopped }: SessionOptions): Promise<void> {
    const workloads = [...new Set(cases.map(({ workload }) => workload))];
    const steps = turns * workloads.length * implementations.length;
    for (let turn = 0; turn < turns; turn++) {
      const order = turn % 2 === 0 ? implementations : [...implementations].reverse();
      for (const workload of workloads) {
        const chosen = cases.filter((benchCase) => benchCase.workload === workload);
        for (const implementation of order) {
          if (isStopped?.()) return;
          onStep(`${workload}, ${titleOf(implementation)}`, steps);
          await this.#take(chosen, implementation, turn === 0, seconds);
        }
      }
    }
  }

  /** The open cases of one workload in one implementation; in its first turn the results are compared as well. */
  async #take(workload: readonly Case[], implementation: Implementation, check: boolean, seconds: number) {
    let open = workload.filter((benchCase) => this.measurement.isOpen(benchCase, implementation));
    while (open.length > 0) open = await this.#attempt(open, implementation, check, seconds);
  }

  /**
   * One turn. When its process breaks down, the case that it was at is refused.
   * @returns the cases behind that one, which deserve another process.
   */
  async #attempt(open: readonly Case[], implementation: Implementation, check: boolean, seconds: number) {
    const { peer, threads } = implementation;
    const results: Result[] = [];
    const answered = new Set<string>();
    let started = false;
    let left: Case[] = [];
    try {
      await this.#takeTurn({ peer: peer.name, threads, cases: open, check, seconds }, (message) => {
        if (message.kind === "started") started = true;
        if (message.kind === "timing" || message.kind === "refusal") answered.add(message.case);
        if (message.kind === "result") results.push(message);
        else this.#note(message, open, implementation);
      });
    } catch (error) {
      const unanswered = open.filter(({ name }) => !answered.has(name));
      const broken = started ? unanswered.slice(0, 1) : unanswered;
      for (const benchCase of broken) this.measurement.refuse(benchCase, implementation, reasonOf(error));
      left = unanswered.slice(broken.length);
    }
    for (const result of results) await this.#compare(result, open, implementation);
    return left;
  }

  #note(message: Exclude<TurnMessage, Result>, open: readonly Case[], implementation: Implementation): void {
    if (message.kind === "started") {
      this.versions[titleOf(implementation)] = [message.version, message.details].filter(Boolean).join(", ");
      return;
    }
    const benchCase = open.find(({ name }) => name === message.case) as Case;
    if (message.kind === "refusal") this.measurement.refuse(benchCase, implementation, message.reason);
    else this.measurement.add(benchCase, implementation, message.seconds, message.note);
  }

  async #compare(result: Result, open: readonly Case[], implementation: Implementation): Promise<void> {
    const benchCase = open.find(({ name }) => name === result.case) as Case;
    const { complaint, accuracy } = await this.#reference.judge(benchCase, result);
    if (complaint) this.measurement.refuse(benchCase, implementation, complaint);
    if (accuracy) this.measurement.remark(benchCase, implementation, accuracy);
  }
}
