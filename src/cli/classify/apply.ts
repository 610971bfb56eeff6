import { basename, dirname, resolve } from "node:path";
import { configure } from "../../index.ts";
import { replaceFile } from "../../node/index.ts";
import { requireWritable } from "../files.ts";
import { count, percent } from "../format.ts";
import { modelAt } from "../recipe/modelFile.ts";
import { decodeClassifier, probabilitiesOf, requireFit } from "./model.ts";
import { readSequences } from "./sequences.ts";

/** What is needed to use a model. */
export interface Application {
  readonly source: string;
  /** The model's file, or the folder of its run. */
  readonly model: string;
  readonly json: string | null;
  readonly deterministic: boolean;
  readonly threads: number | "auto";
}

/**
 * Tells the class of each sequence, a line each, and how many are right where labels are there.
 * @throws {Failure | DataError} when the model or the sequences are not as they should be.
 */
export async function applyModel({ source, model: path, json, deterministic, threads }: Application): Promise<void> {
  if (json !== null) requireWritable("--json", dirname(resolve(json)), [basename(json)]);
  configure({ deterministic, threads });
  const model = decodeClassifier(...modelAt(path));
  const { layout, labelColumn } = model;
  const collection = await readSequences(source, { labelled: false, known: { layout, labelColumn } });
  requireFit(model, collection);
  const { sequences } = collection;
  const results = (await probabilitiesOf(model, sequences)).map((row, i) => {
    const best = row.indexOf(Math.max(...row));
    return {
      name: sequences[i]?.name as string,
      label: sequences[i]?.label ?? null,
      predicted: model.classes[best] as string,
      probability: row[best] as number,
      probabilities: Object.fromEntries(model.classes.map((label, c) => [label, row[c]])),
    };
  });
  for (const { name, predicted, probability } of results) console.log(`${name}\t${predicted}\t${percent(probability)}`);
  const labelled = results.filter(({ label }) => label !== null);
  if (labelled.length > 0) {
    const right = labelled.filter(({ label, predicted }) => label === predicted).length;
    console.log(`${percent(right / labelled.length)} right (${count(right)} of ${count(labelled.length)} with labels)`);
  }
  if (json !== null) replaceFile(json, `${JSON.stringify(results, null, 1)}\n`);
}
