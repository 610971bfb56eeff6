/** What a run keeps to go on from, whichever command began it, and reading it. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Callback } from "../../index.ts";
import { checkpoints, type FoundCheckpoint, latestCheckpoint } from "../../node/index.ts";
import { Failure, lineOf } from "../failure.ts";
import { isFolder } from "../files.ts";

/** The commands whose runs can go on. */
export const learning = ["train", "classify", "forecast"] as const;
export type Learning = (typeof learning)[number];

/** What a command line needs besides the training itself. */
export interface Kept<Settings> {
  readonly settings: Settings;
  /** Where the data is, found again wherever the run is resumed from; null for what comes with the command line. */
  readonly place: string | null;
  /** Of the data that is learned from. */
  readonly fingerprint: string;
}

/** A run to go on with. */
export interface Left<State> {
  readonly kept: State;
  readonly bytes: Uint8Array;
  readonly step: number;
}

/** Where in --out the checkpoints are. */
export const checkpointFolder = "checkpoints";

/** The name of the text in a checkpoint's metadata; its number changes with what it holds. */
const nameOf = (command: Learning): string => `unrolled-${command}-1`;

/** What `checkpointing` has to know. */
export interface Keeping<State> {
  readonly command: Learning;
  /** The folder of the run. */
  readonly out: string;
  /** Steps between two checkpoints. */
  readonly every: number;
  /** What is kept beside the training, when a checkpoint is written. */
  readonly kept: () => State;
}

/** Writes what a run can go on from into its folder, in the place of what an earlier run has left there. */
export function checkpointing<State extends Kept<unknown>>({ command, out, every, kept }: Keeping<State>): Callback {
  return checkpoints({
    folder: join(out, checkpointFolder),
    every,
    keepLast: 2,
    keepBest: false,
    overwrite: true,
    metadata: () => ({ [nameOf(command)]: JSON.stringify(kept()) }),
  });
}

/**
 * The newest checkpoint of the run in a folder, and the command that began it.
 * @throws {Failure} when there is none, or it was not written by one of the commands.
 */
export function readLeft(folder: string): [Learning, Left<Kept<unknown>>] {
  if (!isFolder(folder)) throw new Failure(`${folder}: expected the folder of a training, got none`);
  const found = latestCheckpoint(join(folder, checkpointFolder));
  if (!found) throw new Failure(`${join(folder, checkpointFolder)}: expected a checkpoint, got none that is whole`);
  const command = learning.find((name) => found.metadata[nameOf(name)] !== undefined);
  if (!command) {
    const commands = learning.map((name) => `\`unrolled ${name}\``).join(", ");
    throw new Failure(`${found.path}: expected a checkpoint that one of ${commands} has written, this version of it`);
  }
  return [command, { kept: readKept(found, nameOf(command)), bytes: found.bytes, step: found.step }];
}

function readKept({ path, metadata }: FoundCheckpoint, name: string): Kept<unknown> {
  try {
    return JSON.parse(metadata[name] as string) as Kept<unknown>;
  } catch (error) {
    throw new Failure(`${path}: ${lineOf(error)}`);
  }
}

/** The same for the same data only: texts and numbers, in their order. */
export function fingerprintOf(parts: Iterable<string | NodeJS.ArrayBufferView>): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    // Its length first: where one part ends and the next begins is part of what it says.
    hash.update(
      `${typeof part === "string" ? "text" : "numbers"} ${part instanceof Object ? part.byteLength : part.length}\n`,
    );
    hash.update(part);
  }
  return hash.digest("hex");
}

/** @throws {Failure} when the data of a run is no longer what it has learned from. */
export function requireSame(title: string, what: string, fingerprint: string, left: Left<Kept<unknown>> | null): void {
  if (!left || left.kept.fingerprint === fingerprint) return;
  throw new Failure(`${title}: expected the ${what} that the training has learned from, got another`);
}
