import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runtimeInfo } from "unrolled";
import { kernelNames, plainKernels } from "../plain/kernels.ts";
import { randomFloats, randomSource } from "../random.ts";
import { type Case, nanosecondsPerNumber, type Prepared, type Suite } from "../suite.ts";

const COUNT = 4096;
/** Numbers between the two arrays in the engine's memory, so that they do not compete for the same lines of the cache. */
const GAP = 80;

/** What of the binary is called: addresses are in bytes. */
interface Kernels {
  heapBase(): number;
  exponential(x: number, y: number, count: number): void;
  activationForwardSlot(kind: number): number;
  activationForward(slot: number, x: number, y: number, count: number, parameters: number): void;
}

/** The numbers that the engine gives to its activations; exp is a kernel of its own. */
const kinds = { sigmoid: 1, tanh: 2, gelu: 7 } as const;

type Map = (x: Float32Array, y: Float32Array) => void;

function input(): Float32Array {
  return randomFloats(randomSource(COUNT), COUNT, -8, 8);
}

function prepared(run: () => void, output: () => Float32Array): Prepared {
  const result = (): Float32Array[] => {
    run();
    return [output().slice()];
  };
  return { run, result };
}

function plainCase(name: string, map: Map): Case {
  return {
    name: `${name}, n = ${COUNT}`,
    unit: nanosecondsPerNumber(COUNT),
    prepare: () => {
      const x = input();
      const y = new Float32Array(COUNT);
      const run = (): void => map(x, y);
      return prepared(run, () => y);
    },
  };
}

/** The binary that the library runs here, on its own: its kernels are not part of the public interface. */
function loadKernels(): { kernels: Kernels; memory: WebAssembly.Memory } {
  const name = runtimeInfo().build === "relaxed" ? "kernels.relaxed.wasm" : "kernels.wasm";
  const bytes = readFileSync(fileURLToPath(import.meta.resolve(`unrolled/${name}`)));
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 65_535 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return { kernels: exports as unknown as Kernels, memory };
}

function engineCase(name: (typeof kernelNames)[number]): Case {
  return {
    name: `${name}, n = ${COUNT}`,
    unit: nanosecondsPerNumber(COUNT),
    prepare: () => {
      const { kernels, memory } = loadKernels();
      const from = Math.ceil(kernels.heapBase() / 64) * 64;
      const to = from + 4 * (COUNT + GAP);
      new Float32Array(memory.buffer, from, COUNT).set(input());
      const slot = name === "exp" ? 0 : kernels.activationForwardSlot(kinds[name]);
      const run =
        name === "exp"
          ? () => kernels.exponential(from, to, COUNT)
          : () => kernels.activationForward(slot, from, to, COUNT, 0);
      return prepared(run, () => new Float32Array(memory.buffer, to, COUNT));
    },
  };
}

/** y := f(x) between two arrays that exist and lie in the cache: what a layer pays, no copies, no allocation. */
export const kernelSuite: Suite = {
  workload: "activation kernel, in cache",
  cases: {
    javascript: () => kernelNames.map((name) => plainCase(name, plainKernels[name])),
    wasm: () => kernelNames.map(engineCase),
  },
};
