/**
 * The newer recurrences over several lengths, layers and directions. A batch of several lengths is its sequences one at a
 * time, outputs and states to the last bit and gradients as sums; padding holds NaN, which must not be looked at. Layers
 * and directions are single ones put together by hand.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add,
  Checkpointed,
  ClosedFormContinuous,
  concat,
  flip,
  GRUCell,
  MinGRU,
  MinimalGatedUnit,
  mul,
  noGrad,
  OptionError,
  ones,
  QRNN,
  type QRNNState,
  Recurrence,
  RGLRU,
  runtimeInfo,
  SGD,
  ShapeError,
  seed,
  slice,
  sum,
  type Tensor,
  tensor,
  uniform,
  zeros,
} from "../../src/index.ts";
import { tensorsIn } from "../../src/tensor/structure.ts";
import { testRefusals } from "../behaviour/refusals.ts";
import { expectClose, type Numbers } from "../oracle/compare.ts";
import { type AnyRecurrence, newerRecurrences, type State, withParts } from "../oracle/recurrences.ts";
import { gradientOf, numbers, toTensor } from "../pytorch/engine.ts";

const draw = (...shape: number[]): Numbers => numbers(uniform(shape, { low: -1, high: 1 }));
const STEPS = 6;
const SEARCH = { seed: 20240607, numRuns: 12 };
const size = fc.constantFrom(1, 2, 3, 5, 8);
const directions = fc.constantFrom<object>(
  {},
  { reverse: true },
  { layers: 2 },
  { layers: 2, reverse: true },
  { bidirectional: true },
  { layers: 2, bidirectional: true },
);
const lengthsOf = fc.array(fc.integer({ min: 0, max: STEPS }), { minLength: 1, maxLength: 6 });

/** Sequence b of [T, B, ·] or a part of the state, whose axis before the last is the batch. */
function pick({ shape, data }: Numbers, b: number, steps?: number): Numbers {
  const width = shape.at(-1) as number;
  const batch = shape.at(-2) as number;
  const rows = steps ?? (shape.length === 3 ? (shape[0] as number) : 1);
  const own = Float32Array.from(
    { length: rows * width },
    (_, i) => data[(Math.floor(i / width) * batch + b) * width + (i % width)] as number,
  );
  return { shape: shape.length === 3 ? [rows, 1, width] : [1, width], data: own };
}

interface Given {
  readonly x: Numbers;
  readonly state: readonly Numbers[] | null;
  readonly output: Numbers;
  readonly last: readonly Numbers[];
}

/** Runs a layer and walks back from outputs and states, each times its cotangent. */
function everything(layer: AnyRecurrence, like: State, given: Given, lengths?: number[]): Map<string, Numbers> {
  for (const p of layer.parameters()) p.clearGradient();
  const x = toTensor(given.x, true);
  const parts = given.state?.map((part) => toTensor(part, true)) ?? [];
  let next = 0;
  const state = given.state ? withParts(like, () => parts[next++]!) : undefined;
  const result = layer.forward(x, state, lengths ? { lengths } : {});
  const ends = tensorsIn(result.state);
  const found = new Map([["output", numbers(result.output)]]);
  for (const [i, end] of ends.entries()) found.set(`state.${i}`, numbers(end));
  const cotangents = [given.output, ...given.last];
  [result.output, ...ends]
    .map((t, i) => sum(mul(t, toTensor(cotangents[i]!))))
    .reduce((a, b) => add(a, b))
    .backward();
  const gradient = (name: string, leaf: Tensor): Numbers =>
    leaf.grad ? gradientOf(name, leaf) : { shape: leaf.shape, data: new Float32Array(leaf.size) };
  found.set("gradient.x", gradient("x", x));
  parts.forEach((part, i) => {
    found.set(`gradient.state.${i}`, gradient("state", part));
  });
  for (const [name, p] of layer.namedParameters()) found.set(`weight.${name}`, gradient(name, p));
  return found;
}

