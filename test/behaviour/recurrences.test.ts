/** The recurrent layers of one file each: what they refuse, how they start, what threads and batches change (nothing). */
import {
  ClosedFormContinuous,
  configure,
  IndRNN,
  LegendreMemoryUnit,
  linearRecurrence,
  MinGRU,
  MinLSTM,
  noGrad,
  OptionError,
  ones,
  QRNN,
  RGLRU,
  ShapeError,
  SRU,
  seed,
  sum,
  type Tensor,
  tensor,
  threadsReady,
  uniform,
  zeros,
} from "unrolled";
import { afterAll, describe, expect, test } from "vitest";
import { legendreMemory } from "../../src/nn/recurrent/legendre.ts";
import { testRefusals } from "./refusals.ts";

const sizes = { inputSize: 3, hiddenSize: 5 };
const x = ones([7, 2, 3]);

describe("linearRecurrence", () => {
  const a = ones([4, 2, 3]);
  testRefusals([
    [
      "unlike shapes",
      () => linearRecurrence(a, ones([4, 2, 1])),
      ShapeError,
      /linearRecurrence b: expected \[4, 2, 3\]/,
    ],
    [
      "two axes",
      () => linearRecurrence(ones([4, 2]), ones([4, 2])),
      ShapeError,
      /linearRecurrence a: expected \[T, B, H\]/,
    ],
    ["no steps", () => linearRecurrence(ones([0, 2, 3]), ones([0, 2, 3])), ShapeError, /linearRecurrence a: .*empty/],
    [
      "another state",
      () => linearRecurrence(a, a, { h0: ones([3]) }),
      ShapeError,
      /linearRecurrence h0: expected \[2, 3\]/,
    ],
    [
      "integers",
      () => linearRecurrence(tensor(new Int32Array(24), [4, 2, 3]), a),
      ShapeError,
      /linearRecurrence a: .*int32/,
    ],
    [
      "an unknown option",
      () => linearRecurrence(a, a, { state: a } as never),
      OptionError,
      /linearRecurrence: .*"state"/,
    ],
  ]);

  test("sums up, forward and from the end", () => {
    const b = tensor([1, 2, 3], [3, 1, 1]);
    const keep = tensor([0.5, 0.5, 0.5], [3, 1, 1]);
    expect(Array.from(linearRecurrence(keep, b).output.toArray())).toEqual([1, 2.5, 4.25]);
    const { output, h } = linearRecurrence(keep, b, { reverse: true, h0: tensor([[2]]) });
    expect(Array.from(output.toArray())).toEqual([3, 4, 4]);
    expect(h.item()).toBe(3);
  });
});

describe("layers", () => {
  testRefusals([
    ["IndRNN of no size", () => new IndRNN({ inputSize: 0, hiddenSize: 5 }), OptionError, /IndRNN inputSize: .*got 0/],
    [
      "IndRNN of an unknown activation",
      () => new IndRNN({ ...sizes, activation: "swish" as never }),
      OptionError,
      /"swish"/,
    ],
    ["MinGRU with depth", () => new MinGRU({ ...sizes, depth: 2 } as never), OptionError, /MinGRU: .*"depth"/],
    [
      "MinGRU of another width",
      () => new MinGRU(sizes).forward(ones([7, 2, 4])),
      ShapeError,
      /MinGRU x: expected \[T, B, 3\], got \[7, 2, 4\]/,
    ],
    [
      "MinLSTM of no steps",
      () => new MinLSTM(sizes).forward(ones([0, 2, 3])),
      ShapeError,
      /MinLSTM x: expected at least one step/,
    ],
    [
      "MinLSTM of another state",
      () => new MinLSTM(sizes).forward(x, zeros([3, 5])),
      ShapeError,
      /MinLSTM state: expected \[2, 5\], got \[3, 5\]/,
    ],
    [
      "MinLSTM of integers",
      () => new MinLSTM(sizes).forward(tensor(new Int32Array(42), [7, 2, 3])),
      ShapeError,
      /MinLSTM x: .*int32/,
    ],
    [
      "batchFirst of another width",
      () => new MinGRU({ ...sizes, batchFirst: true }).forward(ones([2, 7, 4])),
      ShapeError,
      /MinGRU x: expected \[B, T, 3\]/,
    ],
    [
      "QRNN of an unknown pooling",
      () => new QRNN({ ...sizes, pooling: "of" as never }),
      OptionError,
      /QRNN pooling: .*"of"/,
    ],
    ["QRNN of no window", () => new QRNN({ ...sizes, window: 0 }), OptionError, /QRNN window: .*got 0/],
    [
      "QRNN of half a state",
      () => new QRNN(sizes).forward(x, { c: zeros([2, 5]) } as never),
      ShapeError,
      /QRNN state\.inputs: expected a tensor \[1, 2, 3\], got null/,
    ],
    [
      "QRNN of another window",
      () => new QRNN(sizes).forward(x, { c: zeros([2, 5]), inputs: zeros([2, 2, 3]) }),
      ShapeError,
      /QRNN state\.inputs: expected \[1, 2, 3\]/,
    ],
    [
      "SRU of an endless highway",
      () => new SRU({ ...sizes, highwayScale: Number.POSITIVE_INFINITY }),
      OptionError,
      /SRU highwayScale: .*got Infinity/,
    ],
    [
      "RGLRU with an inputSize",
      () => new RGLRU({ hiddenSize: 5, inputSize: 5 } as never),
      OptionError,
      /RGLRU: .*"inputSize"/,
    ],
    ["RGLRU of no size", () => new RGLRU({ hiddenSize: 0.5 }), OptionError, /RGLRU hiddenSize: .*got 0.5/],
    [
      "a memory of no order",
      () => new LegendreMemoryUnit({ ...sizes, order: 0, theta: 1 }),
      OptionError,
      /LegendreMemoryUnit order: .*got 0/,
    ],
    [
      "a memory of no length",
      () => new LegendreMemoryUnit({ ...sizes, order: 2, theta: 0 }),
      OptionError,
      /LegendreMemoryUnit theta: .*got 0/,
    ],
    [
      "a memory's state with a part missing",
      () => new LegendreMemoryUnit({ ...sizes, order: 2, theta: 4 }).forward(x, { h: zeros([2, 5]) } as never),
      ShapeError,
      /LegendreMemoryUnit state\.m: expected a tensor \[2, 2\], got null/,
    ],
    [
      "times of another shape",
      () => new ClosedFormContinuous(sizes).forward(x, undefined, { elapsed: ones([2, 7]) }),
      ShapeError,
      /ClosedFormContinuous elapsed: expected \[7, 2\], got \[2, 7\]/,
    ],
    [
      "an unknown option of a pass",
      () => new ClosedFormContinuous(sizes).forward(x, undefined, { times: ones([7, 2]) } as never),
      OptionError,
      /ClosedFormContinuous forward: .*"times"/,
    ],
  ]);
});

