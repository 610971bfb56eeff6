/** findLearningRate: the curve, the suggestion, and that nothing is left of the search. */

import { describe, expect, test } from "vitest";
import {
  Adam,
  add,
  BatchNorm1d,
  Dropout,
  findLearningRate,
  type LearningRateCurve,
  Linear,
  learningRateChart,
  Module,
  mseLoss,
  mul,
  OptionError,
  Parameter,
  SGD,
  seed,
  sum,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { randomNumbers, randomVector } from "../oracle/random.ts";

class Model extends Module {
  hidden = new Linear({ inputSize: 4, outputSize: 8 });
  norm = new BatchNorm1d({ channels: 8 });
  dropout = new Dropout({ probability: 0.2 });
  head = new Linear({ inputSize: 8, outputSize: 1 });
  forward(x: Tensor): Tensor {
    return this.head.forward(this.dropout.forward(this.norm.forward(this.hidden.forward(x))));
  }
}

function example() {
  seed(3);
  const model = new Model();
  const x = randomVector(randomNumbers(5), 32 * 4);
  const input = () => tensor(Float32Array.from(x), [32, 4]);
  const target = () =>
    tensor(
      Float32Array.from({ length: 32 }, (_, i) => 3 * (x[4 * i] as number) - (x[4 * i + 1] as number)),
      [32, 1],
    );
  const loss = () => mseLoss(model.forward(input()), target());
  const step = (optimizer: Adam) => {
    optimizer.zeroGrad();
    loss().backward();
    optimizer.step();
  };
  return { model, loss, step };
}

const bytesOf = (model: Module): number[] => [...model.save()];

describe("findLearningRate", () => {
  test("leaves weights, buffers, optimizer and generators as they were: training goes on to the same bits", async () => {
    const run = async (search: boolean) => {
      const { model, loss, step } = example();
      const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
      for (let i = 0; i < 3; i++) step(optimizer);
      model.eval();
      const before = { bytes: bytesOf(model), state: optimizer.stateDict() };
      if (search) {
        await findLearningRate({ model, optimizer, loss, steps: 30 });
        expect(bytesOf(model)).toEqual(before.bytes);
        expect(optimizer.stateDict()).toEqual(before.state);
        expect(optimizer.learningRate).toBe(0.01);
        expect(model.training).toBe(false);
        expect(model.parameters().every((parameter) => parameter.grad === null)).toBe(true);
      }
      model.train();
      for (let i = 0; i < 3; i++) step(optimizer);
      return { bytes: bytesOf(model), state: optimizer.stateDict() };
    };
    expect(await run(true)).toEqual(await run(false));
  });

  test("rates grow by one factor from the first to the last; the loss falls, then explodes, and there it stops", async () => {
    const { model, loss } = example();
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    const seen: number[] = [];
    const curve = await findLearningRate({
      model,
      optimizer,
      loss: (step) => {
        seen.push(step);
        return loss();
      },
      from: 1e-4,
      to: 1000,
      steps: 120,
    });
    const { rates, losses, smoothed, suggestion } = curve;
    expect(rates[0]).toBe(1e-4);
    for (let i = 1; i < rates.length; i++) {
      expect(Math.log((rates[i] as number) / (rates[i - 1] as number))).toBeCloseTo(Math.log(1e7) / 119, 9);
    }
    expect(rates.length).toBeLessThan(120);
    expect([losses.length, smoothed.length]).toEqual([rates.length, rates.length]);
    expect(seen.slice(0, rates.length)).toEqual(rates.map((_, i) => i));
    expect(smoothed.at(-1)).toBeGreaterThan(4 * Math.min(...smoothed));
    const lowest = rates[smoothed.indexOf(Math.min(...smoothed))] as number;
    expect(suggestion).toBeGreaterThan(1e-4);
    expect(suggestion).toBeLessThanOrEqual(lowest / 10);
  });

  test("the smoothed loss is the moving average without its bias", async () => {
    const p = new Parameter([1]);
    class One extends Module {
      p = p;
      forward(): Tensor {
        return sum(p);
      }
    }
    const values = [4, 2, 6, 1];
    const model = new One();
    const optimizer = new SGD([p], { learningRate: 1 });
    const loss = (step: number) => mul(add(sum(p), 1), values[step] as number);
    const options = { model, optimizer, loss, steps: 4, from: 1e-30, to: 1e-29, smoothing: 0.5 };
    const { losses, smoothed } = await findLearningRate(options);
    expect([...losses]).toEqual(values);
    let average = 0;
    const wanted = values.map((value, i) => {
      average = 0.5 * average + 0.5 * value;
      return average / (1 - 0.5 ** (i + 1));
    });
    smoothed.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i] as number, 12);
    });
  });

  test("reaches the last rate where nothing diverges, whose loss need not fall", async () => {
    const { model, loss } = example();
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    const flat = await findLearningRate({ model, optimizer, loss: () => mul(loss(), 0), from: 1e-3, to: 1, steps: 20 });
    expect(flat.rates).toHaveLength(20);
    expect(flat.rates.at(-1)).toBeCloseTo(1, 12);
    expect(flat.suggestion).toBeNull();
  });

  test("stops at a loss that is not finite, and leaves no trace of what is none of the model's", async () => {
    const { model, loss } = example();
    const extra = new Parameter([1]);
    extra.set([2]);
    const optimizer = new SGD([...model.parameters(), extra], { learningRate: 0.1 });
    const before = bytesOf(model);
    const spoilt = (step: number) => mul(mul(loss(), sum(extra)), step === 5 ? Number.NaN : 1);
    const curve = await findLearningRate({ model, optimizer, loss: spoilt, from: 1e-3, to: 1, steps: 20 });
    expect(curve.rates).toHaveLength(5);
    expect([...extra.toArray()]).toEqual([2]);
    expect(bytesOf(model)).toEqual(before);
  });

  test("all is as it was when the loss throws or the signal comes", async () => {
    const { model, loss } = example();
    const optimizer = new Adam(model.parameters());
    const before = { bytes: bytesOf(model), state: optimizer.stateDict() };
    const failing = (step: number) => {
      if (step === 4) throw new Error("out of data");
      return loss();
    };
    await expect(findLearningRate({ model, optimizer, loss: failing, to: 1e-2 })).rejects.toThrow("out of data");
    expect({ bytes: bytesOf(model), state: optimizer.stateDict() }).toEqual(before);
    const controller = new AbortController();
    const stopping = (step: number) => {
      if (step === 4) controller.abort(new Error("enough"));
      return loss();
    };
    const { signal } = controller;
    await expect(findLearningRate({ model, optimizer, loss: stopping, signal })).rejects.toThrow("enough");
    expect({ bytes: bytesOf(model), state: optimizer.stateDict() }).toEqual(before);
  });

  test("refuses options out of range", async () => {
    const { model, loss } = example();
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    const good = { model, optimizer, loss };
    const wrong: [object, RegExp][] = [
      [{ model: 1 }, /model: expected a Module, got number/],
      [{ optimizer: {} }, /optimizer: expected an Optimizer/],
      [{ loss: 1 }, /loss: expected a function/],
      [{ steps: 1 }, /steps: expected at least 2, got 1/],
      [{ from: 0 }, /from: .*got 0/],
      [{ from: Number.NaN }, /from: .*got NaN/],
      [{ from: 1, to: 0.5 }, /to: .*got 0.5/],
      [{ smoothing: 1 }, /smoothing: .*got 1/],
      [{ divergence: 0.5 }, /divergence: .*got 0.5/],
      [{ clipNorm: 0 }, /clipNorm: .*got 0/],
      [{ rate: 0 }, /"rate"/],
    ];
    for (const [options, message] of wrong) {
      const search = findLearningRate({ ...good, ...options } as never);
      await expect(search).rejects.toThrow(OptionError);
      await expect(search).rejects.toThrow(message);
    }
  });
});