describe.each(newerRecurrences)("%s", (family, make) => {
  test("a batch of several lengths = its sequences one at a time", () => {
    const property = fc.property(
      fc.record({ inputSize: size, hiddenSize: size }),
      directions,
      lengthsOf,
      fc.nat(),
      fc.boolean(),
      (sizes, further, of, drawn, hasState) => {
        seed(drawn);
        const layer = make({ ...sizes, ...further });
        const batch = of.length;
        const x = draw(STEPS, batch, sizes.inputSize);
        const like = noGrad(() => layer.forward(toTensor(x)));
        const states = (): Numbers[] => tensorsIn(like.state).map(({ shape }) => draw(...shape));
        const given: Given = {
          x,
          state: hasState ? states() : null,
          output: draw(...like.output.shape),
          last: states(),
        };
        const poisoned = Float32Array.from(x.data, (value, i) => {
          const [t, b] = [Math.floor(i / (batch * sizes.inputSize)), Math.floor(i / sizes.inputSize) % batch];
          return t >= of[b]! ? Number.NaN : value;
        });
        const together = everything(layer, like.state, { ...given, x: { shape: x.shape, data: poisoned } }, of);
        const sums = new Map<string, number[]>();
        const label = JSON.stringify({ sizes, further, of, drawn, hasState });
        of.forEach((length, b) => {
          const single = alone(layer, like.state, given, b, length);
          for (const [name, value] of single) {
            if (name.startsWith("weight.")) {
              const before = sums.get(name);
              sums.set(
                name,
                Array.from(value.data, (v, i) => v + (before?.[i] ?? 0)),
              );
              continue;
            }
            const inTime = name === "output" || name === "gradient.x";
            const mine = pick(together.get(name)!, b, inTime ? length : undefined);
            const subject = { family, case: `${label} sequence ${b}`, tensor: name };
            if (name.startsWith("gradient.")) expectClose(subject, mine, value, { magnitude: 1e-2 });
            else expect(Array.from(mine.data), JSON.stringify(subject)).toEqual(Array.from(value.data));
            if (!inTime) continue;
            const padding = Array.from(pick(together.get(name)!, b).data).slice(mine.data.length);
            expect(
              padding.every((v) => v === 0),
              `${name} beyond the end`,
            ).toBe(true);
          }
        });
        for (const [name, data] of sums) {
          const { shape } = together.get(name)!;
          expectClose({ family, case: label, tensor: name }, together.get(name)!, { shape, data }, { magnitude: 1e-2 });
        }
      },
    );
    fc.assert(property, SEARCH);
  });

  test("gradients over lengths, layers and both directions = central differences, along a random direction", () => {
    const property = fc.property(size, size, directions, fc.nat(), (inputSize, hiddenSize, further, drawn) => {
      seed(drawn);
      const layer = make({ inputSize, hiddenSize, ...further });
      const lengths = [3, STEPS, 0, 3, 1];
      const at = draw(STEPS, lengths.length, inputSize);
      const like = noGrad(() => layer.forward(toTensor(at)));
      const states = (): Numbers[] => tensorsIn(like.state).map(({ shape }) => draw(...shape));
      const given: Given = { x: at, state: states(), output: draw(...like.output.shape), last: states() };
      const weights = layer.parameters();
      const from = [at, ...given.state!, ...weights.map((p) => numbers(p))];
      const along = from.map(({ shape }) => draw(...shape));
      const run = (by: number): Map<string, Numbers> => {
        const moved = from.map(({ shape, data }, i) => {
          return { shape, data: Float32Array.from(data, (value, j) => value + by * along[i]!.data[j]!) };
        });
        const count = 1 + given.state!.length;
        weights.forEach((p, i) => {
          p.set(moved[count + i]!.data);
        });
        return everything(layer, like.state, { ...given, x: moved[0]!, state: moved.slice(1, count) }, lengths);
      };
      const loss = (by: number): number => {
        const found = run(by);
        const results = [found.get("output")!, ...given.last.map((_, i) => found.get(`state.${i}`)!)];
        return results
          .flatMap(({ data }, i) => Array.from(data, (v, j) => v * [given.output, ...given.last][i]!.data[j]!))
          .reduce((a, b) => a + b, 0);
      };
      const found = run(0);
      const gradients = [
        found.get("gradient.x")!,
        ...given.state!.map((_, i) => found.get(`gradient.state.${i}`)!),
        ...layer.namedParameters().map(([name]) => found.get(`weight.${name}`)!),
      ];
      const terms = gradients.flatMap(({ data }, i) => Array.from(data, (v, j) => v * along[i]!.data[j]!));
      const exact = terms.reduce((a, b) => a + b, 0);
      const scale = terms.reduce((a, b) => a + Math.abs(b), 1);
      const h = 2e-3;
      // Two steps cancel the error of order h²; what is left is rounding and order h⁴.
      const slope = (4 * (loss(h) - loss(-h))) / (6 * h) - (loss(2 * h) - loss(-2 * h)) / (12 * h);
      expect(Math.abs(slope - exact) / scale).toBeLessThan(1e-3);
    });
    fc.assert(property, { ...SEARCH, numRuns: 8 });
  });

  test("reverse = the layer over flipped inputs", () => {
    seed(4);
    const [ahead, back] = [make({ inputSize: 3, hiddenSize: 5 }), make({ inputSize: 3, hiddenSize: 5, reverse: true })];
    back.loadStateDict(ahead.stateDict());
    const x = toTensor(draw(STEPS, 2, 3));
    noGrad(() => {
      const wanted = ahead.forward(flip(x, 0));
      const actual = back.forward(x);
      expect(actual.output.toArray()).toEqual(flip(wanted.output, 0).toArray());
      const turned = (part: Tensor) => (part.shape.length === 3 && part.size > 0 ? flip(part, 0) : part).toArray();
      expect(tensorsIn(actual.state).map((part) => part.toArray())).toEqual(tensorsIn(wanted.state).map(turned));
      const late = back.forward(slice(x, 0, 3, STEPS));
      const early = back.forward(slice(x, 0, 0, 3), late.state);
      expect(concat([early.output, late.output]).toArray()).toEqual(actual.output.toArray());
    });
  });

  test("layers and directions = single ones put together by hand", () => {
    seed(6);
    const sizes = { inputSize: 3, hiddenSize: 5 };
    for (const [layers, bidirectional] of family === "RGLRU"
      ? ([
          [3, false],
          [1, true],
        ] as const)
      : ([
          [3, false],
          [2, true],
        ] as const)) {
      const stack = make({ ...sizes, layers, bidirectional });
      const weights = stack.stateDict();
      const x = toTensor(draw(STEPS, 2, 3));
      const lengths = [4, STEPS];
      const outcome = noGrad(() => stack.forward(x, undefined, { lengths }));
      const named = (prefix: string) =>
        Object.fromEntries(
          Object.entries(weights)
            .filter(([name]) => (prefix === "" ? !/^l\d/.test(name) : name.startsWith(prefix)))
            .map(([name, t]) => [name.slice(prefix.length), t]),
        );
      const states: State[] = [];
      const output = noGrad(() => {
        let at = x;
        for (let layer = 0; layer < layers; layer++) {
          const outputs = (bidirectional ? [false, true] : [false]).map((reverse) => {
            const own = make({ inputSize: at.shape[2]!, hiddenSize: 5, reverse });
            own.loadStateDict(named(layer === 0 && !reverse ? "" : `l${layer}${reverse ? "_reverse" : ""}.`));
            const result = own.forward(at, undefined, { lengths });
            states.push(result.state);
            return result.output;
          });
          at = concat(outputs, -1);
        }
        return [at, ...states.flatMap((state) => tensorsIn(state))];
      });
      expect(outcome.output.toArray()).toEqual(output[0]!.toArray());
      const parts = tensorsIn(outcome.state);
      parts.forEach((part, p) => {
        const own = output.slice(1).filter((_, i) => i % parts.length === p);
        const joined = noGrad(() => concat(own, own[0]!.shape.length === 3 ? 2 : 0));
        expect(part.toArray()).toEqual(joined.toArray());
      });
    }
  });

  test("dropout between layers is for training", () => {
    seed(8);
    const layer = make({ inputSize: 4, hiddenSize: 4, layers: 2, dropout: 0.5 });
    const plain = make({ inputSize: 4, hiddenSize: 4, layers: 2 });
    plain.loadStateDict(layer.stateDict());
    const x = toTensor(draw(STEPS, 2, 4));
    const run = (of: AnyRecurrence): Float32Array => noGrad(() => of.forward(x)).output.toArray() as Float32Array;
    expect(run(layer)).not.toEqual(run(plain));
    layer.eval();
    expect(run(layer)).toEqual(run(plain));
  });
});

