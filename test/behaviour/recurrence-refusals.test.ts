/** Cells that break their promise, states and lengths that do not fit: refused by name, and of a step by its number. */
import {
  Checkpointed,
  chunk,
  detachState,
  GRU,
  GRUCell,
  Linear,
  LSTM,
  LSTMCell,
  noGrad,
  OptionError,
  ones,
  Recurrence,
  ShapeError,
  slice,
  type Tensor,
  tensor,
  unbind,
  zeros,
} from "unrolled";
import { describe, expect, test } from "vitest";
import { testRefusals } from "./refusals.ts";

type State = { h: Tensor; c: Tensor };

/** Scans 50 steps of [2, 3] with a cell that returns something else at step 37. */
function scanWith(wrong: (x: Tensor, state: State) => unknown, options: object = {}): () => unknown {
  let steps = 0;
  const cell = {
    stateSizes: { h: 3, c: 4 },
    step: (x: Tensor, state: State) => {
      const step = steps++;
      return (step === 37 ? wrong(x, state) : { output: x, state }) as { output: Tensor; state: State };
    },
  };
  return () => noGrad(() => new Recurrence<State>(cell, options).forward(ones([50, 2, 3])));
}

describe("a cell that breaks its promise at step 37", () => {
  testRefusals([
    [
      "an output of another shape",
      scanWith((x, state) => ({ output: slice(x, 1, 0, 2), state })),
      ShapeError,
      /Recurrence step 37 output: expected \[2, 3\], got \[2, 2\]/,
    ],
    [
      "a state of another shape",
      scanWith((x, { h }) => ({ output: x, state: { h, c: h } })),
      ShapeError,
      /Recurrence step 37 state\.c: expected a tensor \[2, 4\], got a tensor \[2, 3\]/,
    ],
    [
      "a state of another structure",
      scanWith((x, { h, c }) => ({ output: x, state: [h, c] })),
      ShapeError,
      /Recurrence step 37 state: expected { h, c }, got an array of 2/,
    ],
    [
      "a state with a part missing",
      scanWith((x, { h }) => ({ output: x, state: { h } })),
      ShapeError,
      /Recurrence step 37 state: expected { h, c }, got { h }/,
    ],
    [
      "a state with a number in it",
      scanWith((x, { h }) => ({ output: x, state: { h, c: 1 } })),
      ShapeError,
      /Recurrence step 37 state\.c: expected a tensor \[2, 4\], got a number/,
    ],
    [
      "a state of integers",
      scanWith((x, { h }) => ({ output: x, state: { h, c: tensor(new Int32Array(8), [2, 4]) } })),
      ShapeError,
      /Recurrence step 37 state\.c: expected a tensor \[2, 4\] of float32, got one of int32/,
    ],
    [
      "an output that is no tensor",
      scanWith((_, state) => ({ output: [1, 2], state })),
      ShapeError,
      /Recurrence step 37 output: expected a tensor of float32 numbers, got an array of 2/,
    ],
    [
      "no state",
      scanWith((x) => ({ output: x })),
      ShapeError,
      /Recurrence step 37 state: expected { h, c }, got undefined/,
    ],
    ["nothing", scanWith(() => undefined), ShapeError, /Recurrence step 37: expected { output, state }, got undefined/],
    ["a tensor alone", scanWith((x) => x), ShapeError, /Recurrence step 37 output: expected a tensor.*, got undefined/],
    [
      "in a segment of its own",
      scanWith((x, { h }) => ({ output: x, state: { h, c: h } }), { checkpointEvery: 10 }),
      ShapeError,
      /Recurrence step 37 state\.c: /,
    ],
    [
      "read backward, where the 38th step is number 12",
      scanWith((x, { h }) => ({ output: x, state: { h, c: h } }), { reverse: true }),
      ShapeError,
      /Recurrence step 12 state\.c: /,
    ],
  ]);

  test("the steps before it were fine: step 37 is the first that is refused", () => {
    expect(scanWith((x, state) => ({ output: x, state }))).not.toThrow();
  });
});

