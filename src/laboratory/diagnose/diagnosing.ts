import type { Batch } from "../../data/dataset.ts";
import { OptionError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Callback, TrainingState } from "../../train/callback.ts";
import { type DiagnoseOptions, diagnose, measureNames, measuresOf } from "./diagnose.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { thresholdsOf } from "./thresholds.ts";

export interface DiagnosingOptions extends DiagnoseOptions {
  /** The batch to look at, the same each time, or a function that returns a loss; with a batch, `loss` is needed. */
  batch: Batch | (() => Tensor);
  /** Look again after so many steps; default 100. */
  every?: number;
  /** Is told each diagnosis, and awaited. */
  onDiagnosis: (diagnosis: Diagnosis, state: TrainingState) => void | Promise<void>;
}

/**
 * A callback that diagnoses the model before the first step and after every so many, the training going on to the same bits
 * as without it.
 *
 * ```ts
 * seed(1);
 * const model = new Sequential(new GRU({ inputSize: 1, hiddenSize: 8 }), new LastStep());
 * const data = arrayDataset(normal([8, 20, 1]), zeros([8, 8]), { timeMajor: true });
 * const found: string[] = [];
 * const look = diagnosing({
 *   batch: data.batch(Int32Array.of(0, 1, 2, 3)),
 *   loss: mseLoss,
 *   every: 2,
 *   onDiagnosis: ({ findings }, { step }) => {
 *     found.push(`${step}: ${findings[0]?.kind}`);
 *   },
 * });
 * const trainer = new Trainer({ model, loss: mseLoss, optimizer: new SGD(model.parameters(), { learningRate: 0.1 }) });
 * await trainer.fit(data, { epochs: 2, batchSize: 4, callbacks: [look] });
 * found; // ["0: healthy", "2: healthy", "4: healthy"]
 * ```
 *
 * Each time costs what `diagnose` costs, four to six training steps at H = 128, T = 100, B = 32.
 * @throws {OptionError} when an option is missing, unknown or out of range.
 */
export function diagnosing(options: DiagnosingOptions): Callback {
  requireKnown("diagnosing", options, ["batch", "every", "onDiagnosis", "loss", "state", ...measureNames]);
  const { batch, every = 100, onDiagnosis, ...rest } = options;
  requireCount("diagnosing every", every);
  if (typeof onDiagnosis !== "function") {
    throw new OptionError(`diagnosing onDiagnosis: expected a function, got ${typeof onDiagnosis}`);
  }
  measuresOf(rest);
  thresholdsOf(rest.thresholds);
  const look = async (state: TrainingState): Promise<void> => {
    await onDiagnosis(diagnose(state.model, batch, rest), state);
  };
  return {
    onFitStart: async (state) => {
      if (state.step === 0) await look(state);
    },
    onStepEnd: async (state) => {
      if (state.step % every === 0) await look(state);
    },
  };
}