/** What sequence b gives by itself, without its padding. Of no steps, its state is what it was. */
function alone(layer: AnyRecurrence, like: State, given: Given, b: number, length: number): Map<string, Numbers> {
  const cut = (parts: readonly Numbers[]): Numbers[] => parts.map((part) => pick(part, b));
  const [state, last] = [given.state && cut(given.state), cut(given.last)];
  if (length > 0) {
    const [x, output] = [pick(given.x, b, length), pick(given.output, b, length)];
    return everything(layer, like, { x, state, output, last });
  }
  const found = new Map<string, Numbers>();
  last.forEach((cotangent, i) => {
    found.set(`state.${i}`, state?.[i] ?? { shape: cotangent.shape, data: new Float32Array(cotangent.data.length) });
    if (state) found.set(`gradient.state.${i}`, cotangent);
  });
  return found;
}

test("cells of one's own in two layers and both directions, put together in a module, take lengths", () => {
  seed(7);
  type Pass = { lengths?: number[] };
  const [ahead, back, above] = [
    new Recurrence(new GRUCell({ inputSize: 2, hiddenSize: 3 })),
    new Recurrence(new GRUCell({ inputSize: 2, hiddenSize: 3 }), { reverse: true }),
    new Recurrence(new GRUCell({ inputSize: 6, hiddenSize: 4 })),
  ];
  const forward = (x: Tensor, pass: Pass) => {
    const below = [ahead!, back!].map((layer) => layer.forward(x, undefined, pass));
    const { output, state } = above!.forward(
      concat(
        below.map((result) => result.output),
        -1,
      ),
      undefined,
      pass,
    );
    return [output, state, ...below.map((result) => result.state)];
  };
  const x = uniform([5, 3, 2]);
  const lengths = [3, 5, 1];
  noGrad(() => {
    const together = forward(x, { lengths });
    lengths.forEach((length, b) => {
      const alone = forward(slice(slice(x, 1, b, b + 1), 0, 0, length), {});
      const own = slice(slice(together[0]!, 1, b, b + 1), 0, 0, length);
      expect(own.toArray()).toEqual(alone[0]!.toArray());
      for (const i of [1, 2, 3]) expect(slice(together[i]!, 0, b, b + 1).toArray()).toEqual(alone[i]!.toArray());
    });
  });
});

