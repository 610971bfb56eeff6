/** From figures to what they mean, and what helps. */
import type { LayerDiagnosis } from "./layerDiagnosis.ts";
import type { GateShare } from "./shares.ts";
import type { Thresholds } from "./thresholds.ts";
import { percent, short } from "./wording.ts";

export type FindingKind =
  | "vanishing"
  | "exploding"
  | "saturated"
  | "dead"
  | "constant"
  /** The loss does not depend on the layer. */
  | "detached"
  /** There is but one step, or the loss looks at the first one only: nothing recurs. */
  | "single step"
  | "healthy";

/** Something that a diagnosis has found. */
export interface Finding {
  /** The layer, as `LayerDiagnosis` calls it. */
  readonly layer: string;
  readonly kind: FindingKind;
  /** The numbers that it follows from, by name. */
  readonly evidence: Readonly<Record<string, number>>;
  /** What it means, in a sentence. */
  readonly message: string;
  /** What helps, the likeliest first; none for what is healthy. */
  readonly cures: readonly string[];
}

/** What is known of how far gradients get. */
interface Reach {
  /** Steps that have a gradient. */
  readonly felt: number;
  /** What is left of the gradient that was sent back. */
  readonly gain: number;
  /** What is left of one along the most lasting direction; NaN: not measured. */
  readonly lasting: number;
}

/** What is found of a layer: one finding or more, or that it is healthy. */
export function findingsOf(layer: LayerDiagnosis, thresholds: Thresholds): Finding[] {
  const reach = reachOf(layer);
  const about = { layer: layer.layer };
  if (layer.steps === 1) {
    const message = "a single time step: nothing recurs, and there is nothing to see.";
    return [{ ...about, kind: "single step", evidence: { steps: 1 }, message, cures: [] }];
  }
  if (reach.felt === 0) {
    const message = "the loss does not depend on it: no gradient arrives at any step.";
    const cures = ["read its output or state in what the loss is computed from", "leave it out"];
    return [{ ...about, kind: "detached", evidence: { steps: layer.steps }, message, cures }];
  }
  const flow = exploding(layer, reach, thresholds) ?? vanishing(layer, reach, thresholds);
  const found = [flow, ...saturated(layer, thresholds), ...idle(layer, thresholds)].filter((each) => each !== null);
  if (found.length > 0) return found.map((each) => ({ ...about, ...each }));
  return [{ ...about, ...(reach.felt === 1 ? firstStepOnly(layer) : healthy(layer, reach)) }];
}

type Found = Omit<Finding, "layer">;

function reachOf({ gradient, exponents, steps }: LayerDiagnosis): Reach {
  const { norms, cellNorms, gain, lost } = gradient;
  const isFelt = (step: number): boolean => norms[step] !== 0 || (cellNorms?.[step] ?? 0) !== 0;
  let felt = lost === steps ? 0 : steps;
  while (felt > 0 && !isFelt(felt - 1)) felt--;
  const leading = exponents?.[0] ?? Number.NaN;
  return { felt, gain, lasting: Math.exp(leading * felt) };
}

function evidenceOf(layer: LayerDiagnosis, { felt, gain, lasting }: Reach): Record<string, number> {
  const { gradient, exponents, radii, jacobianRadius } = layer;
  const all: Record<string, number | undefined> = {
    steps: felt,
    factor: gradient.factor,
    gain,
    lasting,
    exponent: exponents?.[0],
    jacobianRadius: jacobianRadius ?? undefined,
    radius: radii?.h,
  };
  const known = Object.entries(all).filter((entry): entry is [string, number] => !Number.isNaN(entry[1] ?? Number.NaN));
  return Object.fromEntries(known);
}

const isElman = ({ className }: LayerDiagnosis): boolean => /^RNN/.test(className);
const isLstm = ({ className }: LayerDiagnosis): boolean => /^LSTM/.test(className);
const isGru = ({ className }: LayerDiagnosis): boolean => /^GRU/.test(className);

function exploding(layer: LayerDiagnosis, reach: Reach, { exploding: most }: Thresholds): Found | null {
  const { gradient } = layer;
  const { overflown, factor } = gradient;
  const gain = Math.max(reach.gain, Number.isNaN(reach.lasting) ? 0 : reach.lasting);
  if (overflown === 0 && !(gain > most)) return null;
  const message =
    overflown > 0
      ? `gradients explode: at ${overflown} of ${layer.steps} steps they are infinite or NaN.`
      : `gradients explode: over ${reach.felt} steps back they grow ${short(gain)} times, by ${short(factor)} a step.`;
  const bounded = layer.gates?.every((gate) => gate.bounded) ?? true;
  const cures = [
    "clip gradients: clipNorm: 1 in the Trainer, or clipGradNorm",
    ...(isElman(layer) ? ["start W_hh orthogonal: initialize.orthogonal, gain 1"] : []),
    "learn with a smaller learning rate",
    ...(bounded ? [] : ["take an activation that has an upper end, tanh"]),
    ...(isElman(layer) ? ["take a gated cell: LSTM or GRU"] : ["normalise: layerNorm: true"]),
  ];
  return { kind: "exploding", evidence: { ...evidenceOf(layer, reach), overflown }, message, cures };
}

