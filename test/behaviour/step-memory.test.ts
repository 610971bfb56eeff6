/** A step takes the memory that the README says: counted block by block, on models whose sizes have no common factor. */
import { describe, expect, test } from "vitest";
import { inferenceNumbers, type ModelSizes, modelNumbers, trainingNumbers } from "../../bench/growth/memory.ts";
import {
  Adam,
  crossEntropy,
  Embedding,
  GRU,
  Linear,
  LSTM,
  noGrad,
  RNN,
  runtimeInfo,
  Sequential,
  SGD,
  sum,
  tensor,
} from "../../src/index.ts";
import { engine } from "../../src/runtime/engine.ts";

const BATCH = 16; // with it every block is whole cache lines, and nothing is lost to rounding

const layers = {
  LSTM: (inputSize: number, hiddenSize: number, layers: number) => new LSTM({ inputSize, hiddenSize, layers }),
  GRU: (inputSize: number, hiddenSize: number, layers: number) => new GRU({ inputSize, hiddenSize, layers }),
  RNN: (inputSize: number, hiddenSize: number, layers: number) => new RNN({ inputSize, hiddenSize, layers }),
};

function build({ cell, vocabulary, embedding, hidden, layers: depth }: ModelSizes) {
  const model = new Sequential(
    new Embedding({ count: vocabulary, size: embedding }),
    layers[cell](embedding, hidden, depth),
    new Linear({ inputSize: hidden, outputSize: vocabulary }),
  );
  const optimizer = new Adam(model.parameters());
  const tokens = (steps: number) =>
    tensor(
      Int32Array.from({ length: steps * BATCH }, (_, i) => (i * 7) % vocabulary),
      [steps, BATCH],
    );
  const train = (steps: number): void => {
    optimizer.zeroGrad();
    crossEntropy(model.forward(tokens(steps)), tokens(steps)).backward();
    optimizer.step();
  };
  const infer = (steps: number): void => {
    noGrad(() => model.forward(tokens(steps)).toArray());
  };
  return { train, infer };
}

/** Numbers that a step takes from the arena. */
function numbersOf(step: () => void): number {
  const { arena } = engine();
  const { allocate } = arena;
  let bytes = 0;
  arena.allocate = (size) => {
    bytes += Math.max(64, Math.ceil(size / 64) * 64);
    return allocate.call(arena, size);
  };
  try {
    step();
  } finally {
    arena.allocate = allocate;
  }
  return bytes / 4;
}

const models: ModelSizes[] = (["LSTM", "GRU", "RNN"] as const).flatMap((cell) => [
  { cell, vocabulary: 29, embedding: 11, hidden: 23, layers: 1 },
  { cell, vocabulary: 31, embedding: 17, hidden: 13, layers: 3 },
]);

describe.each(models)("$cell, $layers layers", (sizes) => {
  const [short, long] = [17, 40]; // 272 positions and more: the workspace of products grows no further

  test.each([
    ["training", "train", trainingNumbers(sizes)],
    ["inference", "infer", inferenceNumbers(sizes)],
  ] as const)("%s holds what is documented for each position", (_, kind, documented) => {
    const { [kind]: step } = build(sizes);
    step(short);
    const [atShort, atLong] = [numbersOf(() => step(short)), numbersOf(() => step(long))];
    expect((atLong - atShort) / ((long - short) * BATCH)).toBe(documented);
  });

  test("beyond that there are first states, and room that products work in", () => {
    const { train } = build(sizes);
    train(short);
    const rest = numbersOf(() => train(long)) - long * BATCH * trainingNumbers(sizes);
    expect(rest).toBeGreaterThan(0);
    const products = 3 * (2 * sizes.layers + 1); // forward and both ways back, for W_ih and W_hh of a layer and the head
    const largest = (128 + 512) * 256;
    expect(rest).toBeLessThan(products * largest);
  });

  test("the model holds each weight, its gradient and Adam's two moments", () => {
    const before = runtimeInfo().heapBytes - engine().arena.bytesReserved;
    const { train } = build(sizes);
    train(short);
    const held = runtimeInfo().heapBytes - engine().arena.bytesReserved - before;
    const parameters = 3 + 4 * sizes.layers;
    expect(held).toBeGreaterThanOrEqual(4 * modelNumbers(sizes));
    // Each block ends with its cache line, and the optimizer keeps a list of five numbers a parameter.
    expect(held).toBeLessThan(4 * modelNumbers(sizes) + parameters * (4 * 64 + 20) + 64);
  });
});

test.each(["LSTM", "GRU", "RNN"] as const)(
  "a %s that is called at each time step piles up states, not the room to work in",
  (cell) => {
    const [hidden, batch, steps] = [128, 4, 100];
    const layer = layers[cell](8, hidden, 1);
    const x = tensor(new Float32Array(batch * 8).fill(0.5), [1, batch, 8]);
    const before = engine().arena.bytesReserved;
    let pass = layer.forward(x);
    for (let step = 1; step < steps; step++) pass = layer.forward(x, pass.state as never);
    sum(pass.output).backward();
    // Each step holds some 16 rows of the state in both directions; a packed weight alone would be as many as 512.
    const held = (engine().arena.bytesReserved - before) / 4;
    expect(held).toBeLessThan(steps * batch * hidden * 64);
    new SGD(layer.parameters(), { learningRate: 0.1 }).step();
  },
);
