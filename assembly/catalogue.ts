/**
 * The ABI of the catalogue, the module of the activations that the core does not have: export lines only. It is loaded when
 * one of them is called for the first time, works in the core's memory, where its constants lie behind the companion's,
 * and puts its functions into the core's function table behind the core's own. Conventions are the core's (core.ts).
 */

export { catalogueBackwardSlot, catalogueForwardSlot } from "./activation/slots";
export { heapBase } from "./base/memory";
export { interpreterBackwardSlot, interpreterForwardSlot } from "./activation/interpreter";
export { sparsemax, sparsemaxBackward } from "./activation/sparsemax";
export * from "./activation/templates";
