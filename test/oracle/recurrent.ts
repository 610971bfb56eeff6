/**
 * RNN, LSTM and GRU in float64, one sequence of vectors at a time, each equation on its own line: forward, and
 * back-propagation through time. Names are PyTorch's: weight_ih [G·H, I], weight_hh [G·H, H], bias_ih and bias_hh [G·H].
 */

import { relu, sigmoid, tanh } from "./activations.ts";
import {
  accumulate,
  accumulateOuter,
  add,
  join,
  type Matrix,
  map,
  multiply,
  multiplyTransposed,
  parts,
  rowsOf,
  times,
  type Vector,
  zeros,
} from "./vector.ts";

/** One direction of one layer. Biases and peepholes (i, f, o) are zeros where the layer has none. */
export interface Weights {
  weightIh: Matrix;
  weightHh: Matrix;
  biasIh: Vector;
  biasHh: Vector;
  peephole: Vector;
}

/** A sequence that has been run forward. */
export interface Run {
  /** h_1 … h_T */
  readonly output: Vector[];
  /** [h_T], or [h_T, c_T] for an LSTM. */
  readonly state: Vector[];
  /** Takes d(output) and d(state), adds to the gradient of the weights; returns dx_1 … dx_T and d(initial state). */
  backward(dOutput: Vector[], dState: Vector[], gradient: Weights): { dx: Vector[]; dState: Vector[] };
}

export type Recurrence = (weights: Weights, x: Vector[], state: Vector[]) => Run;

const oneMinus = (v: Vector) => map(v, (value) => 1 - value);
const sigmoidSlope = (y: Vector) => map(y, (value) => value * (1 - value));
const tanhSlope = (y: Vector) => map(y, (value) => 1 - value * value);

/** h_t = f(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh) (Elman 1990). */
export function rnn(activation: "tanh" | "relu"): Recurrence {
  const { f, derivative } = activation === "tanh" ? tanh : relu;
  return (w, x, [h0]) => {
    const z: Vector[] = [];
    const h = [h0];
    for (const [t, xt] of x.entries()) {
      z.push(add(multiply(w.weightIh, xt), w.biasIh, multiply(w.weightHh, h[t]), w.biasHh));
      h.push(map(z[t], f));
    }
    return {
      output: h.slice(1),
      state: [h.at(-1) as Vector],
      backward(dOutput, [dLast], gradient) {
        let dh = dLast;
        const dx: Vector[] = [];
        for (let t = x.length - 1; t >= 0; t -= 1) {
          const dz = times(add(dh, dOutput[t]), map(z[t], derivative));
          accumulateWeights(gradient, dz, dz, x[t], h[t]);
          dx[t] = multiplyTransposed(w.weightIh, dz);
          dh = multiplyTransposed(w.weightHh, dz);
        }
        return { dx, dState: [dh] };
      },
    };
  };
}

/**
 * i = σ(z_i + p_i ⊙ c_{t-1}), f = σ(z_f + p_f ⊙ c_{t-1}), g = tanh(z_g), c_t = f ⊙ c_{t-1} + i ⊙ g,
 * o = σ(z_o + p_o ⊙ c_t), h_t = o ⊙ tanh(c_t), with z = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh in the order i, f, g, o
 * (Hochreiter & Schmidhuber 1997; forget gate: Gers 2000; peepholes: Gers, Schraudolph & Schmidhuber 2002).
 */
export const lstm: Recurrence = (w, x, [h0, c0]) => {
  const [pi, pf, po] = parts(w.peephole, 3) as [Vector, Vector, Vector];
  const h = [h0];
  const c = [c0];
  const gates: { i: Vector; f: Vector; g: Vector; o: Vector }[] = [];
  for (const [t, xt] of x.entries()) {
    const z = add(multiply(w.weightIh, xt), w.biasIh, multiply(w.weightHh, h[t]), w.biasHh);
    const [zi, zf, zg, zo] = parts(z, 4) as [Vector, Vector, Vector, Vector];
    const i = map(add(zi, times(pi, c[t])), sigmoid.f);
    const f = map(add(zf, times(pf, c[t])), sigmoid.f);
    const g = map(zg, tanh.f);
    c.push(add(times(f, c[t]), times(i, g)));
    const o = map(add(zo, times(po, c[t + 1])), sigmoid.f);
    h.push(times(o, map(c[t + 1], tanh.f)));
    gates.push({ i, f, g, o });
  }
  return {
    output: h.slice(1),
    state: [h.at(-1) as Vector, c.at(-1) as Vector],
    backward(dOutput, [dLastH, dLastC], gradient) {
      let dh = dLastH;
      let dc = dLastC;
      const dx: Vector[] = [];
      for (let t = x.length - 1; t >= 0; t -= 1) {
        const { i, f, g, o } = gates[t];
        const tanhC = map(c[t + 1], tanh.f);
        dh = add(dh, dOutput[t]);
        const dzo = times(dh, tanhC, sigmoidSlope(o));
        dc = add(dc, times(dh, o, tanhSlope(tanhC)), times(po, dzo));
        const dzi = times(dc, g, sigmoidSlope(i));
        const dzf = times(dc, c[t], sigmoidSlope(f));
        const dzg = times(dc, i, tanhSlope(g));
        const dz = join(dzi, dzf, dzg, dzo);
        accumulateWeights(gradient, dz, dz, x[t], h[t]);
        accumulate(gradient.peephole, join(times(dzi, c[t]), times(dzf, c[t]), times(dzo, c[t + 1])));
        dx[t] = multiplyTransposed(w.weightIh, dz);
        dh = multiplyTransposed(w.weightHh, dz);
        dc = add(times(dc, f), times(pi, dzi), times(pf, dzf));
      }
      return { dx, dState: [dh, dc] };
    },
  };
};