test("training on lengths that change allocates nothing once it is warm", () => {
  seed(7);
  const layer = new Checkpointed(new QRNN({ inputSize: 3, hiddenSize: 4, layers: 2 }));
  const optimizer = new SGD(layer.parameters(), { learningRate: 0.01 });
  const x = uniform([8, 4, 3]);
  const step = (i: number): void => {
    optimizer.zeroGrad();
    sum(layer.forward(x, undefined, { lengths: [1 + (i % 8), 8, 0, 1 + ((3 * i) % 8)] }).output).backward();
    optimizer.step();
  };
  for (let i = 0; i < 16; i++) step(i);
  const { heapBytes } = runtimeInfo();
  for (let i = 0; i < 500; i++) step(i);
  expect(runtimeInfo().heapBytes).toBe(heapBytes);
});

test("times elapsed go with their samples, in padding they are not looked at", () => {
  seed(2);
  const layer = new ClosedFormContinuous({ inputSize: 2, hiddenSize: 3, layers: 2, bidirectional: true });
  const [x, elapsed] = [uniform([4, 3, 2]), uniform([4, 3])];
  const lengths = [2, 4, 1];
  const poisoned = tensor(
    Float32Array.from(elapsed.toArray(), (value, i) => (Math.floor(i / 3) >= lengths[i % 3]! ? Number.NaN : value)),
    [4, 3],
  );
  noGrad(() => {
    const { output } = layer.forward(x, undefined, { elapsed: poisoned, lengths });
    lengths.forEach((length, b) => {
      const own = layer.forward(slice(slice(x, 1, b, b + 1), 0, 0, length), undefined, {
        elapsed: slice(slice(elapsed, 1, b, b + 1), 0, 0, length),
      });
      expect(slice(slice(output, 1, b, b + 1), 0, 0, length).toArray()).toEqual(own.output.toArray());
    });
  });
});

