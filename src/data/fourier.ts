/**
 * The squared magnitudes of a real signal's discrete Fourier transform, |Σ_t x_t e^(−2πi k t / N)|², k = 0 … N/2, in float64.
 * Source: Cooley & Tukey 1965, radix 2, in place.
 */
export class PowerSpectrum {
  readonly size: number;
  readonly #real: Float64Array;
  readonly #imaginary: Float64Array;
  readonly #cosines: Float64Array;
  readonly #sines: Float64Array;
  /** Where each sample goes: its place with the bits in reverse. */
  readonly #places: Uint32Array;

  /** @param size N, a power of two ≥ 2. */
  constructor(size: number) {
    this.size = size;
    this.#real = new Float64Array(size);
    this.#imaginary = new Float64Array(size);
    this.#cosines = Float64Array.from({ length: size / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / size));
    this.#sines = Float64Array.from({ length: size / 2 }, (_, i) => -Math.sin((2 * Math.PI * i) / size));
    this.#places = new Uint32Array(size);
    for (let i = 1; i < size; i++) {
      this.#places[i] = ((this.#places[i >> 1] as number) >> 1) | (i & 1 ? size >> 1 : 0);
    }
  }

  /** @param into [N/2 + 1], overwritten. */
  of(signal: Float64Array, into: Float64Array): void {
    const { size } = this;
    const [re, im, places] = [this.#real, this.#imaginary, this.#places];
    for (let i = 0; i < size; i++) re[places[i] as number] = signal[i] as number;
    im.fill(0);
    for (let half = 1; half < size; half *= 2) this.#combine(half);
    for (let k = 0; k <= size / 2; k++) into[k] = (re[k] as number) ** 2 + (im[k] as number) ** 2;
  }

  /** Makes transforms of length 2·half of those of length half. */
  #combine(half: number): void {
    const [re, im, cosines, sines] = [this.#real, this.#imaginary, this.#cosines, this.#sines];
    const stride = this.size / (2 * half);
    for (let start = 0; start < this.size; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const [a, b] = [start + k, start + k + half];
        const c = cosines[k * stride] as number;
        const s = sines[k * stride] as number;
        const x = (re[b] as number) * c - (im[b] as number) * s;
        const y = (re[b] as number) * s + (im[b] as number) * c;
        re[b] = (re[a] as number) - x;
        im[b] = (im[a] as number) - y;
        re[a] = (re[a] as number) + x;
        im[a] = (im[a] as number) + y;
      }
    }
  }
}
