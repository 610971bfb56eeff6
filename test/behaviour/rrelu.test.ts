/** Randomized leaky ReLU, and an activation as a module. */
import { expect, test } from "vitest";
import {
  ActivationLayer,
  activation,
  Linear,
  mul,
  normal,
  OptionError,
  Parameter,
  rrelu,
  Sequential,
  SGD,
  seed,
  square,
  sub,
  sum,
  tensor,
} from "../../src/index.ts";

test("slopes spread evenly between the bounds, anew at each call, the same from the same seed", () => {
  const x = new Parameter([10_000]);
  x.set(new Float32Array(10_000).fill(-1));
  seed(8);
  const slopes = [...rrelu(x, { lower: 0.1, upper: 0.5 }).toArray()].map((y) => -y);
  const other = [...rrelu(x, { lower: 0.1, upper: 0.5 }).toArray()].map((y) => -y);
  expect(other).not.toEqual(slopes);
  seed(8);
  expect([...rrelu(x, { lower: 0.1, upper: 0.5 }).toArray()].map((y) => -y)).toEqual(slopes);
  expect(Math.min(...slopes)).toBeGreaterThanOrEqual(Math.fround(0.1));
  expect(Math.max(...slopes)).toBeLessThanOrEqual(0.5);
  const mean = slopes.reduce((total, slope) => total + slope) / slopes.length;
  expect(Math.abs(mean - 0.3)).toBeLessThan(0.005);
  const quarter = slopes.filter((slope) => slope < 0.2).length / slopes.length;
  expect(Math.abs(quarter - 0.25)).toBeLessThan(0.02);
});

test("the gradient is the slope that was drawn, 1 above 0", () => {
  const x = new Parameter([5]);
  x.set([-2, -0.5, 0, 1, 3]);
  const y = rrelu(x);
  const values = [...y.toArray()];
  sum(y).backward();
  const slopes = [...(x.grad as Parameter).toArray()];
  expect(slopes.slice(3)).toEqual([1, 1]);
  expect(values.slice(3)).toEqual([1, 3]);
  for (const i of [0, 1]) expect(values[i]).toBeCloseTo((slopes[i] as number) * [-2, -0.5][i]!, 6);
});

test("without training it has the mean slope", () => {
  expect([...rrelu(tensor([-4, 4]), { lower: 0, upper: 0.5, training: false }).toArray()]).toEqual([-1, 4]);
});

test.each([{ lower: 0.5, upper: 0.25 }, { lower: Number.NaN }, { upper: Number.POSITIVE_INFINITY }, { slope: 0.1 }])(
  "refuses %o",
  (options) => {
    expect(() => rrelu(tensor([1]), options as never)).toThrow(OptionError);
  },
);

test("as a module, what an activation learns is trained and saved with the model", () => {
  seed(1);
  const make = () =>
    new Sequential(new Linear({ inputSize: 2, outputSize: 1 }), new ActivationLayer(activation("prelu")));
  const model = make();
  const x = normal([40, 2]).detach();
  const target = activation("prelu", { a: 0.9 })
    .apply(sum(mul(x, tensor([1, -1])), 1, true))
    .detach();
  const optimizer = new SGD(model.parameters(), { learningRate: 2e-3 });
  for (let i = 0; i < 300; i++) {
    optimizer.zeroGrad();
    sum(square(sub(model.forward(x), target))).backward();
    optimizer.step();
  }
  const learned = model.stateDict()["1.activation.a"]?.toArray()[0] as number;
  expect(Math.abs(learned - 0.9)).toBeLessThan(0.05);
  const other = make();
  other.load(model.save());
  expect([...other.forward(x).toArray()]).toEqual([...model.forward(x).toArray()]);
});
