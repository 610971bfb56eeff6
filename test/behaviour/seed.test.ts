import {
  Adam,
  crossEntropy,
  Dropout,
  dropout,
  Embedding,
  Generator,
  GRU,
  Linear,
  LSTM,
  Module,
  normal,
  OptionError,
  ones,
  seed,
  type Tensor,
  Trainer,
  textWindows,
  uniform,
} from "unrolled";
import { describe, expect, test } from "vitest";

class Model extends Module {
  embed = new Embedding({ count: 5, size: 3 });
  lstm = new LSTM({ inputSize: 3, hiddenSize: 4, layers: 2, dropout: 0.3 });
  gru = new GRU({ inputSize: 4, hiddenSize: 4 });
  drop = new Dropout({ probability: 0.4 });
  head = new Linear({ inputSize: 4, outputSize: 5 });
  override forward(tokens: Tensor): Tensor {
    const { output } = this.lstm.forward(this.embed.forward(tokens));
    return this.head.forward(this.drop.forward(this.gru.forward(output).output));
  }
}

const data = textWindows(
  Int32Array.from({ length: 60 }, (_, i) => (i * i) % 5),
  { window: 6 },
);

async function trained(value: number, order = value): Promise<Uint8Array> {
  seed(value);
  const model = new Model();
  const trainer = new Trainer({
    model,
    loss: crossEntropy,
    optimizer: new Adam(model.parameters()),
    clipNorm: 1,
    seed: order,
  });
  await trainer.fit(data, { epochs: 3, batchSize: 7 });
  return model.save();
}

describe("training with dropout and shuffling", () => {
  test("same seed, same bits", async () => {
    expect(await trained(3)).toEqual(await trained(3));
  });

  test("another seed, other weights; another order, too", async () => {
    const bytes = await trained(3);
    expect(await trained(4, 3)).not.toEqual(bytes);
    expect(await trained(3, 4)).not.toEqual(bytes);
  });

  test("what else was computed before seed() does not matter", async () => {
    const bytes = await trained(3);
    normal([1000]);
    new Model();
    dropout(ones([77]), 0.5, true);
    expect(await trained(3)).toEqual(bytes);
  });
});

describe("draws", () => {
  test("repeat after seed() and only then", () => {
    seed(9);
    const [a, b] = [uniform([100]).toArray(), uniform([100]).toArray()];
    seed(9);
    expect(uniform([100]).toArray()).toEqual(a);
    expect(uniform([100]).toArray()).toEqual(b);
    expect(a).not.toEqual(b);
    expect(a.filter((v, i) => v === b[i]).length).toBeLessThan(3);
  });

  test.each([0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1])("seed %d is a seed, different from its neighbours", (value) => {
    const bits = (s: number): Uint32Array => new Generator(s).bits(4);
    expect(bits(value)).toEqual(bits(value));
    expect(bits(value)).not.toEqual(bits(value === 0 ? 1 : value - 1));
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "1" as unknown as number])(
    "seed %s is refused",
    (value) => {
      expect(() => seed(value)).toThrow(OptionError);
      expect(() => seed(value)).toThrow(/seed: expected a whole number from 0/);
      expect(() => new Generator(value)).toThrow(OptionError);
    },
  );

  test("masks of dropout keep their probability and scale what is left", () => {
    seed(1);
    const y = dropout(ones([10_000]), 0.3, true).toArray();
    const dropped = y.filter((v) => v === 0).length;
    expect(dropped).toBeGreaterThan(2800);
    expect(dropped).toBeLessThan(3200);
    for (const v of y) expect([0, Math.fround(1 / 0.7)]).toContain(v);
    expect(dropout(ones([10_000]), 0.3, true).toArray()).not.toEqual(y);
    expect(dropout(ones([4]), 1, true).toArray()).toEqual(new Float32Array(4));
    expect(dropout(ones([4]), 0.9, false).toArray()).toEqual(new Float32Array(4).fill(1));
  });
});

describe("Generator", () => {
  test("a permutation holds each number once", () => {
    const generator = new Generator(2);
    for (const length of [0, 1, 2, 3, 17, 1000]) {
      const order = generator.permutation(length);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
    }
    expect(generator.permutation(1000)).not.toEqual(generator.permutation(1000));
  });

  test("every order of three is equally likely", () => {
    const generator = new Generator(2);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = generator.permutation(3).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // χ² of five degrees of freedom is below 20.5 in 999 cases of 1000.
    expect(chiSquare([...counts.values()], 1000)).toBeLessThan(20.5);
  });

  test.each([1, 2, 3, 7, 10, 2 ** 31, 3 * 2 ** 30])("below(%d) is unbiased", (limit) => {
    const generator = new Generator(6);
    const bins = Math.min(limit, 12);
    const counts = new Array<number>(bins).fill(0);
    for (let i = 0; i < 12_000; i++) {
      const value = generator.below(limit);
      expect(Number.isInteger(value) && value >= 0 && value < limit).toBe(true);
      counts[Math.floor((value / limit) * bins)]++;
    }
    // χ² of up to eleven degrees of freedom is below 31.3 in 999 cases of 1000.
    expect(chiSquare(counts, 12_000 / bins)).toBeLessThan(31.3);
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 32 + 1])("below(%d) is refused instead of drawn for ever", (limit) => {
    expect(() => new Generator(0).below(limit)).toThrow(OptionError);
  });
});

function chiSquare(counts: readonly number[], expected: number): number {
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
