/** Work for longer than this without a pause makes a page feel stuck; a screen is drawn every 16 ms. */
const LONGEST_STRETCH = 10;

interface Host {
  setImmediate?: (callback: () => void) => void;
}

/**
 * Lets the host run what is waiting: input, drawing, timers, the network. A message is an ordinary task and takes its
 * turn after those; `scheduler.yield()` would come back before them.
 */
function pause(): Promise<void> {
  const { setImmediate } = globalThis as Host;
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** A clock that says when to pause. */
export class Stretch {
  #since = performance.now();

  /** Pauses when this stretch of work has been long enough. */
  async pauseIfDue(): Promise<void> {
    if (performance.now() - this.#since < LONGEST_STRETCH) return;
    await pause();
    this.#since = performance.now();
  }
}
