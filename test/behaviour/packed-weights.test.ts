/** Packed copies of weights: kept from call to call, never older than the weights, and nothing that a result shows. */
import {
  crossEntropy,
  GRU,
  GRUCell,
  Linear,
  LSTM,
  LSTMCell,
  linear,
  type Module,
  noGrad,
  normal,
  type Parameter,
  RNN,
  RNNCell,
  runtimeInfo,
  SGD,
  seed,
  sum,
  type Tensor,
  tensor,
  zeros,
} from "unrolled";
import { describe, expect, test } from "vitest";

const I = 13;
const H = 11;
const sizes = { inputSize: I, hiddenSize: H };

interface Case {
  readonly make: () => Module;
  readonly shape: readonly number[];
}

const sequences = (make: () => Module): Case[] => [
  { make, shape: [2, 3, I] },
  { make, shape: [19, 1, I] },
  { make, shape: [2, 1, I] },
];

const cases: Case[] = [
  { make: () => new Linear({ inputSize: I, outputSize: H }), shape: [5, I] },
  { make: () => new Linear({ inputSize: I, outputSize: 1, bias: false }), shape: [5, I] },
  ...sequences(() => new RNN(sizes)),
  ...sequences(() => new LSTM({ ...sizes, bidirectional: true })),
  ...sequences(() => new GRU({ ...sizes, layers: 2 })),
  ...sequences(() => new GRU({ ...sizes, resetAfter: false })),
  ...[RNNCell, LSTMCell, GRUCell].map((Cell) => ({ make: () => new Cell(sizes), shape: [3, I] })),
];

/** Every tensor of a result, in order. */
function numbersOf(result: unknown): Float32Array[] {
  if (result !== null && typeof result === "object" && "toArray" in result) {
    return [(result as Tensor).toArray() as Float32Array];
  }
  return Object.values(result as object).flatMap(numbersOf);
}

function run(module: Module, x: Tensor): Float32Array[] {
  return noGrad(() => numbersOf(module.forward(x)));
}

/** What a module that was never used before computes with the same weights. */
function runAnew({ make, shape }: Case, module: Module, x: Tensor): Float32Array[] {
  expect(x.shape).toEqual(shape);
  const other = make();
  other.loadStateDict(module.stateDict());
  return run(other, x);
}

/** A step of learning, forward and backward, and the gradient of the input. */
function learn(module: Module, x: Tensor): Float32Array {
  const leaf = tensor(x.toArray() as Float32Array, x.shape, { requiresGrad: true });
  const result = module.forward(leaf) as Tensor | { output?: Tensor; h?: Tensor };
  const output = "toArray" in result ? result : (result.output ?? (result.h as Tensor));
  sum(output as Tensor).backward();
  return leaf.grad?.toArray() as Float32Array;
}

describe.each(cases.map((c) => [c.make().constructor.name, c] as const))("%s", (_, use) => {
  test(`on [${use.shape}] gives the same bits with a copy as without, whatever changes the weights`, () => {
    seed(7);
    const module = use.make();
    const optimizer = new SGD(module.parameters(), { learningRate: 0.1 });
    const x = normal(use.shape);
    const changes = [
      () => optimizer.zeroGrad(),
      () => optimizer.step(),
      () => module.loadStateDict(use.make().stateDict()),
      () => module.load(use.make().save()),
      () => {
        for (const parameter of module.parameters()) parameter.set(normal([parameter.size]).toArray());
      },
    ];
    let last: Float32Array[] | undefined;
    for (const [i, change] of changes.entries()) {
      learn(module, x);
      change();
      optimizer.zeroGrad();
      const expected = runAnew(use, module, x);
      for (let times = 0; times < 4; times++) expect(run(module, x)).toEqual(expected);
      if (i > 0) expect(expected).not.toEqual(last);
      last = expected;
      const fresh = use.make();
      fresh.loadStateDict(module.stateDict());
      const gradient = learn(fresh, x);
      for (let times = 0; times < 4; times++) expect(learn(module, x)).toEqual(gradient);
      optimizer.zeroGrad();
    }
  });
});

test("a weight that changes between forward and backward is multiplied as it is then, copy or not", () => {
  const module = new Linear({ inputSize: 3, outputSize: 2, bias: false });
  const x = tensor([1, 2, 3, 4, 5, 6], [2, 3], { requiresGrad: true });
  for (let times = 0; times < 3; times++) learn(module, x);
  const loss = sum(module.forward(x));
  module.weight.set([1, 2, 3, 10, 20, 30]);
  loss.backward();
  expect([...(x.grad?.toArray() ?? [])]).toEqual([11, 22, 33, 11, 22, 33]);
});

test("a weight that is multiplied in blocks and as a whole has a copy for each", () => {
  const gru = new GRU(sizes);
  const weight = gru.parameters()[1] as Parameter;
  expect(weight.shape).toEqual([3 * H, H]);
  const [x, h] = [normal([2, 3, I]), normal([4, H])];
  const sequence = run(gru, x);
  const products = noGrad(() => linear(h, weight)).toArray();
  for (let times = 0; times < 3; times++) {
    expect(run(gru, x)).toEqual(sequence);
    expect(noGrad(() => linear(h, weight)).toArray()).toEqual(products);
  }
});

describe("memory", () => {
  const [rows, columns] = [128, 256];
  const make = () => new Linear({ inputSize: columns, outputSize: rows });
  const bytes = (): number => runtimeInfo().heapBytes;
  const input = zeros([8, columns]);

  test("the second use of a weight takes the memory of a copy, and nothing after it takes any", () => {
    run(make(), input);
    const module = make();
    const optimizer = new SGD(module.parameters(), { learningRate: 0.1 });
    learn(module, input);
    optimizer.step();
    const before = bytes();
    run(module, input);
    expect(bytes()).toBe(before);
    run(module, input);
    expect(bytes()).toBe(before + rows * columns * 4);
    for (let step = 0; step < 5; step++) {
      learn(module, input);
      optimizer.step();
      for (let times = 0; times < 3; times++) run(module, input);
    }
    expect(bytes()).toBe(before + rows * columns * 4);
  });

  test("training takes none", () => {
    const module = make();
    const optimizer = new SGD(module.parameters(), { learningRate: 0.1 });
    const targets = tensor(new Int32Array(8));
    const step = () => {
      const loss = crossEntropy(module.forward(input), targets);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    };
    step();
    const before = bytes();
    for (let i = 0; i < 20; i++) step();
    expect(bytes()).toBe(before);
  });
});
