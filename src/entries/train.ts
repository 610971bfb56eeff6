/**
 * `unrolled/train`: what makes a network learn: the trainer and its callbacks, optimizers, schedules, losses, metrics.
 * The same objects as in `unrolled`.
 */

export {
  type Average,
  accuracy,
  type ClassScoreOptions,
  type ConfusionOptions,
  confusionMatrix,
  f1Score,
  precision,
  recall,
  type TopKOptions,
  topKAccuracy,
} from "../metrics/classification.ts";
export type { Classes, CountedOptions } from "../metrics/counted.ts";
export { characterErrorRate, editDistance, type Pieces, wordErrorRate } from "../metrics/distance.ts";
export { type BleuOptions, bitsPerCharacter, bleu, perplexity, type Sentence } from "../metrics/language.ts";
export {
  type ClassificationLossOptions,
  type CrossEntropyOptions,
  crossEntropy,
  nllLoss,
} from "../ops/loss/classification.ts";
export { type CTCLossOptions, ctcLoss } from "../ops/loss/ctc.ts";
export { type MixtureParameters, mixtureDensityLoss } from "../ops/loss/mixture.ts";
export {
  type BinaryCrossEntropyOptions,
  bceWithLogitsLoss,
  type DivergenceOptions,
  klDivLoss,
} from "../ops/loss/probability.ts";
export type { Reduction } from "../ops/loss/reduction.ts";
export {
  type HuberLossOptions,
  huberLoss,
  maeLoss,
  mseLoss,
  type RegressionLossOptions,
} from "../ops/loss/regression.ts";
export { Adadelta, type AdadeltaOptions } from "../optim/adadelta.ts";
export { Adafactor, type AdafactorOptions } from "../optim/adafactor.ts";
export { Adagrad, type AdagradOptions } from "../optim/adagrad.ts";
export { Adam, type AdamOptions, AdamW } from "../optim/adam.ts";
export { ASGD, type ASGDOptions } from "../optim/asgd.ts";
export { EMA, type EMAOptions, SWA, WeightAverage } from "../optim/average.ts";
export { clipGradNormPerLayer, clipGradValue } from "../optim/clip.ts";
export type { Learnable, ParameterGroup } from "../optim/group.ts";
export { Lion, type LionOptions } from "../optim/lion.ts";
export { NAdam, type NAdamOptions } from "../optim/nadam.ts";
export { type NonMonotonicOptions, NonMonotonicTrigger } from "../optim/nonMonotonic.ts";
export { clipGradNorm, Optimizer, type OptimizerOptions, type OptimizerState } from "../optim/optimizer.ts";
export { RAdam, type RAdamOptions } from "../optim/radam.ts";
export { RMSprop, type RMSpropOptions } from "../optim/rmsprop.ts";
export {
  type CosineScheduleOptions,
  cosineSchedule,
  type OneCycleScheduleOptions,
  oneCycleSchedule,
} from "../optim/schedule/cosine.ts";
export {
  constantSchedule,
  exponentialSchedule,
  multiStepSchedule,
  type PolynomialScheduleOptions,
  polynomialSchedule,
  stepSchedule,
} from "../optim/schedule/decay.ts";
export { type PlateauOptions, reduceOnPlateauSchedule } from "../optim/schedule/plateau.ts";
export type { Schedule } from "../optim/schedule/schedule.ts";
export { type WarmUpOptions, warmUpSchedule } from "../optim/schedule/warmUp.ts";
export { SGD, type SGDOptions } from "../optim/sgd.ts";
export { AutogradError, NumericError, OptionError, UnrolledError, WeightsError } from "../runtime/errors.ts";
export type { Callback, CallbackHook, CallbackState, TrainingState } from "../train/callback.ts";
export { type EarlyStoppingOptions, earlyStopping } from "../train/earlyStopping.ts";
export type { Evaluation, EvaluationOptions } from "../train/evaluation.ts";
export type { History, HistorySoFar, Progress, Stopped, Validation } from "../train/history.ts";
export type { Loss } from "../train/learner.ts";
export { learningRateChart } from "../train/learningRateChart.ts";
export {
  findLearningRate,
  type LearningRateCurve,
  type LearningRateFinderOptions,
} from "../train/learningRateFinder.ts";
export type { MonitorOptions } from "../train/monitor.ts";
export type { FitOptions, Metric } from "../train/plan.ts";
export { Trainer, type TrainerOptions } from "../train/trainer.ts";
export { type TrainingEventName, trainingEvents } from "../train/trainingEvents.ts";
