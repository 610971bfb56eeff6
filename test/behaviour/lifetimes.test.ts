import {
  AutogradError,
  activation,
  add,
  clipGradNorm,
  crossEntropy,
  LifetimeError,
  Linear,
  LSTM,
  Module,
  mseLoss,
  mul,
  noGrad,
  ones,
  Parameter,
  reshape,
  SGD,
  ShapeError,
  slice,
  sum,
  type Tensor,
  tensor,
} from "unrolled";
import { describe, expect, test } from "vitest";

function linear(): { model: Linear; optimizer: SGD; x: Tensor } {
  const model = new Linear({ inputSize: 2, outputSize: 3 });
  return { model, optimizer: new SGD(model.parameters(), { learningRate: 0.1 }), x: ones([4, 2]) };
}

/** One step by hand; returns what it computed on the way. */
function step({ model, optimizer, x }: ReturnType<typeof linear>): { output: Tensor; loss: Tensor } {
  const output = model.forward(x);
  const loss = mseLoss(output, ones([4, 3]));
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return { output, loss };
}

/** Whether reading its numbers, its one number, or computing with it throws LifetimeError. */
function expectDead(t: Tensor): void {
  expect(() => t.toArray()).toThrow(LifetimeError);
  expect(() => t.toArray()).toThrow(/step has ended.*detach\(\)/);
  expect(() => t.detach()).toThrow(LifetimeError);
  expect(() => add(t, 1)).toThrow(LifetimeError);
}

describe("a tensor of a step", () => {
  test("is dead after the next step, and so are its views and its gradient's way back", () => {
    const run = linear();
    const { output, loss } = step(run);
    const view = slice(run.model.forward(run.x), 0, 0, 2);
    step(run);
    expectDead(output);
    expectDead(view);
    expect(() => loss.item()).toThrow(LifetimeError);
    expect(() => loss.backward()).toThrow(LifetimeError);
  });

  test("is dead as soon as something is computed after optimizer.step()", () => {
    const run = linear();
    const { output } = step(run);
    run.model.forward(run.x);
    expectDead(output);
  });

  test("the loss and the output may be read right after optimizer.step()", () => {
    const run = linear();
    const before = run.model.forward(run.x).toArray();
    const { output, loss } = step(run);
    expect(Number.isFinite(loss.item())).toBe(true);
    expect(output.toArray()).toEqual(before);
  });

  test("is dead when an outer graph is walked too late", () => {
    const run = linear();
    const loss = sum(run.model.forward(run.x));
    step(run);
    expect(() => loss.backward()).toThrow(LifetimeError);
  });

  test("lives on as a copy with detach()", () => {
    const run = linear();
    const kept = run.model.forward(run.x).detach();
    const numbers = kept.toArray();
    for (let i = 0; i < 3; i++) step(run);
    expect(kept.toArray()).toEqual(numbers);
    expect(kept.requiresGrad).toBe(false);
    expect(add(kept, 0).toArray()).toEqual(numbers);
  });

  test("a state carried over a step has to be detached", () => {
    const lstm = new LSTM({ inputSize: 2, hiddenSize: 3 });
    const optimizer = new SGD(lstm.parameters(), { learningRate: 0.1 });
    const x = ones([5, 1, 2]);
    const { output, state } = lstm.forward(x);
    const kept = { h: state.h.detach(), c: state.c.detach() };
    sum(output).backward();
    optimizer.step();
    expect(lstm.forward(x, kept).output.shape).toEqual([5, 1, 3]);
    expect(() => lstm.forward(x, state)).toThrow(LifetimeError);
  });

  test("detach() copies: changing a parameter afterwards does not change it", () => {
    const run = linear();
    const kept = run.model.weight.detach();
    const numbers = run.model.weight.toArray();
    step(run);
    expect(run.model.weight.toArray()).not.toEqual(numbers);
    expect(kept.toArray()).toEqual(numbers);
  });
});

