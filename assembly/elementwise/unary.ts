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
  Activation,
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
import { loadLanes, storeLanes } from "../base/lanes";

/** y := f(x). The tail goes round the same loop, number by number, so that the policy is inlined once. */
// @ts-ignore: decorator
@inline
function forward<A extends Activation>(x: usize, y: usize, count: i32, parameters: usize): void {
  const policy = changetype<A>(0);
  while (count > 0) {
    const four = count >= 4;
    const v = policy.map(loadLanes(x, four), parameters);
    storeLanes(y, v, four);
    const bytes: usize = four ? 16 : 4;
    x += bytes;
    y += bytes;
    count -= <i32>(bytes >> 2);
  }
}

/** Like `forward`, two vectors at a time: for maps so long that four would not fit in the registers. */
// @ts-ignore: decorator
@inline
function forwardInTwos<A extends Activation>(x: usize, y: usize, count: i32, parameters: usize): void {
  const policy = changetype<A>(0);
  for (; count >= 8; count -= 8) {
    const first = policy.map(v128.load(x), parameters);
    const second = policy.map(v128.load(x, 16), parameters);
    v128.store(y, first);
    v128.store(y, second, 16);
    x += 32;
    y += 32;
  }
  forward<A>(x, y, count, parameters);
}

/** Like `forward`, four vectors at a time: for the maps that recurrent layers live on, they hide each other's latency. */
// @ts-ignore: decorator
@inline
function forwardInFours<A extends Activation>(x: usize, y: usize, count: i32, parameters: usize): void {
  const policy = changetype<A>(0);
  for (; count >= 16; count -= 16) {
    const first = policy.map(v128.load(x), parameters);
    const second = policy.map(v128.load(x, 16), parameters);
    const third = policy.map(v128.load(x, 32), parameters);
    const fourth = policy.map(v128.load(x, 48), parameters);
    v128.store(y, first);
    v128.store(y, second, 16);
    v128.store(y, third, 32);
    v128.store(y, fourth, 48);
    x += 64;
    y += 64;
  }
  forward<A>(x, y, count, parameters);
}

/** dx := dy·f′(x), arranged like `forward`. */
// @ts-ignore: decorator
@inline
function backward<A extends Activation>(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  const policy = changetype<A>(0);
  while (count > 0) {
    const four = count >= 4;
    const slope = policy.derivative(loadLanes(x, four), loadLanes(y, four), parameters);
    const v = f32x4.mul(loadLanes(dy, four), slope);
    storeLanes(dx, v, four);
    const bytes: usize = four ? 16 : 4;
    x += bytes;
    y += bytes;
    dy += bytes;
    dx += bytes;
    count -= <i32>(bytes >> 2);
  }
}

/** Like `backward`, with a loop of full vectors before it: for slopes so cheap that asking for the tail would count. */
// @ts-ignore: decorator
@inline
function backwardInVectors<A extends Activation>(
  x: usize,
  y: usize,
  dy: usize,
  dx: usize,
  count: i32,
  parameters: usize,
): void {
  const policy = changetype<A>(0);
  for (; count >= 4; count -= 4) {
    v128.store(dx, f32x4.mul(v128.load(dy), policy.derivative(v128.load(x), v128.load(y), parameters)));
    x += 16;
    y += 16;
    dy += 16;
    dx += 16;
  }
  backward<A>(x, y, dy, dx, count, parameters);
}

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
  forwardInTwos<Gelu>(x, y, count, parameters);
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
