/** Folders in which a host finds what it needs: its tools from a lock file of their own, and the package as a tarball. */
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { sourceFolder } from "./outcome.ts";

const source = fileURLToPath(sourceFolder());
const root = join(source, "../..");
/** Where all of it goes: outside of the repository, whose settings would be found by tools that look upwards. */
export const ground = join(tmpdir(), "unrolled-hosts");

const execute = promisify(execFile);

/** What a command printed. @throws {Error} with the end of all it said, when it fails or takes more than `seconds`. */
export async function command(
  folder: string,
  file: string,
  parameters: readonly string[],
  { seconds = 300, environment = {} }: { seconds?: number; environment?: Record<string, string> } = {},
): Promise<string> {
  const options = { cwd: folder, timeout: seconds * 1000, maxBuffer: 1 << 26, env: { ...process.env, ...environment } };
  try {
    return (await execute(file, parameters, options)).stdout;
  } catch (error) {
    const { stdout, stderr, message } = error as Error & { stdout?: string; stderr?: string };
    const said = `${stdout ?? ""}\n${stderr ?? ""}`.trim().split("\n").slice(-12).join("\n");
    throw new Error(`${file} ${parameters.join(" ")}: ${said || message.split("\n")[0]}`);
  }
}

let tarball: Promise<string> | undefined;

/** The packed package; dist/ has to be built. */
function packed(): Promise<string> {
  tarball ??= (async () => {
    if (!existsSync(join(root, "dist/index.js"))) throw new Error("expected dist/ to be built: npm run build");
    rmSync(join(ground, "tarball"), { recursive: true, force: true });
    mkdirSync(join(ground, "tarball"), { recursive: true });
    await command(root, "npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", join(ground, "tarball")]);
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    return join(ground, `tarball/unrolled-${version}.tgz`);
  })();
  return tarball;
}

/** What every folder gets. */
const shared = [
  ...["program.js", "work.js", "train.worker.js", "command.js"],
  ...["page.js", "index.html", "workerPage.js", "worker.html", "workerd.js", "workerd.capnp"],
];

const places = new Map<string, Promise<string>>();

/** A folder of test/hosts with its tools, the package, and the programs; made once a run. */
export function place(name: string): Promise<string> {
  let made = places.get(name);
  if (made === undefined) {
    made = makePlace(name);
    places.set(name, made);
  }
  return made;
}

async function makePlace(name: string): Promise<string> {
  const folder = join(ground, name);
  const lock = "package-lock.json";
  const same = (file: string): boolean =>
    existsSync(join(folder, file)) &&
    readFileSync(join(folder, file), "utf8") === readFileSync(join(source, name, file), "utf8");
  const installed = existsSync(join(folder, "node_modules")) && same(lock);
  if (!installed) rmSync(folder, { recursive: true, force: true });
  cpSync(join(source, name), folder, { recursive: true, filter: (from) => !from.includes("node_modules") });
  for (const file of shared) {
    cpSync(join(source, file), join(folder, file));
  }
  if (!installed) await command(folder, "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
  rmSync(join(folder, "node_modules/unrolled"), { recursive: true, force: true });
  const quiet = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
  await command(folder, "npm", ["install", "--prefer-offline", ...quiet, await packed()]);
  return folder;
}
