/** What is computed again on the way back gives the gradients it would have given, with the same random numbers. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AutogradError,
  activations,
  add,
  Checkpointed,
  checkpoint,
  dropout,
  Generator,
  GRU,
  Linear,
  LSTM,
  type LSTMState,
  linear,
  Module,
  mseLoss,
  mul,
  noGrad,
  Parameter,
  RNN,
  runtimeInfo,
  SGD,
  seed,
  sum,
  type Tensor,
  tensor,
  uniform,
} from "../../src/index.ts";
import { tensorsIn } from "../../src/tensor/structure.ts";
import { expectClose, type Numbers } from "../oracle/compare.ts";
import { gradientOf, numbers, toTensor } from "../pytorch/engine.ts";

const draw = (...shape: number[]): Numbers => numbers(uniform(shape, { low: -1, high: 1 }));
const [drawnX, drawnY, drawnWeight] = [draw(3, 4), draw(3, 4), draw(4, 4)];

function parameter({ shape, data }: Numbers): Parameter {
  const made = new Parameter(shape);
  made.set(data);
  return made;
}

type Run = <Result>(work: (...inputs: Tensor[]) => Result, inputs: Tensor[]) => Result;
const plainly: Run = (work, inputs) => work(...inputs);

/** Computes a loss with leaves x, y and a parameter w, and returns it with all gradients, and what is drawn next. */
function outcome(run: Run, model: (run: Run, x: Tensor, y: Tensor, w: Parameter) => Tensor) {
  seed(3);
  const [x, y, w] = [toTensor(drawnX, true), toTensor(drawnY, true), parameter(drawnWeight)];
  const loss = model(run, x, y, w);
  const next = uniform([3]).toArray();
  loss.backward();
  const gradients = [x, y, w].map((leaf) => Array.from(leaf.grad?.toArray() ?? [], (number) => number + 0));
  return { loss: loss.item(), gradients, next, after: uniform([3]).toArray() };
}

const { tanh, sigmoid } = activations;
const models: Record<string, (run: Run, x: Tensor, y: Tensor, w: Parameter) => Tensor> = {
  "an input and a parameter that is not named": (run, x, _, w) => sum(run((a) => tanh(linear(a, w)), [x])),
  "two inputs": (run, x, y) => sum(run((a, b) => mul(tanh(a), b), [x, y])),
  "an input given twice": (run, x) => sum(run((a, b) => mul(tanh(a), b), [x, x])),
  "a parameter as an input": (run, x, _, w) => sum(run((a, weight) => linear(a, weight), [x, w])),
  "a leaf that is not named": (run, x, y) => sum(run((a) => mul(tanh(a), y), [x])),
  "a result of before that is not named, used again later": (run, x, y) => {
    const before = tanh(y);
    const middle = run((a) => mul(tanh(a), before), [x]);
    return sum(mul(middle, before));
  },
  "an input that is the result of something": (run, x, _, w) => sum(run((a) => tanh(linear(a, w)), [sigmoid(x)])),
  "several results, one of them unused": (run, x, y) => {
    const { first, rest } = run((a, b) => ({ first: tanh(a), rest: [mul(a, b), sigmoid(b)] as const }), [x, y]);
    return add(sum(first), sum(mul(rest[0], rest[0])));
  },
  "a result used twice": (run, x, y) => {
    const z = run((a) => tanh(a), [x]);
    return sum(mul(z, mul(z, y)));
  },
  "a result that is an input": (run, x, y) => {
    const [same, other] = run((a) => [a, tanh(a)] as const, [x]);
    return sum(mul(mul(same, other), y));
  },
  dropout: (run, x, _, w) => sum(tanh(run((a) => linear(dropout(a, 0.5), w), [x]))),
  "numbers of a generator of one's own": (run, x) => {
    const own = new Generator(11);
    own.below(5);
    const z = run((a) => mul(dropout(a, 0.5, true, own), 1 + own.below(9)), [x]);
    return mul(sum(z), own.below(7) + 1);
  },
  "one inside another": (run, x, y, w) => {
    const outer = run((a) => run((b) => tanh(linear(dropout(b, 0.3), w)), [mul(a, y)]), [x]);
    return sum(mul(outer, y));
  },
  "one after the other": (run, x, _, w) => {
    const step = (a: Tensor): Tensor => run((b) => tanh(linear(b, w)), [a]);
    return sum(step(step(step(x))));
  },
};

