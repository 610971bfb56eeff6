/**
 * `unrolled/io`: bytes in and out: weights as safetensors, series files, sound. The same objects as in `unrolled`; files
 * and folders are for `unrolled/node`.
 */

export { parseSeriesFile, type SeriesExample, type SeriesFile, type SeriesFileOptions } from "../data/seriesFile.ts";
export { decodeWav, type Sound, type WavOptions } from "../data/wav.ts";
export { decodeSafetensors, encodeSafetensors } from "../io/safetensors.ts";
export { DataError, UnrolledError, WeightsError } from "../runtime/errors.ts";
