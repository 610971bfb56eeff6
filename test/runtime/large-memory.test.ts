/** Addresses past 2 GiB have the sign bit set where they are handed over as 32-bit integers. */
import { afterAll, expect, test } from "vitest";
import {
  Adam,
  add,
  concat,
  crossEntropy,
  Dropout,
  Embedding,
  GRU,
  Linear,
  LSTM,
  MemoryError,
  mul,
  type Optimizer,
  permute,
  RNN,
  Sequential,
  SGD,
  seed,
  slice,
  softmax,
  sum,
  tensor,
} from "../../src/index.ts";
import { engine } from "../../src/runtime/engine.ts";

const HALF = 2 ** 31;
const held: number[] = [];
const tokens = tensor(
  Int32Array.from({ length: 35 }, (_, i) => (i * i) % 11),
  [7, 5],
);

/** Takes whatever lies below an address out of heap and step, so that the next blocks lie above it. */
function fillUpTo(address: number): void {
  const { heap } = engine();
  for (let bytes = 2 ** 22; bytes >= 64; bytes /= 2) {
    let block = 0;
    while (block < address) {
      block = heap.allocate(bytes);
      held.push(block);
    }
  }
  let inStep = 0;
  do inStep = engine().allocate(2 ** 18);
  while (inStep < address);
}

/** Two steps of a network that calls every family of kernels, then its stream; returns all numbers met on the way. */
function learn(from: number): { numbers: number[]; lowest: number } {
  seed(4);
  fillUpTo(from);
  const model = new Sequential(
    new Embedding({ count: 11, size: 9 }),
    new LSTM({ inputSize: 9, hiddenSize: 6, peepholes: true, layers: 2, dropout: 0.3 }),
    new GRU({ inputSize: 6, hiddenSize: 5 }),
    new RNN({ inputSize: 5, hiddenSize: 5, activation: "elu" }),
    new Dropout({ probability: 0.2 }),
    new Linear({ inputSize: 5, outputSize: 11 }),
  );
  const weights = model.parameters();
  const optimizers: Optimizer[] = [new Adam(weights), new SGD(weights, { learningRate: 0.1, momentum: 0.9 })];
  const numbers: number[] = [];
  let lowest = Number.POSITIVE_INFINITY;
  for (const optimizer of optimizers) {
    fillUpTo(from);
    const logits = model.forward(tokens);
    const turned = permute(concat([slice(logits, 0, 1, 7), slice(logits, 2, 0, 11)], 0), [1, 0, 2]);
    const regular = mul(sum(softmax(add(turned, 1), 1)), 0.01);
    const loss = add(crossEntropy(logits, tokens), regular);
    lowest = Math.min(lowest, logits.address, loss.address, ...weights.map((weight) => weight.address));
    optimizer.zeroGrad();
    loss.backward();
    numbers.push(loss.item(), ...weights.flatMap((weight) => [...weight.grad!.toArray()]));
    optimizer.step();
  }
  const stream = model.stream();
  for (const token of [3, 1, 4]) numbers.push(...stream.push(token));
  numbers.push(...weights.flatMap((weight) => [...weight.toArray()]));
  return { numbers, lowest };
}

afterAll(() => {
  for (const address of held) engine().heap.release(address);
});

test("past 2 GiB everything computes the same bits", () => {
  const low = learn(0);
  expect(low.lowest).toBeLessThan(HALF);
  held.push(engine().heap.allocate(HALF));
  const high = learn(HALF);
  expect(high.lowest).toBeGreaterThanOrEqual(HALF);
  expect(high.numbers.every(Number.isFinite)).toBe(true);
  expect(high.numbers).toEqual(low.numbers);
});

test("no block reaches the end of the address space, where an end address would be 0", () => {
  const { heap } = engine();
  expect(() => heap.allocate(2 ** 32 - heap.top)).toThrow(MemoryError);
  const last = heap.allocate(65_535 * 65_536 - heap.top);
  held.push(last);
  const count = 9;
  const end = heap.top;
  engine().kernels.fill(end - count * 4, count, 3);
  expect([...engine().f32.subarray(end / 4 - count - 1, end / 4)]).toEqual([0, ...new Array(count).fill(3)]);
});
