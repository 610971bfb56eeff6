import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { FileError } from "../runtime/errors.ts";

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EDQUOT: "the quota is used up",
  EFBIG: "it is larger than is allowed",
  EISDIR: "it is a directory",
  EMFILE: "too many open files",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on the device",
  ENOTDIR: "a part of the path is not a directory",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
};

/** Why the operating system refused, as an error of this library. */
export function fileError(path: string, what: "read" | "written", cause: unknown): FileError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const error = new FileError(`${path}: cannot be ${what}: ${reasons[code ?? ""] ?? message}`);
  error.cause = cause;
  return error;
}

/** How the names of files begin that are not complete yet. */
export const UNFINISHED = ".unfinished-";

/**
 * Replaces a file in one move: whoever reads it, also after the process or the machine has died at any moment, finds the
 * old content or the new one, never a part. The new content is written beside it and brought to the disk first.
 *
 * ```ts
 * import { readFileSync } from "node:fs";
 *
 * const model = new Linear({ inputSize: 2, outputSize: 1 });
 * replaceFile("model.safetensors", model.save());
 * const again = new Linear({ inputSize: 2, outputSize: 1 });
 * again.load(readFileSync("model.safetensors"));
 * again.weight.toArray().join() === model.weight.toArray().join(); // true
 * ```
 *
 * @throws {FileError} when it cannot be written; the old one is then untouched.
 */
export function replaceFile(path: string, content: Uint8Array | string): void {
  const folder = dirname(path);
  const temporary = join(folder, `${UNFINISHED}${process.pid}-${basename(path)}`);
  try {
    writeThrough(temporary, typeof content === "string" ? new TextEncoder().encode(content) : content);
    renameSync(temporary, path);
    synchronizeFolder(folder);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw fileError(path, "written", error);
  }
}

function writeThrough(path: string, content: Uint8Array): void {
  const file = openSync(path, "w");
  try {
    for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Brings the new name to the disk, where the system has a way to. */
function synchronizeFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * Makes a folder, and those above it, and checks that files can be put in it.
 *
 * ```ts
 * import { readFileSync } from "node:fs";
 *
 * requireFolder("runs/names");
 * replaceFile("runs/names/note.txt", "begun");
 * readFileSync("runs/names/note.txt", "utf8"); // "begun"
 * ```
 *
 * @throws {FileError} when they cannot.
 */
export function requireFolder(folder: string): void {
  try {
    makeFolder(resolve(folder));
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw fileError(folder, "written", error);
  }
}

/** Node's own `recursive` never ends where the system forbids it, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) {
    if (statSync(folder).isDirectory()) return;
    throw Object.assign(new Error(`expected a directory, ${folder} is a file`), { code: "EEXIST" });
  }
  makeFolder(dirname(folder));
  mkdirSync(folder);
}
