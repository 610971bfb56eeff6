import { SingleBar } from "cli-progress";
import type { Callback, TrainingState } from "../index.ts";
import { requireKnown } from "../runtime/options.ts";

/** What a bar or lines are written to, as `process.stderr` is. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface ProgressBarOptions {
  /** Where it is drawn; default: the standard error stream. */
  stream?: ProgressStream;
  /** Seconds between two lines where the stream is no terminal; default 10. */
  seconds?: number;
}

/**
 * Shows how far a training is: a bar in a terminal, elsewhere a plain line now and then and one at each validation.
 *
 * ```ts
 * const model = new Linear({ inputSize: 1, outputSize: 1 });
 * const optimizer = new Adam(model.parameters(), { learningRate: 0.1 });
 * const trainer = new Trainer({ model, loss: mseLoss, optimizer });
 * const data = arrayDataset(tensor([[0], [1], [2], [3]]), tensor([[1], [3], [5], [7]]));
 * const history = await trainer.fit(data, { epochs: 50, callbacks: [progressBar()] });
 * history.steps; // 50
 * ```
 *
 * @throws {OptionError} when an option is unknown.
 */
export function progressBar(options: ProgressBarOptions = {}): Callback {
  requireKnown("progressBar", options, ["stream", "seconds"]);
  const { stream = process.stderr, seconds = 10 } = options;
  return stream.isTTY ? bar(stream) : lines(stream, seconds);
}

/** Of all that is to do, 0 … 1; 0 when that is not known. */
function shareDone({ step, steps }: TrainingState): number {
  return Math.min(1, step / steps);
}

/** What there is to say of a step. */
function figuresOf({ step, steps, epoch, progress }: TrainingState): string {
  const { loss = Number.NaN, validation, metrics = {}, seconds = 0 } = progress ?? {};
  const measured = Object.entries(metrics).map(([name, value]) => `${name} ${value.toFixed(4)}`);
  return [
    `step ${step}${Number.isFinite(steps) ? `/${steps}` : ""}`,
    `epoch ${epoch}`,
    `loss ${loss.toFixed(4)}`,
    ...(validation === undefined ? [] : [`validation ${validation.toFixed(4)}`, ...measured]),
    `${seconds.toFixed(0)} s`,
  ].join("  ");
}

function bar(stream: ProgressStream): Callback {
  let shown: SingleBar | null = null;
  return {
    onFitStart: (state) => {
      const format = "{bar} {percentage}%  {figures}";
      // A terminal's stream can do what the bar asks of it.
      const terminal = stream as NodeJS.WriteStream;
      shown = new SingleBar({ format, stream: terminal, barsize: 24, clearOnComplete: false, gracefulExit: false });
      shown.start(1, shareDone(state), { figures: "" });
    },
    onStepEnd: (state) => {
      shown?.update(shareDone(state), { figures: figuresOf(state) });
    },
    onFitEnd: () => {
      shown?.stop();
      shown = null;
    },
  };
}

function lines(stream: ProgressStream, seconds: number): Callback {
  let next = 0;
  return {
    onFitStart: ({ history }) => {
      next = history.seconds + seconds;
    },
    onStepEnd: (state) => {
      const { progress, stopping } = state;
      const spent = progress?.seconds ?? 0;
      if (spent < next && progress?.validation === undefined && stopping === undefined) return;
      next = spent + seconds;
      stream.write(`${figuresOf(state)}\n`);
    },
  };
}