describe("checkpoint = the same without, to the bit", () => {
  test.each(Object.entries(models))("%s", (_, model) => {
    expect(outcome(checkpoint, model)).toEqual(outcome(plainly, model));
    expect(noGrad(() => outcomeOf(model, checkpoint))).toEqual(outcome(plainly, model).loss);
  });

  function outcomeOf(model: (typeof models)[string], run: Run): number {
    seed(3);
    return model(run, toTensor(drawnX), toTensor(drawnY), parameter(drawnWeight)).item();
  }

  test("nothing to learn: nothing is recorded", () => {
    const z = checkpoint((a) => tanh(a), [tensor([1, 2])]);
    expect([z.requiresGrad, z.source]).toEqual([false, null]);
    const { free, bound } = checkpoint(
      (a, b) => ({ free: tanh(a), bound: tanh(b) }),
      [tensor([1, 2]), tensor([3], undefined, { requiresGrad: true })],
    );
    expect([free.requiresGrad, bound.requiresGrad]).toEqual([false, true]);
  });

  test("integers pass through it", () => {
    const weight = parameter(drawnWeight);
    const [tokens, z] = checkpoint(
      (t, x) => [t, linear(x, weight)] as const,
      [tensor(Int32Array.of(3, 1)), toTensor(drawnX)],
    );
    expect(tokens.toArray()).toEqual(Int32Array.of(3, 1));
    sum(z).backward();
    expect(weight.grad).not.toBeNull();
  });

  test("backward twice before gradients are cleared adds them up", () => {
    const [x, w] = [toTensor(drawnX, true), parameter(drawnWeight)];
    const once = (): void => sum(checkpoint((a) => tanh(linear(a, w)), [x])).backward();
    once();
    const gradients = [x, w].map((leaf) => leaf.grad!.toArray());
    once();
    [x, w].forEach((leaf, i) => {
      expect(leaf.grad!.toArray()).toEqual(gradients[i]!.map((value) => 2 * value));
    });
  });

  test("a run that is not the same the second time is refused", () => {
    let times = 0;
    const x = toTensor(drawnX, true);
    const [z] = checkpoint((a) => (times++ === 0 ? [tanh(a)] : [tanh(a), a]), [x]) as [Tensor];
    expect(() => sum(z).backward()).toThrow(AutogradError);
  });
});

const size = fc.constantFrom(1, 2, 3, 5, 8);

/** Everything a layer computes from x and a state, with gradients under fixed cotangents. */
function everything(
  layer: { forward(x: Tensor, state?: never): unknown } & Module,
  x: Numbers,
  states: Numbers[] | null,
  cotangent: Numbers,
) {
  for (const p of layer.parameters()) p.clearGradient();
  seed(5);
  const leaf = toTensor(x, true);
  const initial = states?.map((state) => toTensor(state, true));
  const given = initial && (initial.length === 2 ? { h: initial[0], c: initial[1] } : initial[0]);
  const { output, state } = layer.forward(leaf, given as never) as { output: Tensor; state: unknown };
  const parts = tensorsIn(state);
  const terms = [sum(mul(output, toTensor(cotangent))), ...parts.map((part, i) => mul(sum(mul(part, part)), i + 1))];
  const result = new Map([
    ["output", numbers(output)],
    ...parts.map((part, i) => [`state.${i}`, numbers(part)] as const),
  ]);
  terms.reduce((a, b) => add(a, b)).backward();
  result.set("dx", gradientOf("x", leaf));
  for (const [i, part] of (initial ?? []).entries()) result.set(`dState.${i}`, gradientOf("state", part));
  for (const [name, p] of layer.namedParameters()) result.set(name.replace(/^layer\./, ""), gradientOf(name, p));
  return result;
}

