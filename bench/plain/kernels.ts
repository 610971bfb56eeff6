/**
 * y := f(x) into an array that is already there: the work of an activation without its allocation. One loop a function,
 * for the reason given in activations.ts.
 */
import { erf } from "./activations.ts";

export const plainKernels = {
  sigmoid: (x: Float32Array, y: Float32Array): void => {
    for (let i = 0; i < x.length; i++) y[i] = 1 / (1 + Math.exp(-x[i]));
  },
  tanh: (x: Float32Array, y: Float32Array): void => {
    for (let i = 0; i < x.length; i++) y[i] = Math.tanh(x[i]);
  },
  exp: (x: Float32Array, y: Float32Array): void => {
    for (let i = 0; i < x.length; i++) y[i] = Math.exp(x[i]);
  },
  gelu: (x: Float32Array, y: Float32Array): void => {
    for (let i = 0; i < x.length; i++) y[i] = 0.5 * x[i] * (1 + erf(x[i] * Math.SQRT1_2));
  },
};

export const kernelNames = Object.keys(plainKernels) as (keyof typeof plainKernels)[];
