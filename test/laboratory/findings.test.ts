/** Faults that are planted are found, by name and with what helps; networks that are well get a clean bill. */
import { type DiagnoseOptions, type Diagnosis, diagnose } from "unrolled/laboratory";
import { describe, expect, test } from "vitest";
import {
  crossEntropy,
  Embedding,
  GRU,
  initialize,
  LastStep,
  Linear,
  LSTM,
  MinGRU,
  Module,
  mean,
  mseLoss,
  mul,
  normal,
  type Parameter,
  RNN,
  type RNNOptions,
  Sequential,
  seed,
  sum,
  type Tensor,
  tensor,
  uniform,
} from "../../src/index.ts";

const [B, I, H] = [8, 4, 40];
const sizes = { inputSize: I, hiddenSize: H };

function named(layer: Module, name: string): Parameter {
  return layer.namedParameters().find(([own]) => own === name)?.[1] as Parameter;
}

/** Reads a sequence of T random steps with a layer, and judges the last output. */
function judged(layer: Module, steps: number, options: DiagnoseOptions & { scale?: number } = {}): Diagnosis {
  const { scale = 1, ...rest } = options;
  const model = new Sequential(layer as RNN, new LastStep(), new Linear({ inputSize: H, outputSize: 1 }));
  return diagnose(
    model,
    { input: mul(normal([steps, B, I]), scale).detach(), target: normal([B, 1]) },
    { loss: mseLoss, ...rest },
  );
}

const kindsOf = ({ findings }: Diagnosis): string[] => findings.map(({ kind }) => kind);

function orthogonalRnn(gain: number, options: Partial<RNNOptions> = {}): RNN {
  const rnn = new RNN({ ...sizes, ...options });
  initialize.orthogonal(named(rnn, "weight_hh_l0"), { gain });
  return rnn;
}

/** A random W_hh of this spectral radius, in the limit of many units. */
function circularRnn(radius: number): RNN {
  const rnn = new RNN(sizes);
  initialize.normal(named(rnn, "weight_hh_l0"), { standardDeviation: radius / Math.sqrt(H) });
  return rnn;
}