test("batchFirst with lengths ≡ transposed; sequences of no steps give zeros and their states", () => {
  seed(2);
  const layer = new QRNN({ inputSize: 2, hiddenSize: 3, window: 2, layers: 2, batchFirst: true });
  const major = new QRNN({ inputSize: 2, hiddenSize: 3, window: 2, layers: 2 });
  major.loadStateDict(layer.stateDict());
  const x = uniform([3, 4, 2]);
  noGrad(() => {
    const ours = layer.forward(x, undefined, { lengths: Int32Array.of(1, 4, 2) });
    const same = major.forward(tensor(transposed(x), [4, 3, 2]), undefined, {
      lengths: tensor(Int32Array.of(1, 4, 2)),
    });
    expect(transposed(same.output)).toEqual(ours.output.toArray());
    expect(ours.state.inputs.shape).toEqual([1, 3, 2 + 3]);
    const state: QRNNState = { c: uniform([2, 3, 3]), inputs: uniform([1, 3, 5]) };
    const nothing = layer.forward(x, state, { lengths: [0, 0, 0] });
    expect(nothing.output.toArray()).toEqual(new Float32Array(36));
    expect([nothing.state.c.toArray(), nothing.state.inputs.toArray()]).toEqual([
      state.c.toArray(),
      state.inputs.toArray(),
    ]);
  });
});

/** [A, B, n] → the numbers of [B, A, n]. */
function transposed(t: Tensor): Float32Array {
  const [a, b, n] = t.shape as [number, number, number];
  const data = t.toArray();
  return Float32Array.from({ length: data.length }, (_, i) => {
    const [k, j, l] = [Math.floor(i / (a * n)), Math.floor(i / n) % a, i % n];
    return data[(j * b + k) * n + l] as number;
  });
}

describe("refused by name", () => {
  const x = ones([7, 2, 3]);
  const sizes = { inputSize: 3, hiddenSize: 5 };
  const layer = new MinGRU(sizes);
  testRefusals([
    ["no layers", () => new MinGRU({ ...sizes, layers: 0 }), OptionError, /MinGRU layers: .*got 0/],
    ["dropout above 1", () => new MinGRU({ ...sizes, dropout: 1.5 }), OptionError, /MinGRU dropout: .*got 1.5/],
    [
      "both directions and the other one",
      () => new MinGRU({ ...sizes, bidirectional: true, reverse: true }),
      OptionError,
      /MinGRU reverse: expected false for a bidirectional layer/,
    ],
    [
      "RGLRU upon two directions",
      () => new RGLRU({ hiddenSize: 5, layers: 2, bidirectional: true }),
      OptionError,
      /RGLRU layers: expected 1 of a bidirectional one.*got 2/,
    ],
    [
      "a length beyond the end",
      () => layer.forward(x, undefined, { lengths: [7, 8] }),
      OptionError,
      /MinGRU lengths: expected whole numbers from 0 to 7, got 8 for sequence 1/,
    ],
    [
      "half a step",
      () => layer.forward(x, undefined, { lengths: [7, 0.5] }),
      OptionError,
      /MinGRU lengths: .*got 0.5 for sequence 1/,
    ],
    [
      "lengths of another batch",
      () => layer.forward(x, undefined, { lengths: [7] }),
      ShapeError,
      /MinGRU lengths: expected one for each of 2 sequences, got 1/,
    ],
    [
      "an unknown option of a pass",
      () => layer.forward(x, undefined, { length: [7, 7] } as never),
      OptionError,
      /MinGRU forward: expected options lengths, got "length"/,
    ],
    [
      "null for options of a pass",
      () => layer.forward(x, undefined, null as never),
      OptionError,
      /MinGRU forward: expected an object of options, got null/,
    ],
    [
      "null for a state",
      () => layer.forward(x, null as never),
      ShapeError,
      /MinGRU state: expected a tensor .*got null/,
    ],
    [
      "null for a state of parts",
      () => new QRNN(sizes).forward(x, null as never),
      ShapeError,
      /QRNN state: expected { c, inputs }, got null/,
    ],
    [
      "one state for two layers",
      () => new MinGRU({ ...sizes, layers: 2 }).forward(x, zeros([2, 5])),
      ShapeError,
      /MinGRU state: expected \[2, 2, 5\], got \[2, 5\]/,
    ],
    [
      "inputs of one layer for two",
      () => new QRNN({ ...sizes, layers: 2 }).forward(x, { c: zeros([2, 2, 5]), inputs: zeros([1, 2, 3]) }),
      ShapeError,
      /QRNN state\.inputs: expected \[1, 2, 8\], got \[1, 2, 3\]/,
    ],
    [
      "a step of several layers",
      () => new MinimalGatedUnit({ ...sizes, layers: 2 }).step(ones([2, 3]), zeros([2, 5])),
      OptionError,
      /MinimalGatedUnit step: expected one layer/,
    ],
  ]);
});
