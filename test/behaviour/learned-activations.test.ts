/** Activations with parameters that are learned: their gradients in maps and in every cell, and where they are kept. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type * as Unrolled from "../../src/index.ts";

let library: typeof Unrolled;
beforeEach(async () => {
  vi.resetModules();
  library = await import("../../src/index.ts");
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  library.configure({ threads: 1 });
});

const sizes = { inputSize: 3, hiddenSize: 7 };
const swish = () => library.activation("x * sigmoid(beta * x)", { beta: { learn: 0.8 } });
/** A gate from 0 to 1. */
const gate = () => library.activation("sigmoid(alpha * x)", { alpha: { learn: 1.3 } });

const layers = {
  RNN: () => new library.RNN({ ...sizes, layers: 2, activation: swish() }),
  "RNN, both ways": () => new library.RNN({ ...sizes, bidirectional: true, activation: swish() }),
  "RNN, zoneout": () => new library.RNN({ ...sizes, zoneout: 0.2, activation: swish() }),
  IndRNN: () => new library.IndRNN({ ...sizes, activation: swish() }),
  LSTM: () => new library.LSTM({ ...sizes, activation: swish(), gateActivation: gate() }),
  "LSTM, coupled, projected, peepholes": () =>
    new library.LSTM({
      ...sizes,
      coupledGates: true,
      projectionSize: 5,
      peepholes: true,
      activation: swish(),
      gateActivation: gate(),
    }),
  GRU: () => new library.GRU({ ...sizes, activation: swish(), gateActivation: gate() }),
  "GRU, reset before": () =>
    new library.GRU({ ...sizes, resetAfter: false, activation: swish(), gateActivation: gate() }),
  ClosedFormContinuous: () => new library.ClosedFormContinuous({ ...sizes, activation: swish() }),
};

type Layer = ReturnType<(typeof layers)[keyof typeof layers]>;

function lossOf(layer: Layer, x: Unrolled.Tensor): Unrolled.Tensor {
  library.seed(4);
  const output = layer.forward(x).output as Unrolled.Tensor;
  return library.sum(library.mul(output, output));
}

const gradientOf = (parameter: Unrolled.Parameter) => parameter.grad?.toArray().slice() ?? null;
const numberOf = (gradient: ArrayLike<number> | null): number => gradient?.[0] as number;

/** Loss and all gradients of a layer over a random batch. */
function passOf(make: () => Layer, steps = 11, batch = 5) {
  library.seed(3);
  const layer = make();
  const x = library.normal([steps, batch, 3]).detach();
  const loss = lossOf(layer, x);
  const value = loss.item();
  loss.backward();
  return { value, gradients: layer.namedParameters().map(([name, p]) => [name, gradientOf(p)] as const) };
}

describe.each(Object.keys(layers) as (keyof typeof layers)[])("in %s", (name) => {
  test("gradients are those that differences show", () => {
    library.seed(3);
    const layer = layers[name]();
    const x = library.normal([11, 5, 3]).detach();
    lossOf(layer, x).backward();
    const learned = layer.namedParameters().filter(([own]) => /ctivation\./.test(own));
    expect(learned.map(([own]) => own)).toEqual(
      "gateActivation" in layer ? ["activation.beta", "gateActivation.alpha"] : ["activation.beta"],
    );
    for (const [, parameter] of learned) {
      const found = numberOf(gradientOf(parameter));
      const start = parameter.toArray()[0] as number;
      const h = 2e-2;
      const at = (value: number): number => {
        parameter.set([value]);
        return library.noGrad(() => lossOf(layer, x).item());
      };
      // Fourth order: the step can be so large that float32 does not blur the difference.
      const shown = (8 * (at(start + h) - at(start - h)) - (at(start + 2 * h) - at(start - 2 * h))) / (12 * h);
      parameter.set([start]);
      expect(Math.abs(found)).toBeGreaterThan(2e-3);
      expect(Math.abs(found - shown)).toBeLessThan(2e-3 * Math.abs(found) + 2e-4);
    }
  });

  test("what is frozen has none, and no other gradient changes", () => {
    const isLearned = (own: string): boolean => /ctivation\./.test(own);
    const frozen = passOf(() => {
      const layer = layers[name]();
      for (const [own, parameter] of layer.namedParameters()) if (isLearned(own)) parameter.requiresGrad = false;
      return layer;
    });
    expect(frozen.gradients.filter(([own, gradient]) => isLearned(own) && gradient !== null)).toEqual([]);
    const others = (pass: typeof frozen) => pass.gradients.filter(([own]) => !isLearned(own));
    expect(others(frozen)).toEqual(others(passOf(layers[name])));
  });
});

