/** Streams with weights of eight bits: how far they are from float32 ones, and that they keep all other promises. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  activations,
  Embedding,
  GRU,
  Linear,
  LSTM,
  normal,
  OptionError,
  RNN,
  runtimeInfo,
  Sequential,
  SGD,
  type Stream,
  seed,
  sum,
  tensor,
} from "unrolled";
import { beforeEach, describe, expect, test } from "vitest";

beforeEach(() => seed(11));

/** The largest difference of any number, and ‖difference‖ / ‖expected‖, over a stream of samples. */
function differences(expected: Stream, actual: Stream, samples: Iterable<Float32Array | number>) {
  let most = 0;
  let difference = 0;
  let size = 0;
  for (const sample of samples) {
    const [a, b] = [expected.push(sample), actual.push(sample)];
    for (let i = 0; i < a.length; i++) {
      const d = Math.abs(a[i] - b[i]);
      if (!(d <= most)) most = d;
      difference += d * d;
      size += a[i] * a[i];
    }
  }
  return { most, relative: Math.sqrt(difference / size) };
}

function* randomSamples(steps: number, size: number): Iterable<Float32Array> {
  const all = normal([steps, size]).toArray() as Float32Array;
  for (let t = 0; t < steps; t++) yield all.subarray(t * size, (t + 1) * size);
}

describe("the error of int8 weights, over 2000 steps", () => {
  test.each([
    ["LSTM", 96, new LSTM({ inputSize: 96, hiddenSize: 128 }), 0.025, 0.02],
    [
      "LSTM, two layers, peepholes",
      40,
      new LSTM({ inputSize: 40, hiddenSize: 128, layers: 2, peepholes: true }),
      0.005,
      0.015,
    ],
    ["GRU", 96, new GRU({ inputSize: 96, hiddenSize: 128 }), 0.035, 0.02],
    ["GRU, reset before", 96, new GRU({ inputSize: 96, hiddenSize: 128, resetAfter: false }), 0.035, 0.02],
    ["RNN", 96, new RNN({ inputSize: 96, hiddenSize: 128 }), 0.06, 0.02],
    ["RNN, relu", 96, new RNN({ inputSize: 96, hiddenSize: 128, activation: "relu" }), 0.06, 0.02],
  ] as const)("%s", (name, size, layer, largest, relativeBound) => {
    const samples = randomSamples(2000, size);
    const { most, relative } = differences(layer.stream(), layer.stream({ weights: "int8" }), samples);
    console.info(`int8, ${name}: max |Δh| ${most.toFixed(4)}, ‖Δh‖ / ‖h‖ ${(100 * relative).toFixed(2)} %`);
    expect(most).toBeLessThanOrEqual(largest);
    expect(relative).toBeLessThanOrEqual(relativeBound);
    expect(most).toBeGreaterThan(0);
  });
});

describe("an int8 stream", () => {
  const network = (): Sequential =>
    new Sequential(
      new Embedding({ count: 9, size: 14 }),
      new LSTM({ inputSize: 14, hiddenSize: 33, layers: 2 }),
      new GRU({ inputSize: 33, hiddenSize: 21 }),
      new RNN({ inputSize: 21, hiddenSize: 5, activation: "silu" }),
      new Linear({ inputSize: 5, outputSize: 3 }),
    );
  const tokens = Array.from({ length: 60 }, (_, i) => (i * i) % 9);

  test("is near the float32 one, whatever the stages", () => {
    const model = network();
    const { most } = differences(model.stream(), model.stream({ weights: "int8" }), tokens);
    expect(most).toBeLessThanOrEqual(0.03);
    expect(most).toBeGreaterThan(0);
  });

  test("gives the same again after reset(), and beside another stream", () => {
    const model = network();
    const [a, b] = [model.stream({ weights: "int8" }), model.stream({ weights: "int8" })];
    const alone = tokens.flatMap((token) => [...a.push(token)]);
    a.reset();
    const together = tokens.flatMap((token, i) => {
      b.push(tokens.at(-1 - i)!);
      return [...a.push(token)];
    });
    expect(together).toEqual(alone);
  });

  test("uses the weights as they are at each push", () => {
    const lstm = new LSTM({ inputSize: 2, hiddenSize: 7 });
    const stream = lstm.stream({ weights: "int8" });
    const sample = Float32Array.of(1, -1);
    const before = stream.push(sample).slice();
    const optimizer = new SGD(lstm.parameters(), { learningRate: 0.5 });
    sum(lstm.forward(tensor(sample, [1, 1, 2])).output).backward();
    optimizer.step();
    stream.reset();
    const after = stream.push(sample).slice();
    expect(after).not.toEqual(before);
    expect(after).toEqual(lstm.stream({ weights: "int8" }).push(sample));
    lstm.load(new LSTM({ inputSize: 2, hiddenSize: 7 }).save());
    stream.reset();
    expect(stream.push(sample)).toEqual(lstm.stream({ weights: "int8" }).push(sample));
    expect(stream.push(sample)).not.toEqual(after);
  });

  test("takes a quarter of the memory for its weights", () => {
    const lstm = new LSTM({ inputSize: 256, hiddenSize: 256 });
    const held = (weights: "float32" | "int8"): [number, Stream] => {
      const { heapBytes } = runtimeInfo();
      const stream = lstm.stream({ weights });
      return [runtimeInfo().heapBytes - heapBytes, stream];
    };
    const [large, first] = held("float32");
    const [small, second] = held("int8");
    expect(first).not.toBe(second);
    expect(small / large).toBeLessThan(0.3);
  });

  test("is refused where there is no such format or option", () => {
    const lstm = new LSTM({ inputSize: 2, hiddenSize: 3 });
    for (const model of [lstm, new Sequential(lstm)]) {
      expect(() => model.stream({ weights: "int4" as "int8" })).toThrow(OptionError);
      expect(() => model.stream({ weights: "int4" as "int8" })).toThrow(
        'stream weights: expected one of float32, int8, got "int4"',
      );
      expect(() => model.stream({ weigths: "int8" } as object)).toThrow(OptionError);
      expect(() => model.stream({ weights: "toString" as "int8" })).toThrow(OptionError);
    }
  });
});

