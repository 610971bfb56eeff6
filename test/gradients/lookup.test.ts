/** A recurrent layer over an embedding may multiply the table instead of the looked-up rows: nobody must be able to tell. */

import { describe, expect, test } from "vitest";
import {
  add,
  Dropout,
  embedding,
  GRU,
  LifetimeError,
  LSTM,
  mul,
  Parameter,
  RNN,
  SGD,
  seed,
  sum,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import { gradientOf } from "../pytorch/engine.ts";

const COUNT = 3;
const SIZE = 2;
const tokens = tensor(
  Int32Array.from({ length: 20 }, (_, i) => (i * i) % COUNT),
  [5, 4],
);

function table(): Parameter {
  const weight = new Parameter([COUNT, SIZE]);
  weight.set([1, 2, 3, -1, 0.5, 0.1]);
  return weight;
}

type Layer = LSTM | GRU | RNN;

const options = { inputSize: SIZE, hiddenSize: 3, layers: 2, bidirectional: true };
const layers: [string, () => Layer][] = [
  ["LSTM", () => new LSTM({ ...options, peepholes: true })],
  ["GRU", () => new GRU(options)],
  ["RNN", () => new RNN(options)],
];

/** What is done to the rows before the layer sees them; `mul(x, 1)` leaves them as they are but hides the table. */
type Between = (x: Tensor) => Tensor;

function learn(make: () => Layer, weight: Parameter, between: Between, after: (x: Tensor) => Tensor | null): Tensor[] {
  seed(2);
  const layer = make();
  const x = embedding(weight, tokens);
  const { output } = layer.forward(between(x));
  const aside = after(x);
  const loss = sum(mul(output, output));
  (aside ? add(loss, aside) : loss).backward();
  return [output, ...layer.parameters()];
}

describe.each(layers)("%s", (name, make) => {
  const uses: [string, (x: Tensor) => Tensor | null, boolean][] = [
    ["the rows are used once", () => null, true],
    ["the rows are used elsewhere too", (x) => sum(mul(x, x)), true],
    ["the table is frozen", () => null, false],
  ];
  test.each(uses)("%s", (use, after, learns) => {
    const [seen, hidden] = [table(), table()];
    for (const weight of [seen, hidden]) weight.requiresGrad = learns;
    const [output, ...found] = learn(make, seen, (x) => x, after) as [Tensor, ...Tensor[]];
    const [wantedOutput, ...wanted] = learn(make, hidden, (x) => mul(x, 1), after) as [Tensor, ...Tensor[]];
    const label = { family: "lookup", case: `${name}, ${use}` };
    const compare = (what: string, value: Tensor, target: Tensor): void =>
      expectClose(
        { ...label, tensor: what },
        { shape: value.shape, data: value.toArray() },
        { shape: target.shape, data: target.toArray() },
      );
    compare("output", output, wantedOutput);
    found.forEach((parameter, i) => {
      compare(`gradient ${i}`, parameter.grad as Tensor, (wanted[i] as Tensor).grad as Tensor);
    });
    if (learns) compare("gradient of the table", seen.grad as Tensor, hidden.grad as Tensor);
    else expect(seen.grad).toBeNull();
  });

  test("rows with a number dropped are not the table's", () => {
    const drop = new Dropout({ probability: 0.5 });
    const dropped = learn(
      make,
      table(),
      (x) => drop.forward(x),
      () => null,
    )[0] as Tensor;
    const whole = learn(
      make,
      table(),
      (x) => x,
      () => null,
    )[0] as Tensor;
    expect(dropped.toArray()).not.toEqual(whole.toArray());
  });

  test("rows that have been made a leaf get their own gradient", () => {
    const frozen = tensor([
      [1, 2],
      [3, -1],
      [0.5, 0.1],
    ]);
    const rows = embedding(frozen, tokens);
    rows.requiresGrad = true;
    const copy = tensor(rows.toArray() as Float32Array, rows.shape, { requiresGrad: true });
    for (const x of [rows, copy]) {
      seed(2);
      const { output } = make().forward(x);
      sum(mul(output, output)).backward();
    }
    expect(gradientOf("rows", rows)).toEqual(gradientOf("copy", copy));
  });

  test("rows of a step that has ended are refused", () => {
    const weight = table();
    const layer = make();
    const optimizer = new SGD([weight, ...layer.parameters()], { learningRate: 0.1 });
    const x = embedding(weight, tokens);
    sum(layer.forward(x).output).backward();
    optimizer.step();
    expect(() => layer.forward(x)).toThrow(LifetimeError);
  });
});
