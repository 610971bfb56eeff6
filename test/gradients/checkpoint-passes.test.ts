/**
 * What a pass has one of, cut into segments that are computed twice: lengths of sequences, and masks of dropout. All of it
 * is as in the layer without checkpoints, outputs and states to the last bit.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add,
  Checkpointed,
  Embedding,
  EmbeddingDropout,
  GRU,
  Linear,
  LockedDropout,
  LSTM,
  type LSTMState,
  Module,
  mul,
  noGrad,
  OptionError,
  ones,
  Recurrence,
  RNN,
  type SequencePass,
  ShapeError,
  seed,
  sum,
  type Tensor,
  tensor,
  uniform,
} from "../../src/index.ts";
import { mapTensors, tensorsIn } from "../../src/tensor/structure.ts";
import { testRefusals } from "../behaviour/refusals.ts";
import { expectClose, type Numbers } from "../oracle/compare.ts";
import { type AnyRecurrence, newerRecurrences, type State } from "../oracle/recurrences.ts";
import { gradientOf, numbers, toTensor } from "../pytorch/engine.ts";

type Sizes = { inputSize: number; hiddenSize: number };

const STEPS = 9;
const size = fc.constantFrom(1, 2, 3, 5);
const draw = (...shape: number[]): Numbers => numbers(uniform(shape, { low: -1, high: 1 }));

/** An LSTM with a head of its own, which makes something of padded steps too. */
class Head extends Module {
  lstm: LSTM;
  linear: Linear;
  constructor(sizes: Sizes) {
    super();
    this.lstm = new LSTM(sizes);
    this.linear = new Linear({ inputSize: sizes.hiddenSize, outputSize: 2 });
  }
  forward(x: Tensor, state?: LSTMState, pass?: SequencePass) {
    const { output, state: last } = this.lstm.forward(x, state, pass);
    return { output: this.linear.forward(output), state: last };
  }
}

class Masked extends Module {
  locked = new LockedDropout({ probability: 0.5 });
  lstm: LSTM;
  constructor(sizes: Sizes) {
    super();
    this.lstm = new LSTM({ ...sizes, recurrentDropout: 0.3 });
  }
  forward(x: Tensor, state?: LSTMState, pass?: SequencePass) {
    return this.lstm.forward(this.locked.forward(x), state, pass);
  }
}

/** Each with the least length it takes, and what it is like in full when it is no layer itself. */
const layers: [string, number, (sizes: Sizes) => unknown][] = [
  ["RNN", 1, (sizes) => new RNN({ ...sizes, layers: 2, recurrentDropout: 0.4 })],
  ["LSTM", 1, (sizes) => new LSTM({ ...sizes, layers: 2 })],
  ["LSTM weight drop", 1, (sizes) => new LSTM({ ...sizes, weightDrop: 0.4 })],
  ["LSTM variant", 1, (sizes) => new LSTM({ ...sizes, layers: 2, projectionSize: 3, recurrentDropout: 0.4 })],
  ["GRU", 1, (sizes) => new GRU(sizes)],
  ["GRU variant", 1, (sizes) => new GRU({ ...sizes, layerNorm: true, recurrentDropout: 0.4, weightDrop: 0.2 })],
  ["a layer with locked dropout", 1, (sizes) => new Masked(sizes)],
  ["a head", 1, (sizes) => new Head(sizes)],
  ...newerRecurrences.map(([name, make]): [string, number, (sizes: Sizes) => unknown] => [
    name,
    0,
    (sizes) => make({ ...sizes, layers: 2 }),
  ]),
];

/** Outputs, states and gradients under fixed cotangents, drawn from a seed. */
function everything(layer: AnyRecurrence, x: Numbers, state: State, cotangents: Numbers[], pass: SequencePass) {
  for (const p of layer.parameters()) p.clearGradient();
  seed(5);
  const leaf = toTensor(x, true);
  const leaves = tensorsIn(state).map((part) => toTensor(numbers(part), true));
  let next = 0;
  const given = state && mapTensors(state, () => leaves[next++]!);
  const result = layer.forward(leaf, given, pass);
  const after = uniform([3]).toArray();
  const parts = [result.output, ...tensorsIn(result.state)];
  const exact = parts.map((part) => Array.from(part.toArray()));
  parts
    .map((part, i) => sum(mul(part, toTensor(cotangents[i]!))))
    .reduce((a, b) => add(a, b))
    .backward();
  expect(uniform([3]).toArray()).not.toEqual(after);
  const gradients = new Map<string, Numbers>();
  const take = (name: string, t: Tensor): void => {
    gradients.set(name, t.grad ? gradientOf(name, t) : { shape: t.shape, data: new Float32Array(t.size) });
  };
  take("x", leaf);
  for (const [i, part] of leaves.entries()) take(`state ${i}`, part);
  for (const [name, p] of layer.namedParameters()) take(name.replace(/^(layer\.)+/, ""), p);
  return { exact, after: Array.from(after), gradients };
}

