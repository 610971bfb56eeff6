import { SingleBar } from "cli-progress";
import type { SearchProgress } from "../../laboratory/index.ts";
import { seconds } from "../format.ts";

/** Shows how far a search is. */
export interface SearchDisplay {
  over(progress: SearchProgress): void;
  /** Something to be read, above the bar where there is one. */
  say(text: string): void;
  end(): void;
}

/** Seconds between two lines where there is no terminal. */
const BETWEEN_LINES = 10;

/** Longer expressions are cut. */
const LONGEST = 40;

function told({ phase, generation, trials, best, seconds: spent }: SearchProgress): string {
  const name = best && best.name.length > LONGEST ? `${best.name.slice(0, LONGEST)}…` : best?.name;
  const found = best ? `, best ${best.score.toPrecision(3)} with ${name}` : "";
  const where = phase === "searching" ? `generation ${generation}` : phase;
  return `${where}, ${trials} trainings${found}, ${seconds(spent)}`;
}

/** A progress bar in a terminal; elsewhere a line now and then. */
export function openSearchDisplay(budget: { readonly steps: number } | { readonly seconds: number }): SearchDisplay {
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
  let next = performance.now();
  return {
    over: (progress) => {
      const share = "steps" in budget ? progress.steps / budget.steps : progress.seconds / budget.seconds;
      const done = Math.min(99, Math.floor(100 * share));
      if (process.stderr.isTTY) {
        if (bar.isActive) bar.update(done, { told: told(progress) });
        else bar.start(100, done, { told: told(progress) });
      } else if (performance.now() >= next) {
        next = performance.now() + 1000 * BETWEEN_LINES;
        console.error(`${done} %  ${told(progress)}`);
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
