/**
 * The engine's ABI: export lines only. Addresses are byte offsets into the one memory, counts are in elements.
 * The caller (src/runtime) owns all memory above `heapBase()`; nothing here allocates.
 */

export { heapBase, isRelaxed } from "./base/memory";
export { gemm, gemmPacked, gemmPackedWorkspaceSize, gemmWorkspaceSize, packedRightSize, packRight } from "./gemm/gemm";
export { gemv, gemvTransposed } from "./gemm/gemv";
export { gruBackward, gruForward, gruWorkspaceSize } from "./recurrent/gru";
export { lstmBackward, lstmForward, lstmWorkspaceSize } from "./recurrent/lstm";
export { rnnBackward, rnnForward, rnnWorkspaceSize } from "./recurrent/rnn";
