import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { requireFolder } from "../node/index.ts";
import { Failure, reasonOf } from "./failure.ts";

/**
 * The bytes of a file.
 * @throws {Failure} when it cannot be read.
 */
export function readBytes(path: string): Uint8Array {
  try {
    const { buffer, byteOffset, byteLength } = readFileSync(path);
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    throw new Failure(`${path}: cannot be read: ${reasonOf(error)}`);
  }
}

/**
 * Makes a folder and checks that these files can be put in it, by writing and removing one.
 * @param option what is named when they cannot.
 * @throws {Failure} when the folder cannot be made or written to, or one of the files is a folder.
 */
export function requireWritable(option: string, folder: string, names: readonly string[]): void {
  try {
    requireFolder(folder);
  } catch (error) {
    throw new Failure(`${option} ${(error as Error).message}`);
  }
  try {
    const probe = join(folder, `.${process.pid}.tmp`);
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    throw new Failure(`${option} ${folder}: cannot be written: ${reasonOf(error)}`);
  }
  const taken = names.map((name) => join(folder, name)).find(isFolder);
  if (taken !== undefined) throw new Failure(`${option}: expected a file at ${taken}, got a directory`);
}

/** Whether there is a folder at this path. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
