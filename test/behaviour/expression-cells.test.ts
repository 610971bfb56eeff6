/** Expressions where layers call them: in every cell, gate and stream, in threads, and interpreted. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type * as Unrolled from "../../src/index.ts";
import { expressions } from "../oracle/expressions.ts";

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

type Given = Unrolled.Activation | Unrolled.ActivationName;
const sizes = { inputSize: 3, hiddenSize: 7 };

const layers = {
  RNN: (activation: Given) => new library.RNN({ ...sizes, layers: 2, activation }),
  "RNN, both ways": (activation: Given) => new library.RNN({ ...sizes, bidirectional: true, activation }),
  "RNN, zoneout": (activation: Given) => new library.RNN({ ...sizes, zoneout: 0.2, activation }),
  IndRNN: (activation: Given) => new library.IndRNN({ ...sizes, activation }),
  LSTM: (activation: Given, gateActivation: Given) => new library.LSTM({ ...sizes, activation, gateActivation }),
  "LSTM, coupled, projected": (activation: Given, gateActivation: Given) =>
    new library.LSTM({ ...sizes, coupledGates: true, projectionSize: 5, activation, gateActivation }),
  GRU: (activation: Given, gateActivation: Given) => new library.GRU({ ...sizes, activation, gateActivation }),
  "GRU, reset before": (activation: Given, gateActivation: Given) =>
    new library.GRU({ ...sizes, resetAfter: false, activation, gateActivation }),
};

/** Outputs and all gradients of a layer over a random sequence. */
function passOf(make: () => Unrolled.RNN | Unrolled.LSTM | Unrolled.GRU | Unrolled.IndRNN, steps = 11, batch = 5) {
  library.seed(3);
  const layer = make();
  const x = library.normal([steps, batch, 3]);
  library.seed(4);
  const output = layer.forward(x).output as Unrolled.Tensor;
  const values = output.toArray().slice();
  library.sum(library.mul(output, output)).backward();
  const gradients = layer.parameters().map((parameter) => (parameter.grad as Unrolled.Tensor).toArray().slice());
  return { values, gradients };
}

const close = (one: ArrayLike<number>, two: ArrayLike<number>, bound: number): void => {
  const largest = Math.max(1, ...Array.from(two, Math.abs));
  for (let i = 0; i < one.length; i++) {
    expect(Math.abs((one[i] as number) - (two[i] as number))).toBeLessThanOrEqual(bound * largest);
  }
};

describe.each(Object.keys(layers) as (keyof typeof layers)[])("in %s", (name) => {
  test.each([
    ["tanh(x)", "tanh", "sigmoid(x)"],
    // As itself, from x, and through other functions.
    ["2 * sigmoid(2 * x) - 1", "tanh", "0.5 + 0.5 * tanh(x / 2)"],
    ["x * sigmoid(x)", "silu", "1 / (1 + exp(-x))"],
    ["max(x, 0)", "relu", "sigmoid(x)"],
    ["where(x > 0, x, expm1(x))", "elu", "1 / (1 + exp(-x))"],
  ] as const)("%s is %s", (text, builtIn, gate) => {
    const make = layers[name];
    const own = passOf(() => make(library.activation(text), library.activation(gate)));
    const known = passOf(() => make(builtIn, "sigmoid"));
    close(own.values, known.values, 2e-6);
    own.gradients.forEach((gradient, i) => {
      close(gradient, known.gradients[i] as Float32Array, 1e-5);
    });
  });
});

test("a stream gives what the sequence gives", () => {
  const layer = new library.RNN({
    ...sizes,
    layers: 2,
    activation: library.activation("x / (k + abs(x))", { k: 1.25 }),
  });
  const x = library.normal([9, 1, 3]);
  const samples = Float32Array.from(x.toArray());
  const { output } = library.noGrad(() => layer.forward(x));
  const whole = output.toArray();
  const stream = layer.stream();
  for (let t = 0; t < 9; t++) {
    expect(Array.from(stream.push(samples.slice(3 * t, 3 * t + 3)))).toEqual(Array.from(whole.slice(7 * t, 7 * t + 7)));
  }
});

