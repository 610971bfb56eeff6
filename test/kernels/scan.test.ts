/**
 * The kernels of recurrences without products, in guarded memory: against the equations in float64, with every tail, in both
 * directions, and in shares of their width.
 */
import { describe, expect, test } from "vitest";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { builds, type Engine, expectWithin, loadEngine } from "./engine.ts";

type Floats = ReturnType<Engine["floats"]>;
type Triple = [Floats, Floats, Floats];

const close = (expected: number): number => 3e-6 * (1 + Math.abs(expected));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function draw(seed: number, ...counts: number[]): Float32Array[] {
  const next = randomNumbers(seed);
  return counts.map((count) => Float32Array.from(randomVector(next, count)));
}

/** The slots before and after step t in a history of `width` numbers a step, and the order of steps. */
function walk(steps: number, reverse: boolean) {
  const order = Array.from({ length: steps }, (_, i) => (reverse ? steps - 1 - i : i));
  return { order, slotBefore: (t: number) => (reverse ? t + 1 : t), slotAfter: (t: number) => (reverse ? t : t + 1) };
}

describe.each(builds)("%s", (build) => {
  const engine: Engine = loadEngine(build);
  const { kernels } = engine;
  const zeros = (count: number) => engine.floats(new Float32Array(count));

  describe.each([1, 2, 3, 4, 5, 7, 8, 13, 17])("H = %i", (hidden) => {
    test.each([
      [1, 1, false],
      [3, 2, true],
      [5, 3, false],
    ])("scan, T = %i, B = %i, reverse %s", (steps, batch, reverse) => {
      const width = batch * hidden;
      const [a, b, h0, dOutput, dLast] = draw(hidden, steps * width, steps * width, width, steps * width, width) as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      const { order, slotBefore, slotAfter } = walk(steps, reverse);
      const h = new Float64Array((steps + 1) * width);
      h.set(h0, slotBefore(order[0]!) * width);
      for (const t of order) {
        for (let i = 0; i < width; i++)
          h[slotAfter(t) * width + i] = a[t * width + i]! * h[slotBefore(t) * width + i]! + b[t * width + i]!;
      }
      const [da, db, dh] = [new Float64Array(steps * width), new Float64Array(steps * width), Float64Array.from(dLast)];
      for (const t of order.toReversed()) {
        for (let i = 0; i < width; i++) {
          const g = dh[i]! + dOutput[t * width + i]!;
          da[t * width + i] = g * h[slotBefore(t) * width + i]!;
          db[t * width + i] = g;
          dh[i] = g * a[t * width + i]!;
        }
      }
      for (const share of [width, Math.max(1, Math.ceil(width / 2))]) {
        const history = zeros((steps + 1) * width);
        history.values.set(h0, slotBefore(order[0]!) * width);
        const [inA, inB, inOut] = [a, b, dOutput].map((values) => engine.floats(values)) as unknown as Triple;
        const [outA, outB, state] = [zeros(steps * width), zeros(steps * width), engine.floats(dLast)];
        for (let first = 0; first < width; first += share) {
          const [at, count] = [first * 4, Math.min(share, width - first)];
          kernels.scanForward(inA.address + at, inB.address + at, history.address + at, steps, count, width, reverse);
        }
        expectWithin(history.values, h, close);
        for (let first = 0; first < width; first += share) {
          const [at, count] = [first * 4, Math.min(share, width - first)];
          kernels.scanBackward(
            inA.address + at,
            history.address + at,
            inOut.address + at,
            state.address + at,
            outA.address + at,
            outB.address + at,
            steps,
            count,
            width,
            reverse,
          );
        }
        expectWithin(outA.values, da, close);
        expectWithin(outB.values, db, close);
        expectWithin(state.values, dh, close);
        engine.release();
      }
    });

    test("a scan whose output nobody used: only the last state has a gradient", () => {
      const [a, h] = draw(hidden, 2 * hidden, 3 * hidden) as [Float32Array, Float32Array];
      const [inA, history] = [engine.floats(a), engine.floats(h)];
      const [outA, outB, state] = [
        zeros(2 * hidden),
        zeros(2 * hidden),
        engine.floats(new Float32Array(hidden).fill(1)),
      ];
      kernels.scanBackward(
        inA.address,
        history.address,
        0,
        state.address,
        outA.address,
        outB.address,
        2,
        hidden,
        hidden,
        false,
      );
      expectWithin(outB.values.subarray(hidden), new Float32Array(hidden).fill(1), () => 0);
      expectWithin(outB.values.subarray(0, hidden), a.subarray(hidden), () => 0);
      expectWithin(
        state.values,
        a.subarray(0, hidden).map((value, i) => value * a[hidden + i]!),
        close,
      );
      engine.release();
    });

    test.each([false, true])(
      "IndRNN of the identity is a scan with one weight for all steps; reverse %s",
      (reverse) => {
        const [steps, batch] = [4, 3];
        const width = batch * hidden;
        const [z, u, h0, dOutput, dLast] = draw(
          hidden + 100,
          steps * width,
          hidden,
          width,
          steps * width,
          width,
        ) as Float32Array[];
        const { order, slotBefore, slotAfter } = walk(steps, reverse);
        const h = new Float64Array((steps + 1) * width);
        h.set(h0!, slotBefore(order[0]!) * width);
        for (const t of order) {
          for (let i = 0; i < width; i++)
            h[slotAfter(t) * width + i] = z![t * width + i]! + u![i % hidden]! * h[slotBefore(t) * width + i]!;
        }
        const [dz, du, dh] = [
          new Float64Array(steps * width),
          new Float64Array(hidden).fill(1),
          Float64Array.from(dLast!),
        ];
        for (const t of order.toReversed()) {
          for (let i = 0; i < width; i++) {
            const g = dh[i]! + dOutput![t * width + i]!;
            dz[t * width + i] = g;
            du[i % hidden]! += g * h[slotBefore(t) * width + i]!;
            dh[i] = g * u![i % hidden]!;
          }
        }
        const history = zeros((steps + 1) * width);
        history.values.set(h0!, slotBefore(order[0]!) * width);
        const [gates, weight, out, state, sum] = [z!, u!, dOutput!, dLast!, new Float32Array(hidden).fill(1)].map(
          (values) => engine.floats(values),
        ) as Floats[];
        const [there, back] = [kernels.activationForwardSlot(0), kernels.activationBackwardSlot(0)];
        const sizes = [steps, batch, hidden, reverse] as const;
        kernels.indRnnForward(gates!.address, weight!.address, history.address, ...sizes, there, 0);
        expectWithin(history.values, h, close);
        kernels.indRnnBackward(
          gates!.address,
          weight!.address,
          history.address,
          out!.address,
          state!.address,
          sum!.address,
          ...sizes,
          back,
          0,
        );
        expectWithin(gates!.values, dz, close);
        expectWithin(state!.values, dh, close);
        expectWithin(sum!.values, du, (expected) => 4 * close(expected));
        engine.release();
      },
    );

    test.each([false, true])("SRU, reverse %s", (reverse) => {
      const [steps, batch] = [3, 2];
      const width = batch * hidden;
      const given = draw(hidden + 7, 3 * steps * width, 2 * hidden, width, steps * width, steps * width, width);
      const [z, v, c0, skip, dOutput, dLast] = given as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      const { order, slotBefore, slotAfter } = walk(steps, reverse);
      const [c, h] = [new Float64Array((steps + 1) * width), new Float64Array(steps * width)];
      c.set(c0, slotBefore(order[0]!) * width);
      const [f, r] = [new Float64Array(steps * width), new Float64Array(steps * width)];
      const at = (t: number, i: number, gate: number): number =>
        3 * (t * width + i - (i % hidden)) + gate * hidden + (i % hidden);
      for (const t of order) {
        for (let i = 0; i < width; i++) {
          const [k, j] = [t * width + i, i % hidden];
          const previous = c[slotBefore(t) * width + i]!;
          f[k] = sigmoid(z[at(t, i, 1)]! + v[j]! * previous);
          r[k] = sigmoid(z[at(t, i, 2)]! + v[hidden + j]! * previous);
          const now = f[k]! * previous + (1 - f[k]!) * z[at(t, i, 0)]!;
          c[slotAfter(t) * width + i] = now;
          h[k] = r[k]! * now + (1 - r[k]!) * skip[k]!;
        }
      }
      const [dz, dSkip] = [new Float64Array(3 * steps * width), new Float64Array(steps * width)];
      const [dv, dc] = [new Float64Array(2 * hidden).fill(1), Float64Array.from(dLast)];
      for (const t of order.toReversed()) {
        for (let i = 0; i < width; i++) {
          const [k, j] = [t * width + i, i % hidden];
          const [previous, now] = [c[slotBefore(t) * width + i]!, c[slotAfter(t) * width + i]!];
          const dCell = dc[i]! + dOutput[k]! * r[k]!;
          const dzr = dOutput[k]! * (now - skip[k]!) * r[k]! * (1 - r[k]!);
          const dzf = dCell * (previous - z[at(t, i, 0)]!) * f[k]! * (1 - f[k]!);
          dSkip[k] = dOutput[k]! * (1 - r[k]!);
          dz[at(t, i, 0)] = dCell * (1 - f[k]!);
          dz[at(t, i, 1)] = dzf;
          dz[at(t, i, 2)] = dzr;
          dv[j]! += dzf * previous;
          dv[hidden + j]! += dzr * previous;
          dc[i] = dCell * f[k]! + v[j]! * dzf + v[hidden + j]! * dzr;
        }
      }
      const cells = zeros((steps + 1) * width);
      cells.values.set(c0, slotBefore(order[0]!) * width);
      const [gates, weight, s, out, state] = [z, v, skip, dOutput, dLast].map((values) => engine.floats(values)) as [
        Floats,
        Floats,
        Floats,
        Floats,
        Floats,
      ];
      const [output, dSkipOut, sum] = [
        zeros(steps * width),
        zeros(steps * width),
        engine.floats(new Float32Array(2 * hidden).fill(1)),
      ];
      const sizes = [steps, batch, hidden, reverse] as const;
      kernels.sruForward(gates.address, weight.address, cells.address, s.address, output.address, ...sizes);
      expectWithin(output.values, h, close);
      expectWithin(cells.values, c, close);
      kernels.sruBackward(
        gates.address,
        weight.address,
        cells.address,
        s.address,
        out.address,
        state.address,
        dSkipOut.address,
        sum.address,
        ...sizes,
      );
      expectWithin(gates.values, dz, close);
      expectWithin(dSkipOut.values, dSkip, close);
      expectWithin(state.values, dc, close);
      expectWithin(sum.values, dv, (expected) => 4 * close(expected));
      engine.release();
    });
  });

  test.each([1, 2, 3, 4, 5, 8, 13])("RG-LRU's gates at H = %i", (hidden) => {
    const rows = 5;
    const all = rows * hidden;
    const [z, x, s, da, db] = draw(hidden, 2 * all, all, hidden, all, all) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    s.forEach((value, j) => {
      s[j] = Math.abs(value);
    });
    const [a, b, dx, ds, dz] = [all, all, all, hidden, 2 * all].map(
      (count) => new Float64Array(count),
    ) as Float64Array[];
    for (let k = 0; k < all; k++) {
      const j = k % hidden;
      const at = 2 * (k - j) + j;
      const [r, i] = [sigmoid(z[at]!), sigmoid(z[at + hidden]!)];
      a![k] = Math.exp(-s[j]! * r);
      const root = Math.sqrt(-Math.expm1(-2 * s[j]! * r));
      b![k] = root * i * x[k]!;
      const dRate = -a![k]! * (da[k]! - (db[k]! * i * x[k]! * a![k]!) / root);
      ds![j]! += dRate * r;
      dz![at] = dRate * s[j]! * r * (1 - r);
      dz![at + hidden] = db[k]! * root * x[k]! * i * (1 - i);
      dx![k] = db[k]! * root * i;
    }
    const [gates, input, rate, keep, drive] = [z, x, s, new Float32Array(all), new Float32Array(all)].map((values) =>
      engine.floats(values),
    ) as [Floats, Floats, Floats, Floats, Floats];
    kernels.rgLruForward(gates.address, input.address, rate.address, keep.address, drive.address, rows, hidden);
    expectWithin(keep.values, a!, close);
    expectWithin(drive.values, b!, close);
    const [dKeep, dDrive, dInput, dRates] = [da, db, new Float32Array(all), new Float32Array(hidden)].map((values) =>
      engine.floats(values),
    ) as [Floats, Floats, Floats, Floats];
    kernels.rgLruBackward(
      gates.address,
      input.address,
      rate.address,
      keep.address,
      dKeep.address,
      dDrive.address,
      dInput.address,
      dRates.address,
      rows,
      hidden,
    );
    expectWithin(gates.values, dz!, close);
    expectWithin(dInput.values, dx!, close);
    expectWithin(dRates.values, ds!, (expected) => 4 * close(expected));
    engine.release();
  });

  test("no kernel reads beyond a buffer: each in turn ends with the memory", () => {
    const [steps, batch] = [3, 2];
    for (const hidden of [1, 3, 4, 7]) {
      const width = batch * hidden;
      const all = steps * width;
      const runs: [sizes: number[], run: (buffers: number[]) => void][] = [
        [[all, all, all + width], (p) => kernels.scanForward(p[0]!, p[1]!, p[2]!, steps, width, width, false)],
        [
          [all, all + width, all, width, all, all],
          (p) => kernels.scanBackward(p[0]!, p[1]!, p[2]!, p[3]!, p[4]!, p[5]!, steps, width, width, true),
        ],
        [
          [all, hidden, all + width],
          (p) =>
            kernels.indRnnForward(
              p[0]!,
              p[1]!,
              p[2]!,
              steps,
              batch,
              hidden,
              false,
              kernels.activationForwardSlot(2),
              0,
            ),
        ],
        [
          [all, hidden, all + width, all, width, hidden],
          (p) => {
            const slot = kernels.activationBackwardSlot(2);
            kernels.indRnnBackward(p[0]!, p[1]!, p[2]!, p[3]!, p[4]!, p[5]!, steps, batch, hidden, true, slot, 0);
          },
        ],
        [
          [3 * all, 2 * hidden, all + width, all, all],
          (p) => kernels.sruForward(p[0]!, p[1]!, p[2]!, p[3]!, p[4]!, steps, batch, hidden, true),
        ],
        [
          [3 * all, 2 * hidden, all + width, all, all, width, all, 2 * hidden],
          (p) =>
            kernels.sruBackward(p[0]!, p[1]!, p[2]!, p[3]!, p[4]!, p[5]!, p[6]!, p[7]!, steps, batch, hidden, false),
        ],
        [
          [2 * all, all, hidden, all, all],
          (p) => kernels.rgLruForward(p[0]!, p[1]!, p[2]!, p[3]!, p[4]!, steps * batch, hidden),
        ],
        [
          [2 * all, all, hidden, all, all, all, all, hidden],
          (p) => kernels.rgLruBackward(p[0]!, p[1]!, p[2]!, p[3]!, p[4]!, p[5]!, p[6]!, p[7]!, steps * batch, hidden),
        ],
      ];
      for (const [sizes, run] of runs) {
        for (let last = 0; last < sizes.length; last++) {
          engine.endWithMemory(last);
          const buffers = sizes.map((count) => engine.floats(new Float32Array(count)));
          run(buffers.map(({ address }) => address));
          for (const { values } of buffers) expect(values.every(Number.isFinite)).toBe(true);
          engine.release();
        }
      }
    }
  });
});
