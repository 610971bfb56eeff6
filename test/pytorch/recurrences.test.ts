/** The recurrent layers that PyTorch lacks against their papers' equations in torch: outputs, last states, every gradient. */
import { describe, expect, test } from "vitest";
import {
  ClosedFormContinuous,
  IndRNN,
  LegendreMemoryUnit,
  MinGRU,
  MinLSTM,
  type Module,
  noGrad,
  QRNN,
  RGLRU,
  SRU,
  slice,
  type Tensor,
} from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import type { Named } from "../oracle/layer.ts";
import { loadWeights, numbers, runBoth, toTensor } from "./engine.ts";
import { type FixtureCase, readFixtures } from "./fixtures.ts";

const classes = { ClosedFormContinuous, IndRNN, LegendreMemoryUnit, MinGRU, MinLSTM, QRNN, RGLRU, SRU };
type Options = { kind: keyof typeof classes; inputSize: number; hiddenSize: number; batchFirst?: boolean };
type State = Tensor | Record<string, Tensor> | undefined;
type Layer = { forward(x: Tensor, state: State, pass?: object): { output: Tensor; state: State } } & Module;

function build({ options, ...fixture }: FixtureCase<Options>): Layer {
  const { kind, inputSize, ...rest } = options;
  const Class = classes[kind] as unknown as new (options: object) => Layer;
  const layer = new Class(kind === "RGLRU" ? rest : { inputSize, ...rest });
  loadWeights(layer, fixture.under(""));
  return layer;
}

/** The parts of a state that the layer returns: one tensor, or an object of them. */
function partsOf(state: State, name: string): [string, Tensor][] {
  if (state === undefined) return [];
  return "shape" in state ? [[name, state as Tensor]] : Object.entries(state as Record<string, Tensor>);
}

const single = (kind: Options["kind"]): string => (kind === "SRU" ? "c" : "h");

function run(fixture: FixtureCase<Options>): Named {
  const { kind } = fixture.options;
  const layer = build(fixture);
  const given = fixture.under("");
  const leaves = new Map<string, Tensor>();
  for (const [name, value] of given) {
    if (/^(x$|elapsed$|state\.)/.test(name)) leaves.set(name, toTensor(value, true));
  }
  const parts = [...leaves].filter(([name]) => name.startsWith("state."));
  const named = Object.fromEntries(parts.map(([name, leaf]) => [name.slice("state.".length), leaf]));
  let state: State = parts.length === 0 ? undefined : named;
  if (parts.length > 0 && !["QRNN", "LegendreMemoryUnit"].includes(kind)) state = named[single(kind)];
  if (kind === "QRNN" && state && !("inputs" in state)) {
    state = { ...named, inputs: toTensor({ shape: [0, named.c!.shape[0]!, fixture.options.inputSize], data: [] }) };
  }
  const elapsed = leaves.get("elapsed");
  const { output, state: last } = layer.forward(leaves.get("x")!, state, elapsed ? { elapsed } : undefined);
  const outputs = new Map([["output", output]]);
  for (const [name, part] of partsOf(last, single(kind))) if (part.size > 0) outputs.set(`last.${name}`, part);
  return runBoth(given as Named, leaves, outputs, layer);
}

const fixtures = readFixtures<Options>("recurrences");

describe("recurrent layers = their equations in torch", () => {
  test.each(fixtures.map((fixture) => [fixture.name, fixture] as const))("%s", (_, fixture) => {
    const result = run(fixture);
    const wanted = fixture.names.filter((name) => /^(output|last\..*|gradient\..*)$/.test(name));
    expect(wanted.length).toBeGreaterThan(3);
    for (const name of wanted) {
      const actual = result.get(name);
      if (!actual) throw new Error(`${fixture.name}: no ${name}; the run has ${[...result.keys()].join(", ")}`);
      expectClose({ family: "recurrences", case: fixture.name, tensor: name }, actual, fixture.tensor(name));
    }
  });
});

describe("a sequence in pieces, the state carried over = the sequence, to the bit", () => {
  const long = fixtures.filter(({ name, options }) => name.endsWith("long") && !name.includes("elapsed") && options);
  test.each(long.map((fixture) => [fixture.name, fixture] as const))("%s", (_, fixture) => {
    const layer = build(fixture);
    const x = toTensor(fixture.tensor("x"));
    noGrad(() => {
      const whole = numbers(layer.forward(x, undefined).output);
      let state: State;
      const pieces: number[] = [];
      for (const [start, end] of [
        [0, 1],
        [1, 20],
        [20, 22],
        [22, 31],
      ] as const) {
        const result = layer.forward(slice(x, 0, start, end), state);
        state = result.state;
        pieces.push(...(numbers(result.output).data as Float32Array));
      }
      expect(Float32Array.from(pieces)).toEqual(whole.data);
    });
  });
});
