/** Runtimes without a page: Node, Bun, Deno, and workerd. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Run } from "./outcome.ts";
import { command, place } from "./place.ts";

const parsed = (text: string): Run[] => JSON.parse(text);

export async function inNode(major: number): Promise<Run[]> {
  const folder = await place("runtimes");
  return parsed(await command(folder, `./node_modules/node${major}/bin/node`, ["command.js"]));
}

export async function inBun(): Promise<Run[]> {
  const folder = await place("runtimes");
  return parsed(await command(folder, "./node_modules/@oven/bun-linux-x64/bin/bun", ["command.js"]));
}

export async function inDeno(): Promise<Run[]> {
  const folder = await place("runtimes");
  const parameters = ["run", "--no-remote", "--node-modules-dir=manual", "--allow-read", "command.js"];
  return parsed(await command(folder, "./node_modules/@deno/linux-x64-glibc/deno", parameters));
}

/** workerd compiles no bytes: the package's `workerd` export imports the `.wasm` files, as Cloudflare's tools bundle it. */
export async function inWorkerd(): Promise<Run[]> {
  const folder = await place("runtimes");
  const bundle = ["workerd.js", "--bundle", "--format=esm", "--conditions=workerd", "--external:*.wasm"];
  await command(folder, "./node_modules/.bin/esbuild", [
    ...bundle,
    "--outfile=out/workerd/worker.js",
    "--log-level=error",
  ]);
  const parameters = ["serve", "workerd.capnp", "--control-fd=3"];
  const server = spawn("./node_modules/@cloudflare/workerd-linux-64/bin/workerd", parameters, {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const said: Buffer[] = [];
  server.stderr?.on("data", (piece: Buffer) => said.push(piece));
  try {
    const port = await new Promise<number>((resolve, reject) => {
      createInterface(server.stdio[3] as Readable).on("line", (line) => resolve(JSON.parse(line).port));
      server.on("exit", (code) => reject(new Error(`workerd ended with ${code}: ${Buffer.concat(said)}`)));
    });
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    const outcome = await answer.json();
    if ("error" in outcome) throw new Error(outcome.error);
    return outcome;
  } finally {
    server.kill();
  }
}
