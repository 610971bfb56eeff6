import { type Finding, findingsOf } from "./findings.ts";
import type { LayerDiagnosis } from "./layerDiagnosis.ts";
import type { GateShare } from "./shares.ts";
import type { Thresholds } from "./thresholds.ts";
import { bars, percent, short } from "./wording.ts";

/** A recurrent layer of which nothing is known. */
export interface NotLookedAt {
  readonly layer: string;
  readonly className: string;
  readonly why: string;
}

/** What `diagnose` has seen; `String(diagnosis)` is a text to read. */
export class Diagnosis {
  /** The loss of the batch. */
  readonly loss: number;
  /** Each recurrent layer in each direction, in the order of the model. */
  readonly layers: readonly LayerDiagnosis[];
  /** At least one of each layer. */
  readonly findings: readonly Finding[];
  /** Recurrent layers that could not be looked at, and why. */
  readonly notLookedAt: readonly NotLookedAt[];
  readonly thresholds: Thresholds;

  /** @internal */
  constructor(
    loss: number,
    layers: readonly LayerDiagnosis[],
    notLookedAt: readonly NotLookedAt[],
    thresholds: Thresholds,
  ) {
    this.loss = loss;
    this.layers = layers;
    this.notLookedAt = notLookedAt;
    this.thresholds = thresholds;
    this.findings = layers.flatMap((layer) => findingsOf(layer, thresholds));
  }

  /** Whether every layer that was looked at is healthy, and there was one. */
  get healthy(): boolean {
    return this.findings.length > 0 && this.findings.every(({ kind }) => kind === "healthy");
  }

  toString(): string {
    const layers = this.layers.flatMap((layer) => [
      "",
      ...describeLayer(layer),
      ...this.findings.filter((finding) => finding.layer === layer.layer).flatMap(describeFinding),
    ]);
    const others = this.notLookedAt.map(
      ({ layer, className, why }) => `${layer} (${className}): not looked at, ${why}`,
    );
    return [`loss ${short(this.loss)}`, ...layers, ...(others.length > 0 ? ["", ...others] : [])].join("\n");
  }
}

function line(what: string, text: string): string {
  return `  ${what.padEnd(19)} ${text}`;
}

function describeLayer(layer: LayerDiagnosis): string[] {
  const { className, steps, batch, stateSize, gradient, radii, jacobianRadius, exponents, gates, units } = layer;
  const { norms, cellNorms, factor, gain } = gradient;
  const ends = (values: readonly number[]): string =>
    `${short(values[0] as number)} at the first step … ${short(values.at(-1) as number)} at the last`;
  const spectra = Object.entries(radii ?? {}).map(([name, radius]) => `${name} ${short(radius)}`);
  const jacobian = jacobianRadius === null ? [] : [`mean Jacobian ${short(jacobianRadius)}`];
  const all = [
    `${layer.layer} (${className}): ${steps} steps, ${batch} sequences, a state of ${stateSize}`,
    line("‖∂L/∂h_t‖", ends(norms)),
    line("", bars(norms)),
    ...(cellNorms ? [line("‖∂L/∂c_t‖", ends(cellNorms))] : []),
    line("a gradient, back", `× ${short(factor)} a step, × ${short(gain)} in all`),
  ];
  if (spectra.length + jacobian.length > 0) all.push(line("spectral radius", [...spectra, ...jacobian].join(" · ")));
  if (exponents) all.push(line("Lyapunov exponents", exponents.map(short).join(" ")));
  if (gates) all.push(line("at an end, low/high", gates.map(describeGate).join(" · ")));
  if (units.dead.length + units.constant.length > 0) {
    all.push(line("units", `${units.dead.length} dead, ${units.constant.length} constant, of ${units.count}`));
  }
  return all;
}

function describeGate({ name, low, high }: GateShare): string {
  return `${name} ${percent(low)}/${percent(high)}`;
}

function describeFinding({ message, cures }: Finding): string[] {
  return [`  → ${message}`, ...cures.map((cure) => `    · ${cure}`)];
}
