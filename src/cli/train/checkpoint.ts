/** What `unrolled train` keeps to go on from, and reading it. */
import { join } from "node:path";
import { type FoundCheckpoint, latestCheckpoint } from "../../node/index.ts";
import { Failure, lineOf } from "../failure.ts";
import { isFolder } from "../files.ts";
import type { Check, Settings } from "./settings.ts";

/** What a command line needs besides the training itself. */
export interface Kept {
  readonly settings: Settings;
  /** Of the text that is learned from. */
  readonly fingerprint: string;
  /** Looks so far, and the seconds they took. */
  readonly checks: readonly Check[];
  readonly looking: number;
}

/** A training to go on with. */
export interface Left extends Kept {
  readonly bytes: Uint8Array;
  readonly step: number;
}

/** Where in --out the checkpoints are. */
export const checkpointFolder = "checkpoints";

/** The name of the text in a checkpoint's metadata; its number changes with what it holds. */
const KEPT = "unrolled-train-1";

/** As texts for a checkpoint's metadata. */
export function keep(kept: Kept): Record<string, string> {
  return { [KEPT]: JSON.stringify(kept) };
}

/**
 * The newest checkpoint of the training in a folder.
 * @throws {Failure} when there is none, or it was not written by `unrolled train`.
 */
export function readLeft(folder: string): Left {
  if (!isFolder(folder)) throw new Failure(`${folder}: expected the folder of a training, got none`);
  const found = latestCheckpoint(join(folder, checkpointFolder));
  if (!found) throw new Failure(`${join(folder, checkpointFolder)}: expected a checkpoint, got none that is whole`);
  const { settings, fingerprint, checks, looking } = readKept(found);
  return { settings, fingerprint, checks, looking, bytes: found.bytes, step: found.step };
}

function readKept({ path, metadata }: FoundCheckpoint): Kept {
  const text = metadata[KEPT];
  if (text === undefined) throw new Failure(`${path}: expected a checkpoint that \`unrolled train\` has written`);
  try {
    return JSON.parse(text) as Kept;
  } catch (error) {
    throw new Failure(`${path}: ${lineOf(error)}`);
  }
}
