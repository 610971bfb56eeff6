/**
 * The minimal gated unit against its equations in float64, one sequence of plain numbers at a time: outputs, and the
 * gradient of every parameter and input as central differences of those equations.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  MinimalGatedUnit,
  mul,
  noGrad,
  OptionError,
  ShapeError,
  seed,
  slice,
  sum,
  type Tensor,
  uniform,
} from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import { gradientOf, numbers, toTensor } from "../pytorch/engine.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

interface Weights {
  readonly [name: string]: Float64Array;
}

/** W·v, W row-major. */
function times(w: Float64Array, v: readonly number[]): number[] {
  const rows = w.length / v.length;
  return Array.from({ length: rows }, (_, i) =>
    v.reduce((total, value, j) => total + (w[i * v.length + j] as number) * value, 0),
  );
}

/** Σ of the outputs, each times its cotangent, over all sequences of x [T, B, I]; and the outputs [T, B, H]. */
function oracle(w: Weights, x: Float64Array, h0: Float64Array, sizes: number[], cotangent?: ArrayLike<number>) {
  const [steps, batch, input, hidden] = sizes as [number, number, number, number];
  const output = new Float64Array(steps * batch * hidden);
  for (let b = 0; b < batch; b++) {
    let h = Array.from(h0.subarray(b * hidden, (b + 1) * hidden));
    for (let t = 0; t < steps; t++) {
      const at = (t * batch + b) * input;
      const xt = Array.from(x.subarray(at, at + input));
      const [gx, gh, cx] = [
        times(w["gate.weight"]!, xt),
        times(w["recurrentGate.weight"]!, h),
        times(w["candidate.weight"]!, xt),
      ];
      const f = gx.map((value, i) => sigmoid(value + w["gate.bias"]![i]! + gh[i]!));
      const ch = times(
        w["recurrentCandidate.weight"]!,
        h.map((value, i) => value * f[i]!),
      );
      const n = cx.map((value, i) => Math.tanh(value + w["candidate.bias"]![i]! + ch[i]!));
      h = h.map((value, i) => (1 - f[i]!) * value + f[i]! * n[i]!);
      output.set(h, (t * batch + b) * hidden);
    }
  }
  const total = cotangent ? output.reduce((sum_, value, i) => sum_ + value * cotangent[i]!, 0) : 0;
  return { output, total };
}

const size = fc.constantFrom(1, 2, 3, 5, 7, 8);

describe("the minimal gated unit = its equations", () => {
  test("outputs and every gradient, on random shapes", () => {
    const property = fc.property(
      size,
      size,
      fc.constantFrom(1, 2, 5),
      fc.constantFrom(1, 3),
      fc.nat(),
      (input, hidden, steps, batch, number) => {
        seed(number);
        const layer = new MinimalGatedUnit({ inputSize: input, hiddenSize: hidden });
        const draw = (...shape: number[]): Tensor => toTensor(numbers(uniform(shape, { low: -1, high: 1 })), true);
        const [x, h0] = [draw(steps, batch, input), draw(batch, hidden)];
        const cotangent = uniform([steps, batch, hidden], { low: -1, high: 1 });
        const { output } = layer.forward(x, h0);
        const wide = (t: Tensor): Float64Array => Float64Array.from(t.toArray());
        const leaves: Record<string, Tensor> = { x, h0, ...Object.fromEntries(layer.namedParameters()) };
        const values = Object.fromEntries(Object.entries(leaves).map(([name, t]) => [name, wide(t)]));
        const sizes = [steps, batch, input, hidden];
        const run = () => oracle(values, values.x!, values.h0!, sizes, cotangent.toArray());
        const subject = { family: "minimal gated unit", case: JSON.stringify({ input, hidden, steps, batch, number }) };
        expectClose({ ...subject, tensor: "output" }, numbers(output), { shape: output.shape, data: run().output });
        sum(mul(output, cotangent)).backward();
        for (const [name, leaf] of Object.entries(leaves)) {
          const data = values[name]!;
          const wanted = data.map((value, i) => {
            const step = 1e-5;
            data[i] = value + step;
            const up = run().total;
            data[i] = value - step;
            const down = run().total;
            data[i] = value;
            return (up - down) / (2 * step);
          });
          expectClose(
            { ...subject, tensor: name },
            gradientOf(name, leaf),
            { shape: leaf.shape, data: wanted },
            { magnitude: 1e-2 },
          );
        }
      },
    );
    fc.assert(property, { seed: 20240607, numRuns: 12 });
  });

  test("a sequence in pieces is the sequence, batch first and in reverse as well", () => {
    seed(3);
    const x = uniform([7, 2, 3]);
    const layer = new MinimalGatedUnit({ inputSize: 3, hiddenSize: 5 });
    noGrad(() => {
      const whole = layer.forward(x);
      const first = layer.forward(slice(x, 0, 0, 3));
      const second = layer.forward(slice(x, 0, 3, 7), first.state);
      expect([...first.output.toArray(), ...second.output.toArray()]).toEqual([...whole.output.toArray()]);
      const reverse = new MinimalGatedUnit({ inputSize: 3, hiddenSize: 5, reverse: true });
      reverse.loadStateDict(layer.stateDict());
      expect(reverse.forward(x).output.toArray()).not.toEqual(whole.output.toArray());
      expect([...reverse.forward(x).output.toArray().subarray(60)]).toEqual([
        ...layer.forward(slice(x, 0, 6, 7)).output.toArray(),
      ]);
    });
  });

  test("options and shapes that do not fit are refused by name", () => {
    expect(() => new MinimalGatedUnit({ inputSize: 3, hiddenSize: 0 })).toThrow(OptionError);
    const layer = new MinimalGatedUnit({ inputSize: 3, hiddenSize: 5 });
    expect(() => layer.forward(uniform([4, 2, 4]))).toThrow("MinimalGatedUnit x: expected [T, B, 3], got [4, 2, 4]");
    expect(() => layer.forward(uniform([4, 2, 3]), uniform([3, 5]))).toThrow(ShapeError);
  });
});
