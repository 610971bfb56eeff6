import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { peersFolder } from "./packages.ts";
import type { PeerDescription } from "./peers.ts";
import { python } from "./processes.ts";

const execute = promisify(execFile);

function isInstalled(folder: string): boolean {
  const installed = `${folder}node_modules/.package-lock.json`;
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${folder}package-lock.json`).mtimeMs;
}

/** Runs npm in a folder. @returns why that failed, or nothing. */
async function npm(folder: string, ...command: string[]): Promise<string | undefined> {
  const options = { cwd: folder, shell: process.platform === "win32", maxBuffer: 2 ** 26 };
  try {
    // No install scripts: the packages carry what is needed here, and the scripts would fetch libraries for CUDA.
    await execute("npm", [...command, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], options);
    return undefined;
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    const lines = stderr.match(/^npm error .*$/gm) ?? [];
    const telling = lines.find((line) => /failed|refused|not found|no matching/i.test(line)) ?? lines[0] ?? message;
    return telling.replace(/^npm error (code |notarget )?/, "");
  }
}

/** Packages that could not be installed, each with its reason. */
export type InstallFailures = Readonly<Record<string, string>>;

/** All that can be had of the peers when they cannot be had together. */
async function installPossible(folder: string): Promise<InstallFailures> {
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(`${folder}package.json`, "utf8"),
  );
  const attempt = `${folder}build/`;
  const write = (wanted: object) => {
    rmSync(attempt, { recursive: true, force: true });
    mkdirSync(attempt, { recursive: true });
    writeFileSync(`${attempt}package.json`, JSON.stringify({ private: true, dependencies: wanted }));
  };
  const failures: Record<string, string> = {};
  for (const [name, version] of Object.entries(dependencies)) {
    write({ [name]: version });
    const reason = await npm(attempt, "install", "--dry-run");
    if (reason) failures[name] = reason;
  }
  const possible = Object.entries(dependencies).filter(([name]) => !failures[name]);
  write(Object.fromEntries(possible));
  const reason = possible.length > 0 ? await npm(attempt, "install") : undefined;
  if (reason) for (const [name] of possible) failures[name] = reason;
  else if (possible.length > 0) {
    rmSync(`${folder}node_modules`, { recursive: true, force: true });
    renameSync(`${attempt}node_modules`, `${folder}node_modules`);
  }
  rmSync(attempt, { recursive: true, force: true });
  return failures;
}

/** Installs the peers from their lock file, once; when that fails, those of them that can be had. */
export async function installPeers(folder = peersFolder): Promise<InstallFailures> {
  if (isInstalled(folder)) return {};
  console.error("installing the peers into bench/peers/node_modules …");
  const failure = await npm(folder, "ci");
  if (!failure) return {};
  console.error(`npm ci failed, so each is tried by itself: ${failure}`);
  return installPossible(folder);
}

/** Why a peer cannot run here, or nothing. */
export async function obstacleOf(
  peer: PeerDescription,
  failures: InstallFailures = {},
  folder = peersFolder,
): Promise<string | undefined> {
  if (peer.package && !existsSync(`${folder}node_modules/${peer.package}/package.json`))
    return `not installed: ${failures[peer.package] ?? "npm left it out; remove bench/peers/node_modules to try again"}`;
  if (peer.name !== "pytorch") return undefined;
  try {
    await execute(python, ["-c", "import torch, numpy"]);
    return undefined;
  } catch (error) {
    const last = (error as Error).message.trim().split("\n").at(-1);
    return `no PyTorch under ${python}: ${last}`;
  }
}