describe("planted faults", () => {
  test.each([
    ["orthogonal", orthogonalRnn],
    ["random", circularRnn],
  ] as const)("W_hh of radius 0.5, %s: vanishing", (_, make) => {
    seed(1);
    const diagnosis = judged(make(0.5), 60);
    const [finding, ...others] = diagnosis.findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ layer: "0", kind: "vanishing" });
    const { factor, gain, lasting, radius } = finding.evidence;
    expect(factor).toBeGreaterThan(0.3);
    expect(factor).toBeLessThan(0.51);
    expect(Math.max(gain, lasting)).toBeLessThan(1e-12);
    expect(Math.abs(radius - 0.5)).toBeLessThan(0.12);
    expect(finding.cures.join()).toMatch(/orthogonal.*LSTM/);
    expect(diagnosis.healthy).toBe(false);
  });

  test.each([
    ["orthogonal", orthogonalRnn],
    ["random", circularRnn],
  ] as const)("W_hh of radius 1.6, %s: exploding", (_, make) => {
    seed(1);
    const [finding] = judged(make(1.6), 100, { scale: 0.3 }).findings;
    expect(finding).toMatchObject({ layer: "0", kind: "exploding" });
    expect(Math.max(finding.evidence.gain, finding.evidence.lasting)).toBeGreaterThan(100);
    expect(finding.cures[0]).toMatch(/clip/);
  });

  test("the same where strong inputs hold every unit on the flat part of tanh: no gradient explodes there", () => {
    seed(2);
    const diagnosis = judged(orthogonalRnn(1.6), 100, { scale: 3 });
    expect(kindsOf(diagnosis)).not.toContain("exploding");
    expect(diagnosis.layers[0].jacobianRadius).toBeLessThan(1);
  });

  test("a linear network of radius 1.6 explodes at once, and past float32 altogether", () => {
    seed(3);
    const [finding] = judged(orthogonalRnn(1.6, { activation: "identity" }), 20).findings;
    expect(finding.kind).toBe("exploding");
    expect(Math.abs(finding.evidence.factor - 1.6)).toBeLessThan(1e-3);
    expect(finding.cures.join()).toMatch(/tanh/);
    const rnn = orthogonalRnn(1.6, { activation: "identity", bias: false });
    const few = (): Tensor => mul(mean(rnn.forward(mul(normal([170, 2, I]), 1e-30)).output), 1e10);
    const [lost] = diagnose(rnn, few).findings;
    expect(lost.kind).toBe("exploding");
    expect(lost.evidence.overflown).toBeGreaterThan(0);
    expect(lost.message).toMatch(/infinite or NaN/);
  });

  test("gradients that leave float32 on their way", () => {
    seed(4);
    const [finding] = judged(orthogonalRnn(0.1), 80).findings;
    expect(finding.kind).toBe("vanishing");
    expect(finding.evidence.lost).toBeGreaterThan(20);
    expect(finding.message).toMatch(/at the first \d+ of 80 steps nothing of them is left/);
  });

  test("gates of an LSTM at their ends", () => {
    seed(5);
    const lstm = new LSTM(sizes);
    for (const parameter of lstm.parameters()) parameter.set(parameter.toArray().map((value) => 40 * value));
    const diagnosis = judged(lstm, 20);
    const finding = diagnosis.findings.find(({ kind }) => kind === "saturated");
    expect(Object.keys(finding?.evidence ?? {})).toEqual(expect.arrayContaining(["i", "g", "o"]));
    for (const share of Object.values(finding?.evidence ?? {})) expect(share).toBeGreaterThan(0.5);
    expect(finding?.message).toMatch(/saturated/);
    expect(finding?.cures.join()).toMatch(/layerNorm/);
  });

  test("a forget gate that is open for good is none; one that is shut is", () => {
    seed(6);
    const open = new LSTM(sizes);
    initialize.forgetGateBias(open, 9);
    expect(kindsOf(judged(open, 20))).toEqual(["healthy"]);
    const shut = new LSTM(sizes);
    initialize.forgetGateBias(shut, -9);
    expect(kindsOf(judged(shut, 20))).toContain("saturated");
  });

  test("four in ten units of a relu network dead", () => {
    seed(7);
    const rnn = new RNN({ ...sizes, activation: "relu" });
    initialize.identity(named(rnn, "weight_hh_l0"));
    named(rnn, "bias_ih_l0").set(Float32Array.from({ length: H }, (_, i) => (i % 5 < 2 ? -1e6 : 0.5)));
    const diagnosis = judged(rnn, 12);
    const finding = diagnosis.findings.find(({ kind }) => kind === "dead");
    expect(finding?.evidence).toEqual({ dead: 16, units: 40, share: 0.4 });
    expect(diagnosis.layers[0].units.dead).toEqual(Array.from({ length: H }, (_, i) => i).filter((i) => i % 5 < 2));
    expect(finding?.cures.join()).toMatch(/leakyRelu/);
  });

  test("units that never change", () => {
    seed(8);
    const rnn = new RNN(sizes);
    named(rnn, "bias_ih_l0").set(Float32Array.from({ length: H }, (_, i) => (i % 2 === 0 ? 60 : 0)));
    expect(kindsOf(judged(rnn, 12))).toContain("constant");
  });
});

describe("networks that are well", () => {
  const healthy: Record<string, () => Module> = {
    "an orthogonal tanh RNN": () => orthogonalRnn(1),
    "an IRNN": () => {
      const rnn = new RNN({ ...sizes, activation: "relu" });
      initialize.identity(named(rnn, "weight_hh_l0"));
      return rnn;
    },
    "an LSTM with a forget bias of 1": () => {
      const lstm = new LSTM(sizes);
      initialize.forgetGateBias(lstm, 1);
      return lstm;
    },
    "a GRU as it starts": () => new GRU(sizes),
    "a MinGRU as it starts": () => new MinGRU(sizes),
  };
  test.each(Object.entries(healthy))("%s", (name, make) => {
    for (const number of [1, 2, 3, 4, 5]) {
      seed(number);
      const diagnosis = judged(make(), name.startsWith("a ") ? 20 : 40);
      expect(kindsOf(diagnosis), String(diagnosis)).toEqual(["healthy"]);
      expect(diagnosis.healthy).toBe(true);
      expect(diagnosis.findings[0].cures).toEqual([]);
    }
  });

  test("a loss at every step hides nothing: what vanishes is told from what lasts", () => {
    const everyStep = (layer: Module): Diagnosis => {
      const x = normal([60, B, I]);
      return diagnose(layer, () => mean(mul((layer.forward(x) as { output: Tensor }).output, normal([60, B, H]))));
    };
    seed(9);
    expect(kindsOf(everyStep(orthogonalRnn(0.5)))).toEqual(["vanishing"]);
    seed(9);
    expect(kindsOf(everyStep(orthogonalRnn(1)))).toEqual(["healthy"]);
  });
});