test("MinLSTM's gates have a value where sigmoids have underflowed", () => {
  const layer = new MinLSTM({ inputSize: 1, hiddenSize: 1, bias: false });
  layer.gates.weight.set([-200, -200, 1]);
  expect(noGrad(() => layer.forward(tensor([1, 1], [2, 1, 1])).output.toArray())).toEqual(Float32Array.of(0.5, 0.75));
});

test("RGLRU: where the decay rounds to 1 nothing comes in, and gradients are finite", () => {
  const layer = new RGLRU({ hiddenSize: 4 });
  layer.gates.bias?.set([-120, -90, -20, 0, 0, 0, 0, 0]);
  const input = tensor(new Float32Array(12).fill(0.5), [3, 1, 4], { requiresGrad: true });
  sum(layer.forward(input).output).backward();
  for (const leaf of [input, ...layer.parameters()]) {
    for (const value of leaf.grad!.toArray()) expect(Number.isFinite(value)).toBe(true);
  }
});

test("RGLRU starts with decays from 0.9 to 0.999 a step", () => {
  const powers = Array.from(
    new RGLRU({ hiddenSize: 500 }).decay.toArray(),
    (value) => (1 / (1 + Math.exp(-value))) ** 8,
  );
  expect(Math.min(...powers)).toBeGreaterThan(0.8999);
  expect(Math.max(...powers)).toBeLessThan(0.9991);
  expect(powers.reduce((a, b) => a + b) / 500).toBeCloseTo(0.9495, 2);
});

test("a Legendre memory holds the window: a delayed copy of a slow signal can be read from it", () => {
  const [order, theta] = [6, 40];
  const { a, b } = legendreMemory(order, theta);
  const signal = (t: number): number => Math.sin(t / 25);
  let m = new Float64Array(order);
  for (let t = 1; t <= 200; t++) {
    m = m.map((_, i) => m.reduce((sum, value, j) => sum + a[i * order + j]! * value, 0) + b[i]! * signal(t));
  }
  // Shifted Legendre polynomials at the far end of the window (r = 1) are all 1.
  expect(m.reduce((sum, value) => sum + value, 0)).toBeCloseTo(signal(200 - theta), 1);
  // At the near end (r = 0) they alternate.
  expect(m.reduce((sum, value, i) => sum + (i % 2 === 0 ? value : -value), 0)).toBeCloseTo(signal(200), 1);
});

describe("threads", () => {
  afterAll(() => configure({ threads: 1 }));
  test("give the same bits", async () => {
    const [a, b] = [uniform([300, 8, 67]), uniform([300, 8, 67])];
    const run = (): Float32Array[] => {
      const leaves = [a, b].map((t) => tensor(t.toArray() as Float32Array, t.shape, { requiresGrad: true })) as [
        Tensor,
        Tensor,
      ];
      const { output, h } = linearRecurrence(...leaves);
      const kept = output.toArray() as Float32Array;
      sum(h).backward();
      return [kept, ...leaves.map((leaf) => leaf.grad!.toArray() as Float32Array)];
    };
    seed(1);
    const alone = run();
    configure({ threads: 2 });
    expect(await threadsReady()).toBe(2);
    expect(run()).toEqual(alone);
  });
});
