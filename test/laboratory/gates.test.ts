/** The values of gates, from which h must follow by the cell's last equation, and the shares that are counted of them. */
import { diagnose } from "unrolled/laboratory";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  add,
  GRU,
  GRUCell,
  initialize,
  LSTM,
  LSTMCell,
  type LSTMOptions,
  linear,
  type Module,
  mul,
  normal,
  type Parameter,
  RNN,
  RNNCell,
  reshape,
  seed,
  sub,
  sum,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.ts";
import { type Gated, gatedCell, gatedDirection, type OpenLayer } from "../../src/laboratory/diagnose/gated.ts";
import { tensorsIn } from "../../src/tensor/structure.ts";

const [N, I, H] = [3, 2, 5];
const sizes = { inputSize: I, hiddenSize: H };

/** With random gains and biases as well, where a layer starts them at 1 and 0. */
function shaken<Layer extends Module>(layer: Layer): Layer {
  for (const parameter of layer.parameters()) initialize.normal(parameter, { standardDeviation: 0.7 });
  return layer;
}

function expectClose(found: Tensor, wanted: Tensor): void {
  const [a, b] = [found.toArray(), wanted.toArray()];
  expect(a.length).toBe(b.length);
  a.forEach((value, i) => {
    expect(Math.abs(value - b[i])).toBeLessThan(3e-6 * Math.max(1, Math.abs(b[i])));
  });
}

/** One step of a layer from random states, and what the equations make of it. */
function stepOf(layer: RNN | LSTM | GRU) {
  const x = normal([1, N, I]);
  const h = normal([1, N, layer.outputSize]);
  const c = normal([1, N, H]);
  const result = (layer as Module).forward(x, layer instanceof LSTM ? { h, c } : h) as { state: unknown };
  const flat = (t: Tensor): Tensor => reshape(t, t.shape.slice(1));
  const [before, after] = [[h, c].map(flat), tensorsIn(result.state).map(flat)];
  const gated = gatedDirection(layer, (layer as unknown as OpenLayer).directions[0]) as Gated;
  const values = gated.values({ x: flat(x), before, after });
  const named = Object.fromEntries(values.map(({ name, values: of }) => [name, of])) as Record<string, Tensor>;
  return { before, after, named, blocks: gated.blocks };
}

afterEach(() => vi.restoreAllMocks());

describe("the state follows from the gates", () => {
  test.each(["tanh", "relu", "softplus"] as const)("RNN with %s", (activation) => {
    seed(1);
    const { after, named } = stepOf(shaken(new RNN({ ...sizes, activation })));
    expectClose(named.h, after[0]);
  });

  const variants: Record<string, Partial<LSTMOptions>> = {
    plain: {},
    "without biases": { bias: false },
    peepholes: { peepholes: true },
    coupled: { coupledGates: true, peepholes: true },
    projection: { projectionSize: 4, peepholes: true },
    "layer norm": { layerNorm: true },
    "its own activations": { activation: "softplus", gateActivation: "tanh", layerNorm: true, peepholes: true },
  };
  test.each(Object.entries(variants))("LSTM: %s", (_, options) => {
    // A gate that leaves 0 … 1 is warned of.
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    seed(2);
    const layer = shaken(new LSTM({ ...sizes, ...options }));
    const { before, after, named, blocks } = stepOf(layer);
    const { i, g, o, c } = named;
    const f = options.coupledGates ? sub(1, i) : named.f;
    expect(blocks).toEqual(options.coupledGates ? ["i", "g", "o"] : ["i", "f", "g", "o"]);
    expectClose(add(mul(f, before[1]), mul(i, g)), after[1]);
    const weight = layer.namedParameters().find(([name]) => name === "weight_hr_l0")?.[1];
    expectClose(weight ? linear(mul(o, c), weight) : mul(o, c), after[0]);
  });

  test.each([
    {},
    { bias: false },
    { resetAfter: false },
    { layerNorm: true },
    { activation: "relu", resetAfter: false },
  ] as const)("GRU: %o", (options) => {
    seed(3);
    const { before, after, named } = stepOf(shaken(new GRU({ ...sizes, ...options })));
    const { z, n } = named;
    expectClose(add(n, mul(z, sub(before[0], n))), after[0]);
  });

  test("cells", () => {
    seed(4);
    const [x, h, c] = [normal([N, I]), normal([N, H]), normal([N, H])];
    const valuesOf = (cell: RNNCell | LSTMCell | GRUCell, after: Tensor[]) =>
      gatedCell(cell)
        .values({ x, before: [h, c], after })
        .map(({ values }) => values);
    const rnn = shaken(new RNNCell({ ...sizes, activation: "relu" }));
    expectClose(valuesOf(rnn, [])[0], rnn.forward(x, h));
    const gru = shaken(new GRUCell({ ...sizes, resetAfter: false }));
    const [, z, n] = valuesOf(gru, []);
    expectClose(add(n, mul(z, sub(h, n))), gru.forward(x, h));
    const lstm = shaken(new LSTMCell(sizes));
    const next = lstm.forward(x, { h, c });
    const [, , , o, cell] = valuesOf(lstm, [next.h, next.c]);
    expectClose(mul(o, cell), next.h);
  });
});

