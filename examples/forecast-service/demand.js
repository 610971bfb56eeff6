/** A made-up demand for something, an hour a sample: a day, a week, and noise that is the same every time. */
export function demand(hours, phase = 0) {
  let state = 7;
  return Array.from({ length: hours }, (_, hour) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    const noise = state / 0x7fffffff - 0.5;
    const t = hour + phase;
    const day = Math.sin((2 * Math.PI * (t - 8)) / 24);
    const weekend = Math.floor(t / 24) % 7 >= 5 ? -12 : 0;
    return 100 + 25 * day + weekend + 4 * noise;
  });
}