/**
 * r = σ(z_r), z = σ(z_z), h_t = (1 - z) ⊙ n + z ⊙ h_{t-1}; gates in the order r, z, n. With a = W_in x_t + b_in,
 * reset after:  n = tanh(a + r ⊙ (W_hn h_{t-1} + b_hn))  (cuDNN and PyTorch),
 * reset before: n = tanh(a + W_hn (r ⊙ h_{t-1}) + b_hn)  (Cho et al. 2014).
 */
export function gru(resetAfter: boolean): Recurrence {
  return (w, x, [h0]) => {
    const size = h0.length;
    const weightHn = rowsOf(w.weightHh, 2 * size, size);
    const biasHn = w.biasHh.slice(2 * size);
    const h = [h0];
    const gates: { r: Vector; z: Vector; n: Vector; hidden: Vector }[] = [];
    for (const [t, xt] of x.entries()) {
      const [ar, az, an] = parts(add(multiply(w.weightIh, xt), w.biasIh), 3) as [Vector, Vector, Vector];
      const [br, bz] = parts(add(multiply(w.weightHh, h[t]), w.biasHh), 3) as [Vector, Vector];
      const r = map(add(ar, br), sigmoid.f);
      const z = map(add(az, bz), sigmoid.f);
      const hidden = add(multiply(weightHn, resetAfter ? h[t] : times(r, h[t])), biasHn);
      const n = map(add(an, resetAfter ? times(r, hidden) : hidden), tanh.f);
      h.push(add(times(oneMinus(z), n), times(z, h[t])));
      gates.push({ r, z, n, hidden });
    }
    return {
      output: h.slice(1),
      state: [h.at(-1) as Vector],
      backward(dOutput, [dLast], gradient) {
        const weightHrz = rowsOf(w.weightHh, 0, 2 * size);
        let dh = dLast;
        const dx: Vector[] = [];
        for (let t = x.length - 1; t >= 0; t -= 1) {
          const { r, z, n, hidden } = gates[t];
          const previous = h[t];
          dh = add(dh, dOutput[t]);
          const dan = times(dh, oneMinus(z), tanhSlope(n));
          const daz = times(
            dh,
            add(
              previous,
              map(n, (value) => -value),
            ),
            sigmoidSlope(z),
          );
          // dHidden: the gradient of W_hn(…) + b_hn; dReset: that of r itself.
          const dHidden = resetAfter ? times(dan, r) : dan;
          const dInner = multiplyTransposed(weightHn, dHidden);
          const dReset = resetAfter ? times(dan, hidden) : times(dInner, previous);
          const dar = times(dReset, sigmoidSlope(r));
          accumulateOuter(gradient.weightIh, join(dar, daz, dan), x[t]);
          accumulate(gradient.biasIh, join(dar, daz, dan));
          accumulateOuter(rowsOf(gradient.weightHh, 0, 2 * size), join(dar, daz), previous);
          accumulateOuter(
            rowsOf(gradient.weightHh, 2 * size, size),
            dHidden,
            resetAfter ? previous : times(r, previous),
          );
          accumulate(gradient.biasHh, join(dar, daz, dHidden));
          dx[t] = multiplyTransposed(w.weightIh, join(dar, daz, dan));
          dh = add(times(dh, z), resetAfter ? dInner : times(dInner, r), multiplyTransposed(weightHrz, join(dar, daz)));
        }
        return { dx, dState: [dh] };
      },
    };
  };
}

function accumulateWeights(gradient: Weights, dzIh: Vector, dzHh: Vector, x: Vector, h: Vector): void {
  accumulateOuter(gradient.weightIh, dzIh, x);
  accumulate(gradient.biasIh, dzIh);
  accumulateOuter(gradient.weightHh, dzHh, h);
  accumulate(gradient.biasHh, dzHh);
}

/** Weights of zeros in the shapes of these: where gradients are added up. */
export function zerosLike(w: Weights): Weights {
  const like = ({ rows, columns }: Matrix): Matrix => ({ rows, columns, data: zeros(rows * columns) });
  return {
    weightIh: like(w.weightIh),
    weightHh: like(w.weightHh),
    biasIh: zeros(w.biasIh.length),
    biasHh: zeros(w.biasHh.length),
    peephole: zeros(w.peephole.length),
  };
}
