import { SingleBar } from "cli-progress";
import type { CompareProgress } from "../../laboratory/index.ts";
import { seconds } from "../format.ts";

/** Shows how many trials are over. */
export interface TrialDisplay {
  over(progress: CompareProgress): void;
  /** Something to be read, above the bar where there is one. */
  say(text: string): void;
  end(): void;
}

/** Seconds between two lines where there is no terminal. */
const BETWEEN_LINES = 10;

/** What there is to say of a trial that is over. */
function told({ done, total, spec, result }: CompareProgress, since: number): string {
  const spent = (performance.now() - since) / 1000;
  const score = result.score === null ? result.outcome : `score ${result.score.toPrecision(3)}`;
  const left = seconds((spent * (total - done)) / done);
  return `${done}/${total}  ${spec.task.name}, ${spec.cell}, ${spec.activation}, seed ${spec.seed}: ${score}  ${left} left`;
}

/** A progress bar in a terminal; elsewhere a line now and then. */
export function openTrialDisplay(): TrialDisplay {
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
      const { done, total } = progress;
      if (process.stderr.isTTY) {
        if (bar.isActive) bar.update(done, { told: told(progress, since) });
        else bar.start(total, done, { told: told(progress, since) });
      } else if (performance.now() >= next) {
        next = performance.now() + 1000 * BETWEEN_LINES;
        console.error(told(progress, since));
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
