/** `diagnose`: one pass forward and back under observation, and everything put back as it was. */
import { earlierInputs, giveGradient, nextOperation, propagateSince, withGradients } from "../../autograd/graph.ts";
import { inScope } from "../../autograd/noGrad.ts";
import type { Batch } from "../../data/dataset.ts";
import { Module } from "../../nn/module.ts";
import { engine } from "../../runtime/engine.ts";
import { LifetimeError, NumericError, OptionError, ShapeError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { type Standings, watchDraws } from "../../runtime/random.ts";
import { formatShape } from "../../tensor/shape.ts";
import { describe } from "../../tensor/structure.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { originOfLoss, tellOrigin } from "../../train/guard.ts";
import { type Loss, passOf } from "../../train/learner.ts";
import { Diagnosis, type NotLookedAt } from "./diagnosis.ts";
import { type LayerDiagnosis, type Measures, measureLayer } from "./layerDiagnosis.ts";
import { type Observed, observe, recurrentLayersIn } from "./observe.ts";
import { type Thresholds, thresholdsOf } from "./thresholds.ts";
import type { Unit } from "./unit.ts";

export interface DiagnoseOptions {
  /** From what the model says and what it should say to a single number, as a `Trainer` takes it; for a batch. */
  loss?: Loss;
  /** Where the sequences of the batch begin, as the model takes it; default: where it begins by itself. */
  state?: unknown;
  /** How many Lyapunov exponents, 0 for none; default 4. */
  exponents?: number;
  /** Of how many sequences of the batch exponents are the mean; default 4. */
  sequences?: number;
  /** The size of the largest matrix whose spectral radius is measured, which takes some 12·n³ operations; default 512. */
  largestSpectrum?: number;
  /** From when on something is a finding. */
  thresholds?: Partial<Thresholds>;
}

/** The options of `diagnose` that say how, not of what. */
export const measureNames = ["exponents", "sequences", "largestSpectrum", "thresholds"] as const;

/**
 * Looks into the recurrent layers of a model, on one batch, and says what is the matter with them and what helps.
 *
 * ```ts
 * seed(1);
 * const rnn = new RNN({ inputSize: 2, hiddenSize: 16 });
 * const { weight_hh_l0: weight } = Object.fromEntries(rnn.namedParameters());
 * if (weight) initialize.orthogonal(weight, { gain: 0.5 });
 * const model = new Sequential(rnn, new LastStep(), new Linear({ inputSize: 16, outputSize: 1 }));
 * const diagnosis = diagnose(model, { input: normal([40, 4, 2]), target: zeros([4, 1]) }, { loss: mseLoss });
 * diagnosis.findings.map(({ layer, kind }) => `${layer}: ${kind}`); // ["0: vanishing"]
 * diagnosis.layers[0]?.radii?.h; // 0.5
 * String(diagnosis).includes("start W_hh orthogonal"); // true
 * ```
 *
 * Of each layer in each direction, for every step in the order in which it is walked: ‖∂L/∂h_t‖ (total, as through all
 * later steps) and of an LSTM ‖∂L/∂c_t‖; by how much a step multiplies a gradient on its way back, and all of them; the
 * spectral radii of W_hh's blocks and of the mean Jacobian of the state; the leading Lyapunov exponents, in nats a step;
 * shares of gates that are at an end of their range; units that are always 0, or never change. `Thresholds` says from when
 * on that is a finding.
 *
 * The loss is computed in the mode the model is in, dropout included, a step of each layer at a time by the layer's own code,
 * which gives the bits of the whole sequence (but that zoneout draws its masks in another order). Jacobians, exponents and gates are of the layer without dropout. `RNN`,
 * `LSTM`, `GRU`, their cells and variants are known throughout; the other recurrences, and cells of one's own in a
 * `Recurrence`, have no radii and no gates. Layers inside a `Checkpointed` are not looked at, and named as such.
 *
 * Nothing is changed: parameters, their gradients, buffers, generators, and the step that is under way stay as they are, so
 * it may be called between `backward` and `optimizer.step()`. As with `noGrad`, what an ended step computed can no longer be
 * read afterwards.
 *
 * Cost: with H = 128, T = 100, B = 32, four to six training steps, of which a third to two thirds goes into spectra (they
 * grow as H³: `largestSpectrum: 0` leaves them out), and two more are the passes themselves; memory as a training step that
 * keeps each time step's states besides, some 20 MB more there (`npm run bench:diagnose`).
 *
 * @param batch as a `Trainer` takes it, with `loss` and maybe `state` among the options; or, for a model that is asked in
 *   another way, a function that computes the loss.
 * @throws {OptionError} when an option is unknown or out of range, the model has no recurrent layer, or there is no loss;
 *   {ShapeError} when the loss is not a single number; {NumericError} when it is not finite, with where that began.
 * Sources: Hochreiter 1991; Bengio, Simard & Frasconi 1994, "Learning long-term dependencies with gradient descent is
 * difficult"; Pascanu, Mikolov & Bengio 2013, "On the difficulty of training recurrent neural networks"; Karpathy, Johnson &
 * Li 2015, "Visualizing and understanding recurrent networks" (saturated gates); Vogt et al. 2022, "On Lyapunov exponents
 * for RNNs".
 */
export function diagnose(model: Module, batch: Batch | (() => Tensor), options: DiagnoseOptions = {}): Diagnosis {
  const lossOf = checkedLoss(model, batch, options);
  const measures = measuresOf(options);
  const thresholds = thresholdsOf(options.thresholds);
  const layers = recurrentLayersIn(model);
  if (layers.length === 0) {
    throw new OptionError("diagnose model: expected one with a recurrent layer, got none in it");
  }
  return undisturbed(model, () => {
    const loss = passes(layers, lossOf, typeof batch === "function" ? null : { model, batch });
    const found: LayerDiagnosis[] = [];
    const notLookedAt: NotLookedAt[] = [];
    for (const unit of layers.flatMap(({ units }) => units)) {
      const result = measured(unit, measures);
      if ("why" in result) notLookedAt.push(result);
      else found.push(result);
    }
    return new Diagnosis(loss, found, notLookedAt, thresholds);
  });
}

/** @throws {OptionError} when what is given does not make a loss. */
function checkedLoss(model: Module, batch: Batch | (() => Tensor), options: DiagnoseOptions): () => Tensor {
  requireKnown("diagnose", options, ["loss", "state", ...measureNames]);
  const { loss, state } = options;
  if (!(model instanceof Module)) throw new OptionError(`diagnose model: expected a Module, got ${describe(model)}`);
  if (typeof batch === "function") {
    if (loss !== undefined || state !== undefined) {
      throw new OptionError("diagnose: expected a function that returns the loss, or a batch and a loss, got both");
    }
    return batch;
  }
  if (!(batch?.input instanceof Tensor && batch.target instanceof Tensor)) {
    throw new OptionError(
      `diagnose batch: expected { input, target } of tensors, or a function that returns the loss, got ${describe(batch)}`,
    );
  }
  if (typeof loss !== "function") {
    throw new OptionError(`diagnose loss: expected a function of output and target, got ${describe(loss)}`);
  }
  return () => passOf(model, loss, batch, { carries: state !== undefined, state }).loss;
}

/** @throws {OptionError} when a number is out of range. */
export function measuresOf({ exponents = 4, sequences = 4, largestSpectrum = 512 }: DiagnoseOptions): Measures {
  if (exponents !== 0) requireCount("diagnose exponents", exponents);
  requireCount("diagnose sequences", sequences);
  if (largestSpectrum !== 0) requireCount("diagnose largestSpectrum", largestSpectrum);
  return { exponents, sequences, largestSpectrum };
}

/**
 * Does something with a model in a step of its own, after which parameters want gradients as before and have the same ones,
 * buffers are as they were, and generators stand where they stood, also when it fails.
 */
function undisturbed<Result>(model: Module, work: () => Result): Result {
  const wanted = model.parameters().map((parameter) => [parameter, parameter.requiresGrad] as const);
  const putBack = model.keepBuffers();
  let before: Standings = new Map();
  try {
    // No gradient is sent to a parameter: those there are stay, and the products that would make others are spared.
    for (const [parameter] of wanted) parameter.requiresGrad = false;
    const outcome = watchDraws(() => {
      try {
        return { value: inScope(work) };
      } catch (error) {
        return { error };
      }
    });
    before = outcome.before;
    if ("error" in outcome.result) throw outcome.result.error;
    return outcome.result.value;
  } finally {
    for (const [parameter, requiresGrad] of wanted) parameter.requiresGrad = requiresGrad;
    putBack();
    for (const [generator, standing] of before) generator.standing = standing;
  }
}

/** Forward and back under observation; returns the loss. */
function passes(
  layers: readonly Observed[],
  lossOf: () => Tensor,
  told: { readonly model: Module; readonly batch: Batch } | null,
): number {
  const since = nextOperation();
  const { result: loss, before } = watchDraws(() => observe(layers, () => withGradients(true, lossOf)));
  if (!(loss instanceof Tensor)) {
    throw new OptionError(`diagnose loss: expected a tensor with a single number, got ${describe(loss)}`);
  }
  if (loss.size !== 1) {
    throw new ShapeError(`diagnose loss: expected a single number, got a tensor ${formatShape(loss.shape)}`);
  }
  const value = loss.item();
  if (!Number.isFinite(value)) {
    for (const [generator, standing] of before) generator.standing = standing;
    const origin = told ? originOfLoss(told.model, told.batch, lossOf) : {};
    throw new NumericError(`diagnose: expected a finite loss, got ${value}${told ? tellOrigin(origin) : ""}`, origin);
  }
  sendBack(loss, since, layers);
  return value;
}

/** Sends the gradient of the loss to what was computed since, and to nothing that was there before. */
function sendBack(loss: Tensor, since: number, layers: readonly Observed[]): void {
  const trajectories = layers.flatMap(({ units }) => units.flatMap((unit) => unit.trajectories));
  const entered = new Set(trajectories.flatMap((steps) => steps.flatMap(({ before }) => before)));
  const outside = [...earlierInputs([loss], since)].filter((t) => !entered.has(t));
  for (const t of outside) t.requiresGrad = false;
  try {
    const one = engine().allocate(1);
    engine().kernels.fill(one, 1, 1);
    giveGradient(loss, one);
    propagateSince([loss], since);
  } finally {
    for (const t of outside) t.requiresGrad = true;
  }
}

/** What is measured of a unit, or why nothing is. */
function measured(unit: Unit, measures: Measures): LayerDiagnosis | NotLookedAt {
  const { layer, className } = unit.kind;
  if (unit.trajectory.length === 0) return { layer, className, why: "the model did not call it" };
  try {
    return measureLayer(unit, measures);
  } catch (error) {
    if (!(error instanceof LifetimeError)) throw error;
    return {
      layer,
      className,
      why: "its steps are computed again on the way back (a checkpoint), or without gradients",
    };
  }
}
