import { activationKinds, loadKernels } from "../kernels.ts";
import { kernelNames, plainKernels } from "../plain/kernels.ts";
import { randomFloats, randomSource } from "../random.ts";
import { type Case, nanosecondsPerNumber, type Prepared, type Suite } from "../suite.ts";

const COUNT = 4096;
/** Numbers between the two arrays in the engine's memory, so that they do not compete for the same lines of the cache. */
const GAP = 80;

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

function engineCase(name: (typeof kernelNames)[number]): Case {
  return {
    name: `${name}, n = ${COUNT}`,
    unit: nanosecondsPerNumber(COUNT),
    prepare: () => {
      const { kernels, memory, start: from } = loadKernels(2 * (COUNT + GAP));
      const to = from + 4 * (COUNT + GAP);
      new Float32Array(memory.buffer, from, COUNT).set(input());
      const slot = kernels.activationForwardSlot(activationKinds[name]);
      const run = (): void => kernels.activationForward(slot, from, to, COUNT, 0);
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
