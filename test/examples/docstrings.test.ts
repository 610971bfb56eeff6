/**
 * Every example in a docstring of src/ is run. A ```ts block there is a program of its own, to which the names of the
 * library that it uses are imported; a line `expression; // value` says what comes out, and is held to it. It runs in an
 * empty folder of its own, where it may write the files that it reads.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
import * as unrolled from "../../src/index.ts";
import * as laboratory from "../../src/laboratory/index.ts";
import * as node from "../../src/node/index.ts";
import * as worker from "../../src/worker/index.ts";
import { expectSame, plain, withChecks } from "./checked.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "build/docstrings");

interface Example {
  readonly file: string;
  readonly line: number;
  readonly code: string;
}

const sources = readdirSync(join(root, "src"), { recursive: true })
  .map((path) => String(path).replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts") && !path.startsWith("wasm/"))
  .sort();

/** The docstrings of a file, with the line each begins at. */
function docstringsOf(file: string): { line: number; text: string }[] {
  const source = readFileSync(join(root, "src", file), "utf8");
  return [...source.matchAll(/^[ \t]*\/\*\*.*?\*\//gms)].map(({ 0: comment, index }) => ({
    line: source.slice(0, index).split("\n").length,
    text: comment.replace(/^[ \t]*\* ?/gm, ""),
  }));
}

const examples: Example[] = sources.flatMap((file) =>
  docstringsOf(file).flatMap(({ line, text }) =>
    [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ 1: code, index }) => ({
      file,
      line: line + text.slice(0, index).split("\n").length,
      code: code as string,
    })),
  ),
);

/** The types that an entry of the library exports. */
function typesOf(file: string): string[] {
  const lists = readFileSync(join(root, "src", file), "utf8").matchAll(/export (type )?\{(.*?)\}/gs);
  return [...lists].flatMap(([, whole, list]) =>
    (list as string)
      .split(",")
      .filter((entry) => whole || /^\s*type /.test(entry))
      .map((entry) => entry.replace(/^\s*(?:type )?/, "").trim()),
  );
}

/** What an entry exports that the library does not. */
function own(entry: object): string[] {
  return Object.keys(entry).filter((name) => !(name in unrolled));
}

/** The library's entries, and what each exports. */
const entries = [
  { from: "unrolled", values: Object.keys(unrolled), types: typesOf("index.ts") },
  { from: "unrolled/laboratory", values: Object.keys(laboratory), types: typesOf("laboratory/index.ts") },
  { from: "unrolled/worker", values: own(worker), types: typesOf("worker/index.ts") },
  { from: "unrolled/node", values: Object.keys(node), types: typesOf("node/index.ts") },
];

/** Examples that are not run but type-checked, by a name that they alone use, and why. */
const notRun: Readonly<Record<string, string>> = {
  sentencePieceTokenizer: "its binary model file comes from training on a text, and is in no few lines written",
  serveTraining: "it runs in a worker alone; test/worker and test/browser/worker.test.ts do that",
  trainInWorker: "it starts a worker; test/worker and test/browser/worker.test.ts do that",
  workerExecutor: "its workers load the built library; test/node/worker-executor.test.ts runs them",
};

const isRun = ({ code }: Example): boolean => !Object.keys(notRun).some((name) => code.includes(name));

/** Those of these names that a program uses and does not declare. */
function namesIn(code: string, names: readonly string[]): string {
  const words = new Set(code.match(/[A-Za-z_$][\w$]*/g));
  const declared = (name: string): boolean => new RegExp(`\\b(?:const|let|class|function) ${name}\\b`).test(code);
  return names.filter((name) => words.has(name) && !declared(name)).join(", ");
}

/** A program with the imports it needs. */
function withImports(code: string): string {
  const imports = entries.flatMap(({ from, values, types }) => {
    const [used, usedTypes] = [namesIn(code, values), namesIn(code, types)];
    return [
      ...(used === "" ? [] : [`import { ${used} } from "${from}";`]),
      ...(usedTypes === "" ? [] : [`import type { ${usedTypes} } from "${from}";`]),
    ];
  });
  return `${imports.join("\n")}
${code}
export {};
`;
}

