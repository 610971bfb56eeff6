/**
 * The ABI of the core, the engine itself: export lines only. Addresses are byte offsets into the one memory, counts are in
 * elements. The caller (src/runtime) owns all memory above the modules' constants; nothing here allocates.
 */

export { heapBase, isRelaxed } from "./base/memory";
export { exponential, logarithm } from "./base/wide";
export {
  accumulate,
  binary,
  fill,
  scale,
  select,
  squaredDifference,
  squaredDifferenceBackward,
} from "./elementwise/binary";
export { gatherStrided, scatterStrided } from "./elementwise/copy";
export { gatherRows, scatterAddRows } from "./elementwise/gather";
export { allFinite, expandAxis, sumAxis, sumOfSquares } from "./elementwise/reduce";
export { logSoftmax, logSoftmaxBackward, softmax, softmaxBackward } from "./elementwise/softmax";
export {
  activationBackward,
  activationBackwardSlot,
  activationForward,
  activationForwardSlot,
} from "./elementwise/unary";
export { gemm, gemmPacked, gemmPackedWorkspaceSize, gemmWorkspaceSize, packedRightSize, packRight } from "./gemm/gemm";
export { gemv, gemvPacked, gemvTransposed, packedRowsSize, packRows } from "./gemm/gemv";
export { crossEntropy, maskTargets, smoothedCrossEntropy } from "./loss/crossEntropy";
export { totalWeight } from "./loss/negativeLogLikelihood";
export { adamStep } from "./optim/adam";
export { sgdStep } from "./optim/sgd";
export { dropout } from "./random/dropout";
export { bernoulli, fillNormal, fillUniform, philoxBits } from "./random/fill";
export { gruBackward, gruForward, gruWorkspaceSize } from "./recurrent/gru";
export { gruVariantBackward, gruVariantForward, gruVariantWorkspaceSize } from "./recurrent/gruVariant";
export { lstmBackward, lstmForward, lstmWorkspaceSize } from "./recurrent/lstm";
export { lstmVariantBackward, lstmVariantForward, lstmVariantWorkspaceSize } from "./recurrent/lstmVariant";
export { gainGradient, normaliseRows, normaliseRowsBackward } from "./recurrent/normalise";
export { packDirect, packTransposed, panelsSize } from "./recurrent/product";
export { rnnBackward, rnnForward, rnnWorkspaceSize } from "./recurrent/rnn";
export { int8WorkspaceSize, multiplyInt8, packedRowsInt8Size, packRowsInt8 } from "./stream/int8";
export { stageSlot, streamStep } from "./stream/program";
