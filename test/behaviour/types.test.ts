/** What the types say by themselves: a test of the compiler, which checks this file with all others. */
import {
  Adam,
  crossEntropy,
  type Dataset,
  Embedding,
  GRU,
  type History,
  Linear,
  LSTM,
  type LSTMState,
  noGrad,
  normal,
  type Progress,
  RNN,
  Sequential,
  type Tensor,
  Trainer,
  tensor,
} from "unrolled";
import { serveTraining, type TrainingRun, type trainInWorker } from "unrolled/worker";
import { expect, expectTypeOf, test } from "vitest";

test("the state follows the cell", () => {
  const x = normal([3, 2, 4]);
  const lstm = new LSTM({ inputSize: 4, hiddenSize: 5 }).forward(x);
  expectTypeOf(lstm.state).toEqualTypeOf<LSTMState>();
  expectTypeOf(lstm.state.c).toEqualTypeOf<Tensor>();
  const gru = new GRU({ inputSize: 4, hiddenSize: 5 });
  const { output, state } = gru.forward(x);
  expectTypeOf(output).toEqualTypeOf<Tensor>();
  expectTypeOf(state).toEqualTypeOf<Tensor>();
  gru.forward(x, state);
  // @ts-expect-error: a GRU has no cell.
  state.c;
  const rnn = new RNN({ inputSize: 4, hiddenSize: 5 });
  // @ts-expect-error: that is the state of an LSTM.
  expect(() => rnn.forward(x, lstm.state)).toThrow("state");
});

test("options are known by name and by what they may be", () => {
  // @ts-expect-error: there is no hiddenUnits.
  expect(() => new LSTM({ inputSize: 4, hiddenUnits: 5 })).toThrow("hiddenUnits");
  // @ts-expect-error: no activation of the engine.
  expect(() => new GRU({ inputSize: 4, hiddenSize: 5, activation: "tahn" })).toThrow("tahn");
  // @ts-expect-error: a number of units is a number.
  expect(() => new Linear({ inputSize: "4", outputSize: 2 })).toThrow("inputSize");
});

test("models, trainers and workers say what comes of them", () => {
  const model = new Sequential(
    new Embedding({ count: 7, size: 4 }),
    new GRU({ inputSize: 4, hiddenSize: 6 }),
    new Linear({ inputSize: 6, outputSize: 7 }),
  );
  const logits: Tensor = model.forward(tensor(Int32Array.of(1, 2), [2, 1]));
  expect(logits.shape).toEqual([2, 1, 7]);
  const trainer = new Trainer({ model, loss: crossEntropy, optimizer: new Adam(model.parameters()) });
  expectTypeOf(trainer.fit).returns.resolves.toEqualTypeOf<History>();
  expectTypeOf(trainer.fit).parameter(0).toExtend<Dataset | object>();
  expectTypeOf<
    Parameters<NonNullable<NonNullable<Parameters<typeof trainer.fit>[1]>["onProgress"]>>[0]
  >().toEqualTypeOf<Progress>();
  expectTypeOf(noGrad(() => ({ y: normal([2]) }))).toEqualTypeOf<{ y: Tensor }>();

  const served = () =>
    serveTraining(({ size }: { size: number }) => ({
      trainer,
      data: { length: size, batch: () => ({ input: normal([1]), target: normal([1]) }) },
      questions: { double: (value: number) => 2 * value },
    }));
  type Run = ReturnType<typeof trainInWorker<ReturnType<typeof served>>>;
  expectTypeOf<Run>().toExtend<TrainingRun<{ double: (value: number) => number }>>();
  expectTypeOf<Parameters<typeof trainInWorker<ReturnType<typeof served>>>[1]["setup"]>().toEqualTypeOf<{
    size: number;
  }>();
});
