/** The commands of the documentation name what there is: scripts, files, subcommands, options. None of them is run. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Markdown files of these folders and of those right below them. */
function pagesOf(folder: string, depth: number): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (name.endsWith(".md")) return [path];
    const isFolder = depth > 0 && name !== "node_modules" && statSync(join(root, path)).isDirectory();
    return isFolder ? pagesOf(path, depth - 1) : [];
  });
}

const pages = [
  ...pagesOf(".", 0),
  ...["assembly", "bench", "docs", "examples", "playground", "site", "test"].flatMap((folder) => pagesOf(folder, 1)),
];

/** The commands of a line of a shell, each in its words: quoted ones are whole, remarks are left out. */
function commandsOf(line: string): string[][] {
  const commands: string[][] = [[]];
  for (const [word] of line.matchAll(/"[^"]*"|#.*|\S+/g)) {
    if (word.startsWith("#")) break;
    if (word === "&&" || word === "|") commands.push([]);
    else commands.at(-1)?.push(word);
  }
  return commands.filter((words) => words.length > 0);
}

const commands = pages.flatMap((page) =>
  [...readFileSync(join(root, page), "utf8").matchAll(/^```sh\n(.*?)^```$/gms)]
    .flatMap(([, block]) => (block as string).split("\n"))
    .flatMap(commandsOf)
    .map((words) => ({ page, text: words.join(" "), words })),
);

/** The package that a page's commands are given in: an example is one of its own. */
function packageOf(page: string): { scripts: Record<string, string>; bin: Record<string, string> } {
  const folder = page.startsWith("examples/") ? dirname(page) : ".";
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
}

/** What the built command says of a subcommand, such as `activations compare`. */
function helpOf(words: readonly string[]): string {
  const subcommand = words.slice(0, words[0] === "activations" ? 2 : 1);
  const parameters = [join(root, "dist/cli/main.js"), ...subcommand, "--help"];
  const help = execFileSync(process.execPath, parameters, { encoding: "utf8" });
  expect(help).toContain(`Usage: unrolled ${subcommand.join(" ")}`);
  return help;
}

/** The options that a bench takes, from what its program gives to `parseArgs`. */
function optionsOfBench(script: string): string[] {
  const folder = join(root, "bench", /bench\/(\w+)\/tsdown/.exec(script)?.[1] ?? "");
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  const source = files.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  return [...source.matchAll(/"?([\w-]+)"?: \{ type: "(?:string|boolean)"/g)].map(([, name]) => `--${name}`);
}

const optionsOf = (words: readonly string[]): string[] =>
  words.filter((word) => /^--\w/.test(word)).map((word) => word.replace(/=.*/, ""));

function checkUnrolled(words: readonly string[]): void {
  const help = helpOf(words);
  for (const option of optionsOf(words)) expect(help).toMatch(new RegExp(`${option}(?![\\w-])`));
}

function checkScript(page: string, name: string, parameters: readonly string[]): void {
  const script = packageOf(page).scripts[name];
  expect(script, `npm run ${name}`).toBeDefined();
  if (name === "unrolled") checkUnrolled(parameters.slice(1));
  else if (parameters.length > 0) {
    const known = optionsOfBench(script as string);
    for (const option of optionsOf(parameters.slice(1))) expect(known).toContain(option);
  }
}

/** Files of this repository that a command names. */
function checkFiles(words: readonly string[]): void {
  for (const path of words.filter((word) => /^(?:scripts|test|bench)\//.test(word)))
    expect(existsSync(join(root, path)), path).toBe(true);
}

test("there are commands in the documentation", () => {
  expect(commands.length).toBeGreaterThan(60);
  expect(new Set(commands.map(({ page }) => page)).size).toBeGreaterThan(8);
});

test.each(commands)("$page: $text", ({ page, words }) => {
  const [program, first = "", ...rest] = words;
  if (program === "npm" && first === "run") return checkScript(page, rest[0] as string, rest.slice(1));
  if (program === "npm" && (first === "start" || first === "test")) return checkScript(page, first, []);
  if (program === "npm") return expect(["ci", "install"]).toContain(first);
  if (program === "npx" && first === "unrolled") return checkUnrolled(rest);
  if (program === "npx" && first === "vitest") return checkFiles(rest);
  if (program === "npx") return expect(Object.keys(packageOf(page).bin)).toContain(first);
  checkFiles(words.slice(1));
  return expect(["/usr/bin/python3", "curl", "tail"]).toContain(program);
});
