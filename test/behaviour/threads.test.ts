/** What a user sees of threads: the same bits for any number of them, and one thread where there can be no more. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type * as Unrolled from "../../src/index.ts";

let library: typeof Unrolled;
let lines: string[];
beforeEach(async () => {
  vi.resetModules();
  library = await import("../../src/index.ts");
  lines = [];
  vi.spyOn(console, "info").mockImplementation((line) => lines.push(String(line)));
});
afterEach(() => {
  // The workers of a library that is forgotten would wait for it to the end.
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  library.configure({ threads: 1 });
});

type Layer =
  | "RNN"
  | "LSTM"
  | "peepholes"
  | "GRU"
  | "reset before"
  | "both ways"
  | "several lengths"
  | "LSTM with everything"
  | "GRU with everything"
  | "RNN with masks";

function makeLayer(layer: Layer): Unrolled.RNN | Unrolled.LSTM | Unrolled.GRU {
  const { GRU, LSTM, RNN } = library;
  const sizes = { inputSize: 19, hiddenSize: 97 };
  const masks = { recurrentDropout: 0.3, weightDrop: 0.2, zoneout: 0.1 };
  const make = {
    RNN: () => new RNN({ inputSize: 19, hiddenSize: 191, activation: "relu" }),
    LSTM: () => new LSTM({ ...sizes, layers: 2, dropout: 0.2 }),
    peepholes: () => new LSTM({ ...sizes, peepholes: true }),
    GRU: () => new GRU(sizes),
    "reset before": () => new GRU({ ...sizes, resetAfter: false }),
    "both ways": () => new LSTM({ ...sizes, bidirectional: true }),
    "several lengths": () => new GRU({ ...sizes, bidirectional: true }),
    "LSTM with everything": () =>
      new LSTM({ ...sizes, ...masks, projectionSize: 61, coupledGates: true, activation: "gelu" }),
    "GRU with everything": () => new GRU({ ...sizes, ...masks, activation: "silu" }),
    "RNN with masks": () => new RNN({ inputSize: 19, hiddenSize: 191, ...masks }),
  };
  return make[layer]();
}

/** Lets no shared memory be made that may grow beyond so many pages. */
function limitSharedMemory(pages: number): void {
  class Limited extends WebAssembly.Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      if (descriptor.shared && (descriptor.maximum as number) > pages)
        throw new RangeError("could not allocate memory");
      super(descriptor);
    }
  }
  vi.spyOn(WebAssembly, "Memory", "get").mockReturnValue(Limited);
}

/** Three steps; before each, `prepare` may change the number of threads. Returns losses and all weights. */
function train(layer: Layer, batch: number, prepare?: (step: number) => void) {
  const { Adam, clipGradNorm, crossEntropy, Embedding, Linear, seed, tensor } = library;
  const steps = 23;
  seed(7);
  const embed = new Embedding({ count: 29, size: 19 });
  const recurrent = makeLayer(layer);
  const head = new Linear({ inputSize: recurrent.outputSize * (recurrent.bidirectional ? 2 : 1), outputSize: 29 });
  const parameters = [embed, recurrent, head].flatMap((module) => [...module.parameters()]);
  const optimizer = new Adam(parameters, { learningRate: 0.01 });
  const losses: number[] = [];
  for (let step = 0; step < 3; step++) {
    prepare?.(step);
    const tokens = Int32Array.from({ length: steps * batch }, (_, i) => (i * 17 + step) % 29);
    optimizer.zeroGrad();
    const options =
      layer === "several lengths" ? { lengths: Array.from({ length: batch }, (_, b) => 3 + ((b * 7) % 21)) } : {};
    const { output } = recurrent.forward(embed.forward(tensor(tokens, [steps, batch])), undefined, options);
    const loss = crossEntropy(head.forward(output), tensor(tokens, [steps, batch]));
    loss.backward();
    losses.push(loss.item());
    clipGradNorm(parameters, 1);
    optimizer.step();
  }
  return { losses, weights: parameters.map((parameter) => parameter.toArray()) };
}

const layers: Layer[] = [
  "RNN",
  "LSTM",
  "peepholes",
  "GRU",
  "reset before",
  "both ways",
  "several lengths",
  "LSTM with everything",
  "GRU with everything",
  "RNN with masks",
];

