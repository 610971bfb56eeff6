/**
 * Connectionist temporal classification (Graves et al. 2006): minus the logarithm of the probability that the classes of
 * the time steps, repetitions merged and blanks left out, spell a labelling.
 *
 * Letters: l the labelling with a blank before, between and behind its S labels, of L = 2S + 1 states; y_t the
 * log-probabilities of step t.
 *   α_t(s) = y_t[l_s] + log Σ exp α_{t−1}(s'),  s' from s, s − 1, and s − 2 where l_s is neither blank nor l_{s−2}
 *   β_t(s) = log Σ exp (β_{t+1}(s') + y_{t+1}[l_s']),  s' from s, s + 1, and s + 2 likewise
 *   loss = −log(exp α_{T−1}(L − 1) + exp α_{T−1}(L − 2))
 *   d loss / d y_t[c] = −Σ over s with l_s = c of exp(α_t(s) + β_t(s) + loss)
 * All of it in float64 and in the order of the states; the results are rounded once.
 */

import { exponential, logarithm, logSumOfThree } from "../base/wide";
import { fill, scale } from "../elementwise/binary";

/** Numbers of workspace for sequences of at most `steps` steps and `labels` labels; with `gradient`, α of all steps. */
export function ctcWorkspaceSize(steps: i32, labels: i32, classes: i32, gradient: bool): i32 {
  const states = 2 * labels + 1;
  return 2 * ((gradient ? steps + 2 : 2) * states + (gradient ? classes : 0));
}

/** l_s: the blank at even places. */
// @ts-ignore: decorator
@inline
function classOf(labels: usize, state: i32, blank: i32): i32 {
  return state & 1 ? load<i32>(labels + (<usize>(state >> 1) << 2)) : blank;
}

/** Whether a path may step over the blank in front of state s: from s − 2 to s. */
// @ts-ignore: decorator
@inline
function skips(labels: usize, state: i32): bool {
  if (!(state & 1) || state < 2) return false;
  const at = labels + (<usize>(state >> 1) << 2);
  return load<i32>(at) != load<i32>(at - 4);
}

// @ts-ignore: decorator
@inline
function at(row: usize, state: i32): f64 {
  return load<f64>(row + (<usize>state << 3));
}

// @ts-ignore: decorator
@inline
function emission(y: usize, labels: usize, state: i32, blank: i32): f64 {
  return load<f32>(y + (<usize>classOf(labels, state, blank) << 2));
}

/** α of the first step: a path begins with the first blank or the first label. */
function begin(alpha: usize, y: usize, labels: usize, states: i32, blank: i32): void {
  for (let s = 0; s < states; s++) {
    store<f64>(alpha + (<usize>s << 3), s < 2 ? emission(y, labels, s, blank) : -Infinity);
  }
}

/** α of a step from that of the step before. */
function advance(before: usize, alpha: usize, y: usize, labels: usize, states: i32, blank: i32): void {
  for (let s = 0; s < states; s++) {
    const one = s > 0 ? at(before, s - 1) : -Infinity;
    const two = skips(labels, s) ? at(before, s - 2) : -Infinity;
    const sum = logSumOfThree(at(before, s), one, two);
    store<f64>(alpha + (<usize>s << 3), sum == -Infinity ? sum : sum + emission(y, labels, s, blank));
  }
}

/** β of a step; `after` is β + y of the step behind it, and becomes that of this one. */
function retreat(after: usize, beta: usize, labels: usize, states: i32): void {
  for (let s = 0; s < states; s++) {
    const one = s + 1 < states ? at(after, s + 1) : -Infinity;
    const two = s + 2 < states && skips(labels, s + 2) ? at(after, s + 2) : -Infinity;
    store<f64>(beta + (<usize>s << 3), logSumOfThree(at(after, s), one, two));
  }
}

/** −Σ over s of exp(α + β + loss) by class, as float32; `row` is room for the classes in float64. */
function posterior(
  alpha: usize,
  beta: usize,
  loss: f64,
  labels: usize,
  states: i32,
  blank: i32,
  classes: i32,
  row: usize,
  gradient: usize,
): void {
  for (let c = 0; c < classes; c++) store<f64>(row + (<usize>c << 3), 0);
  for (let s = 0; s < states; s++) {
    const slot = row + (<usize>classOf(labels, s, blank) << 3);
    store<f64>(slot, load<f64>(slot) - exponential(at(alpha, s) + at(beta, s) + loss));
  }
  for (let c = 0; c < classes; c++) store<f32>(gradient + (<usize>c << 2), <f32>load<f64>(row + (<usize>c << 3)));
}

