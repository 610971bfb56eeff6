import { medianOf } from "../rows.ts";

/** A run longer than this, in seconds, is timed once: many of them would take the evening. */
const LONG_RUN = 2;
const SAMPLES = 20;

async function secondsOf(run: () => unknown, times: number): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < times; i++) {
    const pending = run();
    if (pending instanceof Promise) await pending;
  }
  return (performance.now() - started) / 1000;
}

/**
 * Seconds of one run: warmed up for a quarter of the time, then samples of as many runs as a twentieth of the time
 * holds, and their median. A promise is awaited only where a run gives one.
 */
export async function timed(run: () => unknown, seconds: number): Promise<{ seconds: number; runs: number }> {
  const first = await secondsOf(run, 1);
  if (first > LONG_RUN) return { seconds: first, runs: 1 };
  let times = 1;
  let spent = 0;
  let last = first;
  while (spent < seconds / 4) {
    last = await secondsOf(run, times);
    spent += last;
    if (last < seconds / SAMPLES) times *= 2;
  }
  times = Math.max(1, Math.round((times * seconds) / SAMPLES / Math.max(last, seconds / SAMPLES)));
  const samples: number[] = [];
  for (let left = seconds; left > 0 || samples.length < 3; ) {
    const sample = await secondsOf(run, times);
    samples.push(sample / times);
    left -= sample;
  }
  return { seconds: medianOf(samples), runs: times * samples.length };
}
