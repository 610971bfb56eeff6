import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { DataError } from "../../index.ts";
import { defineTask, provideData, type TaskSpec, taskNamed, taskNames, taskNeeds } from "../../laboratory/index.ts";
import { Failure, lineOf } from "../failure.ts";
import { readBytes } from "../files.ts";
import type { Rows } from "../report/html.ts";

/** What tasks may be made of, from the command line. */
export interface TaskFiles {
  readonly text?: string;
  readonly digits?: string;
  readonly define?: string;
}

/** Tasks made of what files hold, and what is to be told of that. */
export interface FiledTasks {
  readonly tasks: readonly TaskSpec[];
  readonly data: Rows;
}

/** Loads the module with tasks of one's own, and lets workers find them there. @throws {Failure} when it cannot be. */
async function defineTasks(path: string): Promise<void> {
  if (!existsSync(path)) throw new Failure(`--define ${path}: cannot be read: no such file or directory`);
  const before = new Set(taskNames());
  const module = pathToFileURL(resolve(path)).href;
  try {
    await import(module);
  } catch (error) {
    throw new Failure(`--define ${path}: ${lineOf(error)}`);
  }
  const added = taskNames().filter((name) => !before.has(name));
  if (added.length === 0) {
    throw new Failure(`--define ${path}: expected a module that calls defineTask of unrolled/laboratory, got none`);
  }
  for (const name of added) {
    if (taskNeeds({ name }).module === null) defineTask(name, taskNamed(name), { module });
  }
}

function textOf(option: string, path: string): string {
  const bytes = readBytes(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Failure(`--${option} ${path}: expected text in UTF-8, got bytes that are not`);
  }
}

/**
 * Gives tasks the files that are for them.
 * @throws {Failure} when one cannot be read, or is for a task that is not among them.
 */
export async function fileTasks(tasks: readonly TaskSpec[], files: TaskFiles): Promise<FiledTasks> {
  if (files.define !== undefined) await defineTasks(files.define);
  let filed = tasks;
  const data: [string, string][] = [];
  for (const [option, task] of [
    ["text", "characters"],
    ["digits", "digits"],
  ] as const) {
    const path = files[option];
    if (path === undefined) continue;
    if (!tasks.some(({ name }) => name === task)) {
      throw new Failure(
        `--${option} ${path}: expected ${task} among the tasks, got ${tasks.map(({ name }) => name).join(", ")}`,
      );
    }
    const key = await provideData(textOf(option, path));
    filed = filed.map((spec) => (spec.name === task ? { ...spec, data: key } : spec));
    data.push([task, path]);
  }
  return { tasks: filed, data };
}

/** What the data of a task will not do for, with the file that it came from. */
export function blame(error: unknown, { data }: FiledTasks): unknown {
  if (!(error instanceof DataError) || data.length === 0) return error;
  const file = data.find(([task]) => error.message.startsWith(task))?.[1];
  return file === undefined ? error : new Failure(`${file}: ${error.message}`);
}