/** Runs an example and returns how many values it was held to and lines it printed. */
async function run({ code }: Example, name: string): Promise<number> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.ts`), withImports(withChecks(code)));
  let said = 0;
  vi.stubGlobal("expectValue", (expression: () => unknown, wanted: unknown) => {
    said += 1;
    expectSame(plain(expression()), wanted, String(expression));
  });
  const log = vi.spyOn(console, "log").mockImplementation(() => {
    said += 1;
  });
  const drawn = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const [before, empty] = [process.cwd(), mkdtempSync(join(tmpdir(), "unrolled-docstrings-"))];
  process.chdir(empty);
  try {
    await import(/* @vite-ignore */ join(folder, `${name}.ts`));
  } finally {
    process.chdir(before);
    rmSync(empty, { recursive: true, force: true });
    drawn.mockRestore();
    log.mockRestore();
    vi.unstubAllGlobals();
  }
  return said;
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("examples run, and give what they say", () => {
  test.each(examples.filter(isRun).map((example) => [`src/${example.file}:${example.line}`, example] as const))(
    "%s",
    async (name, example) => {
      expect(await run(example, name.replace(/\W+/g, "-")), "values that are said").toBeGreaterThan(0);
    },
  );
});

test("types of examples hold", () => {
  const typed = join(folder, "types");
  mkdirSync(typed, { recursive: true });
  const settings = { noUnusedLocals: false, allowUnreachableCode: true, isolatedModules: false };
  const configuration = { extends: "../../../tsconfig.json", compilerOptions: settings, include: ["*.ts"] };
  writeFileSync(join(typed, "tsconfig.json"), JSON.stringify(configuration));
  for (const { file, line, code } of examples) {
    writeFileSync(join(typed, `${file.replace(/\W+/g, "-")}-${line}.ts`), withImports(code));
  }
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  let complaints = "";
  try {
    execFileSync(process.execPath, [compiler, "-p", typed], { encoding: "utf8" });
  } catch (error) {
    complaints = (error as { stdout: string }).stdout;
  }
  expect(complaints).toBe("");
});

test("an example that says something wrong is found out", async () => {
  const check = (name: string, code: string) => run({ file: "", line: 0, code }, name);
  await expect(check("number", "square(tensor([2])); // [5]\n")).rejects.toThrow(/not 5/);
  await expect(check("count", "square(tensor([2, 3])); // [4]\n")).rejects.toThrow(/how many/);
  await expect(check("name", "square(unknown);\n")).rejects.toThrow(/unknown is not defined/);
  await expect(check("file", 'await readLines("none.txt").toArray();\n')).rejects.toThrow(/none.txt: cannot be read/);
  expect(await check("folder", 'import { readdirSync } from "node:fs";\nreaddirSync(".").length; // 0\n')).toBe(1);
  expect(await check("right", "square(tensor([2])); // [4]\n")).toBe(1);
  expect(await check("silent", "square(tensor([2])); // the square of 2\nconst x = 1; // 2\n")).toBe(0);
});

test("code in docstrings is fenced as ts, so that it is run", () => {
  const loose = sources.flatMap((file) =>
    docstringsOf(file).flatMap(({ line, text }) =>
      [...text.replace(/^```ts\n.*?^```$/gms, "").matchAll(/^ {4,}(?:\S.*);(?: \/\/ .*)?$|^```.+$/gm)].map(
        ([code]) => `src/${file}:${line}: ${code.trim()}`,
      ),
    ),
  );
  expect(loose).toEqual([]);
});

/** What has to be said before the engine starts, which it has here, and what is only ever met as one of its kind. */
const withoutExample = /^(?:configure|load|threadsReady|Activation|Optimizer|\w+Error)$/;

test("whatever the library exports is in an example, but for engine settings and errors", () => {
  const exported = entries.flatMap(({ values }) => values);
  const code = examples.map((example) => example.code.replace(/\/\/.*/g, "")).join("\n");
  const words = new Set(code.match(/(?<![.\w$])[A-Za-z_$][\w$]*/g));
  expect(exported.filter((name) => !words.has(name) && !withoutExample.test(name))).toEqual([]);
});
