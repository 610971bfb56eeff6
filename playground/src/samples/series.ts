/** What is forecast when nobody brings a series: four years of a made-up town's daily electricity, in megawatts. */

const DAYS = 4 * 365;

/** A made-up series with a year, a week, and noise that repeats for everyone. */
export function sampleSeries(): Float32Array {
  let state = 20_26;
  let drift = 0;
  return Float32Array.from({ length: DAYS }, (_, day) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    const noise = (state >>> 8) / 0x7fffff - 0.5;
    drift = 0.9 * drift + noise;
    const year = 9 * Math.cos((2 * Math.PI * day) / 365);
    const week = day % 7 >= 5 ? -7 : day % 7 === 0 ? -1 : 1;
    return Math.round((50 + year + week + 2.5 * drift) * 10) / 10;
  });
}
