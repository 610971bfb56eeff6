/**
 * What one core of this machine can do at most with 128-bit vectors, measured by a small C program where there is a
 * compiler, else by a WebAssembly loop.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { probeInWebAssembly } from "./ceiling-wasm.ts";
import { peersFolder } from "./packages.ts";
import type { Cost } from "./workloads.ts";

export interface Ceiling {
  readonly measuredBy: string;
  /** 10⁹ operations a second, the better of multiply-then-add and fused multiply-add. */
  readonly gigaflops: number;
  /** Seconds to read that many bytes of floats, over and over. */
  readonly read: Readonly<Record<number, number>>;
  /** Seconds to copy that many bytes, over and over. */
  readonly copy: Readonly<Record<number, number>>;
}

export interface Probes {
  readonly read: readonly number[];
  readonly copy: readonly number[];
}

function probesOf(costs: readonly Cost[]): Probes {
  const sizes = (pick: (cost: Cost) => number | undefined) => [
    ...new Set(costs.map(pick).filter((bytes) => bytes !== undefined)),
  ];
  return { read: sizes(({ readBytes }) => readBytes), copy: sizes(({ copyBytes }) => copyBytes) };
}

function readOutput(output: string): Omit<Ceiling, "measuredBy"> {
  const found = { gigaflops: 0, read: {} as Record<number, number>, copy: {} as Record<number, number> };
  for (const line of output.trim().split("\n")) {
    const [name, bytes, value] = line.split(" ");
    if (name === "gigaflops") found.gigaflops = Number(value);
    else found[name as "read" | "copy"][Number(bytes)] = Number(value);
  }
  return found;
}

function probeInC({ read, copy }: Probes): Ceiling {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  mkdirSync(folder, { recursive: true });
  const results = ["off", "fast"].map((contraction, i) => {
    const program = `${folder}ceiling-${contraction}`;
    const flags = ["-O2", "-march=native", `-ffp-contract=${contraction}`, "-o", program];
    execFileSync("cc", [...flags, `${peersFolder}ceiling.c`], { stdio: "pipe" });
    const passes = [...read.map((bytes) => ["read", `${bytes}`]), ...copy.map((bytes) => ["copy", `${bytes}`])];
    return readOutput(execFileSync(program, i === 0 ? passes.flat() : [], { encoding: "utf8" }));
  });
  const gigaflops = Math.max(...results.map((result) => result.gigaflops));
  return { ...results[0], gigaflops, measuredBy: "C, 128-bit vectors, one core" };
}

/** Measures what the costs ask for. */
export async function measureCeiling(costs: readonly Cost[]): Promise<Ceiling> {
  const probes = probesOf(costs);
  try {
    return probeInC(probes);
  } catch {
    return { ...(await probeInWebAssembly(probes)), measuredBy: "WebAssembly, 128-bit vectors, one core" };
  }
}

/** Seconds that one run takes at least: as long as its slowest part on a core that overlaps all the rest. */
export function limitOf({ operations = 0, readBytes, copyBytes }: Cost, ceiling: Ceiling): number {
  return Math.max(
    operations / ceiling.gigaflops / 1e9,
    readBytes ? ceiling.read[readBytes] : 0,
    copyBytes ? ceiling.copy[copyBytes] : 0,
  );
}
