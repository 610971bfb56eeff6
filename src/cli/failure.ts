/** Something the person at the terminal can put right: ends the command with one line and exit code 1. */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** Whether an error comes from the operating system, with a code such as ENOENT. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === "string";
}

const systemReasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EISDIR: "it is a directory",
  EMFILE: "too many open files",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on the device",
  ENOTDIR: "a part of the path is not a directory",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  ERR_FS_FILE_TOO_LARGE: "it is too large to be read at once",
  ERR_STRING_TOO_LONG: "it is too large to be held as one text",
};

/** Why the operating system refused, in words. */
export function reasonOf(error: unknown): string {
  if (isSystemError(error)) return systemReasons[error.code ?? ""] ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

/** An error as a single line. */
export function lineOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .join(" ");
}
