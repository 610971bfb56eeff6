import type { Ceiling, Probes } from "./limit.ts";

interface Probe {
  readonly memory: WebAssembly.Memory;
  multiplyAdd(rounds: number): number;
  read(from: number, bytes: number): number;
  copy(to: number, from: number, bytes: number): void;
}

/** Best seconds of one call over some trials, each long enough to be timed. */
function best(call: () => void, times: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let trial = 0; trial < 12; trial++) {
    const started = performance.now();
    for (let i = 0; i < times; i++) call();
    least = Math.min(least, (performance.now() - started) / 1000 / times);
  }
  return least;
}

const START = 65536;
const ROUNDS = 2_000_000;

const largestOf = ({ read, copy }: Probes) => Math.max(0, ...read, ...copy);

/** Memory that the probes need: to read from, and to copy to. */
export function bytesOf(probes: Probes): number {
  return 2 * largestOf(probes);
}

/** Operations a second, and passes over memory, as WebAssembly does them here; `binaries` as `compileProbes` has them. */
export async function probeInWebAssembly(binaries: readonly Uint8Array[], probes: Probes): Promise<Ceiling> {
  const supported = binaries.filter((binary) => WebAssembly.validate(binary as BufferSource));
  const found: Probe[] = [];
  for (const binary of supported) {
    const { instance } = await WebAssembly.instantiate(binary as BufferSource);
    found.push(instance.exports as unknown as Probe);
  }
  const [{ read, copy }] = found;
  const passes = (sizes: readonly number[], pass: (bytes: number) => void) =>
    Object.fromEntries(sizes.map((bytes) => [bytes, best(() => pass(bytes), 1 + Math.round(2e7 / bytes))]));
  const speeds = found.map(({ multiplyAdd }) => (10 * 8 * ROUNDS) / best(() => multiplyAdd(ROUNDS), 1) / 1e9);
  return {
    measuredBy: "WebAssembly, 128-bit vectors, one core",
    gigaflops: Math.max(...speeds),
    read: passes(probes.read, (bytes) => read(START, bytes)),
    copy: passes(probes.copy, (bytes) => copy(START + largestOf(probes), START, bytes)),
  };
}
