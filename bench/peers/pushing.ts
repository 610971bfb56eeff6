import type { Inputs } from "./inputs.ts";
import type { Prepared } from "./peer.ts";
import { CHECKED_STEPS } from "./workloads.ts";

/** A stream that reads the samples of a case round and round, one a run; its result is a run from the zero state. */
export function pushing(inputs: Inputs, push: (sample: Float32Array) => Float32Array): Prepared {
  const samples = inputs.rows("x");
  let at = 0;
  return {
    run: () => {
      push(samples[at]);
      at = (at + 1) % samples.length;
    },
    result: () => Array.from({ length: CHECKED_STEPS }, (_, i) => push(samples[i % samples.length]).slice()),
  };
}
