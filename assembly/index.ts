/**
 * The engine's ABI: export lines only. Addresses are byte offsets into the one memory, counts are in elements.
 * The caller (src/runtime) owns all memory above `heapBase()`; nothing here allocates.
 */

export { heapBase, isRelaxed } from "./base/memory";
export { exponential, logAddExp, logarithm } from "./base/wide";
export { gemm, gemmPacked, gemmPackedWorkspaceSize, gemmWorkspaceSize, packedRightSize, packRight } from "./gemm/gemm";
export { gemv, gemvPacked, gemvTransposed, packedRowsSize, packRows } from "./gemm/gemv";
export { gruBackward, gruForward, gruWorkspaceSize } from "./recurrent/gru";
export { gruVariantBackward, gruVariantForward, gruVariantWorkspaceSize } from "./recurrent/gruVariant";
export { indRnnBackward, indRnnForward } from "./recurrent/indRnn";
export { lstmBackward, lstmForward, lstmWorkspaceSize } from "./recurrent/lstm";
export { lstmVariantBackward, lstmVariantForward, lstmVariantWorkspaceSize } from "./recurrent/lstmVariant";
export { gainGradient, normaliseRows, normaliseRowsBackward } from "./recurrent/normalise";
export { packDirect, packTransposed, panelsSize } from "./recurrent/product";
export { rgLruBackward, rgLruForward } from "./recurrent/rgLru";
export { rnnBackward, rnnForward, rnnWorkspaceSize } from "./recurrent/rnn";
export { scanBackward, scanForward } from "./recurrent/scan";
export { sruBackward, sruForward } from "./recurrent/sru";
export { int8WorkspaceSize, multiplyInt8, packedRowsInt8Size, packRowsInt8 } from "./stream/int8";
export { stageSlot, streamStep } from "./stream/program";

export {
  activationBackward,
  activationBackwardSlot,
  activationForward,
  activationForwardSlot,
} from "./elementwise/unary";
export { extremes, gatherAlong, scatterAlong } from "./elementwise/along";
export {
  accumulate,
  binary,
  fill,
  scale,
  select,
  squaredDifference,
  squaredDifferenceBackward,
} from "./elementwise/binary";
export { allFinite, expandAxis, sumAxis, sumOfSquares } from "./elementwise/reduce";
export { gatherStrided, scatterStrided } from "./elementwise/copy";
export { gatherRows, scatterAddRows } from "./elementwise/gather";
export { maskedSoftmax, maskFault, maskOfLengths } from "./elementwise/maskedSoftmax";
export { normBackward, normForward, normWorkspaceSize } from "./elementwise/norm";
export { reverseRows } from "./elementwise/reverse";
export { logSoftmax, logSoftmaxBackward, softmax, softmaxBackward } from "./elementwise/softmax";
export { crossEntropy, maskTargets, smoothedCrossEntropy } from "./loss/crossEntropy";
export { ctc, ctcBackward, ctcWorkspaceSize } from "./loss/ctc";
export { mixtureDensity, mixtureDensityBackward } from "./loss/mixture";
export { gatherPatches, scatterPatches } from "./conv/patches";
export { averagePool, maxPool, maxPoolBackward } from "./conv/pooling";
export { negativeLogLikelihood, negativeLogLikelihoodBackward, totalWeight } from "./loss/negativeLogLikelihood";
export { pointwiseLoss, pointwiseLossBackward } from "./loss/pointwise";
export { adamStep } from "./optim/adam";
export { sgdStep } from "./optim/sgd";
export { dropout } from "./random/dropout";
export { bernoulli, fillNormal, fillUniform, philoxBits } from "./random/fill";