describe("tensors made from data", () => {
  test("live through steps and lend their numbers to each", () => {
    const run = linear();
    const first = step(run).loss.item();
    const second = step(run).loss.item();
    expect(second).toBeLessThan(first);
    expect([...run.x.toArray()]).toEqual(new Array(8).fill(1));
  });

  test("class weights are lent to each step anew, also as the first thing after optimizer.step()", () => {
    const logits = new Parameter([1, 3]);
    const optimizer = new SGD([logits], { learningRate: 0 });
    const weight = tensor([1, 2, 3]);
    const target = tensor(Int32Array.of(2));
    for (let i = 0; i < 3; i++) {
      const loss = crossEntropy(logits, target, { weight, reduction: "sum" });
      loss.backward();
      optimizer.step();
      expect(loss.item()).toBeCloseTo(3 * Math.log(3), 5);
    }
  });

  test("so are the options of an activation", () => {
    const x = new Parameter([32]);
    x.set(new Float32Array(32).fill(-2));
    const optimizer = new SGD([x], { learningRate: 0 });
    const leaky = activation("leakyRelu", { negativeSlope: 0.5 });
    for (let i = 0; i < 3; i++) {
      optimizer.zeroGrad();
      const y = leaky.apply(x);
      sum(y).backward();
      optimizer.step();
      expect([...y.toArray()]).toEqual(new Array(32).fill(-1));
      expect([...(x.grad?.toArray() ?? [])]).toEqual(new Array(32).fill(0.5));
    }
  });

  test("do not share the array they were made of, nor the one they give", () => {
    const data = Float32Array.of(1, 2);
    const t = tensor(data);
    data[0] = 9;
    t.toArray()[1] = 9;
    expect([...t.toArray()]).toEqual([1, 2]);
    const parameter = new Parameter([2]);
    parameter.toArray()[0] = 9;
    expect([...parameter.toArray()]).toEqual([0, 0]);
  });
});

describe("noGrad", () => {
  test("keeps the tensor, the object or the array it returns, however deep", () => {
    const { model, x } = linear();
    const lstm = new LSTM({ inputSize: 2, hiddenSize: 3 });
    const one = noGrad(() => model.forward(x));
    const result = noGrad(() => lstm.forward(ones([5, 1, 2])));
    const list = noGrad(() => [model.forward(x), [model.forward(x)], 7, "text", null] as const);
    noGrad(() => lstm.forward(ones([50, 10, 2])));
    expect(one.toArray()).toHaveLength(12);
    expect(result.output.toArray()).toHaveLength(15);
    expect(result.state.h.toArray()).toEqual(result.output.toArray().slice(12));
    expect(list[0].toArray()).toEqual(one.toArray());
    expect(list[1][0].toArray()).toEqual(one.toArray());
    expect(list.slice(2)).toEqual([7, "text", null]);
  });

  test("keeps views of what it computed and of parameters, as copies", () => {
    const { model, x } = linear();
    const [view, weights] = noGrad(() => [reshape(model.forward(x), [12]), reshape(model.weight, [6])]);
    const before = [...weights.toArray()];
    model.weight.set(new Float32Array(6).fill(5));
    expect([...weights.toArray()]).toEqual(before);
    expect(view.toArray()).toHaveLength(12);
  });

  test("returns a parameter or leaf as it is, not a copy of it", () => {
    const { model } = linear();
    const leaf = tensor([1], undefined, { requiresGrad: true });
    expect(noGrad(() => model.weight)).toBe(model.weight);
    expect(noGrad(() => leaf)).toBe(leaf);
  });

  test("forgets everything else", () => {
    const { model, x } = linear();
    let inside: Tensor | undefined;
    noGrad(() => {
      inside = model.forward(x);
      return null;
    });
    expectDead(inside!);
  });

  test("nests: what the inner one returns is alive in the outer one, what the outer one made stays alive", () => {
    const { model, x } = linear();
    const total = noGrad(() => {
      const outer = model.forward(x);
      const inner = noGrad(() => mul(outer, 2));
      noGrad(() => model.forward(ones([100, 2])));
      return add(outer, inner);
    });
    const expected = noGrad(() => mul(model.forward(x), 3));
    expect([...total.toArray()].map((v) => v.toFixed(4))).toEqual([...expected.toArray()].map((v) => v.toFixed(4)));
  });

  test("records nothing inside, everything after, also when the work throws", () => {
    const { model, x } = linear();
    const quiet = noGrad(() => {
      const y = model.forward(x);
      expect(y.requiresGrad).toBe(false);
      return sum(y);
    });
    expect(() => quiet.backward()).toThrow(AutogradError);
    expect(() =>
      noGrad(() => {
        throw new RangeError("the user's own");
      }),
    ).toThrow("the user's own");
    expect(sum(model.forward(x)).requiresGrad).toBe(true);
    expect(() => noGrad(() => noGrad(() => sum(x))).backward()).toThrow(AutogradError);
    expect(sum(model.forward(x)).requiresGrad).toBe(true);
  });

  test("inside a step leaves the step alive", () => {
    const { model, optimizer, x } = linear();
    const loss = sum(model.forward(x));
    const norm = noGrad(() => sum(mul(model.weight, model.weight)).item());
    loss.backward();
    optimizer.step();
    expect(norm).toBeGreaterThan(0);
    expect(Number.isFinite(loss.item())).toBe(true);
  });
});

