/**
 * The ABI of the companion, the module for what most programs never call: export lines only. It is loaded when one of its
 * kernels is called for the first time, works in the core's memory, where its constants lie behind the core's, and calls
 * activations through the core's function table. Conventions are the core's (core.ts).
 */

export { heapBase } from "./base/memory";
export { logAddExp } from "./base/wide";
export { averagePool, maxPool, maxPoolBackward } from "./conv/pooling";
export { gatherPatches, scatterPatches } from "./conv/patches";
export { extremes, gatherAlong, scatterAlong } from "./elementwise/along";
export { cumulativeSum } from "./elementwise/cumulative";
export { maskedSoftmax, maskFault, maskOfLengths } from "./elementwise/maskedSoftmax";
export { normBackward, normForward, normWorkspaceSize } from "./elementwise/norm";
export { power } from "./elementwise/power";
export { reverseRows } from "./elementwise/reverse";
export { sine, sineBackward } from "./elementwise/sine";
export { ctc, ctcBackward, ctcWorkspaceSize } from "./loss/ctc";
export { mixtureDensity, mixtureDensityBackward } from "./loss/mixture";
export { negativeLogLikelihood, negativeLogLikelihoodBackward } from "./loss/negativeLogLikelihood";
export { pointwiseLoss, pointwiseLossBackward } from "./loss/pointwise";
export { adadeltaStep, adagradStep } from "./optim/adagrad";
export { adafactorStep } from "./optim/adafactor";
export { averagedStep, averageStep } from "./optim/average";
export { lionStep } from "./optim/lion";
export { momentsStep } from "./optim/moments";
export { rmspropStep } from "./optim/rmsprop";
export { indRnnBackward, indRnnForward } from "./recurrent/indRnn";
export { rgLruBackward, rgLruForward } from "./recurrent/rgLru";
export { scanBackward, scanForward } from "./recurrent/scan";
export { sruBackward, sruForward } from "./recurrent/sru";
