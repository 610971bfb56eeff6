import { activations } from "unrolled";
import { activationNames, plainActivations } from "../plain/activations.ts";
import { randomFloats, randomSource } from "../random.ts";
import { type Case, nanosecondsPerNumber, type Suite } from "../suite.ts";

const counts = [4096, 1_000_000];

type Map = (x: Float32Array) => Float32Array;

/** Keeps what the last run returned reachable, so that no compiler may drop the work. */
let last: Float32Array | undefined;

function activationCase(name: string, map: Map, count: number): Case {
  return {
    name: `${name}, n = ${count === 4096 ? "4096" : "1M"}`,
    unit: nanosecondsPerNumber(count),
    prepare: () => {
      const x = randomFloats(randomSource(count), count, -8, 8);
      return {
        run: () => {
          last = map(x);
        },
        result: () => {
          last = map(x);
          return [last.slice()];
        },
      };
    },
  };
}

function cases(mapOf: (name: (typeof activationNames)[number]) => Map & { derivative: Map }): Case[] {
  return counts.flatMap((count) =>
    activationNames.flatMap((name) => {
      const map = mapOf(name);
      return [
        activationCase(name, (x) => map(x), count),
        activationCase(`${name} derivative`, (x) => map.derivative(x), count),
      ];
    }),
  );
}

/** y = f(x) and y = f'(x) on plain Float32Arrays: the WASM side includes the copies in and out of its memory. */
export const activationSuite: Suite = {
  workload: "activation",
  cases: {
    javascript: () => cases((name) => plainActivations[name]),
    wasm: () => cases((name) => activations[name] as Map & { derivative: Map }),
  },
};