describe("backward", () => {
  test("walks a graph once", () => {
    const { model, x } = linear();
    const loss = sum(model.forward(x));
    loss.backward();
    const grad = model.weight.grad!.toArray();
    expect(() => loss.backward()).toThrow(AutogradError);
    expect(() => loss.backward()).toThrow(/already walked.*forward pass again/);
    expect(model.weight.grad!.toArray()).toEqual(grad);
  });

  test("needs a single number", () => {
    const { model, x } = linear();
    expect(() => model.forward(x).backward()).toThrow(ShapeError);
    expect(() => model.forward(x).backward()).toThrow(/single number.*\[4, 3\]/);
  });

  test("needs something that requires a gradient", () => {
    expect(() => sum(ones([3])).backward()).toThrow(AutogradError);
    expect(() => tensor(1).backward()).toThrow(/requires a gradient/);
    expect(() =>
      sum(linear().model.forward(ones([1, 2])))
        .detach()
        .backward(),
    ).toThrow(AutogradError);
  });

  test("adds to the gradients of leaves and parameters until zeroGrad()", () => {
    const { model, optimizer, x } = linear();
    const leaf = tensor([[3, 4]], undefined, { requiresGrad: true });
    expect(leaf.grad).toBeNull();
    expect(model.weight.grad).toBeNull();
    for (let count = 1; count <= 3; count++) {
      sum(model.forward(leaf)).backward();
      const weight = Array.from(model.weight.toArray());
      const columns = [0, 1].map((i) => weight[i] + weight[i + 2] + weight[i + 4]);
      expect([...model.weight.grad!.toArray()]).toEqual([3, 4, 3, 4, 3, 4].map((v) => v * count));
      expect([...model.bias!.grad!.toArray()]).toEqual([count, count, count]);
      leaf.grad!.toArray().forEach((v, i) => {
        expect(v).toBeCloseTo(count * columns[i], 5);
      });
    }
    optimizer.zeroGrad();
    expect(model.weight.grad).toBeNull();
    expect(model.bias!.grad).toBeNull();
    sum(model.forward(x)).backward();
    expect([...model.weight.grad!.toArray()]).toEqual([4, 4, 4, 4, 4, 4]);
  });

  test("the gradient of a leaf outlives the step; it goes on adding in the next one", () => {
    const run = linear();
    const leaf = tensor([[1, 1]], undefined, { requiresGrad: true });
    sum(mul(leaf, 2)).backward();
    step(run);
    step(run);
    expect([...leaf.grad!.toArray()]).toEqual([2, 2]);
    sum(mul(leaf, 3)).backward();
    expect([...leaf.grad!.toArray()]).toEqual([5, 5]);
  });

  test("several backward calls before one optimizer.step() are one batch in parts", () => {
    const [whole, parts] = [linear(), linear()];
    parts.model.loadStateDict(whole.model.stateDict());
    const data = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    sum(whole.model.forward(data)).backward();
    for (let i = 0; i < 3; i++) sum(parts.model.forward(slice(data, 0, i, i + 1))).backward();
    expect(parts.model.weight.grad!.toArray()).toEqual(whole.model.weight.grad!.toArray());
    whole.optimizer.step();
    parts.optimizer.step();
    expect(parts.model.weight.toArray()).toEqual(whole.model.weight.toArray());
  });

  test("a parameter without a gradient is left alone by optimizers and clipping", () => {
    class Two extends Module {
      used = new Linear({ inputSize: 2, outputSize: 1 });
      unused = new Linear({ inputSize: 2, outputSize: 1 });
      override forward(x: Tensor): Tensor {
        return this.used.forward(x);
      }
    }
    const model = new Two();
    const before = model.unused.weight.toArray();
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1, weightDecay: 0.5, momentum: 0.9 });
    for (let i = 0; i < 2; i++) {
      optimizer.zeroGrad();
      sum(model.forward(ones([1, 2]))).backward();
      expect(clipGradNorm(model.parameters(), 100)).toBeCloseTo(Math.sqrt(3), 5);
      optimizer.step();
    }
    expect(model.unused.weight.grad).toBeNull();
    expect(model.unused.weight.toArray()).toEqual(before);
  });
});
