/**
 * unrolled: recurrent networks at native speed, anywhere JavaScript runs.
 *
 * Import and use: the engine finds its binary and starts by itself.
 */

export { noGrad } from "./autograd/noGrad.ts";
export { CharacterVocabulary } from "./data/characters.ts";
export { type ArrayDatasetOptions, arrayDataset, type Batch, type Dataset, textWindows } from "./data/dataset.ts";
export { decodeSafetensors, encodeSafetensors } from "./io/safetensors.ts";
export { Dropout } from "./nn/dropout.ts";
export { Embedding } from "./nn/embedding.ts";
export { Linear, type LinearOptions } from "./nn/linear.ts";
export { Module, type StateDict } from "./nn/module.ts";
export { type CellOptions, GRUCell, LSTMCell, RNNCell } from "./nn/recurrent/cells.ts";
export { GRU, type GRUOptions } from "./nn/recurrent/gru.ts";
export type { RecurrentOptions, RecurrentResult } from "./nn/recurrent/layer.ts";
export { LSTM, type LSTMOptions, type LSTMState } from "./nn/recurrent/lstm.ts";
export { RNN, type RNNOptions } from "./nn/recurrent/rnn.ts";
export { LastStep, type Link, Sequential } from "./nn/sequential.ts";
export {
  Activation,
  type ActivationMap,
  type ActivationName,
  type ActivationOptions,
  type ArrayMapOptions,
  activation,
  activations,
} from "./ops/activation.ts";
export { flip, indexSelect, split, squeeze, unsqueeze } from "./ops/axes.ts";
export { dropout } from "./ops/dropout.ts";
export { add, div, mul, neg, type Operand, sub } from "./ops/elementwise.ts";
export { embedding } from "./ops/embedding.ts";
export { concat, permute, reshape, slice, stack, transpose } from "./ops/layout.ts";
export { type ClassificationLossOptions, crossEntropy, mseLoss, nllLoss, type Reduction } from "./ops/loss.ts";
export { linear, matmul } from "./ops/matmul.ts";
export { exp, square } from "./ops/pointwise.ts";
export { mean, sum } from "./ops/reduce.ts";
export { logSoftmax, softmax } from "./ops/softmax.ts";
export { Adam, type AdamOptions, AdamW } from "./optim/adam.ts";
export { clipGradNorm, Optimizer } from "./optim/optimizer.ts";
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
  LifetimeError,
  MemoryError,
  NumericError,
  OptionError,
  ShapeError,
  ThreadError,
  UnrolledError,
  UnsupportedRuntimeError,
  WeightsError,
} from "./runtime/errors.ts";
export { Generator, seed } from "./runtime/random.ts";
export type { StreamOptions, WeightFormat } from "./stream/format.ts";
export type { StreamStage } from "./stream/stage.ts";
export { Stream } from "./stream/stream.ts";
export { full, type NestedNumbers, normal, ones, type TensorOptions, tensor, uniform, zeros } from "./tensor/create.ts";
export { Parameter } from "./tensor/parameter.ts";
export type { Shape } from "./tensor/shape.ts";
export { type DataType, Tensor } from "./tensor/tensor.ts";
export { type FitOptions, type History, type Progress, Trainer, type TrainerOptions } from "./train/trainer.ts";
