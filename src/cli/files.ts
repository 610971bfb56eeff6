import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
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
 * Replaces a file in one move: whoever reads it sees the old content or the new one, never a part. The new content is
 * written beside it first; nothing interrupts in between, since all of it is one synchronous call.
 * @throws {Failure} when the file cannot be written; the old one is then untouched.
 */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, content, { flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new Failure(`${path}: cannot be written: ${reasonOf(error)}`);
  }
}

/**
 * Makes a folder and checks that these files can be put in it, by writing and removing one.
 * @param option what is named when they cannot.
 * @throws {Failure} when the folder cannot be made or written to, or one of the files is a folder.
 */
export function requireWritable(option: string, folder: string, names: readonly string[]): void {
  try {
    makeFolder(resolve(folder));
    const probe = join(folder, `.${process.pid}.tmp`);
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    throw new Failure(`${option} ${folder}: cannot be written: ${reasonOf(error)}`);
  }
  const taken = names.map((name) => join(folder, name)).find(isFolder);
  if (taken !== undefined) throw new Failure(`${option}: expected a file at ${taken}, got a directory`);
}

/** Makes a folder and those above it. Node's own `recursive` never ends where the system forbids it, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) {
    if (!isFolder(folder)) throw new Failure(`expected a directory, ${folder} is a file`);
    return;
  }
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

/** Whether there is a folder at this path. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
