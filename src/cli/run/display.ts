import { SingleBar } from "cli-progress";
import type { Progress } from "../../index.ts";
import { count, seconds } from "../format.ts";

/** Shows a training as it goes. */
export interface Display {
  /** A step is done. */
  step(state: State): void;
  /** Something to be read, above the progress bar where there is one. */
  say(text: string): void;
  /** Nothing more will come. */
  end(): void;
}

/** What is shown of a step. */
export interface State {
  readonly progress: Progress;
  /** Of all that is to do, 0 … 1. */
  readonly done: number;
  readonly perSecond: number;
}

/**
 * A progress bar in a terminal; elsewhere a line now and then.
 * @param unit what is counted a second.
 */
export function openDisplay(unit = "tokens"): Display {
  return process.stdout.isTTY ? new Bar(unit) : new Lines(unit);
}

/** Seconds still to go, when the rest takes as long as what is done. */
function left({ progress, done }: State): number {
  return (progress.seconds * (1 - done)) / done;
}

/** The loss of single steps jumps; what is shown moves a tenth of the way each step. */
class Smoothed {
  #value: number | undefined;

  next(loss: number): string {
    this.#value = this.#value === undefined ? loss : this.#value + (loss - this.#value) / 10;
    return this.#value.toFixed(3);
  }
}

class Bar implements Display {
  readonly #loss = new Smoothed();
  /** What the bar showed last, for when it comes back below a message. */
  #shown: { readonly done: number; readonly payload: object } | null = null;
  readonly #bar: SingleBar;

  constructor(unit: string) {
    this.#bar = new SingleBar({
      format: `{bar} {percentage}%  step {step}  loss {loss}  {speed} ${unit}/s  {left} left`,
      stream: process.stdout,
      barsize: 24,
      barCompleteChar: "█",
      barIncompleteChar: "░",
      clearOnComplete: true,
      // Ctrl-C is taken care of elsewhere.
      gracefulExit: false,
    });
  }

  step(state: State): void {
    const { progress, done, perSecond } = state;
    const payload = {
      step: count(progress.step),
      loss: this.#loss.next(progress.loss),
      speed: count(perSecond),
      left: seconds(left(state)),
    };
    if (this.#bar.isActive) this.#bar.update(done, payload);
    else this.#bar.start(1, done, payload);
    this.#shown = { done, payload };
  }

  say(text: string): void {
    if (this.#bar.isActive) this.#bar.stop();
    console.log(text);
    if (this.#shown) this.#bar.start(1, this.#shown.done, this.#shown.payload);
  }

  end(): void {
    this.#shown = null;
    if (this.#bar.isActive) this.#bar.stop();
  }
}

/** Seconds between two lines. */
const BETWEEN_LINES = 10;

class Lines implements Display {
  readonly #loss = new Smoothed();
  readonly #unit: string;
  #next = BETWEEN_LINES;

  constructor(unit: string) {
    this.#unit = unit;
  }

  step(state: State): void {
    const { progress, perSecond } = state;
    const loss = this.#loss.next(progress.loss);
    if (progress.seconds < this.#next) return;
    this.#next = progress.seconds + BETWEEN_LINES;
    console.log(
      `step ${count(progress.step)}  loss ${loss}  ${count(perSecond)} ${this.#unit}/s  ${seconds(left(state))} left`,
    );
  }

  say(text: string): void {
    console.log(text);
  }

  end(): void {
    this.#next = Number.POSITIVE_INFINITY;
  }
}
