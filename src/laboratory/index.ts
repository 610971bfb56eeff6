/**
 * unrolled/laboratory: what goes on inside a recurrent network while it learns.
 *
 * Runs wherever the library does, on the library's own engine.
 */

export { type Eigenvalue, eigenvalues, spectralRadius } from "./diagnose/eigenvalues.ts";
