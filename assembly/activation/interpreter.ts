/**
 * Expressions where nothing can be compiled at run time: a program is read from memory, and each of its operations is done on
 * a block of numbers before the next. The lanes' functions are those that a compiled expression is made of, so the bits are
 * the same; the time is two to four times that.
 *
 * `parameters` points at an `Interpreted`, the numbers and parameters of the expression, its programs, and registers, a block
 * of numbers for each operation of the longest program. The registers are written: of one such place, one thread at a time
 * may make use. A program is its length and a list of operations of four words: what is done (the order of src/ops/activation/expression/
 * interpret.ts), and the numbers of the operations whose results it is done on, −1 for x; its last operation is its result.
 */
import { exp4, naturalLogarithm4, sigmoid4, tanh4 } from "../base/math";
import { cos4, sin4 } from "../base/sine";
import { loadLanes, storeLanes } from "../base/lanes";
import {
  asinh4,
  atan4,
  cosh4,
  erf4,
  expm14,
  log1pAny4,
  sign4,
  sinh4,
  softplus4,
  tanhOfSoftplus4,
} from "./elementary";

/** Distances are in bytes from here. */
@unmanaged
class Interpreted {
  /** How many parameters are learned. */
  learned: i32;
  /** 1: the slope is a function of f(x); then none is. */
  slopeFromResult: i32;
  numbers: i32;
  /** The programs of f, f′ and ∂f/∂p for each p that is learned, one behind the other. */
  programs: i32;
  registers: i32;
  /** Four lanes for each parameter that is learned: what a call has summed so far. */
  totals: i32;
  /** A float64 each. */
  sums: i32;
}

/** Numbers in a register. */
const BLOCK: i32 = 64;
const BLOCK_BYTES: usize = 256;

/** One operation on four lanes. */
function operate(operation: i32, a: v128, b: v128, c: v128): v128 {
  switch (operation) {
    case 1:
      return f32x4.neg(a);
    case 2:
      return f32x4.abs(a);
    case 3:
      return sign4(a);
    case 4:
      return f32x4.sqrt(a);
    case 5:
      return exp4(a);
    case 6:
      return expm14(a);
    case 7:
      return naturalLogarithm4(a);
    case 8:
      return log1pAny4(a);
    case 9:
      return sin4(a);
    case 10:
      return cos4(a);
    case 11:
      return sinh4(a);
    case 12:
      return cosh4(a);
    case 13:
      return tanh4(a);
    case 14:
      return atan4(a);
    case 15:
      return asinh4(a);
    case 16:
      return erf4(a);
    case 17:
      return sigmoid4(a);
    case 18:
      return softplus4(a);
    case 19:
      return f32x4.pmax(a, f32x4.splat(0));
    case 20:
      return tanhOfSoftplus4(a);
    case 21:
      return f32x4.add(a, b);
    case 22:
      return f32x4.sub(a, b);
    case 23:
      return f32x4.mul(a, b);
    case 24:
      return f32x4.div(a, b);
    case 25:
      return exp4(f32x4.mul(b, naturalLogarithm4(a)));
    case 26:
      return f32x4.min(a, b);
    case 27:
      return f32x4.max(a, b);
    case 28:
      return v128.and(f32x4.lt(a, b), f32x4.splat(1));
    case 29:
      return v128.and(f32x4.le(a, b), f32x4.splat(1));
    case 30:
      return v128.and(f32x4.gt(a, b), f32x4.splat(1));
    case 31:
      return v128.and(f32x4.ge(a, b), f32x4.splat(1));
    case 32:
      return v128.and(f32x4.eq(a, b), f32x4.splat(1));
    case 33:
      return v128.and(f32x4.ne(a, b), f32x4.splat(1));
    case 34:
      return v128.bitselect(b, c, f32x4.ne(a, f32x4.splat(0)));
    default:
      return a;
  }
}

/** Runs a program on one block at x, of which `size` numbers are there; returns the register of its result. */
function run(program: usize, numbers: usize, registers: usize, x: usize): usize {
  let out = registers;
  let length = load<i32>(program);
  program += 4;
  for (; length > 0; length--) {
    const operation = load<i32>(program);
    const first = load<i32>(program, 4);
    if (operation == 0) {
      const number = v128.load32_splat(numbers + (<usize>first << 2));
      for (let at: usize = 0; at < BLOCK_BYTES; at += 16) v128.store(out + at, number);
    } else {
      const second = load<i32>(program, 8);
      const third = load<i32>(program, 12);
      const a = first < 0 ? x : registers + <usize>first * BLOCK_BYTES;
      const b = second < 0 ? x : registers + <usize>second * BLOCK_BYTES;
      const c = third < 0 ? x : registers + <usize>third * BLOCK_BYTES;
      for (let at: usize = 0; at < BLOCK_BYTES; at += 16) {
        v128.store(out + at, operate(operation, v128.load(a + at), v128.load(b + at), v128.load(c + at)));
      }
    }
    program += 16;
    out += BLOCK_BYTES;
  }
  return out - BLOCK_BYTES;
}

