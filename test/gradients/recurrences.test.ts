/**
 * The recurrent layers of one file each, on random shapes: the derivative of a loss along a random direction in weights,
 * inputs and state is what central differences of the float32 engine give; pieces of a sequence are the sequence.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { add, mul, noGrad, seed, slice, sum, uniform } from "../../src/index.ts";
import { tensorsIn } from "../../src/tensor/structure.ts";
import type { Numbers } from "../oracle/compare.ts";
import { newerRecurrences, withParts } from "../oracle/recurrences.ts";
import { numbers, toTensor } from "../pytorch/engine.ts";

const size = fc.constantFrom(1, 2, 3, 5, 8, 13);
const sizes = fc.record({
  inputSize: size,
  hiddenSize: size,
  steps: fc.constantFrom(2, 3, 7),
  batch: fc.constantFrom(1, 2, 5),
  seed: fc.nat(),
});
const SEARCH = { seed: 20240607, numRuns: 15 };

function draw(...shape: number[]): Numbers {
  return numbers(uniform(shape, { low: -1, high: 1 }));
}

const moved = ({ shape, data }: Numbers, along: Numbers, by: number): Numbers => ({
  shape,
  data: Float32Array.from(data, (value, i) => value + by * along.data[i]!),
});

describe.each(newerRecurrences)("%s", (_, make) => {
  test("gradient = central differences, along a random direction", () => {
    const property = fc.property(sizes, ({ inputSize, hiddenSize, steps, batch, seed: drawn }) => {
      seed(drawn);
      const layer = make({ inputSize, hiddenSize });
      const parameters = layer.parameters();
      const x = draw(steps, batch, inputSize);
      const first = noGrad(() => layer.forward(toTensor(x)));
      const state = tensorsIn(first.state).map(({ shape }) => draw(...shape));
      const cotangents = [first.output, ...tensorsIn(first.state)].map(({ shape }) => draw(...shape));
      const leavesAt = [x, ...state, ...parameters.map((p) => numbers(p))];
      const direction = leavesAt.map(({ shape }) => draw(...shape));
      let gradients: ArrayLike<number>[] = [];
      const loss = (values: Numbers[], backward: boolean): number => {
        values.slice(1 + state.length).forEach((value, i) => {
          parameters[i]!.set(value.data);
        });
        const leaves = values.slice(0, 1 + state.length).map((value) => toTensor(value, true));
        let next = 1;
        const given = withParts(first.state, () => leaves[next++]!);
        const { output, state: last } = layer.forward(leaves[0]!, given);
        const terms = [output, ...tensorsIn(last)].map((t, i) => mul(t, toTensor(cotangents[i]!)));
        if (backward) {
          terms
            .map((term) => sum(term))
            .reduce((a, b) => add(a, b))
            .backward();
          gradients = [...leaves, ...parameters].map((leaf) => leaf.grad?.toArray() ?? new Float32Array(leaf.size));
        }
        return terms.flatMap((term) => Array.from(term.toArray())).reduce((a, b) => a + b, 0);
      };
      loss(leavesAt, true);
      const step = 2e-3;
      const at = (by: number): number =>
        loss(
          leavesAt.map((value, i) => moved(value, direction[i]!, by)),
          false,
        );
      // Two steps cancel the error of order h²; what is left is rounding and order h⁴.
      const slope = (4 * (at(step) - at(-step))) / (3 * 2 * step) - (at(2 * step) - at(-2 * step)) / (3 * 4 * step);
      let exact = 0;
      let scale = 1;
      gradients.forEach((gradient, i) => {
        for (let j = 0; j < gradient.length; j++) {
          exact += gradient[j]! * direction[i]!.data[j]!;
          scale += Math.abs(gradient[j]! * direction[i]!.data[j]!);
        }
      });
      expect(Math.abs(slope - exact) / scale).toBeLessThan(1e-3);
    });
    fc.assert(property, SEARCH);
  });

  test("pieces, the state handed on = the whole, to the bit", () => {
    const property = fc.property(sizes, fc.nat(), ({ inputSize, hiddenSize, steps, batch, seed: drawn }, pick) => {
      seed(drawn);
      const layer = make({ inputSize, hiddenSize });
      const x = toTensor(draw(steps, batch, inputSize));
      const cut = 1 + (pick % (steps - 1));
      noGrad(() => {
        const whole = layer.forward(x);
        const first = layer.forward(slice(x, 0, 0, cut));
        const second = layer.forward(slice(x, 0, cut, steps), first.state);
        const joined = [first.output, second.output].flatMap((part) => Array.from(part.toArray()));
        expect(joined).toEqual(Array.from(whole.output.toArray()));
        const [ends, wanted] = [second.state, whole.state].map((end) => tensorsIn(end).map((part) => part.toArray()));
        expect(ends).toEqual(wanted);
      });
    });
    fc.assert(property, SEARCH);
  });
});
