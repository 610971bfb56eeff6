import { parseSeriesFile, type SeriesFile, type SeriesFileOptions } from "../index.ts";
import { textOf } from "./text.ts";

/**
 * Reads a .ts or .tsv file of the UCR and UEA archives of time series; see `parseSeriesFile`.
 *
 * ```ts
 * import { writeFileSync } from "node:fs";
 *
 * writeFileSync("Slope_TRAIN.ts", "@classLabel true up down\n@data\n0.1,0.5:up\n0.7,0.3,0.2:down\n");
 * writeFileSync("Slope_TEST.tsv", "down\t0.9\t0.4\n");
 * const train = await readSeriesFile("Slope_TRAIN.ts");
 * const test = await readSeriesFile("Slope_TEST.tsv", { classes: train.classes });
 * test.examples.map(({ label }) => label); // [1]
 * ```
 *
 * @throws {DataError} when it cannot be read, or as `parseSeriesFile` does.
 */
export async function readSeriesFile(path: string, options: SeriesFileOptions = {}): Promise<SeriesFile> {
  let text = "";
  for await (const piece of textOf(path, "utf-8")) text += piece;
  return parseSeriesFile(text, { name: path, ...options });
}