test("a map's gradient is the sum over all numbers, whatever their count", () => {
  const length = fc.integer({ min: 1, max: 70 });
  const text = "a * tanh(b * x) + c * x";
  fc.assert(
    fc.property(length, fc.integer({ min: 0, max: 1000 }), (count, start) => {
      library.seed(start);
      const f = library.activation(text, { a: { learn: 0.7 }, b: { learn: -1.2 }, c: 0.3 });
      const x = library.normal([count]).detach();
      const dy = library.normal([count]).detach();
      library.sum(library.mul(f.apply(x), dy)).backward();
      let [a, b] = [0, 0];
      const d = dy.toArray();
      x.toArray().forEach((v, i) => {
        const y = Math.tanh(-1.2 * v);
        a += (d[i] as number) * y;
        b += (d[i] as number) * 0.7 * (1 - y * y) * v;
      });
      const found = [...f.learned.values()].map((p) => numberOf(gradientOf(p)));
      expect(Math.abs((found[0] as number) - a)).toBeLessThan(1e-5 * (1 + Math.abs(a)));
      expect(Math.abs((found[1] as number) - b)).toBeLessThan(1e-5 * (1 + Math.abs(b)));
    }),
    { numRuns: 60 },
  );
});

test("gradients add up where an activation is used twice", () => {
  const f = swish();
  const x = library.tensor([1, -2, 0.5]);
  f.derivative(x);
  library.sum(f.apply(x)).backward();
  const once = numberOf(gradientOf(f.learned.get("beta") as Unrolled.Parameter));
  f.learned.get("beta")?.clearGradient();
  const both = library.add(library.sum(f.apply(x)), library.sum(f.apply(x)));
  f.derivative(x);
  both.backward();
  expect(numberOf(gradientOf(f.learned.get("beta") as Unrolled.Parameter))).toBeCloseTo(2 * once, 5);
});

test("what is learned is behind an end that learns nothing else", () => {
  const f = swish();
  const x = library.tensor([1, -2, 0.5]);
  expect(x.requiresGrad).toBe(false);
  library.sum(f.apply(x)).backward();
  expect(numberOf(gradientOf(f.learned.get("beta") as Unrolled.Parameter))).not.toBe(0);
});

test("training moves it, and values follow at once: in maps, texts and streams", () => {
  library.seed(1);
  const layer = new library.RNN({
    ...sizes,
    activation: library.activation("beta * tanh(x)", { beta: { learn: 0.5 } }),
  });
  const beta = layer.activation.learned.get("beta") as Unrolled.Parameter;
  const x = library.normal([6, 1, 3]).detach();
  const samples = Float32Array.from(x.toArray());
  const stream = layer.stream();
  stream.push(samples.slice(0, 3));
  const optimizer = new library.Adam(layer.parameters(), { learningRate: 0.05 });
  for (let i = 0; i < 20; i++) {
    optimizer.zeroGrad();
    const { output } = layer.forward(x);
    library.mean(library.square(library.sub(output, library.tensor(0.9)))).backward();
    optimizer.step();
  }
  const now = beta.toArray()[0] as number;
  expect(now).toBeGreaterThan(0.6);
  const f = layer.activation as Unrolled.Expression;
  expect(f.valueAt(1)).toBeCloseTo(now * Math.tanh(1), 6);
  const whole = library.noGrad(() => layer.forward(x).output).toArray();
  stream.reset();
  for (let t = 0; t < 6; t++) {
    expect(Array.from(stream.push(samples.slice(3 * t, 3 * t + 3)))).toEqual(Array.from(whole.slice(7 * t, 7 * t + 7)));
  }
});

