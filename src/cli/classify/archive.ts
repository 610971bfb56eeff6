import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { SeriesFile } from "../../index.ts";
import { readSeriesFile } from "../../node/index.ts";
import type { Collection, Reading, Sequence } from "./collection.ts";

/** A training file of the archives, whose test file is beside it. */
const trainingFile = /^(.*)_TRAIN(\.tsv?)$/;

/**
 * Series of the UCR and UEA archives: a file, and when it is NAME_TRAIN the NAME_TEST beside it as its official test.
 * @throws {DataError} naming file and line.
 */
export async function readArchive(path: string, { labelled }: Reading): Promise<Collection> {
  const [, name, kind] = (labelled && trainingFile.exec(basename(path))) || [];
  const testPath = name === undefined ? null : join(dirname(path), `${name}_TEST${kind}`);
  const training = await readSeriesFile(path);
  const test =
    testPath !== null && existsSync(testPath) ? await readSeriesFile(testPath, { classes: training.classes }) : null;
  const official = test === null ? null : "training";
  return {
    title: basename(path),
    layout: "archive",
    channels: training.dimensions,
    sequences: [
      ...sequencesOf(path, training, official),
      ...(test && testPath ? sequencesOf(testPath, test, "test") : []),
    ],
    features: null,
    labelColumn: null,
    official: testPath !== null && test ? `the series of ${basename(testPath)}` : null,
  };
}

function sequencesOf(path: string, { examples, classes }: SeriesFile, official: Sequence["official"]): Sequence[] {
  return examples.map(({ input, label }, i) => ({
    name: `${basename(path)} series ${i + 1}`,
    input,
    label: classes[label] as string,
    speaker: null,
    official,
  }));
}
