/** Ctrl-C under npm arrives twice, from the terminal and from npm; a second one this soon is the same one (ms). */
const ECHO = 300;

/** The exit code of a process that an interrupt ended: 128 + SIGINT. */
const INTERRUPTED = 130;

/**
 * Takes over Ctrl-C: the first calls `first`, the second ends the process at once.
 * @returns what gives Ctrl-C back.
 */
export function onInterrupt(first: () => void): () => void {
  let since: number | null = null;
  const handle = (): void => {
    if (since === null) {
      since = performance.now();
      first();
    } else if (performance.now() - since > ECHO) {
      process.exit(INTERRUPTED);
    }
  };
  process.on("SIGINT", handle);
  return () => {
    process.off("SIGINT", handle);
  };
}
