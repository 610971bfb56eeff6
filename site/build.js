/**
 * Builds the documentation into build/site: the guides of docs/ in both languages, and the reference that TypeDoc makes of the
 * sources. What is built from is put together in pages/, where the tools find their modules.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..");
const source = join(here, "pages");

rmSync(source, { recursive: true, force: true });
mkdirSync(source, { recursive: true });
cpSync(join(root, "docs"), source, { recursive: true, filter: (from) => !from.endsWith("/comparisons") });
// Pages with curves are files as they are, not pages of the site.
cpSync(join(root, "docs/comparisons"), join(source, "public/comparisons"), {
  recursive: true,
  filter: (from) => !from.endsWith(".md"),
});
for (const name of ["index.md", "zh/index.md"]) cpSync(join(here, name), join(source, name));
cpSync(join(root, "CHANGELOG.md"), join(source, "changelog.md"));
cpSync(join(root, "llms.txt"), join(source, "public/llms.txt"));
for (const folder of ["", "zh"]) {
  for (const name of readdirSync(join(source, folder)).filter((each) => each.endsWith(".md"))) {
    const path = join(source, folder, name);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(/\]\((?:\.\.\/)?comparisons\//g, "](/comparisons/"));
  }
}

const run = (tool, ...parameters) =>
  execFileSync(join(here, "node_modules/.bin", tool), parameters, { cwd: here, stdio: "inherit" });
run("typedoc");
run("vitepress", "build", ".");
