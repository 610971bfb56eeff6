import { execFile } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { promisify } from "node:util";
import { peersFolder } from "./packages.ts";
import type { PeerDescription } from "./peers.ts";
import { python } from "./processes.ts";

const execute = promisify(execFile);

function isInstalled(): boolean {
  const installed = `${peersFolder}node_modules/.package-lock.json`;
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${peersFolder}package-lock.json`).mtimeMs;
}

/**
 * Installs the peers from their lock file, once. No install scripts run: the packages carry what is needed here, and
 * the scripts would fetch what is not, such as the libraries for CUDA.
 * @returns why that failed, or nothing.
 */
export async function installPeers(): Promise<string | undefined> {
  if (isInstalled()) return undefined;
  console.error("installing the peers into bench/peers/node_modules …");
  const options = { cwd: peersFolder, shell: process.platform === "win32", maxBuffer: 2 ** 26 };
  try {
    await execute("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], options);
    return undefined;
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    const lines = stderr.match(/^npm error .*$/gm) ?? [];
    const telling = lines.find((line) => /failed|refused|not found/i.test(line)) ?? lines[0] ?? message;
    return telling.replace(/^npm error (code )?/, "");
  }
}

/** Why a peer cannot run here, or nothing. */
export async function obstacleOf(peer: PeerDescription, installFailure?: string): Promise<string | undefined> {
  if (peer.package && !existsSync(`${peersFolder}node_modules/${peer.package}/package.json`))
    return `not installed: ${installFailure ?? "npm left it out"}`;
  if (peer.name !== "pytorch") return undefined;
  try {
    await execute(python, ["-c", "import torch, numpy"]);
    return undefined;
  } catch (error) {
    const last = (error as Error).message.trim().split("\n").at(-1);
    return `no PyTorch under ${python}: ${last}`;
  }
}

/** Exact versions of the peers' package.json. */
export function wantedVersions(): Record<string, string> {
  return JSON.parse(readFileSync(`${peersFolder}package.json`, "utf8")).dependencies;
}
