import { SingleBar } from "cli-progress";

/** How far something is. */
export interface Told {
  /** From 0 to 1. */
  readonly share: number;
  readonly text: string;
}

/** Shows how far something is that goes trial by trial. */
export interface Display<Progress> {
  over(progress: Progress): void;
  /** Something to be read, above the bar where there is one. */
  say(text: string): void;
  end(): void;
}

/** Seconds between two lines where there is no terminal. */
const BETWEEN_LINES = 10;

/**
 * A progress bar in a terminal; elsewhere a line now and then.
 * @param tell what to show of a progress, `spent` seconds after the start.
 */
export function openDisplay<Progress>(tell: (progress: Progress, spent: number) => Told): Display<Progress> {
  const since = performance.now();
  const bar = new SingleBar({
    format: "{bar} {percentage}%  {told}",
    stream: process.stderr,
    barsize: 24,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    clearOnComplete: true,
    // Ctrl-C is taken care of elsewhere.
    gracefulExit: false,
  });
  let next = since + 1000 * BETWEEN_LINES;
  return {
    over: (progress) => {
      const { share, text } = tell(progress, (performance.now() - since) / 1000);
      if (process.stderr.isTTY) {
        const done = Math.floor(100 * Math.min(share, 1));
        if (bar.isActive) bar.update(done, { told: text });
        else bar.start(100, done, { told: text });
      } else if (performance.now() >= next) {
        next = performance.now() + 1000 * BETWEEN_LINES;
        console.error(text);
      }
    },
    say: (text) => {
      if (bar.isActive) bar.stop();
      console.error(text);
    },
    end: () => {
      if (bar.isActive) bar.stop();
    },
  };
}
