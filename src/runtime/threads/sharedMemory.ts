/**
 * Memory that workers see too, and the engine's binary made ready for it. The binary declares a memory of its own; a
 * shared one differs in a single flag, which is set here, so that one binary serves both.
 */

/** Limits and flags of a memory import: a maximum is given; and it is shared. */
const WITH_MAXIMUM = 0x01;
const SHARED = 0x02;

const IMPORT_SECTION = 2;
const MEMORY_IMPORT = 2;

/** A shared memory of at least `bytes`, as large at most as the host allows; null when it allows none. */
export function sharedMemory(bytes: number, mostPages: number): WebAssembly.Memory | null {
  const initial = Math.max(1, Math.ceil(bytes / 65_536));
  // The host sets aside addresses for the maximum at once; some will not do so for all four gigabytes.
  for (let maximum = mostPages; maximum >= initial; maximum >>>= 1) {
    try {
      return new WebAssembly.Memory({ initial, maximum, shared: true });
    } catch {
      // A smaller one, perhaps.
    }
  }
  return null;
}

/** A copy of the engine's binary whose memory is a shared one. */
export function withSharedMemory(binary: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = binary.slice();
  const at = memoryFlags(copy);
  copy[at] = (copy[at] as number) | SHARED;
  return copy;
}

/** Where the flags of the memory import are; the memory is the engine's only import. */
function memoryFlags(bytes: Uint8Array): number {
  let at = 8;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const skipName = (): void => {
    const length = number();
    at += length;
  };
  while (at < bytes.length) {
    const section = bytes[at++];
    const size = number();
    if (section !== IMPORT_SECTION) {
      at += size;
      continue;
    }
    number(); // how many imports
    skipName();
    skipName();
    if (bytes[at] === MEMORY_IMPORT && bytes[at + 1] === WITH_MAXIMUM) return at + 1;
    break;
  }
  throw new TypeError("expected a binary that imports its memory first");
}