describe("threads", () => {
  const pass = (text: string) =>
    passOf(() => new library.GRU({ inputSize: 3, hiddenSize: 97, activation: library.activation(text) }), 30, 33);

  test("do an expression's work to the same bits, whichever was there first", async () => {
    const alone = [pass("x * sigmoid(1.5 * x)"), pass("atan(x)")];
    library.configure({ threads: 2 });
    expect(await library.threadsReady()).toBe(2);
    expect(pass("x * sigmoid(1.5 * x)")).toEqual(alone[0]);
    expect(pass("atan(x)")).toEqual(alone[1]);
    // This one is made while the worker serves.
    const late = pass("erf(x) - 0.1 * x");
    await library.threadsReady();
    expect(pass("erf(x) - 0.1 * x")).toEqual(late);
    library.configure({ threads: 1 });
    expect(pass("erf(x) - 0.1 * x")).toEqual(late);
  });
});

describe("where nothing may be compiled", () => {
  const moduleOf = (name: string): WebAssembly.Module =>
    new WebAssembly.Module(Uint8Array.from(readFileSync(`build/${name}.simd.wasm`)));

  function forbid(): void {
    const [module, companion, catalogue] = ["core", "companion", "catalogue"].map(moduleOf);
    library.configure({ module, companion, catalogue } as Unrolled.Configuration);
    const refusing = new Proxy(WebAssembly.Module, {
      construct: () => {
        throw new WebAssembly.CompileError("forbidden");
      },
    });
    const { Module: _, ...rest } = Object.getOwnPropertyDescriptors(WebAssembly);
    vi.stubGlobal("WebAssembly", Object.create(null, { ...rest, Module: { value: refusing } }));
  }

  const numbers = Float32Array.from({ length: 203 }, (_, i) => (i - 101) / 9);
  const texts = [
    ...["x", "2", "-x", "tanh(x)", "x ^ 3 - 0.5 * x", "where(x >= 1, 2, 3 * x)", "(x > 1) * x + (x < 0)", "1.1 ^ x"],
    ...["exp(x) + expm1(x)", "log1p(abs(x)) + sqrt(abs(x))", "sin(x) / cosh(x)", "cos(x) * sinh(x)", "atan(asinh(x))"],
    ...["erf(x) * sigmoid(x)", "softplus(x) + relu(x)", "x * tanh(softplus(x))", "max(min(x, 1), -1)", "x + sign(x)"],
    ...["log(1 + x * x)", "x != 0", "(x <= 2) - (x == 0)"],
  ];

  /** Values and derivatives of expressions, and a layer's pass with each of some. */
  function results(more: readonly string[]) {
    const maps = [...texts, ...more].map((text) => {
      const f = library.activation(/\ba\b/.test(text) ? text : `${text} + a`, { a: 0.75 });
      const x = new library.Parameter([numbers.length]);
      x.set(numbers);
      const y = f.apply(x);
      const value = y.toArray().slice();
      library.sum(y).backward();
      return { text, value, slope: (x.grad as Unrolled.Tensor).toArray().slice() };
    });
    const passes = ["tanh(x)", "x * sigmoid(x)"].map((text) =>
      passOf(() => new library.GRU({ ...sizes, activation: library.activation(text) })),
    );
    return { maps, passes };
  }

  test("an interpreter gives the same bits", async () => {
    const more = fc.sample(expressions(), { numRuns: 60, seed: 5 });
    library.configure({ deterministic: true });
    expect(library.activation("x + sin(x)").compiled).toBe(true);
    const compiled = results(more);
    vi.resetModules();
    library = await import("../../src/index.ts");
    forbid();
    expect(library.activation("x + sin(x)").compiled).toBe(false);
    const interpreted = results(more);
    for (const [i, { text, value, slope }] of compiled.maps.entries()) {
      expect([text, interpreted.maps[i]?.value]).toEqual([text, value]);
      expect([text, interpreted.maps[i]?.slope]).toEqual([text, slope]);
    }
    expect(interpreted.passes).toEqual(compiled.passes);
  });

  test("a stream is interpreted as well", () => {
    forbid();
    const layer = new library.RNN({ ...sizes, activation: library.activation("x / (1 + abs(x))") });
    const x = library.normal([4, 1, 3]);
    const samples = Float32Array.from(x.toArray());
    const whole = library.noGrad(() => layer.forward(x).output).toArray();
    const stream = layer.stream();
    for (let t = 0; t < 4; t++) {
      expect(Array.from(stream.push(samples.slice(3 * t, 3 * t + 3)))).toEqual(
        Array.from(whole.slice(7 * t, 7 * t + 7)),
      );
    }
  });
});
