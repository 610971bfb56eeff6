import { OptionError } from "../runtime/errors.ts";

/** How the pitch a person hears goes with frequency: O'Shaughnessy's formula, as HTK has it, or Slaney's (Auditory Toolbox). */
export type MelScale = "htk" | "slaney";

/** Slaney's scale is linear up to 1,000 Hz (15 mel, 200/3 Hz each) and logarithmic above, 27 mel to a factor of 6.4. */
const LINEAR = 200 / 3;
const KNEE = 1000;
const STEP = Math.log(6.4) / 27;

/** Frequency, in Hz, as a pitch. */
export function hertzToMel(hertz: number, scale: MelScale): number {
  if (scale === "htk") return 2595 * Math.log10(1 + hertz / 700);
  return hertz < KNEE ? hertz / LINEAR : KNEE / LINEAR + Math.log(hertz / KNEE) / STEP;
}

/** The frequency, in Hz, of a pitch. */
export function melToHertz(mel: number, scale: MelScale): number {
  if (scale === "htk") return 700 * (10 ** (mel / 2595) - 1);
  return mel < KNEE / LINEAR ? mel * LINEAR : KNEE * Math.exp(STEP * (mel - KNEE / LINEAR));
}

export interface FilterBankOptions {
  readonly fftSize: number;
  readonly sampleRate: number;
  readonly bands: number;
  readonly lowest: number;
  readonly highest: number;
  readonly scale: MelScale;
  /** Divide each triangle by its half width, so that all have the same area (Slaney). */
  readonly equalArea: boolean;
}

/** A triangle over frequencies: weights of the bins from `first` on. */
export interface Band {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * Triangles that overlap by half, their corners evenly spaced in pitch from the lowest frequency to the highest.
 * @throws {OptionError} when a band is so narrow that no bin of the spectrum falls into it.
 */
export function filterBank(options: FilterBankOptions): Band[] {
  const { fftSize, sampleRate, bands, lowest, highest, scale, equalArea } = options;
  const [from, to] = [hertzToMel(lowest, scale), hertzToMel(highest, scale)];
  const corner = (i: number): number => melToHertz(from + ((to - from) * i) / (bands + 1), scale);
  const bins = fftSize / 2 + 1;
  return Array.from({ length: bands }, (_, b) => {
    const [left, middle, right] = [corner(b), corner(b + 1), corner(b + 2)];
    const height = equalArea ? 2 / (right - left) : 1;
    const weights = Array.from({ length: bins }, (_, k) => {
      const hertz = (k * sampleRate) / fftSize;
      return height * Math.max(0, Math.min((hertz - left) / (middle - left), (right - hertz) / (right - middle)));
    });
    const first = weights.findIndex((weight) => weight > 0);
    if (first < 0) {
      throw new OptionError(
        `bands: expected each to hold a frequency of the spectrum, got none in band ${b} of ${bands} with fftSize ${fftSize}`,
      );
    }
    const end = weights.findLastIndex((weight) => weight > 0) + 1;
    return { first, weights: Float64Array.from(weights.slice(first, end)) };
  });
}