describe("shares", () => {
  /** Sets every bias of a layer, W and U being 0: gates are f(bias) then. */
  function biased(layer: RNN | LSTM | GRU, bias: readonly number[]): void {
    for (const [name, parameter] of layer.namedParameters()) {
      parameter.set(name === "bias_ih_l0" ? bias : new Float32Array(parameter.size));
    }
  }

  test("of an RNN: a fifth at −1, two fifths at 1, the rest between", () => {
    const rnn = new RNN(sizes);
    biased(rnn, [-9, 9, 9, 0.5, 0]);
    const { gates, units } = diagnose(rnn, () => sum(rnn.forward(zeros([4, 2, I])).output)).layers[0];
    expect(gates).toHaveLength(1);
    expect(gates?.[0]).toMatchObject({ name: "h", low: 0.2, high: 0.4, bounded: true });
    expect(gates?.[0].mean).toBeCloseTo((1 + Math.tanh(0.5)) / 5, 5);
    expect(units).toEqual({ count: 5, dead: [4], constant: [0, 1, 2, 3] });
  });

  test("an end is a hundredth of the range: of σ, 0.01 and 0.99", () => {
    const at = (value: number): number => Math.log(value / (1 - value));
    const gru = new GRU({ inputSize: 1, hiddenSize: 4 });
    biased(gru, [...[0.009, 0.011, 0.989, 0.991].map(at), ...[0.5, 0.5, 0.999, 0.999].map(at), 0, 0, 0, 0]);
    const { gates } = diagnose(gru, () => sum(gru.forward(zeros([2, 3, 1])).output)).layers[0];
    expect(gates?.map(({ name, low, high }) => [name, low, high])).toEqual([
      ["r", 0.25, 0.25],
      ["z", 0, 0.5],
      ["n", 0, 0],
    ]);
  });

  test("relu has one end, at which it is off; units that are never on are dead", () => {
    seed(5);
    const rnn = new RNN({ inputSize: 2, hiddenSize: 10, activation: "relu" });
    const bias = rnn.namedParameters().find(([name]) => name === "bias_ih_l0")?.[1] as Parameter;
    bias.set([-99, 2, 2, -99, 2, 2, -99, 2, -99, 2]);
    const x = normal([6, 4, 2]);
    const { gates, units } = diagnose(rnn, () => sum(rnn.forward(x).output)).layers[0];
    const off =
      rnn
        .forward(x)
        .output.toArray()
        .filter((value) => value < 0.01).length / 240;
    expect(gates?.[0]).toMatchObject({ low: off, high: 0, bounded: false });
    expect(units.dead).toEqual([0, 3, 6, 8]);
    expect(units.constant).toEqual([]);
  });

  test("padding is not counted", () => {
    const rnn = new RNN({ inputSize: 1, hiddenSize: 1, bias: false });
    for (const [name, parameter] of rnn.namedParameters()) parameter.set([name === "weight_ih_l0" ? 1 : 0]);
    const x = tensor([
      [[9], [0]],
      [[9], [9]],
      [[9], [9]],
    ]);
    const { gates } = diagnose(rnn, () => sum(rnn.forward(x, undefined, { lengths: [3, 1] }).output)).layers[0];
    expect(gates?.[0]).toMatchObject({ low: 0, high: 0.75 });
  });
});
