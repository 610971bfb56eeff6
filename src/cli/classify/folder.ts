import { readdirSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { csvColumns, readTable } from "../../node/index.ts";
import { Failure, reasonOf } from "../failure.ts";
import { isFolder } from "../files.ts";
import { tableFormat } from "../table.ts";
import type { Collection, Reading, Sequence } from "./collection.ts";
import { featuresOf, type LogMel, logMelFor, readRecording } from "./logMel.ts";

/** A file that holds one sequence. */
interface Found {
  readonly path: string;
  readonly label: string | null;
}

/** Names of recordings that tell what is said, who says it, and which take it is. */
const recordingName = /^(.+)_([^_]+)_(\d+)$/;

/** The takes that are the test by agreement: 0 to 4, as the Free Spoken Digit Dataset has it. */
const LAST_TEST_TAKE = 4;

/**
 * One sequence a file, all of a kind: tables with a row for each time step, or WAV files. Labels are the names of folders
 * in the folder, or the beginnings of names such as label_speaker_take.wav.
 * @throws {Failure | DataError} naming the file, and the row of a table.
 */
export async function readFolder(path: string, { labelled }: Reading): Promise<Collection> {
  const found = isFolder(path) ? filesIn(path) : [{ path, label: null }];
  const kinds = new Set(found.map((file) => kindOf(file.path)));
  if (kinds.size > 1) throw new Failure(`${path}: expected files of one kind, got ${[...kinds].join(" and ")}`);
  const recorded = kinds.has(".wav");
  const [unlabelled] = found.filter(({ label }) => label === null);
  if (labelled && unlabelled) {
    const wanted = recorded
      ? "a folder for each label, or names like label_speaker_take.wav"
      : "a folder for each label";
    throw new Failure(`${path}: expected ${wanted}, got ${basename(unlabelled.path)}`);
  }
  const { sequences, features } = recorded
    ? readRecordings(found)
    : { sequences: await readTables(found), features: null };
  const official = labelled && sequences.some(({ official }) => official === "test");
  return {
    title: basename(path) || path,
    layout: recorded ? "recordings" : "tables",
    channels: sequences[0]?.input.shape[1] as number,
    sequences: official ? sequences : sequences.map((sequence) => ({ ...sequence, official: null })),
    features,
    labelColumn: null,
    official: official ? `takes 0 to ${LAST_TEST_TAKE} of each speaker and label` : null,
  };
}

const kinds = [".wav", ".csv", ".tsv"];
const kindOf = (path: string): string => extname(path).toLowerCase();

/** Files in the folders of a folder, or, where there are none, in itself; in the order of their names. */
function filesIn(folder: string): Found[] {
  const folders = list(folder).filter((name) => isFolder(join(folder, name)));
  const nested = folders.flatMap((label) => wanted(join(folder, label)).map((path) => ({ path, label })));
  const found = nested.length > 0 ? nested : wanted(folder).map((path) => ({ path, label: spokenLabel(path) }));
  if (found.length > 0) return found;
  throw new Failure(`${folder}: expected .wav or .csv files in folders named by their labels, got none`);
}

function wanted(folder: string): string[] {
  return list(folder)
    .filter((name) => kinds.includes(kindOf(name)))
    .map((name) => join(folder, name));
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith("."))
      .sort();
  } catch (error) {
    throw new Failure(`${folder}: cannot be read: ${reasonOf(error)}`);
  }
}

function partsOf(path: string): { label: string; speaker: string; take: number } | null {
  const [, label, speaker, take] = recordingName.exec(basename(path, extname(path))) ?? [];
  return label && speaker && take ? { label, speaker, take: Number(take) } : null;
}

function spokenLabel(path: string): string | null {
  return kindOf(path) === ".wav" ? (partsOf(path)?.label ?? null) : null;
}

function readRecordings(found: readonly Found[]): { sequences: Sequence[]; features: LogMel } {
  let features: LogMel | undefined;
  // An agreement about takes wants names that tell them, and takes beyond those of the test.
  const agreed =
    found.every(({ path }) => partsOf(path)) && found.some(({ path }) => Number(partsOf(path)?.take) > LAST_TEST_TAKE);
  const sequences = found.map(({ path, label }): Sequence => {
    const recording = readRecording(path);
    features ??= logMelFor(recording.sampleRate);
    if (recording.sampleRate !== features.sampleRate) {
      throw new Failure(
        `${path}: expected ${features.sampleRate} samples a second as in ${found[0]?.path}, got ${recording.sampleRate}`,
      );
    }
    const parts = partsOf(path);
    const isTest = agreed && Number(parts?.take) <= LAST_TEST_TAKE;
    return {
      name: basename(path),
      input: featuresOf(recording, features),
      label,
      speaker: parts?.speaker ?? null,
      official: isTest ? "test" : "training",
    };
  });
  return { sequences, features: features as LogMel };
}

async function readTables(found: readonly Found[]): Promise<Sequence[]> {
  const sequences: Sequence[] = [];
  for (const { path, label } of found) {
    const format = await tableFormat(path);
    const { numbers: names, text } = await csvColumns(path, format);
    if (text[0] !== undefined)
      throw new Failure(`${path}: expected numbers in column ${JSON.stringify(text[0])}, got text`);
    const { length, numbers } = await readTable(path, { ...format, numbers: names, text: [] });
    const data = new Float32Array(length * names.length);
    names.forEach((name, c) => {
      numbers.get(name)?.forEach((value, t) => {
        data[t * names.length + c] = value;
      });
    });
    const shape = [length, names.length] as const;
    sequences.push({ name: basename(path), input: { data, shape }, label, speaker: null, official: null });
  }
  return sequences;
}
