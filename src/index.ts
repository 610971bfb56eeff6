/**
 * unrolled: recurrent networks at native speed, anywhere JavaScript runs.
 *
 * Import and use: the engine finds its binary and starts by itself.
 *
 * @module unrolled
 */

export { checkpoint } from "./autograd/checkpoint.ts";
export { noGrad } from "./autograd/noGrad.ts";
export {
  type FeatureBlock,
  type Features,
  logMel,
  type MelOptions,
  type MfccOptions,
  mfcc,
} from "./data/audioFeatures.ts";
export { CharacterVocabulary, type CharacterVocabularyOptions } from "./data/characters.ts";
export type { Sequences } from "./data/collate.ts";
export { type ArrayDatasetOptions, arrayDataset, type Batch, type Dataset, textWindows } from "./data/dataset.ts";
export type { Example, ExampleNumbers, NumberBlock } from "./data/example.ts";
export { type BatchOptions, type Chunks, Examples, type Walkable } from "./data/examples.ts";
export { besideEachOther, type LanguageModelOptions, languageModelBatches } from "./data/languageModel.ts";
export type { MelScale } from "./data/mel.ts";
export { type RowRange, Scaler, type ScalerState, type SeriesColumns } from "./data/scaler.ts";
export {
  type ForecastData,
  type ForecastOptions,
  forecastData,
  type SeriesWindowOptions,
  seriesWindows,
} from "./data/series.ts";
export { parseSeriesFile, type SeriesExample, type SeriesFile, type SeriesFileOptions } from "./data/seriesFile.ts";
export { type BatchSource, type Pass, passGenerator } from "./data/source.ts";
export { type SplitOptions, splitByGroup, splitByTime, splitExamples, type TimeSplitOptions } from "./data/split.ts";
export type { Tokenizer } from "./data/tokenizer.ts";
export { decodeWav, type Sound, type WavOptions } from "./data/wav.ts";
export { type WordCountOptions, WordVocabulary, type WordVocabularyOptions } from "./data/words.ts";
export {
  type CTCBeamOptions,
  type CTCDecodeOptions,
  type CTCLabelling,
  ctcBeamSearch,
  ctcGreedyDecode,
} from "./decoding/ctc.ts";
export { decodeSafetensors, encodeSafetensors } from "./io/safetensors.ts";
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
} from "./metrics/classification.ts";
export type { Classes, CountedOptions } from "./metrics/counted.ts";
export { characterErrorRate, editDistance, type Pieces, wordErrorRate } from "./metrics/distance.ts";
export { type BleuOptions, bitsPerCharacter, bleu, perplexity, type Sentence } from "./metrics/language.ts";
export { ActivationLayer } from "./nn/activationLayer.ts";
export {
  AdditiveAttention,
  DotAttention,
  type DotAttentionOptions,
  type MemoryOptions,
  type MemoryResult,
} from "./nn/attention/memory.ts";
export {
  MultiHeadAttention,
  type MultiHeadAttentionInputs,
  type MultiHeadAttentionOptions,
  type MultiHeadAttentionResult,
} from "./nn/attention/multiHead.ts";
export {
  Conv1d,
  type Conv1dModuleOptions,
  Conv2d,
  type Conv2dModuleOptions,
} from "./nn/convolution/convolution.ts";
export { AvgPool1d, AvgPool2d, GlobalAvgPool, MaxPool1d, MaxPool2d } from "./nn/convolution/pooling.ts";
export { Dropout } from "./nn/dropout.ts";
export { Embedding, type EmbeddingOptions } from "./nn/embedding.ts";
export { type HeOptions, initialize, type Nonlinearity } from "./nn/init.ts";
export { Linear, type LinearOptions } from "./nn/linear.ts";
export { Module, type StateDict } from "./nn/module.ts";
export { BatchNorm1d, type BatchNorm1dOptions } from "./nn/norm/batchNorm.ts";
export { LayerNorm, type LayerNormOptions, RMSNorm, type RMSNormOptions } from "./nn/norm/layerNorm.ts";
export { type CellOptions, GRUCell, LSTMCell, RNNCell } from "./nn/recurrent/cells.ts";
export { Checkpointed, type CheckpointedOptions, type Steps } from "./nn/recurrent/checkpointed.ts";
export { ClosedFormContinuous, type ClosedFormOptions, type ClosedFormPass } from "./nn/recurrent/closedForm.ts";
export { GRU, type GRUOptions } from "./nn/recurrent/gru.ts";
export { IndRNN, type IndRNNOptions } from "./nn/recurrent/indRnn.ts";
export type { PassOptions, RecurrentOptions, RecurrentResult } from "./nn/recurrent/layer.ts";
export { LegendreMemoryUnit, type LegendreOptions, type LegendreState } from "./nn/recurrent/legendre.ts";
export { LSTM, type LSTMOptions, type LSTMState } from "./nn/recurrent/lstm.ts";
export { MinGRU, type MinimalOptions, MinLSTM } from "./nn/recurrent/minimal.ts";
export { MinimalGatedUnit, type MinimalGatedUnitOptions } from "./nn/recurrent/minimalGated.ts";
export { QRNN, type QRNNOptions, type QRNNState } from "./nn/recurrent/qrnn.ts";
export { type Cell, Recurrence, type RecurrenceOptions, type RecurrencePass } from "./nn/recurrent/recurrence.ts";
export { RGLRU, type RGLRUOptions } from "./nn/recurrent/rgLru.ts";
export { RNN, type RNNOptions } from "./nn/recurrent/rnn.ts";
export type { SequenceLayerOptions, SequencePass } from "./nn/recurrent/sequence.ts";
export { SRU, type SRUOptions } from "./nn/recurrent/sru.ts";
export { detachState, type StateSizes } from "./nn/recurrent/state.ts";
export { LastStep, type Link, Sequential, type SequentialResult } from "./nn/sequential.ts";
export { Dropout1d, EmbeddingDropout, LockedDropout, type LockedDropoutOptions } from "./nn/sharedDropout.ts";
export { Bidirectional, type BidirectionalOptions, type Merge, Residual, TimeDistributed } from "./nn/wrappers.ts";
export { Activation } from "./ops/activation/activation.ts";
export { activationMap } from "./ops/activation/anyMap.ts";
export type { ActivationName, ActivationOptions } from "./ops/activation/builtIn.ts";
export {
  activationCatalogue,
  type CatalogueEntry,
  type CatalogueName,
  type CatalogueOptions,
} from "./ops/activation/catalogue.ts";
export {
  Expression,
  type ExpressionParameters,
  type LearnedParameter,
} from "./ops/activation/expression/expression.ts";
export { glu } from "./ops/activation/gated.ts";
export { type ActivationMap, type ArrayMapOptions, activations } from "./ops/activation/maps.ts";
export { activation } from "./ops/activation/named.ts";
export { type RandomizedReluOptions, rrelu } from "./ops/activation/randomized.ts";
export { sparsemax } from "./ops/activation/sparsemax.ts";
export { type AttentionOptions, type AttentionResult, lengthMask, scaledDotProductAttention } from "./ops/attention.ts";
export { flip, indexSelect, pad, split, squeeze, unsqueeze } from "./ops/axes.ts";
export { clamp, equal, greater, greaterEqual, less, lessEqual, maximum, minimum, where } from "./ops/comparison.ts";
export { type Conv1dOptions, type Conv2dOptions, conv1d, conv2d, type Pair } from "./ops/convolution.ts";
export { dropout } from "./ops/dropout.ts";
export { add, broadcastTo, div, mul, neg, type Operand, sub } from "./ops/elementwise.ts";
export { embedding } from "./ops/embedding.ts";
export { argmax, logSumExp, max, min } from "./ops/extremes.ts";
export { gather, oneHot } from "./ops/gather.ts";
export { concat, permute, reshape, slice, stack, transpose } from "./ops/layout.ts";
export {
  type ClassificationLossOptions,
  type CrossEntropyOptions,
  crossEntropy,
  nllLoss,
} from "./ops/loss/classification.ts";
export { type CTCLossOptions, ctcLoss } from "./ops/loss/ctc.ts";
export { type MixtureParameters, mixtureDensityLoss } from "./ops/loss/mixture.ts";
export {
  type BinaryCrossEntropyOptions,
  bceWithLogitsLoss,
  type DivergenceOptions,
  klDivLoss,
} from "./ops/loss/probability.ts";
export type { Reduction } from "./ops/loss/reduction.ts";
export {
  type HuberLossOptions,
  huberLoss,
  maeLoss,
  mseLoss,
  type RegressionLossOptions,
} from "./ops/loss/regression.ts";
export { linear, matmul } from "./ops/matmul.ts";
export { type LayerNormFunctionOptions, layerNorm, type RMSNormFunctionOptions, rmsNorm } from "./ops/norm.ts";
export { chunk, unbind } from "./ops/pieces.ts";
export { abs, cos, exp, log, sin, sqrt, square } from "./ops/pointwise.ts";
export {
  type AvgPoolOptions,
  avgPool1d,
  avgPool2d,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
} from "./ops/pooling.ts";
export { pow } from "./ops/power.ts";
export { type LinearRecurrenceOptions, linearRecurrence } from "./ops/recurrent/scan.ts";
export { type Axes, cumsum, mean, sum } from "./ops/reduce.ts";
export { reverseSequence } from "./ops/reverse.ts";
export { logSoftmax, softmax, softmin } from "./ops/softmax.ts";
export { Adadelta, type AdadeltaOptions } from "./optim/adadelta.ts";
export { Adafactor, type AdafactorOptions } from "./optim/adafactor.ts";
export { Adagrad, type AdagradOptions } from "./optim/adagrad.ts";
export { Adam, type AdamOptions, AdamW } from "./optim/adam.ts";
export { ASGD, type ASGDOptions } from "./optim/asgd.ts";
export { EMA, type EMAOptions, SWA, WeightAverage } from "./optim/average.ts";
export { clipGradNormPerLayer, clipGradValue } from "./optim/clip.ts";
export type { Learnable, ParameterGroup } from "./optim/group.ts";
export { Lion, type LionOptions } from "./optim/lion.ts";
export { NAdam, type NAdamOptions } from "./optim/nadam.ts";
export { type NonMonotonicOptions, NonMonotonicTrigger } from "./optim/nonMonotonic.ts";
export { clipGradNorm, Optimizer, type OptimizerOptions, type OptimizerState } from "./optim/optimizer.ts";
export { RAdam, type RAdamOptions } from "./optim/radam.ts";
export { RMSprop, type RMSpropOptions } from "./optim/rmsprop.ts";
export {
  type CosineScheduleOptions,
  cosineSchedule,
  type OneCycleScheduleOptions,
  oneCycleSchedule,
} from "./optim/schedule/cosine.ts";
export {
  constantSchedule,
  exponentialSchedule,
  multiStepSchedule,
  type PolynomialScheduleOptions,
  polynomialSchedule,
  stepSchedule,
} from "./optim/schedule/decay.ts";
export { type PlateauOptions, reduceOnPlateauSchedule } from "./optim/schedule/plateau.ts";
export type { Schedule } from "./optim/schedule/schedule.ts";
export { type WarmUpOptions, warmUpSchedule } from "./optim/schedule/warmUp.ts";
export { SGD, type SGDOptions } from "./optim/sgd.ts";
export {
  type Build,
  type Configuration,
  configure,
  load,
  type RuntimeInfo,
  runtimeInfo,
  threadsReady,
} from "./runtime/engine.ts";
export {
  AutogradError,
  ConfigurationError,
  DataError,
  ExpressionError,
  FileError,
  LifetimeError,
  MemoryError,
  type NonFiniteOrigin,
  NumericError,
  OptionError,
  ShapeError,
  ThreadError,
  UnrolledError,
  UnsupportedRuntimeError,
  WeightsError,
} from "./runtime/errors.ts";
export { type Draw, Generator, seed } from "./runtime/random.ts";
export type { StreamOptions, WeightFormat } from "./stream/format.ts";
export type { StreamStage } from "./stream/stage.ts";
export { Stream } from "./stream/stream.ts";
export { full, type NestedNumbers, normal, ones, type TensorOptions, tensor, uniform, zeros } from "./tensor/create.ts";
export type { Lengths } from "./tensor/lengths.ts";
export { Parameter } from "./tensor/parameter.ts";
export type { Shape } from "./tensor/shape.ts";
export { type DataType, Tensor } from "./tensor/tensor.ts";
export type { Callback, CallbackHook, CallbackState, TrainingState } from "./train/callback.ts";
export { type EarlyStoppingOptions, earlyStopping } from "./train/earlyStopping.ts";
export type { Evaluation, EvaluationOptions } from "./train/evaluation.ts";
export type { History, HistorySoFar, Progress, Stopped, Validation } from "./train/history.ts";
export type { Loss } from "./train/learner.ts";
export { learningRateChart } from "./train/learningRateChart.ts";
export {
  findLearningRate,
  type LearningRateCurve,
  type LearningRateFinderOptions,
} from "./train/learningRateFinder.ts";
export type { MonitorOptions } from "./train/monitor.ts";
export type { FitOptions, Metric } from "./train/plan.ts";
export { Trainer, type TrainerOptions } from "./train/trainer.ts";
export { type TrainingEventName, trainingEvents } from "./train/trainingEvents.ts";
