/**
 * What one core of this machine can do at most with 128-bit vectors, measured by a small C program where there is a
 * compiler, else by a WebAssembly loop.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compileProbes } from "./ceiling-probe.ts";
import { bytesOf, probeInWebAssembly } from "./ceiling-wasm.ts";
import { type Ceiling, type Probes, probesOf } from "./limit.ts";
import { peersFolder } from "./packages.ts";
import type { Cost } from "./workloads.ts";

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
    return await probeInWebAssembly(await compileProbes(bytesOf(probes)), probes);
  }
}