describe("the same bits", () => {
  test.each(layers)("%s: with 1, 2, 3 and 5 threads, at sizes that divide by nothing", async (layer) => {
    const alone = [2, 5, 13, 22, 31].map((batch) => train(layer, batch));
    for (const threads of [2, 3, 5]) {
      library.configure({ threads });
      expect(await library.threadsReady()).toBe(threads);
      expect(library.runtimeInfo().threads).toBe(threads);
      const spy = vi.spyOn(Atomics, "store");
      expect([2, 5, 13, 22, 31].map((batch) => train(layer, batch))).toEqual(alone);
      // Work was handed out, not only offered.
      expect(spy.mock.calls.length).toBeGreaterThan(20);
      spy.mockRestore();
    }
    expect(lines).toEqual([]);
  });

  test("with threads that come and go between steps, the memory moving with all that is in it", () => {
    const alone = train("LSTM", 13);
    const counts = [1, 3, 2];
    const changing = train("LSTM", 13, (step) => library.configure({ threads: counts[step] as number }));
    expect(changing).toEqual(alone);
  });

  test("a stream goes on where it was when the memory moves", async () => {
    const layer = new library.GRU({ inputSize: 5, hiddenSize: 7 });
    const samples = [0.5, -1, 2].map((value) => new Float32Array(5).fill(value));
    const stayed = layer.stream();
    const expected = samples.map((sample) => stayed.push(sample).slice());
    const moved = layer.stream();
    const first = moved.push(samples[0] as Float32Array).slice();
    library.configure({ threads: 2 });
    await library.threadsReady();
    expect([first, ...samples.slice(1).map((sample) => moved.push(sample).slice())]).toEqual(expected);
  });

  test("of every activation and its gradient, at a length that divides by nothing", async () => {
    const { activations, normal, seed, sum } = library;
    const names = ["sigmoid", "tanh", "relu", "leakyRelu", "elu", "softplus", "gelu", "silu"] as const;
    const compute = () =>
      names.map((name) => {
        seed(3);
        const x = normal([150_021]);
        x.requiresGrad = true;
        const y = activations[name](x);
        const values = y.toArray();
        sum(y).backward();
        return [values, x.grad?.toArray(), activations[name](values as Float32Array)];
      });
    const alone = compute();
    library.configure({ threads: 3 });
    await library.threadsReady();
    expect(compute()).toEqual(alone);
  });

  test("of sines and cosines and their gradients", async () => {
    const { cos, normal, seed, sin, sum } = library;
    const compute = () =>
      [sin, cos].map((operation) => {
        seed(3);
        const x = normal([150_021]);
        x.requiresGrad = true;
        const y = operation(x);
        sum(y).backward();
        return [y.toArray(), x.grad?.toArray()];
      });
    const alone = compute();
    library.configure({ threads: 3 });
    await library.threadsReady();
    expect(compute()).toEqual(alone);
  });

  test("of products with a weight that is kept packed", async () => {
    const { Linear, noGrad, normal, seed } = library;
    const compute = () => {
      seed(4);
      const layer = new Linear({ inputSize: 257, outputSize: 251 });
      const x = normal([61, 257]);
      return [1, 2, 3].map(() => noGrad(() => layer.forward(x)).toArray());
    };
    const alone = compute();
    library.configure({ threads: 3 });
    await library.threadsReady();
    const spy = vi.spyOn(Atomics, "store");
    expect(compute()).toEqual(alone);
    expect(spy.mock.calls.length).toBeGreaterThanOrEqual(6);
    spy.mockRestore();
  });

  test("in the deterministic build", async () => {
    library.configure({ deterministic: true, threads: 2 });
    await library.threadsReady();
    const together = train("LSTM", 13);
    library.configure({ threads: 1 });
    expect(train("LSTM", 13)).toEqual(together);
    expect(library.runtimeInfo().build).toBe("simd");
  });
});

test("asking for as many threads as there are keeps the workers", async () => {
  library.configure({ threads: 3 });
  expect(await library.threadsReady()).toBe(3);
  library.configure({ threads: 3 });
  expect(library.runtimeInfo().threads).toBe(3); // new workers would not be up yet
});

