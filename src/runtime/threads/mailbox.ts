/**
 * How a worker is given work: one cache line of words and two of numbers in a shared buffer beside the engine's memory.
 * The owner fills in kernel and arguments and then changes the ticket; the worker does the work and then writes the
 * ticket to DONE. Words are read and written atomically where the other side may be looking.
 */

/** The number of the current job; changes last. */
export const TICKET = 0;
/** The number of the last finished job. */
export const DONE = 1;
/** How many modules the worker has started when it serves; 0 before. */
export const READY = 2;
/** 1 while the worker sleeps and must be woken. */
export const SLEEPING = 3;
/** 1 when the kernel threw. */
export const FAILED = 4;
/** Which kernel, as an index into the list of names. */
export const KERNEL = 5;
/** How many arguments. */
export const LENGTH = 6;
/** How many modules the worker shall have started when it serves. */
export const MODULES = 7;

/** In the place of a kernel: look into your messages, there is another module. */
export const RECALL = -1;

const WORDS = 16;
/** The most arguments a kernel has. */
const ARGUMENTS = 16;

export interface Mailbox {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly numbers: Float64Array<SharedArrayBuffer>;
}

export function openMailbox(): Mailbox {
  const buffer = new SharedArrayBuffer(WORDS * 4 + ARGUMENTS * 8);
  return { words: new Int32Array(buffer, 0, WORDS), numbers: new Float64Array(buffer, WORDS * 4, ARGUMENTS) };
}

/** Hands over a job; returns its ticket. */
export function send({ words, numbers }: Mailbox, kernel: number, values: readonly number[]): number {
  words[KERNEL] = kernel;
  words[LENGTH] = values.length;
  words[FAILED] = 0;
  numbers.set(values);
  const ticket = ((words[TICKET] as number) + 1) | 0;
  Atomics.store(words, TICKET, ticket);
  if (Atomics.load(words, SLEEPING) === 1) Atomics.notify(words, TICKET);
  return ticket;
}

/** Announces a further module, which is a message on its way; the worker takes no job until it has started it. */
export function announceModule({ words }: Mailbox): void {
  Atomics.add(words, MODULES, 1);
  words[KERNEL] = RECALL;
  words[LENGTH] = 0;
  Atomics.add(words, TICKET, 1);
  if (Atomics.load(words, SLEEPING) === 1) Atomics.notify(words, TICKET);
}

/** Whether the worker has started so many modules and has nothing to do. */
export function isReady({ words }: Mailbox, modules: number): boolean {
  return Atomics.load(words, READY) === modules && Atomics.load(words, DONE) === Atomics.load(words, TICKET);
}

/** Looks this often before it asks for the time or sleeps. */
const LOOKS = 2000;

/** Waits until the job is done; false when `limit` milliseconds were not enough. */
export function settle({ words }: Mailbox, ticket: number, limit: number): boolean {
  for (let end = 0; ; ) {
    for (let i = 0; i < LOOKS; i++) if (Atomics.load(words, DONE) === ticket) return true;
    const now = performance.now();
    if (end === 0) end = now + limit;
    else if (now > end) return false;
    // Sleeping leaves the core to a worker that may be waiting for it; a page's own thread may only look.
    if (sleeps(words)) Atomics.wait(words, DONE, (ticket - 1) | 0, 1);
  }
}

let mayWait: boolean | null = null;

function sleeps(words: Int32Array<SharedArrayBuffer>): boolean {
  if (mayWait === null) {
    try {
      // Not equal: returns at once where waiting is allowed, throws where it is not.
      Atomics.wait(words, LENGTH, (words[LENGTH] as number) + 1, 0);
      mayWait = true;
    } catch {
      mayWait = false;
    }
  }
  return mayWait;
}