test("it is saved and loaded with the layer", () => {
  const make = (learn: number) =>
    new library.GRU({ ...sizes, activation: library.activation("tanh(b * x)", { b: { learn } }) });
  const [one, two] = [make(0.3), make(0.9)];
  expect(one.stateDict()["activation.b"]?.toArray()).toEqual(Float32Array.of(0.3));
  two.load(one.save());
  const x = library.normal([4, 2, 3]).detach();
  library.noGrad(() => {
    expect(two.forward(x).output.toArray().slice()).toEqual(one.forward(x).output.toArray().slice());
  });
  const plain = new library.GRU(sizes);
  expect(() => plain.load(one.save())).toThrow(/unknown activation\.b/);
});

test("layers that share an activation share what it learns", () => {
  const f = swish();
  class Two extends library.Module {
    readonly first = new library.RNN({ ...sizes, activation: f });
    readonly second = new library.RNN({ inputSize: 7, hiddenSize: 4, activation: f });
    forward(x: Unrolled.Tensor): Unrolled.Tensor {
      return this.second.forward(this.first.forward(x).output).output;
    }
  }
  const model = new Two();
  expect(model.namedParameters().filter(([name]) => name.endsWith(".beta"))).toHaveLength(1);
  expect(model.parameters()).toContain(f.learned.get("beta"));
});

test("two threads give the bits of one", async () => {
  const pass = () =>
    passOf(
      () => new library.LSTM({ inputSize: 3, hiddenSize: 97, activation: swish(), gateActivation: gate() }),
      20,
      33,
    );
  const alone = pass();
  library.configure({ threads: 2 });
  expect(await library.threadsReady()).toBe(2);
  expect(pass()).toEqual(alone);
});

test("an interpreter gives the bits of the compiled one", async () => {
  const all = () => (Object.keys(layers) as (keyof typeof layers)[]).map((name) => passOf(layers[name]));
  library.configure({ deterministic: true });
  expect(swish().compiled).toBe(true);
  const compiled = all();
  vi.resetModules();
  library = await import("../../src/index.ts");
  const [module, companion, catalogue] = ["core", "companion", "catalogue"].map(
    (name) => new WebAssembly.Module(Uint8Array.from(readFileSync(`build/${name}.simd.wasm`))),
  );
  library.configure({ module, companion, catalogue } as Unrolled.Configuration);
  const refusing = new Proxy(WebAssembly.Module, {
    construct: () => {
      throw new WebAssembly.CompileError("forbidden");
    },
  });
  const { Module: _, ...rest } = Object.getOwnPropertyDescriptors(WebAssembly);
  vi.stubGlobal("WebAssembly", Object.create(null, { ...rest, Module: { value: refusing } }));
  expect(swish().compiled).toBe(false);
  expect(all()).toEqual(compiled);
});

test("a thousand steps need no more memory than ten", () => {
  library.seed(2);
  const layer = new library.LSTM({ ...sizes, activation: swish(), gateActivation: gate() });
  const optimizer = new library.SGD(layer.parameters(), { learningRate: 1e-3 });
  const x = library.normal([5, 3, 3]).detach();
  const run = (steps: number): number => {
    for (let i = 0; i < steps; i++) {
      optimizer.zeroGrad();
      lossOf(layer, x).backward();
      optimizer.step();
    }
    return library.runtimeInfo().memoryBytes;
  };
  const before = run(10);
  expect(run(1000)).toBe(before);
});
