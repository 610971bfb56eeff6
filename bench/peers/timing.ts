import { medianOf } from "../rows.ts";

/** A run longer than this, in seconds, is timed once a turn, and a very long one in the first turn only. */
const SLOW_RUN = 0.5;
export const LONG_RUN = 2;
const SAMPLES = 20;

async function secondsOf(run: () => unknown, times: number): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < times; i++) {
    const pending = run();
    if (pending instanceof Promise) await pending;
  }
  return (performance.now() - started) / 1000;
}

/** Compilers of hosts and libraries take their time: warm for at least, and at most, so many seconds. */
const LEAST_WARMTH = 0.2;
const MOST_WARMTH = 2;

/**
 * Runs until nothing has become faster for a third of the time, so that every compiler has had its turn.
 * @returns how many runs take about `length` seconds.
 */
async function warm(run: () => unknown, length: number): Promise<number> {
  let times = 1;
  let best = Number.POSITIVE_INFINITY;
  let bestAt = 0;
  let spent = 0;
  while (spent < LEAST_WARMTH || (spent < MOST_WARMTH && spent - bestAt < Math.max(LEAST_WARMTH / 2, spent / 3))) {
    const last = await secondsOf(run, times);
    spent += last;
    // A page's clock may go forward by a tenth of a millisecond at a time: what it saw little or nothing of is no measure.
    if (last >= length / 2 && last / times < 0.97 * best) {
      best = last / times;
      bestAt = spent;
    }
    if (last < length) times *= 2;
  }
  return Math.max(1, Math.round(length / best));
}

/**
 * Seconds of one run: the median of samples, each of as many runs as a twentieth of the time holds, once all is warm.
 * A promise is awaited only where a run gives one.
 */
export async function timed(run: () => unknown, seconds: number): Promise<{ seconds: number; runs: number }> {
  const first = await secondsOf(run, 1);
  if (first > SLOW_RUN) return { seconds: first, runs: 1 };
  const times = await warm(run, seconds / SAMPLES);
  const samples: number[] = [];
  for (let left = seconds; left > 0 || samples.length < 3; ) {
    const sample = await secondsOf(run, times);
    samples.push(sample / times);
    left -= sample;
  }
  return { seconds: medianOf(samples), runs: times * samples.length };
}
