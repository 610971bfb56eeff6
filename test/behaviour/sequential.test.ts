/** A row of modules that is told of lengths and states: what each of them is told, and what comes back. */
import {
  type BatchSource,
  Bidirectional,
  crossEntropy,
  Dropout,
  Embedding,
  GRU,
  LastStep,
  Linear,
  type Link,
  LSTM,
  type LSTMState,
  noGrad,
  normal,
  OptionError,
  Recurrence,
  RNNCell,
  Sequential,
  SGD,
  ShapeError,
  seed,
  slice,
  type Tensor,
  Trainer,
  tensor,
} from "unrolled";
import { beforeEach, describe, expect, test } from "vitest";

beforeEach(() => seed(8));

const numbers = (t: Tensor): number[] => [...t.toArray()];

describe("states", () => {
  const model = (): Sequential =>
    new Sequential(
      new LSTM({ inputSize: 3, hiddenSize: 4 }),
      new Sequential(new Dropout(), new GRU({ inputSize: 4, hiddenSize: 5, layers: 2 })),
      new Linear({ inputSize: 5, outputSize: 2 }),
    ).eval();

  test("of two halves are those of the whole sequence", () => {
    const row = model();
    const x = normal([7, 2, 3]);
    const whole = noGrad(() => row.forward(x, undefined));
    expect(numbers(whole.output)).toEqual(numbers(noGrad(() => row.forward(x))));
    const first = noGrad(() => row.forward(slice(x, 0, 0, 3), undefined, {}));
    const second = noGrad(() => row.forward(slice(x, 0, 3, 7), first.state));
    expect([...numbers(first.output), ...numbers(second.output)]).toEqual(numbers(whole.output));
    expect(whole.state).toHaveLength(2);
    expect(numbers((second.state[0] as LSTMState).c)).toEqual(numbers((whole.state[0] as LSTMState).c));
    expect((whole.state[1] as readonly Tensor[])[0]?.shape).toEqual([2, 2, 5]);
  });

  test("refused when there are others", () => {
    const row = model();
    const x = normal([7, 2, 3]);
    expect(() => row.forward(x, [])).toThrow(ShapeError);
    expect(() => row.forward(x, [])).toThrow(/Sequential state: expected an array of 2 states, got an array of 0/);
    expect(() => row.forward(x, {} as never)).toThrow(ShapeError);
    expect(() => row.forward(x, undefined, { length: 3 } as never)).toThrow(OptionError);
  });
});

describe("lengths", () => {
  const lengths = [5, 2, 3];

  /** What comes out for each sequence alone, without its padding. */
  const alone = (row: Sequential, x: Tensor): number[] =>
    lengths.flatMap((length, b) => numbers(noGrad(() => row.forward(slice(slice(x, 1, b, b + 1), 0, 0, length)))));

  test.each<[string, number, () => Link]>([
    ["a recurrent layer", 8, () => new GRU({ inputSize: 3, hiddenSize: 4, bidirectional: true })],
    ["a cell", 4, () => new Recurrence(new RNNCell({ inputSize: 3, hiddenSize: 4 }))],
    [
      "two directions",
      4,
      () => new Bidirectional(new GRU({ inputSize: 3, hiddenSize: 2 }), new GRU({ inputSize: 3, hiddenSize: 2 })),
    ],
  ])("reach %s and the last step", (_, inputSize, make) => {
    expectAlone(new Sequential(make(), new LastStep(), new Linear({ inputSize, outputSize: 2 })));
  });

  function expectAlone(row: Sequential): void {
    const x = normal([5, 3, 3]);
    const { output } = noGrad(() => row.forward(x, undefined, { lengths }));
    expect(output.shape).toEqual([3, 2]);
    for (const [i, value] of alone(row, x).entries()) expect(output.toArray()[i]).toBeCloseTo(value, 6);
    expect(numbers(noGrad(() => row.forward(x)))).not.toEqual(numbers(output));
  }

  test("the last step of each sequence, batches first too; out of range is refused", () => {
    const x = tensor(
      Float32Array.from({ length: 24 }, (_, i) => i),
      [4, 3, 2],
    );
    expect(numbers(new LastStep().forward(x, { lengths: [4, 1, 2] }))).toEqual([18, 19, 2, 3, 10, 11]);
    const first = tensor(
      Float32Array.from({ length: 24 }, (_, i) => i),
      [3, 4, 2],
    );
    const last = new LastStep({ batchFirst: true }).forward(first, { lengths: [4, 1, 2] });
    expect(numbers(last)).toEqual([6, 7, 8, 9, 18, 19]);
    expect(() => new LastStep().forward(x, { lengths: [4, 1] })).toThrow(ShapeError);
    for (const length of [0, 5, 1.5]) {
      expect(() => new LastStep().forward(x, { lengths: [4, 1, length] })).toThrow(OptionError);
    }
  });
});

test("a trainer hands on lengths and states", async () => {
  const classifier = new Sequential(
    new Embedding({ count: 6, size: 3 }),
    new LSTM({ inputSize: 3, hiddenSize: 4 }),
    new LastStep(),
    new Linear({ inputSize: 4, outputSize: 2 }),
  );
  const trainerOf = (model: Sequential): Trainer =>
    new Trainer({ model, loss: crossEntropy, optimizer: new SGD(model.parameters(), { learningRate: 0.1 }) });
  const batch = (padding: number): BatchSource => ({
    batches: () => [
      {
        input: tensor(Int32Array.of(1, 2, 3, padding, 5, padding), [3, 2]),
        target: tensor(Int32Array.of(0, 1)),
        lengths: [3, 1],
      },
    ],
  });
  const losses = await Promise.all([0, 4].map((padding) => trainerOf(classifier).evaluate(batch(padding))));
  expect(losses[0]).toEqual(losses[1]);
  expect((await trainerOf(classifier).fit(batch(0), { epochs: 40 })).loss.at(-1)).toBeLessThan(losses[0].loss);
  const language = new Sequential(
    new Embedding({ count: 6, size: 3 }),
    new LSTM({ inputSize: 3, hiddenSize: 4 }),
    new Linear({ inputSize: 4, outputSize: 6 }),
  );
  const piece = tensor(Int32Array.of(1, 2, 3, 4), [2, 2]);
  const pieces: BatchSource = {
    carriesState: true,
    batches: () => [0, 1].map(() => ({ input: piece, target: piece })),
  };
  const carried = await trainerOf(language).evaluate(pieces);
  const anew = await trainerOf(language).evaluate({ batches: pieces.batches });
  expect(carried.loss).not.toBe(anew.loss);
  const long = tensor(Int32Array.of(1, 2, 3, 4, 1, 2, 3, 4), [4, 2]);
  const whole = await trainerOf(language).evaluate({ batches: () => [{ input: long, target: long }] });
  expect(carried.loss).toBeCloseTo(whole.loss, 6);
});
