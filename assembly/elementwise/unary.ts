/**
 * Activations over blocks of numbers, one pair of function-table slots each: whoever holds a slot (these kernels, the
 * recurrent cells, a module compiled at run time) calls it once a block, never once a number.
 *
 *   forward slot:  (x, y, count, parameters)           y[i] := f(x[i]); y may be x
 *   backward slot: (x, y, dy, dx, count, parameters)   dx[i] := dy[i]·f′(x[i]), y = f(x); dx may be dy, x or y
 *
 * `parameters` is the address of the activation's own floats (leakyRelu: [slope], elu: [α]; others: ignored).
 * The derivatives of identity, sigmoid, tanh, relu and exponential follow from y alone: their x must be readable, and may be y.
 * Errors are stated with each policy in base/activation.ts.
 */

import {
  Elu,
  Exponential,
  Gelu,
  GeluTanh,
  Identity,
  LeakyRelu,
  Logarithm,
  Magnitude,
  Relu,
  Sigmoid,
  Silu,
  Softplus,
  SquareRoot,
  Tanh,
} from "../base/activation";
import { backward, backwardInVectors, forward, forwardInFours } from "./maps";

function identityForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forwardInFours<Identity>(x, y, count, parameters);
}
function identityBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backwardInVectors<Identity>(x, y, dy, dx, count, parameters);
}

/** y := f(x) for f = σ; y may be x. `parameters` is not read. */
export function sigmoidForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forwardInFours<Sigmoid>(x, y, count, parameters);
}
function sigmoidBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backwardInVectors<Sigmoid>(x, y, dy, dx, count, parameters);
}

/** y := f(x) for f = tanh; y may be x. `parameters` is not read. */
export function tanhForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forwardInFours<Tanh>(x, y, count, parameters);
}
function tanhBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backwardInVectors<Tanh>(x, y, dy, dx, count, parameters);
}

function reluForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forwardInFours<Relu>(x, y, count, parameters);
}
function reluBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backwardInVectors<Relu>(x, y, dy, dx, count, parameters);
}

function leakyReluForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forwardInFours<LeakyRelu>(x, y, count, parameters);
}
function leakyReluBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backwardInVectors<LeakyRelu>(x, y, dy, dx, count, parameters);
}

function eluForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forward<Elu>(x, y, count, parameters);
}
function eluBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backward<Elu>(x, y, dy, dx, count, parameters);
}

function softplusForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forward<Softplus>(x, y, count, parameters);
}
function softplusBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backward<Softplus>(x, y, dy, dx, count, parameters);
}

function geluForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forward<Gelu>(x, y, count, parameters);
}
function geluBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backward<Gelu>(x, y, dy, dx, count, parameters);
}

function geluTanhForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forward<GeluTanh>(x, y, count, parameters);
}
function geluTanhBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backward<GeluTanh>(x, y, dy, dx, count, parameters);
}

function siluForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forward<Silu>(x, y, count, parameters);
}
function siluBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backward<Silu>(x, y, dy, dx, count, parameters);
}

function exponentialForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forwardInFours<Exponential>(x, y, count, parameters);
}
function exponentialBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backwardInVectors<Exponential>(x, y, dy, dx, count, parameters);
}

function logarithmForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forward<Logarithm>(x, y, count, parameters);
}
function logarithmBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backward<Logarithm>(x, y, dy, dx, count, parameters);
}

function squareRootForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forward<SquareRoot>(x, y, count, parameters);
}
function squareRootBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backward<SquareRoot>(x, y, dy, dx, count, parameters);
}

function magnitudeForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forward<Magnitude>(x, y, count, parameters);
}
function magnitudeBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backward<Magnitude>(x, y, dy, dx, count, parameters);
}

/**
 * The slot that computes activation `kind`: 0 identity, 1 sigmoid, 2 tanh, 3 relu, 4 leakyRelu, 5 elu, 6 softplus,
 * 7 gelu (exact), 8 geluTanh, 9 silu, 10 exponential; and functions that are no activations: 11 log, 12 sqrt, 13 abs. Any other kind: identity.
 */
export function activationForwardSlot(kind: i32): i32 {
  switch (kind) {
    case 1:
      return sigmoidForward.index;
    case 2:
      return tanhForward.index;
    case 3:
      return reluForward.index;
    case 4:
      return leakyReluForward.index;
    case 5:
      return eluForward.index;
    case 6:
      return softplusForward.index;
    case 7:
      return geluForward.index;
    case 8:
      return geluTanhForward.index;
    case 9:
      return siluForward.index;
    case 10:
      return exponentialForward.index;
    case 11:
      return logarithmForward.index;
    case 12:
      return squareRootForward.index;
    case 13:
      return magnitudeForward.index;
    default:
      return identityForward.index;
  }
}

/** The slot of the derivative of activation `kind`, numbered as in activationForwardSlot. */
export function activationBackwardSlot(kind: i32): i32 {
  switch (kind) {
    case 1:
      return sigmoidBackward.index;
    case 2:
      return tanhBackward.index;
    case 3:
      return reluBackward.index;
    case 4:
      return leakyReluBackward.index;
    case 5:
      return eluBackward.index;
    case 6:
      return softplusBackward.index;
    case 7:
      return geluBackward.index;
    case 8:
      return geluTanhBackward.index;
    case 9:
      return siluBackward.index;
    case 10:
      return exponentialBackward.index;
    case 11:
      return logarithmBackward.index;
    case 12:
      return squareRootBackward.index;
    case 13:
      return magnitudeBackward.index;
    default:
      return identityBackward.index;
  }
}

/** y := f(x) through forward slot `slot`; y may be x. */
export function activationForward(slot: i32, x: usize, y: usize, count: i32, parameters: usize): void {
  call_indirect<void>(slot, x, y, count, parameters);
}

/** dx := dy·f′(x) through backward slot `slot`; dx may be dy, x or y. */
export function activationBackward(
  slot: i32,
  x: usize,
  y: usize,
  dy: usize,
  dx: usize,
  count: i32,
  parameters: usize,
): void {
  call_indirect<void>(slot, x, y, dy, dx, count, parameters);
}