const root = process.env.UNROLLED_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));
const folder = join(root, "pretrained/ml5-charRNN/shakespeare");
const there = existsSync(folder);
if (!there) process.stderr.write(`int8 on a trained network skipped: no folder ${folder}\n`);

/** TensorFlow's two-layer character LSTM: kernels [I + H, 4H] in blocks i g f o, 1 to be added to the forget gate's bias. */
function trainedNetwork(): { model: Sequential; tokenOf: Record<string, number>; nats: number } {
  const [characters, hidden] = [65, 128];
  const read = (name: string): Float32Array => {
    const bytes = readFileSync(join(folder, "shakespeare", name));
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  };
  const json = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
  const transposed = (values: Float32Array, columns: number, from: number, rows: number): Float32Array =>
    Float32Array.from(
      { length: columns * rows },
      (_, i) => values[(from + (i % rows)) * columns + Math.floor(i / rows)],
    );
  /** Blocks i g f o → i f g o. */
  const reordered = (values: Float32Array): Float32Array => {
    const block = values.length / 4;
    const [i, g, f, o] = [0, 1, 2, 3].map((n) => values.slice(n * block, (n + 1) * block));
    return Float32Array.from([i, f, g, o].flatMap((part) => [...part!]));
  };
  const model = new Sequential(
    new Embedding({ count: characters, size: hidden }),
    new LSTM({ inputSize: hidden, hiddenSize: hidden, layers: 2 }),
    new Linear({ inputSize: hidden, outputSize: characters }),
  );
  const state: [string, Float32Array, number[]][] = [["0.weight", read("embedding"), [characters, hidden]]];
  for (const layer of [0, 1]) {
    const kernel = read(`rnnlm_multi_rnn_cell_cell_${layer}_basic_lstm_cell_weights`);
    const bias = reordered(read(`rnnlm_multi_rnn_cell_cell_${layer}_basic_lstm_cell_biases`));
    const forget = bias.map((value, i) => (i >= hidden && i < 2 * hidden ? value + 1 : value));
    state.push(
      [`1.weight_ih_l${layer}`, reordered(transposed(kernel, 4 * hidden, 0, hidden)), [4 * hidden, hidden]],
      [`1.weight_hh_l${layer}`, reordered(transposed(kernel, 4 * hidden, hidden, hidden)), [4 * hidden, hidden]],
      [`1.bias_ih_l${layer}`, forget, [4 * hidden]],
      [`1.bias_hh_l${layer}`, new Float32Array(4 * hidden), [4 * hidden]],
    );
  }
  state.push(
    ["2.weight", transposed(read("rnnlm_softmax_w"), characters, 0, hidden), [characters, hidden]],
    ["2.bias", read("rnnlm_softmax_b"), [characters]],
  );
  model.loadStateDict(Object.fromEntries(state.map(([name, values, shape]) => [name, tensor(values, shape)])));
  return { model, tokenOf: json("shakespeare/vocab.json"), nats: json("expected_numpy.json").meanNll };
}

describe.skipIf(!there)("on a trained network", () => {
  /** Mean nats a character. */
  function natsOf(stream: Stream, tokens: readonly number[]): number {
    const costs = tokens.slice(1).map((next, i) => -activations.logSoftmax(stream.push(tokens[i]!))[next]!);
    return costs.reduce((total, cost) => total + cost, 0) / costs.length;
  }

  test("characters of Shakespeare cost at most half a hundredth of a nat more", () => {
    const { model, tokenOf, nats } = trainedNetwork();
    const text = readFileSync(join(root, "text/tinyshakespeare/input.txt"), "utf8").slice(0, 3000);
    const tokens = [...text].flatMap((character) => tokenOf[character] ?? []);
    const float32 = natsOf(model.stream(), tokens);
    const int8 = natsOf(model.stream({ weights: "int8" }), tokens);
    console.info(`int8, character LSTM 2 × 128: ${int8.toFixed(4)} nats a character, float32 ${float32.toFixed(4)}`);
    expect(Math.abs(float32 - nats)).toBeLessThanOrEqual(1e-4);
    expect(int8 - float32).toBeLessThanOrEqual(0.005);
  });
});
