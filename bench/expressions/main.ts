/**
 * Expressions that are compiled at run time beside the same functions written by hand: maps and gradients, training steps of
 * recurrent networks, and how long a text takes to become callable. Turns are interleaved; ratios are of medians.
 *   npm run bench:expressions [-- --turns N --only text,maps,training]
 */
import { parseArgs } from "node:util";
import Table from "cli-table3";
import {
  type Activation,
  type ActivationName,
  Adam,
  activation,
  activationMap,
  GRU,
  LastStep,
  Linear,
  LSTM,
  mseLoss,
  noGrad,
  normal,
  RNN,
  Sequential,
  seed,
  tensor,
} from "unrolled";
import { medianOf } from "../rows.ts";

const { values } = parseArgs({
  options: { turns: { type: "string", default: "25" }, only: { type: "string", default: "text,maps,training" } },
});
const turns = Number(values.turns);

function millisecondsOf(work: () => void, times: number): number {
  const started = performance.now();
  for (let i = 0; i < times; i++) work();
  return (performance.now() - started) / times;
}

/** Medians of several works, each turn once through all. */
function interleaved(works: readonly (() => void)[], times: number): number[] {
  const found: number[][] = works.map(() => []);
  for (const work of works) millisecondsOf(work, times);
  for (let turn = 0; turn < turns; turn++) {
    works.forEach((work, i) => {
      (found[i] as number[]).push(millisecondsOf(work, times));
    });
  }
  return found.map(medianOf);
}

const pairs: readonly (readonly [name: string, written: Activation, compiled: Activation])[] = [
  ["swish", activation("swish"), activation("x * sigmoid(beta * x)", { beta: 1 })],
  ["mish", activation("mish"), activation("x * tanh(softplus(x))")],
  [
    "penalised tanh",
    activation("penalizedTanh"),
    activation("where(x > 0, tanh(x), alpha * tanh(x))", { alpha: 0.25 }),
  ],
  ["tanh", activation("tanh" as ActivationName), activation("tanh(x)")],
];

function compareMaps(): void {
  const table = new Table({ head: ["", "numbers", "by hand, ns", "compiled, ns", "ratio (asked ≤ 1.2)"] });
  for (const [name, written, compiled] of pairs) {
    for (const count of [4096, 262_144]) {
      const x = Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898) * 4);
      const into = new Float32Array(count);
      const maps = [activationMap(written), activationMap(compiled)];
      const works = [
        ...maps.map((map) => () => map(x, { into })),
        ...maps.map((map) => () => map.derivative(x, { into })),
      ];
      const medians = interleaved(works, Math.ceil(1_000_000 / count)).map((time) => (time * 1e6) / count);
      const [a, b, c, d] = medians as [number, number, number, number];
      table.push([name, count, a.toFixed(2), b.toFixed(2), (b / a).toFixed(2)]);
      table.push([`${name}′`, count, c.toFixed(2), d.toFixed(2), (d / c).toFixed(2)]);
    }
  }
  console.log(String(table));
}

const layers = { Elman: RNN, LSTM, GRU } as const;

/** A training step of a recurrent layer with a head. */
function trainingStep(layer: keyof typeof layers, hiddenSize: number, f: Activation): () => void {
  seed(1);
  const inner = new layers[layer]({ inputSize: 16, hiddenSize, activation: f });
  const model = new Sequential(inner, new LastStep(), new Linear({ inputSize: hiddenSize, outputSize: 4 }));
  const optimizer = new Adam(model.parameters());
  const [input, target] = [normal([64, 32, 16]), normal([32, 4])];
  return () => {
    optimizer.zeroGrad();
    mseLoss(model.forward(input), target).backward();
    optimizer.step();
  };
}

function compareTraining(): void {
  const table = new Table({
    head: ["training step, T 64, B 32", "H", "built in, ms", "compiled, ms", "ratio (asked ≤ 1.1)", "learned, ratio"],
  });
  for (const layer of Object.keys(layers) as (keyof typeof layers)[]) {
    for (const hiddenSize of [32, 128]) {
      // LSTM and GRU with tanh by its name take the kernel in which it is inlined.
      const works = [
        trainingStep(layer, hiddenSize, activation("tanh")),
        trainingStep(layer, hiddenSize, activation("tanh(x)")),
        trainingStep(layer, hiddenSize, activation("tanh(b * x)", { b: { learn: 1 } })),
      ];
      const [builtIn, compiled, learned] = interleaved(works, 4) as [number, number, number];
      const ratios = [compiled, learned].map((time) => (time / builtIn).toFixed(2));
      table.push([layer, hiddenSize, builtIn.toFixed(2), compiled.toFixed(2), ...ratios]);
    }
  }
  console.log(String(table));
}

/** Texts of which no two make the same module. */
function differentTexts(): string[] {
  const functions = ["tanh", "sigmoid", "softplus", "exp", "erf", "atan", "asinh", "sin", "cos", "abs", "relu", "sqrt"];
  const inner = (f: string): string => (f === "sqrt" ? "sqrt(abs(x))" : f === "exp" ? "exp(-x ^ 2)" : `${f}(x)`);
  return functions.flatMap((f, i) =>
    functions.slice(i + 1).flatMap((g) => ["*", "+", "-"].map((sign) => `x * ${inner(f)} ${sign} ${inner(g)}`)),
  );
}

function timeToCallable(): void {
  const numbers = tensor(Float32Array.from({ length: 64 }, (_, i) => (i - 32) / 8));
  // The engine and the catalogue start once a process.
  const start = millisecondsOf(() => noGrad(() => activation("mish").apply(numbers)), 1);
  const times = differentTexts().map((text) =>
    millisecondsOf(() => {
      noGrad(() => activation(text).apply(numbers));
    }, 1),
  );
  const [first, ...rest] = times;
  const sorted = rest.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] as number).toFixed(2);
  console.log(
    `from text to first result, ${times.length} different texts: median ${at(0.5)} ms, 90 % within ${at(0.9)} ms, longest ${at(1)} ms (asked < 1 ms); the first one of a process ${(first as number).toFixed(2)} ms, after ${start.toFixed(1)} ms in which the engine and the catalogue start`,
  );
}

const parts: Record<string, () => void> = { text: timeToCallable, maps: compareMaps, training: compareTraining };
for (const part of values.only.split(",")) {
  const run = parts[part];
  if (run === undefined) throw new RangeError(`--only: expected some of ${Object.keys(parts).join(", ")}, got ${part}`);
  run();
}
