/** How fast the same network learns in plain JavaScript, on this machine, now. */
import { PlainAdam } from "../../../bench/plain/adam.ts";
import { PlainCharacterModel } from "../../../bench/plain/character-model.ts";
import type { Settings } from "../settings.ts";

/** Sequences of a step: few, so that it takes little of anybody's time. */
const SEQUENCES = 4;

/** Characters a second, of one layer with its own activations; the better of two steps. */
export function plainTokensPerSecond({ cell, hiddenSize, window }: Settings, characters: number): number {
  const sizes = { steps: window, batch: SEQUENCES, characters, embeddingSize: 32, hiddenSize };
  const model = new PlainCharacterModel(cell, sizes);
  const optimizer = new PlainAdam(model.parameters, 0.004);
  const tokens = Int32Array.from({ length: window * SEQUENCES }, (_, i) => (i * 7) % characters);
  const times = [0, 1, 2].map(() => {
    const started = performance.now();
    model.lossAndGradients(tokens, tokens);
    optimizer.step();
    return performance.now() - started;
  });
  return (window * SEQUENCES * 1000) / Math.min(...times.slice(1));
}
