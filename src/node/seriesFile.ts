import { parseSeriesFile, type SeriesFile, type SeriesFileOptions } from "../index.ts";
import { textOf } from "./text.ts";

/**
 * Reads a .ts or .tsv file of the UCR and UEA archives of time series; see `parseSeriesFile`.
 *
 * ```js
 * const train = await readSeriesFile("GunPoint_TRAIN.ts");
 * const test = await readSeriesFile("GunPoint_TEST.ts", { classes: train.classes });
 * ```
 *
 * @throws {DataError} when it cannot be read, or as `parseSeriesFile` does.
 */
export async function readSeriesFile(path: string, options: SeriesFileOptions = {}): Promise<SeriesFile> {
  let text = "";
  for await (const piece of textOf(path, "utf-8")) text += piece;
  return parseSeriesFile(text, { name: path, ...options });
}
