/** Work for longer than this without a pause makes a page feel stuck: a screen is drawn every 16 ms, and that takes some too. */
const LONGEST_STRETCH = 12;

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

/** When this thread paused last: one clock, however many trainings share the thread. */
let paused = 0;

/** When it was asked last whether to. */
let asked = 0;

/** Between two pieces of work: pauses when the next, if it takes as long as the one before, would make it too long. */
export async function pauseIfDue(): Promise<void> {
  const now = performance.now();
  const next = now + (now - asked);
  asked = now;
  if (next - paused < LONGEST_STRETCH) return;
  await pause();
  paused = asked = performance.now();
}