describe("what cannot be judged is said", () => {
  test("a single time step", () => {
    const [finding] = judged(new GRU(sizes), 1).findings;
    expect(finding).toMatchObject({ kind: "single step", evidence: { steps: 1 }, cures: [] });
  });

  test("a layer that the loss does not depend on, and one that is never called", () => {
    class Beside extends Module {
      used = new GRU(sizes);
      unused = new LSTM(sizes);
      idle = new RNN(sizes);
      forward(x: Tensor): Tensor {
        this.unused.forward(x);
        return this.used.forward(x).output;
      }
    }
    seed(10);
    const model = new Beside();
    const x = normal([10, B, I]);
    const diagnosis = diagnose(model, () => mean(model.forward(x)));
    expect(diagnosis.findings.map(({ layer, kind }) => [layer, kind])).toEqual([
      ["used", "healthy"],
      ["unused", "detached"],
    ]);
    expect(diagnosis.notLookedAt).toEqual([{ layer: "idle", className: "RNN", why: "the model did not call it" }]);
    expect(String(diagnosis)).toMatch(/idle \(RNN\): not looked at, the model did not call it/);
  });

  test("a reverse direction of which the last step is read, which is its first", () => {
    seed(11);
    const gru = new GRU({ ...sizes, hiddenSize: H / 2, bidirectional: true });
    const [ahead, back] = judged(gru, 15).findings;
    expect(ahead.kind).toBe("healthy");
    expect(back).toMatchObject({ layer: "0.l0_reverse", kind: "single step" });
    expect(back.message).toMatch(/reverse direction/);
  });

  test("a layer inside a checkpoint", async () => {
    const { Checkpointed } = await import("../../src/index.ts");
    const layer = new Checkpointed(new LSTM(sizes));
    const x = normal([9, 2, I]);
    const diagnosis = diagnose(layer, () => sum(layer.forward(x).output));
    expect(diagnosis.layers).toEqual([]);
    expect(diagnosis.notLookedAt[0]).toMatchObject({ layer: "layer", className: "LSTM" });
    expect(diagnosis.notLookedAt[0].why).toMatch(/checkpoint/);
    expect(diagnosis.healthy).toBe(false);
  });
});

test("tokens, an embedding and a loss at every step, with lengths, as a Trainer has them", () => {
  seed(12);
  const model = new Sequential(
    new Embedding({ count: 7, size: I }),
    new GRU({ ...sizes, layers: 2, dropout: 0.2 }),
    new Linear({ inputSize: H, outputSize: 7 }),
  );
  const tokens = (): Tensor => {
    const t = uniform([12, B], { low: 0, high: 7 }).toArray();
    return tensor(Int32Array.from(t, Math.floor), [12, B]);
  };
  const batch = { input: tokens(), target: tokens(), lengths: [12, 3, 5, 7, 12, 1, 2, 9] };
  const diagnosis = diagnose(model, batch, { loss: crossEntropy });
  expect(diagnosis.layers.map(({ layer, steps, batch: size }) => [layer, steps, size])).toEqual([
    ["1.l0", 12, B],
    ["1.l1", 12, B],
  ]);
  expect(Math.abs(diagnosis.loss - Math.log(7))).toBeLessThan(0.3);
});

test("the text says what was found", () => {
  seed(13);
  const text = String(judged(orthogonalRnn(0.5), 60));
  expect(text).toMatch(/^loss [\d.]+\n\n0 \(RNN\): 60 steps, 8 sequences, a state of 40\n/);
  expect(text).toMatch(/‖∂L\/∂h_t‖ +[\d.]+e−\d+ at the first step … [\d.]+ at the last/);
  expect(text).toMatch(/▁.*█/);
  expect(text).toMatch(/spectral radius +h 0\.5 · mean Jacobian 0\.4\d*/);
  expect(text).toMatch(/Lyapunov exponents( +−0\.\d+){4}/);
  expect(text).toMatch(/→ gradients vanish: × 0\.4\d* a step/);
  expect(text).toMatch(/ {4}· start W_hh orthogonal/);
});

test("thresholds are the caller's", () => {
  seed(14);
  const rnn = orthogonalRnn(1);
  seed(14);
  expect(kindsOf(judged(rnn, 30, { thresholds: { vanishing: 0.9 } }))).toEqual(["vanishing"]);
  expect(kindsOf(judged(rnn, 30, { thresholds: { vanishing: 0, exploding: 0 } }))).toEqual(["exploding"]);
});
