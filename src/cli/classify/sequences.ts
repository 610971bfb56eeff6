import { basename, extname, parse } from "node:path";
import { Failure } from "../failure.ts";
import { isFolder } from "../files.ts";
import { readArchive } from "./archive.ts";
import type { Collection, Reading } from "./collection.ts";
import { readFolder } from "./folder.ts";
import { readRows } from "./rows.ts";

/** The name of a run over a file or folder: GunPoint for GunPoint_TRAIN.ts. */
export function runName(path: string): string {
  const { name, ext } = parse(path);
  const base = isFolder(path) ? basename(path) || "classes" : name;
  return ext === ".ts" || ext === ".tsv" ? base.replace(/_TRAIN$/, "") : base;
}

/**
 * Reads sequences from wherever they are.
 * @throws {Failure | DataError} in one line that names the file, and the row where there is one.
 */
export async function readSequences(path: string, reading: Reading): Promise<Collection> {
  const collection = await readAny(path, reading);
  const { sequences, channels } = collection;
  const odd = sequences.find(({ input }) => input.shape[1] !== channels);
  if (odd) {
    throw new Failure(
      `${odd.name}: expected ${channels} numbers a time step as in ${sequences[0]?.name}, got ${odd.input.shape[1]}`,
    );
  }
  return collection;
}

function readAny(path: string, reading: Reading): Promise<Collection> {
  if (isFolder(path)) return readFolder(path, reading);
  const kind = extname(path).toLowerCase();
  if (kind === ".ts" || (kind === ".tsv" && reading.known?.layout !== "rows" && reading.label === undefined)) {
    return readArchive(path, reading);
  }
  if (kind === ".wav" || reading.known?.layout === "tables") return readFolder(path, reading);
  if (kind === ".csv" || kind === ".tsv" || kind === ".txt") return readRows(path, reading);
  throw new Failure(`${path}: expected a folder, or a file of kind .csv, .ts, .tsv or .wav, got another`);
}
