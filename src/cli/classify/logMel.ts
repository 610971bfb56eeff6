import { DataError, decodeWav, type FeatureBlock, logMel } from "../../index.ts";
import { Failure } from "../failure.ts";
import { readBytes } from "../files.ts";

/** What a network is shown of recordings: log-mel frames, as `logMel` makes them. */
export interface LogMel {
  /** That recordings must have; samples a second. */
  readonly sampleRate: number;
  /** Samples that a frame sees. */
  readonly windowLength: number;
  /** Samples from one frame to the next. */
  readonly hopLength: number;
  readonly bands: number;
}

/** Frames of 25 ms every 10 ms, as speech recognition takes them. */
export function logMelFor(sampleRate: number): LogMel {
  return {
    sampleRate,
    windowLength: Math.max(2, Math.round(sampleRate * 0.025)),
    hopLength: Math.max(1, Math.round(sampleRate * 0.01)),
    bands: 40,
  };
}

/** A sound, its channels mixed into one. */
export interface Recording {
  readonly path: string;
  readonly sampleRate: number;
  readonly samples: Float32Array;
}

/** @throws {Failure | DataError} naming the file when it cannot be read, is no WAV file, is cut off, or has no samples. */
export function readRecording(path: string): Recording {
  const { sampleRate, channels } = decodeWav(readBytes(path), { mono: true, name: path });
  return { path, sampleRate, samples: channels[0] as Float32Array };
}

/** @throws {Failure} naming the file when it is too short for a frame. */
export function featuresOf({ path, samples }: Recording, features: LogMel): FeatureBlock {
  try {
    return logMel({ ...features })(samples);
  } catch (error) {
    if (error instanceof DataError) throw new Failure(`${path}: ${error.message}`);
    throw error;
  }
}