test("steady state allocates nothing with threads either", async () => {
  library.configure({ threads: 2 });
  await library.threadsReady();
  const { Linear, LSTM, mseLoss, SGD, zeros } = library;
  const lstm = new LSTM({ inputSize: 16, hiddenSize: 64 });
  const head = new Linear({ inputSize: 64, outputSize: 1 });
  const optimizer = new SGD([...lstm.parameters(), ...head.parameters()], { learningRate: 0.01 });
  const step = (): void => {
    optimizer.zeroGrad();
    mseLoss(head.forward(lstm.forward(zeros([20, 16, 16])).output), zeros([20, 16, 1])).backward();
    optimizer.step();
  };
  for (let i = 0; i < 10; i++) step();
  const { heapBytes, memoryBytes } = library.runtimeInfo();
  for (let i = 0; i < 1000; i++) step();
  expect(library.runtimeInfo()).toMatchObject({ heapBytes, memoryBytes, threads: 2 });
});

describe("settings", () => {
  test.each([0, -1, 1.5, 65, Number.NaN, Number.POSITIVE_INFINITY, "many", null])(
    "threads: %s is refused",
    (threads) => {
      const wanted = /configure threads: expected "auto" or a whole number from 1 to 64, got/;
      expect(() => library.configure({ threads: threads as number })).toThrow(wanted);
      expect(() => library.configure({ threads: threads as number })).toThrow(library.ConfigurationError);
      expect(library.runtimeInfo().threads).toBe(1);
    },
  );

  test("auto takes as many as there are cores, up to eight", async () => {
    library.configure({ threads: "auto" });
    const { availableParallelism } = await import("node:os");
    expect(await library.threadsReady()).toBe(Math.min(8, availableParallelism()));
  });

  test("more threads than sequences: the rest have nothing to do", async () => {
    const alone = train("GRU", 3);
    library.configure({ threads: 8 });
    expect(await library.threadsReady()).toBe(8);
    expect(train("GRU", 3)).toEqual(alone);
  });

  test("an engine from load() shares its memory, one from a compiled module says that it cannot", async () => {
    const bytes = Uint8Array.from(readFileSync("build/core.simd.wasm"));
    await library.load(bytes);
    library.configure({ threads: 2 });
    expect(await library.threadsReady()).toBe(2);
    library.configure({ threads: 1 });

    vi.resetModules();
    library = await import("../../src/index.ts");
    library.configure({ module: new WebAssembly.Module(bytes), threads: 2 });
    expect(await library.threadsReady()).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/^unrolled runs on one thread: .*compiled module/)]);
  });
});

describe("where there can be no threads, one does the work and one line says why", () => {
  const expectOneThread = async (why: RegExp): Promise<void> => {
    const alone = train("RNN", 5);
    library.configure({ threads: 4 });
    expect(await library.threadsReady()).toBe(1);
    expect(train("RNN", 5)).toEqual(alone);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^unrolled runs on one thread: /);
    expect(lines[0]).toMatch(why);
  };

  /** The library in another world, which it looks at when it is loaded. */
  const reload = async (): Promise<void> => {
    vi.resetModules();
    library = await import("../../src/index.ts");
  };

  test("a page that is not cross-origin isolated", async () => {
    vi.stubGlobal("crossOriginIsolated", false);
    await reload();
    await expectOneThread(/Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp/);
  });

  test("a runtime without workers", async () => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
    await reload();
    await expectOneThread(/no workers/);
  });

  test("a runtime that refuses to start one", async () => {
    class Refused {
      constructor() {
        throw new Error("blocked by policy");
      }
    }
    vi.stubGlobal("Worker", Refused);
    await reload();
    await expectOneThread(/a worker was refused: blocked by policy/);
  });

  test("a page whose worker fails to load", async () => {
    class Silent {
      onerror: ((event: unknown) => void) | undefined;
      constructor() {
        setTimeout(() => this.onerror?.({ message: "", preventDefault: vi.fn() }));
      }
      postMessage = vi.fn();
      terminate = vi.fn();
    }
    vi.stubGlobal("Worker", Silent);
    await reload();
    await expectOneThread(/a worker failed: .*content security policy/);
  });

  test("a runtime that refuses shared memory, of any size", async () => {
    limitSharedMemory(0);
    await reload();
    await expectOneThread(/refuses a shared WebAssembly memory/);
  });

  test("a runtime that grants less than four gigabytes still has threads", async () => {
    limitSharedMemory(20_000);
    await reload();
    library.configure({ threads: 2 });
    expect(await library.threadsReady()).toBe(2);
  });
});