/** Copies `size` ≤ BLOCK numbers, with zeros behind them up to the end of the block. */
function fetch(from: usize, block: usize, size: i32): void {
  for (let at: usize = 0; at < BLOCK_BYTES; at += 16) {
    const rest = size - <i32>(at >> 2);
    if (rest >= 4) v128.store(block + at, v128.load(from + at));
    else {
      v128.store(block + at, i32x4.splat(0));
      for (let i = 0; i < rest; i++) store<f32>(block + at + (<usize>i << 2), load<f32>(from + at + (<usize>i << 2)));
    }
  }
}

/** y := f(x); y may be x. */
function interpretedForward(x: usize, y: usize, count: i32, parameters: usize): void {
  const p = changetype<Interpreted>(parameters);
  const block = parameters + <usize>p.registers;
  for (; count > 0; count -= BLOCK) {
    const size = min(count, BLOCK);
    fetch(x, block, size);
    const program = parameters + <usize>p.programs;
    const value = run(program, parameters + <usize>p.numbers, block + BLOCK_BYTES, block);
    for (let i = 0; i < size; ) {
      const full = size - i >= 4;
      storeLanes(y + (<usize>i << 2), v128.load(value + (<usize>i << 2)), full);
      i += full ? 4 : 1;
    }
    x += BLOCK_BYTES;
    y += BLOCK_BYTES;
  }
}

/** The program behind another. */
// @ts-ignore: decorator
@inline
function behind(program: usize): usize {
  return program + 4 + (<usize>load<i32>(program) << 4);
}

/** total += dy·slope over `size` ≤ BLOCK numbers, lane by lane; what does not fill a vector goes to the first lane. */
function addToTotal(total: usize, dy: usize, slope: usize, size: i32): void {
  let sum = v128.load(total);
  const first = i32x4(-1, 0, 0, 0);
  for (let i = 0; i < size; ) {
    const full = size - i >= 4;
    const at = <usize>i << 2;
    const product = f32x4.mul(loadLanes(dy + at, full), loadLanes(slope + at, full));
    sum = f32x4.add(sum, full ? product : v128.and(product, first));
    i += full ? 4 : 1;
  }
  v128.store(total, sum);
}

/** sum += (v0 + v2) + (v1 + v3), as a compiled expression does it. */
function addToSum(sum: usize, total: usize): void {
  const even = load<f32>(total) + load<f32>(total, 8);
  const odd = load<f32>(total, 4) + load<f32>(total, 12);
  store<f64>(sum, load<f64>(sum) + <f64>(even + odd));
}

/** dx := dy·f′(x), sums of parameters += Σ dy·∂f/∂p(x); dx may be dy, x or y. */
function interpretedBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  const p = changetype<Interpreted>(parameters);
  const block = parameters + <usize>p.registers;
  const numbers = parameters + <usize>p.numbers;
  const slopeProgram = behind(parameters + <usize>p.programs);
  const totals = parameters + <usize>p.totals;
  for (let k = 0; k < p.learned; k++) v128.store(totals + (<usize>k << 4), i32x4.splat(0));
  let from = p.slopeFromResult ? y : x;
  for (; count > 0; count -= BLOCK) {
    const size = min(count, BLOCK);
    fetch(from, block, size);
    let program = slopeProgram;
    for (let k = 0; k < p.learned; k++) {
      program = behind(program);
      addToTotal(totals + (<usize>k << 4), dy, run(program, numbers, block + BLOCK_BYTES, block), size);
    }
    const slope = run(slopeProgram, numbers, block + BLOCK_BYTES, block);
    for (let i = 0; i < size; ) {
      const full = size - i >= 4;
      const at = <usize>i << 2;
      // One lane of the register where one number is left: behind it nothing is read.
      const product = f32x4.mul(loadLanes(dy + at, full), loadLanes(slope + at, full));
      storeLanes(dx + at, product, full);
      i += full ? 4 : 1;
    }
    from += BLOCK_BYTES;
    dy += BLOCK_BYTES;
    dx += BLOCK_BYTES;
  }
  for (let k = 0; k < p.learned; k++) {
    addToSum(parameters + <usize>p.sums + (<usize>k << 3), totals + (<usize>k << 4));
  }
}

/** The slots of both. */
export function interpreterForwardSlot(): i32 {
  return interpretedForward.index;
}
export function interpreterBackwardSlot(): i32 {
  return interpretedBackward.index;
}
