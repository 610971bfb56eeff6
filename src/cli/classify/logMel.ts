import type { Recording } from "./recording.ts";

/** What a network is shown of a sound. */
export interface LogMel {
  /** That recordings must have; samples a second. */
  readonly sampleRate: number;
  /** Of a frame, in seconds. */
  readonly window: number;
  /** From one frame to the next, in seconds. */
  readonly hop: number;
  readonly bands: number;
}

/** Frames of 25 ms every 10 ms, as speech recognition takes them. */
export function logMelFor(sampleRate: number): LogMel {
  return { sampleRate, window: 0.025, hop: 0.01, bands: 40 };
}

/** Added before the logarithm, so that silence stays finite: a hundred decibels below full scale. */
const FLOOR = 1e-10;

/**
 * log(mel · |FFT(hann · frame)|² / N): how loud each band of frequencies is in each frame, [T, bands] row-major. A sound
 * shorter than a frame is filled up with silence. Bands are triangles at even distances on the mel scale,
 * mel(f) = 2595 log₁₀(1 + f/700), from 20 Hz to half the sample rate.
 * Source: Davis & Mermelstein 1980, "Comparison of parametric representations for monosyllabic word recognition".
 */
export function logMel({ samples }: Recording, features: LogMel): { data: Float32Array; shape: [number, number] } {
  const { sampleRate, bands } = features;
  const window = Math.max(1, Math.round(features.window * sampleRate));
  const hop = Math.max(1, Math.round(features.hop * sampleRate));
  const size = 2 ** Math.ceil(Math.log2(window));
  const frames = 1 + Math.max(0, Math.floor((samples.length - window) / hop));
  const hann = Float64Array.from({ length: window }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / window));
  const filters = melFilters(sampleRate, size, bands);
  const data = new Float32Array(frames * bands);
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  for (let t = 0; t < frames; t++) {
    real.fill(0);
    imaginary.fill(0);
    for (let i = 0; i < window; i++) real[i] = (hann[i] as number) * (samples[t * hop + i] ?? 0);
    transform(real, imaginary);
    filters.forEach(({ first, weights }, b) => {
      let sum = 0;
      weights.forEach((weight, k) => {
        sum += weight * ((real[first + k] as number) ** 2 + (imaginary[first + k] as number) ** 2);
      });
      data[t * bands + b] = Math.log(sum / size + FLOOR);
    });
  }
  return { data, shape: [frames, bands] };
}

/** A triangle over the bins of a spectrum, from bin `first` on. */
interface Filter {
  readonly first: number;
  readonly weights: readonly number[];
}

const LOWEST = 20;
const melOf = (frequency: number): number => 2595 * Math.log10(1 + frequency / 700);
const frequencyOf = (mel: number): number => 700 * (10 ** (mel / 2595) - 1);

function melFilters(sampleRate: number, size: number, bands: number): Filter[] {
  const [low, high] = [melOf(LOWEST), melOf(sampleRate / 2)];
  const edges = Array.from({ length: bands + 2 }, (_, i) => frequencyOf(low + ((high - low) * i) / (bands + 1)));
  const bins = Array.from({ length: size / 2 + 1 }, (_, k) => (k * sampleRate) / size);
  return Array.from({ length: bands }, (_, b) => {
    const [left, peak, right] = edges.slice(b, b + 3) as [number, number, number];
    const weights = bins.map((f) => Math.max(0, Math.min((f - left) / (peak - left), (right - f) / (right - peak))));
    const first = weights.findIndex((weight) => weight > 0);
    // A triangle between two bins takes in none: it is given the nearest one.
    if (first < 0) return { first: Math.round((peak * size) / sampleRate), weights: [1] };
    return { first, weights: weights.slice(first, weights.findLastIndex((weight) => weight > 0) + 1) };
  });
}

/** The discrete Fourier transform in place, of a power of two of numbers (Cooley & Tukey 1965). */
function transform(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j] as number, real[i] as number];
      [imaginary[i], imaginary[j]] = [imaginary[j] as number, imaginary[i] as number];
    }
  }
  for (let span = 2; span <= size; span *= 2) {
    const half = span / 2;
    for (let k = 0; k < half; k++) {
      const cosine = Math.cos((-2 * Math.PI * k) / span);
      const sine = Math.sin((-2 * Math.PI * k) / span);
      for (let i = k; i < size; i += span) butterfly(real, imaginary, i, i + half, cosine, sine);
    }
  }
}

function butterfly(re: Float64Array, im: Float64Array, a: number, b: number, cosine: number, sine: number): void {
  const x = (re[b] as number) * cosine - (im[b] as number) * sine;
  const y = (re[b] as number) * sine + (im[b] as number) * cosine;
  re[b] = (re[a] as number) - x;
  im[b] = (im[a] as number) - y;
  re[a] = (re[a] as number) + x;
  im[a] = (im[a] as number) + y;
}