describe.each(layers)("Checkpointed(%s) = the layer", (family, least, make) => {
  test("with lengths, states and masks", () => {
    const property = fc.property(
      fc.record({ inputSize: size, hiddenSize: size }),
      fc.array(fc.integer({ min: least, max: STEPS }), { minLength: 1, maxLength: 5 }),
      fc.constantFrom(undefined, 1, 2, 4, 20),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      fc.nat(),
      (sizes, lengths, segments, hasLengths, hasState, nested, drawn) => {
        seed(drawn);
        const layer = make(sizes) as AnyRecurrence;
        const options = segments === undefined ? {} : { segments };
        const inner = nested ? new Checkpointed<State>(layer as never, { segments: 2 }) : layer;
        const outer = new Checkpointed<State>(inner as never, options);
        const pass = hasLengths ? { lengths } : {};
        const x = draw(STEPS, lengths.length, sizes.inputSize);
        const like = noGrad(() => layer.forward(toTensor(x), undefined));
        const parts = [like.output, ...tensorsIn(like.state)];
        const cotangents = parts.map(({ shape }) => draw(...shape));
        const state = hasState ? mapTensors(like.state, ({ shape }) => uniform(shape)) : undefined;
        const width = like.output.shape[2]!;
        // A head's outputs of padding are its biases, which a plain pass leaves there: nothing comes from them here.
        if (hasLengths) {
          const { data } = cotangents[0]!;
          for (let i = 0; i < data.length; i++) {
            const [t, b] = [Math.floor(i / (width * lengths.length)), Math.floor(i / width) % lengths.length];
            if (t >= lengths[b]!) (data as Float32Array)[i] = 0;
          }
        }
        const wanted = everything(layer, x, state, cotangents, pass);
        const actual = everything(outer as never, x, state, cotangents, pass);
        const label = JSON.stringify({ sizes, lengths, segments, hasLengths, hasState, nested, drawn });
        const inTime = (values: number[]): number[] =>
          values.filter((_, i) => {
            const [t, b] = [Math.floor(i / (width * lengths.length)), Math.floor(i / width) % lengths.length];
            return !hasLengths || t < lengths[b]!;
          });
        expect(inTime(actual.exact[0]!), label).toEqual(inTime(wanted.exact[0]!));
        expect(actual.exact.slice(1), label).toEqual(wanted.exact.slice(1));
        expect(actual.after, label).toEqual(wanted.after);
        expect([...actual.gradients.keys()]).toEqual([...wanted.gradients.keys()]);
        for (const [name, gradient] of actual.gradients) {
          const subject = { family, case: label, tensor: name };
          expectClose(subject, gradient, wanted.gradients.get(name)!, { magnitude: 1e-2 });
        }
      },
    );
    fc.assert(property, { seed: 20240607, numRuns: 15 });
  });

  test("padding is not looked at and gives zeros", () => {
    seed(3);
    const outer = new Checkpointed<State>(make({ inputSize: 2, hiddenSize: 3 }) as never);
    const lengths = [4, 1, STEPS];
    const [x, poisoned] = [draw(STEPS, 3, 2), draw(STEPS, 3, 2)];
    for (let i = 0; i < x.data.length; i++) {
      const over = Math.floor(i / 6) >= lengths[Math.floor(i / 2) % 3]!;
      (poisoned.data as Float32Array)[i] = over ? Number.NaN : x.data[i]!;
    }
    const run = (given: Numbers) => {
      for (const p of outer.parameters()) p.clearGradient();
      seed(4);
      const { output } = outer.forward(toTensor(given), undefined, { lengths });
      const values = output.toArray();
      sum(mul(output, output)).backward();
      return { values, gradients: outer.parameters().map((p) => p.grad?.toArray()), width: output.shape[2]! };
    };
    const [plain, { values, gradients, width }] = [run(x), run(poisoned)];
    expect(gradients).toEqual(plain.gradients);
    for (let i = 0; i < values.length; i++) {
      const over = Math.floor(i / (3 * width)) >= lengths[Math.floor(i / width) % 3]!;
      if (over) expect(values[i]).toBe(0);
      else expect(values[i]).toBe(plain.values[i]);
    }
  });
});

