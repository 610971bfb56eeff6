import type { Display } from "./display.ts";

/** The exit code of a process that an interrupt ended: 128 + SIGINT. */
const INTERRUPTED = 130;

/**
 * Under npm one Ctrl-C arrives twice, from the terminal and from npm: a second one this soon (ms) may be the same, a
 * third cannot be.
 */
const ECHO = 300;

/**
 * Takes over Ctrl-C: the first calls `first`, the second ends the process at once, or as soon as a running step lets go.
 * @returns what gives Ctrl-C back.
 */
export function onInterrupt(first: () => void): () => void {
  const underNpm = process.env.npm_lifecycle_event !== undefined;
  let since = 0;
  let times = 0;
  const handle = (): void => {
    times++;
    if (times === 1) {
      since = performance.now();
      first();
      return;
    }
    const echo = underNpm && times === 2 && performance.now() - since < ECHO;
    if (!echo) process.exit(INTERRUPTED);
  };
  process.on("SIGINT", handle);
  return () => {
    process.off("SIGINT", handle);
  };
}

/**
 * Does work that the first Ctrl-C asks, by a signal, to stop after its step and save; the second leaves at once. The display
 * ends with it, however it ends.
 */
export async function stoppable(display: Display, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const forget = onInterrupt(() => {
    stop.abort();
    display.say("stopping after this step, then saving; Ctrl-C again leaves at once");
  });
  try {
    await work(stop.signal);
  } finally {
    display.end();
    forget();
  }
}
