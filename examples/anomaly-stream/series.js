/** A made-up pump: pressure and temperature, a sample a second, with anomalies at known rows. */

/** @param anomalies rows at which the pressure jumps, and what by. */
export function pump(rows, anomalies = new Map()) {
  let state = 11;
  let drift = 0;
  const noise = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x7fffffff - 0.5;
  };
  return Array.from({ length: rows }, (_, t) => {
    drift = 0.95 * drift + 0.05 * noise();
    const pressure = 5 + Math.sin(t / 9) + 0.4 * Math.sin(t / 2.3) + 0.06 * noise() + (anomalies.get(t) ?? 0);
    const temperature = 60 + 3 * Math.sin(t / 60) + drift;
    return [pressure, temperature];
  });
}

export const csvOf = (rows, first = 0) =>
  rows.map(([pressure, temperature], i) => `${first + i},${pressure.toFixed(4)},${temperature.toFixed(4)}`).join("\n");
