/**
 * The code of a worker, as text: it is started from here, so that no bundler or server has to know of another file.
 * `port` is what it hears its owner through; the host's part of the code defines it.
 *
 * A worker has instances of its own over the shared memory and a mailbox (see mailbox.ts). Its first message is the
 * memory and the mailbox, each further one a module. When it has as many modules as the mailbox says it waits for the
 * ticket of its mailbox to change, calls the kernel that the mailbox names, and writes the ticket back. It looks for a
 * while before it sleeps, since jobs of one training step follow each other within microseconds and waking takes twenty.
 * While it waits it hears nothing, so that a further module is announced by a ticket as well.
 */
import { DONE, FAILED, KERNEL, LENGTH, MODULES, READY, RECALL, SLEEPING, TICKET } from "./mailbox.ts";

/** How long a worker looks before it sleeps, in milliseconds. */
const PATIENCE = 0.5;

export const source = `
let memory, words, numbers, table, started = 0, ticket = 0;
const kernels = [], values = [];
const wait = () => {
  for (const end = performance.now() + ${PATIENCE}; performance.now() < end; ) {
    for (let i = 0; i < 500; i++) if (Atomics.load(words, ${TICKET}) !== ticket) return;
  }
  Atomics.store(words, ${SLEEPING}, 1);
  Atomics.wait(words, ${TICKET}, ticket);
  Atomics.store(words, ${SLEEPING}, 0);
};
const serve = () => {
  for (;;) {
    while (Atomics.load(words, ${TICKET}) === ticket) wait();
    ticket = Atomics.load(words, ${TICKET});
    const kernel = words[${KERNEL}];
    values.length = words[${LENGTH}];
    for (let i = 0; i < values.length; i++) values[i] = numbers[i];
    try {
      if (kernel !== ${RECALL}) kernels[kernel](...values);
    } catch {
      words[${FAILED}] = 1;
    }
    Atomics.store(words, ${DONE}, ticket);
    Atomics.notify(words, ${DONE});
    if (kernel === ${RECALL} && started < Atomics.load(words, ${MODULES})) return;
  }
};
port.onmessage = ({ data }) => {
  if (data.memory) {
    ({ memory, words, numbers } = data);
    return;
  }
  if (table && table.length < data.slots) table.grow(data.slots - table.length);
  const { exports } = new WebAssembly.Instance(data.module, { env: { memory, table } });
  table ??= exports.table;
  kernels.push(...data.names.map((name) => exports[name]));
  // A ticket from before all modules were here can only be a recall. It is read first: the number of modules is written first.
  const before = Atomics.load(words, ${TICKET});
  if (++started < Atomics.load(words, ${MODULES})) return;
  ticket = before;
  Atomics.store(words, ${DONE}, ticket);
  Atomics.store(words, ${READY}, started);
  port.postMessage("ready");
  serve();
};`;
