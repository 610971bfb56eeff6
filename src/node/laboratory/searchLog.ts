import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { LoggedTrial, SearchFingerprint, SearchLog, TrialSpec } from "../../laboratory/index.ts";
import { DataError } from "../../runtime/errors.ts";
import { fileError, replaceFile, requireFolder } from "../files.ts";

const FORMAT = "unrolled search log";
const VERSION = 1;

/** The first line of a log. */
interface Header {
  readonly format: typeof FORMAT;
  readonly version: number;
  readonly search: SearchFingerprint;
}

/** Every other line; `spec` is for those who read it. */
interface Entry extends LoggedTrial {
  readonly hash: string;
}

const outcomes = ["finished", "reached", "diverged"];

class FileLog implements SearchLog {
  readonly #path: string;
  readonly #trials = new Map<string, LoggedTrial>();
  #file: number | null = null;
  /** Where the next line begins. */
  #end = 0;

  constructor(path: string) {
    this.#path = path;
  }

  open(search: SearchFingerprint): number {
    requireFolder(dirname(this.#path));
    const complete = existsSync(this.#path) ? this.#read(search) : this.#begin(search);
    try {
      this.#file = openSync(this.#path, "r+");
      ftruncateSync(this.#file, complete);
    } catch (error) {
      throw fileError(this.#path, "written", error);
    }
    this.#end = complete;
    return [...this.#trials.values()].reduce((latest, { at }) => Math.max(latest, at), 0);
  }

  #begin(search: SearchFingerprint): number {
    const header: Header = { format: FORMAT, version: VERSION, search };
    const line = `${JSON.stringify(header)}\n`;
    replaceFile(this.#path, line);
    return Buffer.byteLength(line);
  }

  /** Reads what is there; returns the length of its complete lines. A last one that was cut off is not one of them. */
  #read(search: SearchFingerprint): number {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (error) {
      throw fileError(this.#path, "read", error);
    }
    const complete = text.slice(0, text.lastIndexOf("\n") + 1);
    const lines = complete.split("\n").slice(0, -1);
    if (lines.length === 0 && text.length === 0) return this.#begin(search);
    this.#requireHeader(lines[0], search);
    lines.slice(1).forEach((line, i) => {
      const { hash, outcome, at } = this.#entry(line, i + 2);
      this.#trials.set(hash, { outcome, at });
    });
    return Buffer.byteLength(complete);
  }

  #wrong(line: number, what: string): DataError {
    return new DataError(`${this.#path}:${line}: ${what}`);
  }

  #requireHeader(line: string | undefined, search: SearchFingerprint): void {
    const header = parsed(line ?? "") as Partial<Header> | null;
    if (header?.format !== FORMAT) throw this.#wrong(1, "expected the log of a search, got something else");
    if (header.version !== VERSION) {
      throw this.#wrong(1, `expected a log of version ${VERSION}, got ${JSON.stringify(header.version)}`);
    }
    for (const [name, value] of Object.entries(search)) {
      const [wanted, got] = [JSON.stringify(value), JSON.stringify(header.search?.[name])];
      if (got !== wanted)
        throw this.#wrong(1, `expected the log of a search with ${name} ${wanted}, got ${name} ${got}`);
    }
  }

  #entry(line: string, number: number): Entry {
    const entry = parsed(line) as Partial<Entry> | null;
    const known =
      typeof entry?.hash === "string" &&
      typeof entry.at === "number" &&
      outcomes.includes(entry.outcome?.outcome as string) &&
      typeof entry.outcome?.steps === "number";
    if (known) return entry as Entry;
    throw this.#wrong(number, `expected a trial of a search, got ${JSON.stringify(line.slice(0, 60))}`);
  }

  get(hash: string): LoggedTrial | undefined {
    return this.#trials.get(hash);
  }

  add(hash: string, trial: LoggedTrial, { activation, parameters, seed, budget }: TrialSpec): void {
    this.#trials.set(hash, trial);
    const line = `${JSON.stringify({ hash, ...trial, spec: { activation, parameters, seed, budget } })}\n`;
    try {
      this.#end += writeSync(this.#file as number, line, this.#end);
    } catch (error) {
      throw fileError(this.#path, "written", error);
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/**
 * Keeps the trials of a search in a file, a line each, as soon as they are over. A search that is given the log of one that
 * was ended, killed even, goes on where that was: what is in the log is not trained again. A last line that was cut off is
 * written anew.
 *
 * ```ts
 * const options = { task: "adding", budget: { steps: 600 }, seed: 3, trialSteps: 9 } as const;
 * const first = await searchActivation({ ...options, log: searchLog("runs/search.jsonl") });
 * const again = await searchActivation({ ...options, log: searchLog("runs/search.jsonl") });
 * again.verdict === first.verdict; // true
 * ```
 *
 * The search rejects with a {DataError} that names file and line when the log is of another search or holds something else,
 * and with a {FileError} when it cannot be read or written; the file is then as it was.
 */
export function searchLog(path: string): SearchLog {
  return new FileLog(path);
}
