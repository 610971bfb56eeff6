/** Logs of searches: cut off at any byte, of another search, of something else. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataError, FileError } from "../../src/index.ts";
import { type SearchOptions, type SearchResult, searchActivation } from "../../src/laboratory/index.ts";
import { searchLog } from "../../src/node/index.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-node-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const options: SearchOptions = {
  task: { name: "adding", options: { steps: 4, hiddenSize: 4, batchSize: 4, validationSize: 16 } },
  budget: { steps: 700 },
  seed: 2,
  trialSteps: 9,
};
const lasting = (result: SearchResult): unknown =>
  JSON.parse(JSON.stringify(result), (key, value) => (key === "seconds" ? undefined : value));

let result: SearchResult;
let bytes: Buffer;

beforeAll(async () => {
  const path = join(folder, "whole", "search.jsonl");
  result = await searchActivation({ ...options, log: searchLog(path) });
  bytes = readFileSync(path);
});

/** A log of these bytes. */
function logOf(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe("a search goes on from a log", () => {
  test("that is whole, without a training, and leaves it as it was", async () => {
    const path = logOf("again.jsonl", bytes);
    let trained = 0;
    const again = await searchActivation({ ...options, log: searchLog(path), onProgress: () => trained++ });
    expect(lasting(again)).toEqual(lasting(result));
    expect(trained).toBe(0);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  test.each([0, 0.03, 0.21, 0.5, 0.77, 0.999])("that was cut off at %f of its bytes", async (share) => {
    const first = bytes.indexOf("\n") + 1;
    const end = share === 0 ? first : first + Math.floor(share * (bytes.length - first));
    const path = logOf(`cut-${share}.jsonl`, bytes.subarray(0, end));
    const again = await searchActivation({ ...options, log: searchLog(path) });
    expect(lasting(again)).toEqual(lasting(result));
    const hashes = (text: string) =>
      text
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => JSON.parse(line).hash);
    expect(hashes(readFileSync(path, "utf8"))).toEqual(hashes(bytes.toString()));
  });

  test("that is empty", async () => {
    const path = logOf("empty.jsonl", "");
    expect(lasting(await searchActivation({ ...options, log: searchLog(path) }))).toEqual(lasting(result));
  });

  test("with a larger budget", async () => {
    const path = logOf("more.jsonl", bytes);
    const more = await searchActivation({ ...options, budget: { steps: 900 }, log: searchLog(path) });
    expect(more.facts.generations.length).toBeGreaterThan(result.facts.generations.length);
    expect(more.facts.generations.slice(0, 1)).toEqual(result.facts.generations.slice(0, 1));
  });
});

describe("what is no log of this search is refused, and left as it was", () => {
  const lines = () => bytes.toString().split("\n");
  const cases: [string, () => string | Uint8Array, RegExp][] = [
    [
      "another seed",
      () => bytes.toString().replace('"seed":2', '"seed":3'),
      /:1: expected the log of a search with seed 2, got seed 3$/,
    ],
    [
      "another version",
      () => bytes.toString().replace('"version":1', '"version":7'),
      /:1: expected a log of version 1, got 7$/,
    ],
    [
      "a line that is none",
      () => lines().with(3, "{oops").join("\n"),
      /:4: expected a trial of a search, got "\{oops"$/,
    ],
    ["a trial without an outcome", () => lines().with(2, '{"hash":"a","at":1}').join("\n"), /:3: expected a trial/],
    [
      "another file",
      () => "once upon a time\nthere was a log\n",
      /:1: expected the log of a search, got something else$/,
    ],
    ["one line without an end", () => "once upon a time", /:1: expected the log of a search, got something else$/],
    ["bytes", () => Uint8Array.of(0, 255, 10, 13, 10), /:1: expected the log of a search/],
  ];
  test.each(cases)("%s", async (name, content, message) => {
    const path = logOf(`${name}.jsonl`, content());
    const before = readFileSync(path);
    const searching = searchActivation({ ...options, log: searchLog(path) });
    await expect(searching).rejects.toThrow(DataError);
    await expect(searching).rejects.toThrow(message);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("a folder in its place", async () => {
    const path = join(folder, "folder.jsonl");
    mkdirSync(path);
    const searching = searchActivation({ ...options, log: searchLog(path) });
    await expect(searching).rejects.toThrow(FileError);
    await expect(searching).rejects.toThrow(/cannot be read: it is a directory/);
  });

  test("a file in the place of its folder", async () => {
    const path = join(logOf("file", "x"), "search.jsonl");
    await expect(searchActivation({ ...options, log: searchLog(path) })).rejects.toThrow(FileError);
    expect(existsSync(path)).toBe(false);
  });
});