test("a mask is of a sequence, wherever it stands among others", () => {
  seed(2);
  const lstm = new LSTM({ inputSize: 2, hiddenSize: 6, recurrentDropout: 0.5 });
  const x = draw(5, 3, 2);
  const outputs = (lengths: number[]): ArrayLike<number> => {
    seed(6);
    return noGrad(() => lstm.forward(toTensor(x), undefined, { lengths })).output.toArray();
  };
  const [sorted, unsorted] = [outputs([5, 5, 5]), outputs([2, 3, 5])];
  for (let i = 0; i < sorted.length; i++) {
    const [t, b] = [Math.floor(i / 18), Math.floor(i / 6) % 3];
    if (t < [2, 3, 5][b]!) expect(unsorted[i]).toBe(sorted[i]);
  }
});

test("words dropped are the same in all segments", () => {
  seed(2);
  class Words extends Module {
    words = new EmbeddingDropout({ embedding: new Embedding({ count: 5, size: 4 }), probability: 0.5 });
    forward(tokens: Tensor, state?: Tensor) {
      return { output: this.words.forward(tokens), state: state ?? ones([2, 1]) };
    }
  }
  const words = new Words();
  const tokens = tensor(
    Int32Array.from({ length: 24 }, (_, i) => i % 5),
    [12, 2],
  );
  const dropped = (layer: { forward(x: Tensor): { output: Tensor } }): ArrayLike<number> => {
    seed(1);
    return noGrad(() => layer.forward(tokens)).output.toArray();
  };
  expect(dropped(new Checkpointed(words))).toEqual(dropped(words));
});

test("a cell of one's own inside takes lengths, 0 as well", () => {
  seed(2);
  const linear = new Linear({ inputSize: 3, outputSize: 3 });
  const cell = {
    stateSizes: 3,
    linear,
    step: (x: Tensor, h: Tensor) => {
      const next = linear.forward(add(x, h));
      return { output: next, state: next };
    },
  };
  const layer = new Recurrence<Tensor>(cell);
  const x = uniform([7, 3, 3]);
  const pass = { lengths: [0, 7, 3] };
  noGrad(() => {
    const [plain, cut] = [layer, new Checkpointed(layer)].map((of) => of.forward(x, undefined, pass));
    expect(cut!.output.toArray()).toEqual(plain!.output.toArray());
    expect(cut!.state.toArray()).toEqual(plain!.state.toArray());
  });
});

describe("refused by name", () => {
  const layer = new Checkpointed<LSTMState>(new LSTM({ inputSize: 2, hiddenSize: 3 }));
  const x = ones([4, 2, 2]);
  /** Its mask is of another size in the second segment. */
  class Growing extends Module {
    locked = new LockedDropout();
    calls = 0;
    forward(given: Tensor, state?: Tensor) {
      this.locked.forward(ones([1, 1, ++this.calls]));
      return { output: given, state: state ?? ones([2, 1]) };
    }
  }
  testRefusals([
    [
      "a length beyond the end",
      () => layer.forward(x, undefined, { lengths: [4, 5] }),
      OptionError,
      /Checkpointed lengths: expected whole numbers from 0 to 4, got 5 for sequence 1/,
    ],
    [
      "lengths of another batch",
      () => layer.forward(x, undefined, { lengths: [4] }),
      ShapeError,
      /Checkpointed lengths: expected one for each of 2 sequences, got 1/,
    ],
    ["no lengths", () => layer.forward(x, undefined, { lengths: null as never }), ShapeError, /Checkpointed lengths: /],
    [
      "an unknown option of a pass",
      () => layer.forward(x, undefined, { length: [4, 4] } as never),
      OptionError,
      /Checkpointed forward: expected options lengths, got "length"/,
    ],
    [
      "masks that grow",
      () => new Checkpointed(new Growing(), { segments: 2 }).forward(x),
      OptionError,
      /dropout: expected a mask of 1 numbers as in the first segment of the pass, got 2/,
    ],
  ]);
});
