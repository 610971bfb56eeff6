/**
 * Runs the command line out of a checkout: `npm run unrolled -- …`. Builds dist/ first when it is not there or older
 * than the sources; the build itself says something only when it fails.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const built = ["dist/index.js", "dist/cli/main.js"].map((path) => join(root, path));
const sources = ["src", "assembly", "scripts/build-wasm.js", "asconfig.json", "tsdown.config.ts", "package.json"];

/** Written by the build itself. */
const generated = join(root, "src", "wasm");

/** When the file, or the latest one in the folder, was written. */
function latest(path) {
  if (path === generated) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => latest(join(path, name))));
}

function isOutOfDate() {
  const times = built.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return Math.min(...times) < Math.max(...sources.map((path) => latest(join(root, path))));
}

function build() {
  if (process.stderr.isTTY) process.stderr.write("building dist/ first …\n");
  const { status, stdout, stderr } = spawnSync("npm run --silent build", {
    cwd: root,
    shell: true,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (status === 0) return true;
  process.stderr.write(`${stdout}${stderr}unrolled: the build has failed\n`);
  return false;
}

if (isOutOfDate() && !build()) process.exitCode = 1;
else await import(new URL("../../dist/cli/main.js", import.meta.url).href);