function vanishing(layer: LayerDiagnosis, reach: Reach, { vanishing: least }: Thresholds): Found | null {
  const { lost, factor } = layer.gradient;
  const fades = reach.gain < least && !(reach.lasting >= least);
  if (!fades && lost === 0) return null;
  const rest =
    lost > 0
      ? `at the first ${lost} of ${layer.steps} steps nothing of them is left in float32`
      : `${short(reach.gain)} of them is left after ${reach.felt} steps back`;
  // Of a factor f a step, a hundredth is left after this many.
  const horizon = Math.log(0.01) / Math.log(factor);
  const far = horizon > 0 ? ` The layer learns from about ${short(Math.ceil(horizon))} steps back, not further.` : "";
  const message = `gradients vanish: × ${short(factor)} a step, ${rest}.${far}`;
  return { kind: "vanishing", evidence: { ...evidenceOf(layer, reach), lost }, message, cures: lastingCures(layer) };
}

/** What makes gradients last. */
function lastingCures(layer: LayerDiagnosis): string[] {
  if (isLstm(layer)) {
    return [
      "start the forget gate open: initialize.forgetGateBias(lstm, 1), or initialize.chrono(lstm, longest)",
      "read more than the last step, or attend to all of them",
    ];
  }
  if (isGru(layer)) {
    return [
      "start with an update gate that keeps: initialize.forgetGateBias(gru, 1), or initialize.chrono(gru, longest)",
      "read more than the last step, or attend to all of them",
    ];
  }
  return [
    ...(isElman(layer)
      ? [
          "start W_hh orthogonal (initialize.orthogonal), or as the identity with relu (initialize.identity)",
          "take a gated cell: LSTM with initialize.forgetGateBias, or GRU",
          "take an activation that is not flat where its values are, or smaller inputs",
        ]
      : ["take a gated cell: LSTM with initialize.forgetGateBias, or GRU"]),
    "read more than the last step, or attend to all of them",
  ];
}

/** Gates that keep the state where they are at the upper end: that is what they are for. */
function keeps(layer: LayerDiagnosis, { name }: GateShare): boolean {
  return (isLstm(layer) && name === "f") || (isGru(layer) && name === "z");
}

function saturated(layer: LayerDiagnosis, { saturated: most }: Thresholds): Found[] {
  const stuck = (layer.gates ?? []).flatMap((gate) => {
    const share = gate.low + (keeps(layer, gate) ? 0 : gate.high);
    return gate.bounded && share > most ? [{ ...gate, share }] : [];
  });
  if (stuck.length === 0) return [];
  const evidence = Object.fromEntries(stuck.map(({ name, share }) => [name, share]));
  const told = stuck.map(({ name, share, low, high }) => {
    return `${name} ${percent(share)} (${percent(low)} at its lower end, ${percent(high)} at its upper)`;
  });
  const message = `saturated, where next to no gradient gets through: ${told.join(", ")}.`;
  const cures = [
    "start with smaller weights, and scale inputs to about ±1 (Scaler)",
    ...(isElman(layer) ? [] : ["normalise: layerNorm: true"]),
    "learn with a smaller learning rate, and clip gradients: weights may have grown by steps too large",
  ];
  return [{ kind: "saturated", evidence, message, cures }];
}

/** Units that do nothing. */
function idle({ units, steps, batch }: LayerDiagnosis, thresholds: Thresholds): Found[] {
  const { count, dead, constant } = units;
  const found: Found[] = [];
  const all = `at every one of ${steps} steps of ${batch} ${batch === 1 ? "sequence" : "sequences"}`;
  if (dead.length > thresholds.dead * count) {
    found.push({
      kind: "dead",
      evidence: { dead: dead.length, units: count, share: dead.length / count },
      message: `${dead.length} of ${count} units are dead: 0 ${all}. They learn nothing, as no gradient gets through them.`,
      cures: [
        "take an activation that has a slope below 0 as well: leakyRelu, elu, or tanh",
        "start biases at 0 or a little above, and weights with initialize.heUniform or initialize.identity",
        "learn with a smaller learning rate: one step too large is enough to kill a unit",
      ],
    });
  }
  if (constant.length > thresholds.constant * count) {
    found.push({
      kind: "constant",
      evidence: { constant: constant.length, units: count, share: constant.length / count },
      message: `${constant.length} of ${count} units are the same number ${all}: they say nothing of what they read.`,
      cures: ["start with smaller weights and biases", "scale inputs to about ±1 (Scaler)", "take fewer units"],
    });
  }
  return found;
}

function firstStepOnly(layer: LayerDiagnosis): Found {
  const message =
    "the loss looks at the first step it walks only, so nothing recurs: where the last step of a layer in both directions is read, its reverse direction has read but one step; take its state instead.";
  return {
    kind: "single step",
    evidence: { steps: layer.steps, felt: 1 },
    message,
    cures: ["read the state after the last step of each direction"],
  };
}

function healthy(layer: LayerDiagnosis, reach: Reach): Found {
  const { gain, felt } = reach;
  const { factor } = layer.gradient;
  const message = `healthy: over ${felt} steps back ${short(gain)} of a gradient is left, × ${short(factor)} a step; no gate is stuck.`;
  return { kind: "healthy", evidence: evidenceOf(layer, reach), message, cures: [] };
}
