import { DataError, OptionError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { PowerSpectrum } from "./fourier.ts";
import { type Band, filterBank, type MelScale } from "./mel.ts";

export interface MelOptions {
  /** Samples a second. */
  sampleRate: number;
  /** Samples a frame sees; default 25 ms. */
  windowLength?: number;
  /** Samples from one frame to the next; default 10 ms. */
  hopLength?: number;
  /** Samples of a spectrum, a power of two ≥ windowLength; default the least such. The window is in its middle. */
  fftSize?: number;
  /** How many bands; default 40. */
  bands?: number;
  /** Lowest frequency, in Hz; default 0. */
  lowest?: number;
  /** Highest frequency, in Hz; default sampleRate / 2. */
  highest?: number;
  /** Default "htk"; "slaney" is what librosa does unless told otherwise. */
  scale?: MelScale;
  /** Default false: triangles of height 1. True is "slaney" normalization, librosa's default. */
  equalArea?: boolean;
  /**
   * "decibel" (default): 10 log10 max(x, 1e−10), and nothing below 80 dB under the loudest. "natural": ln(x + 1e−6), which does
   * not depend on the rest of the sound.
   */
  logarithm?: "decibel" | "natural";
}

export interface MfccOptions extends MelOptions {
  /** How many coefficients, at most as many as bands; default 13. */
  coefficients?: number;
}

/** Features of a sound, a row a frame: [T, size]. */
export interface FeatureBlock {
  readonly data: Float32Array;
  readonly shape: readonly [number, number];
}

/** Makes features of one channel's samples. */
export type Features = (samples: Float32Array) => FeatureBlock;

const FLOOR = 1e-10;
const RANGE = 80;
const OFFSET = 1e-6;

/**
 * What makes log-mel spectrograms: frames of a periodic Hann window, 1 + ⌊N / hopLength⌋ of them, centred on every hopLength-th
 * sample (the sound is mirrored at its ends), their power spectra summed in triangular bands that are evenly spaced in pitch, and
 * the logarithm of that. Computed in float64. Equal to torchaudio's `MelSpectrogram` and `AmplitudeToDB` (top_db 80).
 *
 * ```ts
 * const features = logMel({ sampleRate: 8000 });
 * const second = Float32Array.from({ length: 8000 }, (_, t) => Math.sin(t / 3));
 * features(second).shape; // [101, 40]
 * ```
 *
 * @throws {OptionError} when an option is unknown or out of range; the function it returns throws {DataError} when a sound is no longer
 *   than half a spectrum.
 * Source of the scale: O'Shaughnessy 1987, "Speech communication"; the convention is that of torchaudio 0.13.
 */
export function logMel(options: MelOptions): Features {
  const plan = planOf("logMel", options, []);
  const { bands, logarithm } = plan;
  return (samples) => {
    const data = Float32Array.from(logBands("logMel", plan, samples, logarithm));
    return { data, shape: [data.length / bands.length, bands.length] };
  };
}

/**
 * What makes mel-frequency cepstral coefficients: the orthonormal cosine transform (II) of a log-mel spectrogram over its bands,
 * c_k = √(2 / M) Σ_m x_m cos(π k (m + ½) / M), the first by √½. Equal to torchaudio's `MFCC`.
 *
 * ```ts
 * const features = mfcc({ sampleRate: 8000, coefficients: 13 });
 * const second = Float32Array.from({ length: 8000 }, (_, t) => Math.sin(t / 3));
 * features(second).shape; // [101, 13]
 * ```
 *
 * @throws as {@link logMel} does.
 * Source: Davis & Mermelstein 1980, "Comparison of parametric representations for monosyllabic word recognition".
 */
export function mfcc(options: MfccOptions): Features {
  const plan = planOf("mfcc", options, ["coefficients"]);
  const count = requireCount("mfcc coefficients", options.coefficients ?? 13);
  const size = plan.bands.length;
  if (count > size)
    throw new OptionError(`mfcc coefficients: expected at most as many as bands, ${size}, got ${count}`);
  const cosines = Float64Array.from({ length: count * size }, (_, i) => {
    const [k, m] = [Math.floor(i / size), i % size];
    return Math.sqrt((k === 0 ? 1 : 2) / size) * Math.cos((Math.PI * k * (m + 0.5)) / size);
  });
  return (samples) => {
    const logs = logBands("mfcc", plan, samples, plan.logarithm);
    const frames = logs.length / size;
    const data = new Float32Array(frames * count);
    for (let t = 0; t < frames; t++) {
      for (let k = 0; k < count; k++) {
        let sum = 0;
        for (let m = 0; m < size; m++) sum += (logs[t * size + m] as number) * (cosines[k * size + m] as number);
        data[t * count + k] = sum;
      }
    }
    return { data, shape: [frames, count] };
  };
}

interface Plan {
  readonly windowLength: number;
  readonly hopLength: number;
  readonly fftSize: number;
  readonly bands: readonly Band[];
  readonly logarithm: "decibel" | "natural";
  readonly window: Float64Array;
  readonly spectrum: PowerSpectrum;
}

const melOptions = [
  ...[
    "sampleRate",
    "windowLength",
    "hopLength",
    "fftSize",
    "bands",
    "lowest",
    "highest",
    "scale",
    "equalArea",
    "logarithm",
  ],
];

function planOf(what: string, options: MelOptions, more: readonly string[]): Plan {
  requireKnown(what, options, [...melOptions, ...more]);
  const { scale = "htk", equalArea = false, logarithm = "decibel" } = options;
  const sampleRate = requireCount(`${what} sampleRate`, options.sampleRate);
  const count = (name: "windowLength" | "hopLength" | "bands", usual: number) =>
    requireCount(`${what} ${name}`, options[name] ?? usual);
  const windowLength = count("windowLength", Math.round(sampleRate * 0.025));
  const hopLength = count("hopLength", Math.round(sampleRate * 0.01));
  const bands = count("bands", 40);
  const fftSize = options.fftSize ?? 2 ** Math.max(1, Math.ceil(Math.log2(windowLength)));
  if (!(fftSize >= Math.max(2, windowLength)) || !Number.isInteger(Math.log2(fftSize))) {
    throw new OptionError(`${what} fftSize: expected a power of two ≥ ${Math.max(2, windowLength)}, got ${fftSize}`);
  }
  const { lowest = 0, highest = sampleRate / 2 } = options;
  if (!(lowest >= 0 && lowest < highest && highest <= sampleRate / 2)) {
    throw new OptionError(
      `${what}: expected 0 ≤ lowest < highest ≤ ${sampleRate / 2}, half the samples a second, got ${lowest} and ${highest}`,
    );
  }
  if (!["htk", "slaney"].includes(scale)) {
    throw new OptionError(`${what} scale: expected "htk" or "slaney", got ${JSON.stringify(scale)}`);
  }
  if (!["decibel", "natural"].includes(logarithm)) {
    throw new OptionError(`${what} logarithm: expected "decibel" or "natural", got ${JSON.stringify(logarithm)}`);
  }
  const bank = filterBank({ fftSize, sampleRate, bands, lowest, highest, scale, equalArea });
  const hann = (i: number): number => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / windowLength);
  const window = Float64Array.from({ length: windowLength }, (_, i) => hann(i));
  return { windowLength, hopLength, fftSize, bands: bank, logarithm, window, spectrum: new PowerSpectrum(fftSize) };
}

