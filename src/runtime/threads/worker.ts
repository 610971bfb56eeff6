/**
 * The code of a worker, as text: it is started from here, so that no bundler or server has to know of another file.
 * `port` is what it hears its owner through; the host's part of the code defines it.
 *
 * A worker has an instance of its own over the shared memory and a mailbox (see mailbox.ts). It waits for the ticket of
 * its mailbox to change, calls the kernel that the mailbox names, and writes the ticket back. It looks for a while
 * before it sleeps, since jobs of one training step follow each other within microseconds and waking takes twenty.
 */
import { DONE, FAILED, KERNEL, LENGTH, READY, SLEEPING, TICKET } from "./mailbox.ts";

/** How long a worker looks before it sleeps, in milliseconds. */
const PATIENCE = 0.5;

export const source = `
port.onmessage = ({ data: { module, memory, names, words, numbers } }) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = names.map((name) => exports[name]);
  const values = [];
  const next = (last) => {
    for (const end = performance.now() + ${PATIENCE}; performance.now() < end; ) {
      for (let i = 0; i < 500; i++) if (Atomics.load(words, ${TICKET}) !== last) return;
    }
    Atomics.store(words, ${SLEEPING}, 1);
    Atomics.wait(words, ${TICKET}, last);
    Atomics.store(words, ${SLEEPING}, 0);
  };
  Atomics.store(words, ${READY}, 1);
  port.postMessage("ready");
  for (let ticket = 0; ; ) {
    while (Atomics.load(words, ${TICKET}) === ticket) next(ticket);
    ticket = Atomics.load(words, ${TICKET});
    values.length = words[${LENGTH}];
    for (let i = 0; i < values.length; i++) values[i] = numbers[i];
    try {
      kernels[words[${KERNEL}]](...values);
    } catch {
      words[${FAILED}] = 1;
    }
    Atomics.store(words, ${DONE}, ticket);
    Atomics.notify(words, ${DONE});
  }
};`;