describe("recurrences and checkpoints", () => {
  const cell = new LSTMCell({ inputSize: 3, hiddenSize: 5 });
  const layer = new Recurrence(cell);
  const x = ones([7, 2, 3]);
  const state = (size: number): State => ({ h: zeros([2, 5]), c: zeros([2, size]) });
  const passThrough = (x: Tensor, state: Tensor) => ({ output: x, state });
  testRefusals([
    ["a cell without step", () => new Recurrence({} as never), OptionError, /Recurrence cell: .*step, got { +}/],
    ["an unknown option", () => new Recurrence(cell, { revers: true } as never), OptionError, /Recurrence: .*"revers"/],
    [
      "a segment of no steps",
      () => new Recurrence(cell, { checkpointEvery: 0 }),
      OptionError,
      /Recurrence checkpointEvery: .*got 0/,
    ],
    ["no sequence", () => layer.forward(ones([3])), ShapeError, /Recurrence x: expected \[T, B, …\].*got \[3\]/],
    ["no steps", () => layer.forward(ones([0, 2, 3])), ShapeError, /Recurrence x: .*got \[0, 2, 3\]/],
    [
      "a state of another shape",
      () => layer.forward(x, state(4)),
      ShapeError,
      /Recurrence state\.c: expected a tensor \[2, 5\], got a tensor \[2, 4\]/,
    ],
    ["a state that is none", () => layer.forward(x, 3 as never), ShapeError, /Recurrence state: .*got a number/],
    [
      "no state to start from",
      () => new Recurrence<Tensor>({ step: passThrough }).forward(x),
      OptionError,
      /Recurrence: expected a state, or a cell with initialState or stateSizes/,
    ],
    [
      "an initial state that is none",
      () => new Recurrence<Tensor>({ step: passThrough, initialState: () => "h" as never }).forward(x),
      ShapeError,
      /Recurrence initialState: .*got a string/,
    ],
    [
      "lengths of another count",
      () => layer.forward(x, undefined, { lengths: [7] }),
      ShapeError,
      /Recurrence lengths: expected one for each of 2 sequences, got 1/,
    ],
    [
      "a length too large",
      () => layer.forward(x, undefined, { lengths: Int32Array.of(7, 8) }),
      OptionError,
      /Recurrence lengths: .*0 to 7, got 8 for sequence 1/,
    ],
    [
      "half a length",
      () => layer.forward(x, undefined, { lengths: [7, 0.5] }),
      OptionError,
      /Recurrence lengths: .*got 0.5/,
    ],
    [
      "lengths of float32",
      () => layer.forward(x, undefined, { lengths: tensor([7, 5]) }),
      ShapeError,
      /Recurrence lengths: expected int32 numbers \[2\], got float32 \[2\]/,
    ],
    [
      "an unknown option of a pass",
      () => layer.forward(x, undefined, { length: [7, 7] } as never),
      OptionError,
      /Recurrence forward: .*"length"/,
    ],
    ["a state of a number", () => detachState({ h: zeros([1]), n: 1 }), ShapeError, /detachState state\.n: .*a number/],
    [
      "Checkpointed of no module",
      () => new Checkpointed(cell.step as never),
      OptionError,
      /Checkpointed layer: .*function/,
    ],
    [
      "Checkpointed of two directions",
      () => new Checkpointed(new GRU({ inputSize: 3, hiddenSize: 5, bidirectional: true })),
      OptionError,
      /Checkpointed layer: expected one that reads forward, got a bidirectional one/,
    ],
    [
      "Checkpointed of a reverse layer",
      () => new Checkpointed(new Recurrence(new GRUCell({ inputSize: 3, hiddenSize: 5 }), { reverse: true })),
      OptionError,
      /Checkpointed layer: .*reverse/,
    ],
    [
      "Checkpointed of a layer with batchFirst",
      () => new Checkpointed(new LSTM({ inputSize: 3, hiddenSize: 5, batchFirst: true })),
      OptionError,
      /Checkpointed layer: .*batchFirst/,
    ],
    [
      "no segments",
      () => new Checkpointed(new LSTM({ inputSize: 3, hiddenSize: 5 }), { segments: 0 }),
      OptionError,
      /Checkpointed segments: .*got 0/,
    ],
    [
      "Checkpointed of no sequence",
      () => new Checkpointed(new LSTM({ inputSize: 3, hiddenSize: 5 })).forward(ones([3])),
      ShapeError,
      /Checkpointed x: expected \[T, B, …\].*got \[3\]/,
    ],
    [
      "Checkpointed of what returns one tensor",
      () => new Checkpointed(new Linear({ inputSize: 3, outputSize: 5 }) as never).forward(x),
      ShapeError,
      /Checkpointed layer: expected it to return { output, state }, got a tensor \[3, 2, 5\]/,
    ],
    [
      "unbind of an axis that is not there",
      () => unbind(x, 3),
      ShapeError,
      /unbind: expected an axis from -3 to 2, got 3/,
    ],
    ["chunk into none", () => chunk(x, 0), OptionError, /chunk count: .*got 0/],
    ["chunk of an axis that is not there", () => chunk(x, 2, 3), ShapeError, /chunk: expected an axis/],
  ]);
});
