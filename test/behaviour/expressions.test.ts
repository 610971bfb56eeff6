/** Activations of one's own: the language, its mistakes, derivatives, and that what is compiled is what was written. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inScope } from "../../src/autograd/noGrad.ts";
import { activation, ExpressionError, OptionError, tensor } from "../../src/index.ts";
import { derivative } from "../../src/ops/activation/expression/derivative.ts";
import { evaluate, Graph } from "../../src/ops/activation/expression/graph.ts";
import { parse } from "../../src/ops/activation/expression/parse.ts";
import { write } from "../../src/ops/activation/expression/write.ts";
import { expressions } from "../oracle/expressions.ts";

const valueAt = (text: string, x: number, parameters: Record<string, number> = {}): number => {
  const graph = new Graph();
  return evaluate(parse(text, graph, Object.keys(parameters)), x, parameters);
};

describe("the language", () => {
  test.each([
    ["1 + 2 * 3 - 4 / 8", 6.5],
    ["2 - 3 - 4", -5],
    ["2 ^ 3 ^ 2", 512],
    ["-2 ^ 2", -4],
    ["2 ** -1", 0.5],
    ["(1 + 2) * -3", -9],
    ["- -x", 3],
    ["1.5e1 + .5", 15.5],
    ["x >= 3", 1],
    ["where(x < 3, 1, where(x == 3, 2, 5))", 2],
    ["clamp(x, -1, 1) + min(x, 2) + max(x, 7)", 10],
    ["pow(x, 0.5) - sqrt(x)", 0],
    ["pi - e", Math.PI - Math.E],
    ["k * x + offset_2", 7],
    ["exp(log(x)) + log1p(expm1(x))", 6],
    ["sinh(x) + cosh(x) - exp(x)", 0],
    ["abs(sign(-x) * 4)", 4],
    ["erf(x) + erf(-x / 4)", 0.9999779095030014 - 0.7111556336535151],
    ["sigmoid(0 * x) + softplus(0 * x) + relu(-x)", 0.5 + Math.log(2)],
  ])("%s", (text, wanted) => {
    const parameters: Record<string, number> = text.includes("k") ? { k: 2, offset_2: 1 } : {};
    expect(valueAt(text, 3, parameters)).toBeCloseTo(wanted, 14);
  });

  test("what is written of a graph reads as the same function", () => {
    fc.assert(
      fc.property(expressions(), fc.double({ min: -3, max: 3, noNaN: true }), (text, x) => {
        const graph = new Graph();
        const root = parse(text, graph, ["a"]);
        for (const node of [root, derivative(graph, root, graph.x)]) {
          const [one, two] = [evaluate(node, x, { a: 0.7 }), valueAt(write(node), x, { a: 0.7 })];
          expect(two).toBeCloseTo(one, 9);
        }
      }),
    );
  });
});

describe("mistakes are told with their place", () => {
  test.each([
    ["", 1, "expected an expression, got nothing"],
    ["x +", 4, "expected a number, a name or a bracket, got the end"],
    ["x + * 2", 5, 'expected a number, a name or a bracket, got "*"'],
    ["(x + 1", 1, "expected this bracket to be closed"],
    ["tanh(x", 5, "expected this bracket to be closed"],
    ["x + 1)", 6, 'expected an operator or the end, got ")"'],
    ["x x", 3, 'expected an operator or the end, got "x"'],
    ["tahn(x)", 1, 'expected a function, got "tahn" (is it tanh?)'],
    ["softplsu(x) * 2", 1, 'expected a function, got "softplsu" (is it softplus?)'],
    ["frobnicate(x)", 1, 'expected a function, got "frobnicate"'],
    ["beta * x", 1, 'expected x, a parameter or a constant, got "beta"; a parameter needs a value'],
    ["tanh * x", 6, "expected ( behind tanh"],
    ["min(x)", 1, "expected 2 arguments of min, got 1"],
    ["tanh(x, 1)", 1, "expected 1 argument of tanh, got 2"],
    ["where(x, 1, 2)", 6, "expected a comparison as the condition of where, such as x > 0"],
    ["0 < x < 1", 7, "expected brackets around a comparison that is compared"],
    ["x / 0", 3, "expected a divisor other than 0"],
    ["x / (1 - 1)", 3, "expected a divisor other than 0"],
    ["x # 2", 3, 'expected a number, a name or a sign, got "#"'],
    ["x * 1e39", 5, "expected a number that float32 holds, got 1e39"],
    ["log(-1 - x ^ 2)", 1, "expected an expression with values, got one that is NaN everywhere"],
    ["1 / x", 1, "expected a finite value at x = 0, got Infinity"],
    ["log(x)", 1, "expected a finite value at x = 0, got -Infinity"],
  ])("%j", (text, position, wanted) => {
    let error: unknown;
    try {
      activation(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ExpressionError);
    const { message, position: at } = error as ExpressionError;
    expect(at).toBe(position - 1);
    const [first, shown, caret] = message.split("\n") as [string, string, string];
    expect(first).toBe(`expression, position ${position}: ${wanted}`);
    expect(shown).toBe(`  ${text}`);
    expect(caret).toBe(`${" ".repeat(position + 1)}^`);
  });

  test("ten thousand brackets, signs or powers in each other, and a long text is shown in part", () => {
    const deep = [`${"(".repeat(1e4)}x${")".repeat(1e4)}`, `${"-".repeat(1e4)}x`, `${"x^".repeat(1e4)}x`];
    for (const text of deep) expect(() => activation(text)).toThrow(/expected at most 200 levels, got more/);
    const long = `${"x + ".repeat(1e4)}y`;
    expect(() => activation(long)).toThrow(/position 40001: expected x,.*\n {2}….{60}y\n {63}\^$/);
    const sum = activation(`${"x + ".repeat(5000)}x`);
    expect(sum.valueAt(2)).toBe(10_002);
  });

  test("parameters that are not used, without a value, or with a name of the language", () => {
    expect(() => activation("x * k", { k: 1, l: 2 })).toThrow(OptionError);
    expect(() => activation("x * k", { k: 1, l: 2 })).toThrow(/expected those that "x \* k" uses, got l as well/);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e39, "1", null]) {
      expect(() => activation("x * k", { k: value as number })).toThrow(/activation k: expected a finite number/);
    }
    for (const name of ["x", "tanh", "pi", "a b", "1st", "where"]) {
      expect(() => activation("x", { [name]: 1 })).toThrow(/expected names that expressions do not use themselves/);
    }
    for (const value of [{}, { learn: Number.NaN }, { learn: "1" }, { learn: 1, rate: 2 }, [1], null]) {
      const wanted = /activation k: expected a finite number, or \{ learn: a finite number \}, got/;
      expect(() => activation("x * k", { k: value as never })).toThrow(wanted);
      expect(() => activation("elu", { alpha: value as never })).toThrow(/elu: expected a finite alpha/);
    }
    expect(() => activation("x * k", null as never)).toThrow(/expected an object of numbers/);
  });

  test("a name that is none", () => {
    expect(() => activation("tahn" as never)).toThrow(/got "tahn" \(is it tanh\?\)/);
    expect(() => activation(3 as never)).toThrow(/expected a name or an expression, got 3/);
  });
});

describe("derivatives", () => {
  test("are those that small differences show, for x and for the parameter", () => {
    fc.assert(
      fc.property(expressions({ corners: false }), fc.double({ min: -2, max: 2, noNaN: true }), (text, x) => {
        const graph = new Graph();
        const root = parse(text, graph, ["a"]);
        const h = 1e-4;
        const at = (dx: number, da: number): number => evaluate(root, x + dx, { a: 0.7 + da });
        // Five points: the error is of fourth order.
        const shown = (f: (d: number) => number): number => (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
        const largest = Math.max(...[-2, -1, 0, 1, 2].map((n) => Math.abs(at(n * h, 0))), 1);
        const pairs = [
          [graph.x, shown((d) => at(d, 0))],
          [graph.parameter("a"), shown((d) => at(0, d))],
        ] as const;
        for (const [by, wanted] of pairs) {
          const slope = evaluate(derivative(graph, root, by), x, { a: 0.7 });
          expect(Math.abs(slope - wanted)).toBeLessThanOrEqual(1e-6 * (largest + Math.abs(wanted)));
        }
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["abs(x)", 0, 0],
    ["relu(x)", 0, 0],
    ["max(x, 0)", 0, 0],
    ["min(x, 0)", 0, 0],
    ["max(0, x)", 0, 1],
    ["where(x >= 0, 2 * x, x)", 0, 2],
    ["x ^ 3", 2, 12],
    ["x ^ -2", 2, -0.25],
    ["(1 + x ^ 2) ^ 1.5", 1, 3 * Math.SQRT2],
    ["2 ^ x", 1, 2 * Math.LN2],
    ["clamp(x, -1, 1)", 2, 0],
    ["sqrt(1 + x)", 3, 0.25],
    ["expm1(x) + log1p(x)", 0, 2],
    ["cosh(x) + sinh(x)", 1, Math.E],
  ])("%s at %f", (text, x, wanted) => {
    const graph = new Graph();
    expect(evaluate(derivative(graph, parse(text, graph, []), graph.x), x)).toBeCloseTo(wanted, 12);
  });

  test("are simplified", () => {
    expect(activation("tanh(x) + 0 * x").derivativeText).toBe("1 - tanh(x) ^ 2");
    expect(activation("relu(x)").derivativeText).toBe("where(x > 0, 1, 0)");
    expect(activation("3 * x + 2").derivativeText).toBe("3");
    expect(activation("--x * 1 + 0").text).toBe("x");
    expect(activation("tanh(x)").derivedFromResult).toBe(true);
    expect(activation("2 * sigmoid(x)").derivedFromResult).toBe(false);
  });
});

describe("what is compiled", () => {
  const numbers = Float32Array.from({ length: 43 }, (_, i) => (i - 21) / 4);

  test("gives the value and the derivative in float64, rounded", () => {
    fc.assert(
      fc.property(expressions(), (text) => {
        const f = activation(/\ba\b/.test(text) ? text : `${text} + a`, { a: 0.75 });
        expect(f.compiled).toBe(true);
        inScope(() => {
          const y = f.apply(tensor(numbers)).toArray();
          const slope = f.derivative(tensor(numbers)).toArray();
          numbers.forEach((x, i) => {
            // A function that is steep there makes as much of the rounding of what goes into it.
            const scale = 1 + Math.abs(f.valueAt(x)) + Math.abs(x * f.slopeAt(x));
            expect(Math.abs((y[i] as number) - f.valueAt(x))).toBeLessThanOrEqual(2e-5 * scale);
            const far = Math.max(...[-1e-5, 1e-5].map((d) => Math.abs(f.slopeAt(x + d) - f.slopeAt(x))));
            expect(Math.abs((slope[i] as number) - f.slopeAt(x))).toBeLessThanOrEqual(
              far + 1e-4 * (scale + Math.abs(f.slopeAt(x))),
            );
          });
        });
      }),
    );
  });

  test("is compiled once for texts that differ in numbers only, and has its own numbers", () => {
    const [one, two] = [activation("x * sigmoid(1.5 * x)"), activation("x * sigmoid(b * x)", { b: 2 })];
    const three = activation("x  *  sigmoid( 2.5*x )");
    expect(three.slots.forwardSlot).toBe(one.slots.forwardSlot);
    const at = (f: typeof one): number => inScope(() => f.apply(tensor([1])).item());
    expect(at(one)).toBeCloseTo(1 / (1 + Math.exp(-1.5)), 6);
    expect(at(two)).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
    expect(at(three)).toBeCloseTo(1 / (1 + Math.exp(-2.5)), 6);
  });
});