/** The gradient of one sequence, α being known for all of its steps. Rows of y and gradient are `stride` bytes apart. */
function retrace(
  y: usize,
  gradient: usize,
  stride: usize,
  steps: i32,
  labels: usize,
  states: i32,
  blank: i32,
  classes: i32,
  loss: f64,
  alpha: usize,
  beta: usize,
  row: usize,
): void {
  const rowBytes = <usize>states << 3;
  const after = beta + rowBytes;
  for (let t = steps - 1; t >= 0; t--) {
    if (t == steps - 1) {
      for (let s = 0; s < states; s++) store<f64>(beta + (<usize>s << 3), s >= states - 2 ? 0 : -Infinity);
    } else {
      retreat(after, beta, labels, states);
    }
    const own = y + <usize>t * stride;
    posterior(alpha + <usize>t * rowBytes, beta, loss, labels, states, blank, classes, row, gradient + <usize>t * stride);
    for (let s = 0; s < states; s++) {
      const reached = at(beta, s);
      const next = reached == -Infinity ? reached : reached + emission(own, labels, s, blank);
      store<f64>(after + (<usize>s << 3), next);
    }
  }
}

/**
 * losses[b] := loss of sequence b, and unless `gradient` is 0, gradient[t, b, :] := its gradient where t is before the
 * end of sequence b (0 behind it), as if d losses[b] were 1. Nothing is read behind the end of a sequence.
 * logProbabilities, gradient: [T, B, C]. sequences: i32 [B, 3], for each the place of its first label in `targets`, how
 * many steps it has, and how many labels. Where no path spells the labelling the loss is ∞ and its gradient NaN, or both 0
 * with `zeroInfinity`. A sequence of no steps spells the empty labelling with certainty.
 * workspace: ctcWorkspaceSize numbers, at a multiple of 8 bytes. Error: the rounding of the results.
 */
export function ctc(
  logProbabilities: usize,
  targets: usize,
  sequences: usize,
  losses: usize,
  gradient: usize,
  steps: i32,
  batch: i32,
  classes: i32,
  blank: i32,
  zeroInfinity: bool,
  workspace: usize,
): void {
  if (gradient) fill(gradient, steps * batch * classes, 0);
  const stride = <usize>(batch * classes) << 2;
  for (let b = 0; b < batch; b++) {
    const labels = targets + (<usize>load<i32>(sequences) << 2);
    const own = load<i32>(sequences, 4);
    const states = 2 * load<i32>(sequences, 8) + 1;
    const rowBytes = <usize>states << 3;
    let last = workspace;
    let loss: f64 = states == 1 ? 0 : Infinity;
    if (own > 0) {
      begin(last, logProbabilities, labels, states, blank);
      for (let t = 1; t < own; t++) {
        const next = gradient ? last + rowBytes : workspace + (t & 1 ? rowBytes : 0);
        advance(last, next, logProbabilities + <usize>t * stride, labels, states, blank);
        last = next;
      }
      loss = -logSumOfThree(at(last, states - 1), states > 1 ? at(last, states - 2) : -Infinity, -Infinity);
    }
    if (gradient && own > 0) {
      if (loss != Infinity) {
        const beta = last + rowBytes;
        const row = beta + 2 * rowBytes;
        retrace(logProbabilities, gradient, stride, own, labels, states, blank, classes, loss, workspace, beta, row);
      } else if (!zeroInfinity) {
        for (let t = 0; t < own; t++) fill(gradient + <usize>t * stride, classes, NaN);
      }
    }
    store<f32>(losses, loss == Infinity && zeroInfinity ? 0 : <f32>loss);
    logProbabilities += <usize>classes << 2;
    if (gradient) gradient += <usize>classes << 2;
    sequences += 12;
    losses += 4;
  }
}

/** gradient[t, b, :] *= dLosses[b], in place. */
export function ctcBackward(gradient: usize, dLosses: usize, steps: i32, batch: i32, classes: i32): void {
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < batch; b++) {
      scale(gradient, gradient, classes, load<f32>(dLosses + (<usize>b << 2)));
      gradient += <usize>classes << 2;
    }
  }
}