/** Logarithms of the power in each band of each frame: [T, bands]. */
function logBands(what: string, plan: Plan, samples: Float32Array, logarithm: Plan["logarithm"]): Float64Array {
  const powers = bandPowers(what, plan, samples);
  if (logarithm === "natural") return powers.map((power) => Math.log(power + OFFSET));
  let loudest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < powers.length; i++) {
    const level = 10 * Math.log10(Math.max(powers[i] as number, FLOOR));
    powers[i] = level;
    loudest = Math.max(loudest, level);
  }
  return powers.map((level) => Math.max(level, loudest - RANGE));
}

function bandPowers(what: string, plan: Plan, samples: Float32Array): Float64Array {
  const { windowLength, hopLength, fftSize, bands, window, spectrum } = plan;
  const count = samples?.length;
  if (!(count > fftSize / 2)) {
    throw new DataError(`${what}: expected more than ${fftSize / 2} samples, half a spectrum, got ${count}`);
  }
  const frames = 1 + Math.floor(count / hopLength);
  const out = new Float64Array(frames * bands.length);
  const frame = new Float64Array(fftSize);
  const power = new Float64Array(fftSize / 2 + 1);
  const margin = Math.floor((fftSize - windowLength) / 2);
  for (let t = 0; t < frames; t++) {
    const start = t * hopLength - fftSize / 2 + margin;
    for (let i = 0; i < windowLength; i++) {
      frame[margin + i] = (samples[mirrored(start + i, count)] as number) * (window[i] as number);
    }
    spectrum.of(frame, power);
    bands.forEach(({ first, weights }, b) => {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += (weights[k] as number) * (power[first + k] as number);
      out[t * bands.length + b] = sum;
    });
  }
  return out;
}

/** The place within the sound of one that may be beyond its ends, by less than its length. */
function mirrored(at: number, count: number): number {
  if (at < 0) return -at;
  return at < count ? at : 2 * (count - 1) - at;
}
