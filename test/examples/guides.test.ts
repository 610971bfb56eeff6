/**
 * The guides of docs/: the `ts` blocks of a page are one program, which is run and held to what it says, and type-checked. The
 * Chinese pages have the same blocks.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test, vi } from "vitest";
import { expectSame, plain, withChecks } from "./checked.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const docs = join(root, "docs");
const folder = join(root, "build/guides");
/** Pages that are written, not made: figures alone need no translation. */
const pages = readdirSync(docs).filter((name) => name.endsWith(".md") && name !== "accuracy.md");

const textOf = (page: string): string => readFileSync(join(docs, page), "utf8");

/** Code without what is said beside it. */
const withoutComments = (blocks: readonly string[]): string[] =>
  blocks.map((code) => code.replace(/\/\/.*|#.*/g, "").trim());

/** Fenced blocks of these languages, in their order. */
function blocksOf(page: string, languages = "ts"): string[] {
  const fences = new RegExp(`^\`\`\`(?:${languages})\\n(.*?)^\`\`\`$`, "gms");
  return [...textOf(page).matchAll(fences)].map(([, code]) => code as string);
}

const programs = pages.map((page) => [page, blocksOf(page).join("\n")] as const).filter(([, code]) => code !== "");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("there are programs in the guides", () => {
  expect(programs.map(([page]) => page)).toEqual(
    expect.arrayContaining(["start.md", "text.md", "forecasting.md", "weights.md", "expressions.md", "determinism.md"]),
  );
});

test.each(programs)("%s gives what it says", async (page, code) => {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${page.replace(/\W+/g, "-")}.ts`);
  writeFileSync(file, withChecks(code));
  let said = 0;
  vi.stubGlobal("expectValue", (expression: () => unknown, wanted: unknown) => {
    said++;
    expectSame(plain(expression()), wanted, String(expression));
  });
  try {
    await import(/* @vite-ignore */ file);
  } finally {
    vi.unstubAllGlobals();
  }
  expect(said).toBeGreaterThan(0);
});

test("types of the guides' programs hold", () => {
  const typed = join(folder, "types");
  mkdirSync(typed, { recursive: true });
  const settings = { noUnusedLocals: false };
  const configuration = { extends: "../../../tsconfig.json", compilerOptions: settings, include: ["*.ts"] };
  writeFileSync(join(typed, "tsconfig.json"), JSON.stringify(configuration));
  for (const [page, code] of programs)
    writeFileSync(join(typed, `${page.replace(/\W+/g, "-")}.ts`), `${code}\nexport {};\n`);
  expect(complaintsOfCompiler(typed)).toBe("");
});

/** What the compiler says of a folder with a configuration; nothing when all is well. */
function complaintsOfCompiler(project: string): string {
  try {
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project], {
      encoding: "utf8",
    });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

/** What blocks that are parts of a program leave to the rest of it. */
const rest = `
import type { Module, Trainer, Dataset } from "unrolled";
declare global {
  const text: string;
  const model: Module;
  const file: File;
  const link: HTMLAnchorElement;
  function show(...figures: number[]): void;
  function makeTrainer(text: string): { trainer: Trainer; data: Dataset };
}
export {};
`;

test("types of blocks that are parts of programs hold, in the guides and in the README", () => {
  const parts = join(folder, "parts");
  mkdirSync(parts, { recursive: true });
  const settings = { noUnusedLocals: false };
  const include = ["**/*.ts"];
  writeFileSync(
    join(parts, "tsconfig.json"),
    JSON.stringify({ extends: "../../../tsconfig.json", compilerOptions: settings, include }),
  );
  writeFileSync(join(parts, "rest.d.ts"), rest);
  let count = 0;
  for (const page of ["../README.md", ...pages]) {
    const place = join(parts, page.replace(/\W+/g, "-"));
    mkdirSync(place, { recursive: true });
    for (const code of blocksOf(page, "typescript")) {
      const [, name = `part-${count}.ts`] = /^\/\/ (\S+\.ts)$/m.exec(code) ?? [];
      writeFileSync(join(place, name), `${code}\nexport {};\n`);
      count++;
    }
  }
  expect(count).toBeGreaterThan(4);
  expect(complaintsOfCompiler(parts)).toBe("");
});

test.each(pages)("the Chinese %s has the code, the pictures and the figures of the English one", (page) => {
  const translation = `zh/${page}`;
  expect(existsSync(join(docs, translation)), translation).toBe(true);
  const languages = "ts|typescript|python|html|sh";
  expect(withoutComments(blocksOf(translation, languages))).toEqual(withoutComments(blocksOf(page, languages)));
  const picturesOf = (name: string): string[] => [...textOf(name).matchAll(/pictures\/[\w-]+\.svg/g)].map(String);
  expect(picturesOf(translation)).toEqual(picturesOf(page));
  // The figures of tables, row by row: cells that are numbers.
  const figuresOf = (name: string): string[][] =>
    textOf(name)
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .map((line) =>
        line
          .split("|")
          .map((cell) => cell.trim())
          .filter((cell) => /^\**[+−-]?\d[\d.,]*(?:e[+-]?\d+)?\**$/.test(cell)),
      );
  expect(figuresOf(translation)).toEqual(figuresOf(page));
});

test("the Chinese README has programs of the English one, each as it stands there", () => {
  const [english, chinese] = ["../README.md", "../README.zh.md"].map((page) =>
    withoutComments(blocksOf(page, "ts|typescript|js|sh")),
  ) as [string[], string[]];
  expect(chinese.length).toBeGreaterThan(10);
  expect(chinese.filter((code) => !english.includes(code))).toEqual([]);
});