describe("Checkpointed(layer) = the layer", () => {
  test.each(["RNN", "LSTM", "GRU"] as const)("%s on random shapes", (kind) => {
    const shape = fc.record({
      inputSize: size,
      hiddenSize: size,
      layers: fc.constantFrom(1, 2),
      dropout: fc.constantFrom(0, 0.4),
    });
    const run = fc.record({
      steps: fc.constantFrom(1, 2, 7, 13),
      batch: fc.constantFrom(1, 2, 5),
      segments: fc.constantFrom(undefined, 1, 2, 5, 40),
      batchFirst: fc.boolean(),
      hasState: fc.boolean(),
    });
    const property = fc.property(shape, run, (options, { steps, batch, segments, batchFirst, hasState }) => {
      // Dropout is drawn a segment at a time: only one segment drops what the whole would.
      const drop = segments === 1 ? options.dropout : 0;
      const inner = new { RNN, LSTM, GRU }[kind]({ ...options, dropout: drop });
      const outer = new Checkpointed<unknown>(inner as never, segments ? { segments, batchFirst } : { batchFirst });
      const plain = new { RNN, LSTM, GRU }[kind]({ ...options, dropout: drop, batchFirst });
      plain.loadStateDict(inner.stateDict());
      const sequence = (width: number): Numbers => (batchFirst ? draw(batch, steps, width) : draw(steps, batch, width));
      const [x, cotangent] = [sequence(options.inputSize), sequence(options.hiddenSize)];
      const state = (): Numbers => draw(options.layers, batch, options.hiddenSize);
      const states = hasState ? (kind === "LSTM" ? [state(), state()] : [state()]) : null;
      const wanted = everything(plain as never, x, states, cotangent);
      const actual = everything(outer as never, x, states, cotangent);
      const name = JSON.stringify([kind, options, steps, batch, segments, batchFirst, hasState]);
      expect([...actual.keys()]).toEqual([...wanted.keys()]);
      for (const [part, value] of actual)
        expectClose({ family: "checkpointed", case: name, tensor: part }, value, wanted.get(part)!);
      expect(actual.get("output")!.data).toEqual(wanted.get("output")!.data);
    });
    fc.assert(property, { seed: 20240607, numRuns: 25 });
  });

  test("dropout between layers drops the same numbers both times: the gradient is that of what was computed", () => {
    const layer = new Checkpointed(new LSTM({ inputSize: 3, hiddenSize: 4, layers: 2, dropout: 0.5 }), { segments: 4 });
    const x = draw(9, 2, 3);
    const loss = (values: Numbers): number => {
      seed(9);
      return noGrad(() => sum(mul(layer.forward(toTensor(values)).output, 3)).item());
    };
    seed(9);
    const leaf = toTensor(x, true);
    sum(mul(layer.forward(leaf).output, 3)).backward();
    const gradient = leaf.grad!.toArray();
    for (const i of [0, 7, 20, 53]) {
      const moved = (by: number): Numbers => ({
        shape: x.shape,
        data: Float32Array.from(x.data, (v, j) => (i === j ? v + by : v)),
      });
      const slope = (loss(moved(0.01)) - loss(moved(-0.01))) / 0.02;
      expect(gradient[i], `x[${i}]`).toBeCloseTo(slope, 3);
    }
  });

  test("a head inside it, and an optimizer's steps: it learns what the plain model learns", () => {
    class Head extends Module {
      lstm = new LSTM({ inputSize: 2, hiddenSize: 6 });
      linear = new Linear({ inputSize: 6, outputSize: 1 });
      forward(x: Tensor, state?: LSTMState) {
        const { output, state: last } = this.lstm.forward(x, state);
        return { output: this.linear.forward(output), state: last };
      }
    }
    const [plain, inner] = [new Head(), new Head()];
    inner.loadStateDict(plain.stateDict());
    const long = new Checkpointed(inner);
    expect(long.namedParameters()[0]![0]).toBe("layer.lstm.weight_ih_l0");
    const [x, target] = [toTensor(draw(50, 3, 2)), toTensor(draw(50, 3, 1))];
    const losses = [plain, long].map((model) => {
      const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
      return Array.from({ length: 5 }, () => {
        optimizer.zeroGrad();
        const loss = mseLoss(model.forward(x).output, target);
        loss.backward();
        optimizer.step();
        return loss.item();
      });
    });
    losses[0]!.forEach((loss, i) => {
      expect(losses[1]![i]).toBeCloseTo(loss, 5);
    });
    expect(losses[0]![4]).toBeLessThan(losses[0]![0]!);
  });

  test("a sequence takes a fraction of the memory, also in a pass without gradients", () => {
    const lstm = new LSTM({ inputSize: 4, hiddenSize: 64 });
    const head = new Linear({ inputSize: 64, outputSize: 1 });
    class Whole extends Module {
      layers = [lstm, head];
      forward(x: Tensor, state?: LSTMState) {
        const { output, state: last } = lstm.forward(x, state);
        return { output: head.forward(output), state: last };
      }
    }
    const plain = new Whole();
    const optimizer = new SGD(plain.parameters(), { learningRate: 0.01 });
    const x = toTensor(draw(4000, 2, 4));
    const grown = (model: { forward(x: Tensor): { output: Tensor } }): number => {
      const before = runtimeInfo().heapBytes;
      const loss = sum(model.forward(x).output);
      loss.backward();
      optimizer.step();
      return runtimeInfo().heapBytes - before;
    };
    const little = grown(new Checkpointed(plain));
    const { heapBytes } = runtimeInfo();
    noGrad(() => new Checkpointed(plain).forward(x).output.toArray());
    expect(runtimeInfo().heapBytes).toBe(heapBytes);
    const much = grown(plain) + little;
    expect(little * 8).toBeLessThan(much);
  });
});