describe("learningRateChart", () => {
  const curve: LearningRateCurve = {
    rates: [1e-3, 1e-2, 1e-1, 1, 10],
    losses: [3, 2.5, 1, 0.5, 50],
    smoothed: [3, 2.8, 1.5, 1, 20],
    suggestion: 0.1,
  };

  test("draws a point for each loss inside the frame, a line, decades, and the suggestion", () => {
    const svg = learningRateChart(curve);
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 880 380"[^>]*>.*<\/svg>$/s);
    expect(svg.match(/<circle /g)).toHaveLength(5);
    for (const [, y] of svg.matchAll(/cy="([\d.]+)"/g)) {
      expect(Number(y)).toBeGreaterThanOrEqual(20);
      expect(Number(y)).toBeLessThanOrEqual(334);
    }
    expect(svg.match(/<polyline points="([^"]*)"/)?.[1]?.split(" ")).toHaveLength(5);
    for (const log of [-3, -2, -1, 0, 1]) expect(svg).toContain(`>1e${log}<`);
    expect(svg).toContain("suggested: 0.10");
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("has something to say of a curve of one point, of none, and without a suggestion", () => {
    const one = learningRateChart({ rates: [1], losses: [2], smoothed: [2], suggestion: null });
    expect(one).not.toMatch(/NaN|Infinity|suggested/);
    expect(one.match(/<circle /g)).toHaveLength(1);
    const none = learningRateChart({ rates: [], losses: [], smoothed: [], suggestion: null });
    expect(none).toMatch(/^<svg [^>]*><\/svg>$/);
  });
});
