import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { peersFolder } from "./packages.ts";
import { MESSAGES, type TurnMessage, type TurnRequest } from "./turn.ts";

/** Where Debian puts the Python that PyTorch is installed for. */
export const python = process.platform === "win32" ? "python" : "/usr/bin/python3";

/** OpenBLAS picks kernels and threads by these; a figure should not depend on what a shell has set. */
function cleanEnvironment(threads: number): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _cache, ...environment } = process.env;
  return { ...environment, OMP_NUM_THREADS: `${threads}`, OPENBLAS_NUM_THREADS: `${threads}` };
}

/**
 * Debian's PyTorch runs its threads under OpenMP, and an OpenBLAS with threads of its own stands in their way: on two it
 * is far slower than on one. The OpenBLAS that shares them goes first where it is installed (libopenblas0-openmp).
 */
function sharedThreads(threads: number): NodeJS.ProcessEnv {
  const machine = { x64: "x86_64", arm64: "aarch64" }[process.arch as string];
  const library = `/usr/lib/${machine}-linux-gnu/openblas-openmp/libblas.so.3`;
  return threads > 1 && existsSync(library) ? { LD_PRELOAD: library } : {};
}

function startProcess(node: string, request: TurnRequest): ChildProcess {
  const stdio = ["pipe", "ignore", "pipe", "pipe"] as const;
  const env = cleanEnvironment(request.threads);
  if (request.peer !== "pytorch") {
    const program = fileURLToPath(new URL("./child.js", import.meta.url));
    return spawn(node, [program, JSON.stringify(request)], { stdio: [...stdio], env });
  }
  const child = spawn(python, [`${peersFolder}pytorch.py`], {
    stdio: [...stdio],
    env: { ...env, ...sharedThreads(request.threads) },
  });
  child.stdin?.on("error", () => undefined); // a Python that ends early says why on its standard error
  child.stdin?.end(JSON.stringify(request));
  return child;
}

/**
 * Runs one turn in a process of its own and hands over its messages as they come.
 * @throws when the process does not start or ends badly, with the last line that it wrote to its standard error.
 */
export function takeTurn(node: string, request: TurnRequest, onMessage: (message: TurnMessage) => void): Promise<void> {
  const child = startProcess(node, request);
  let complaint = "";
  child.stderr?.on("data", (piece) => {
    complaint = (complaint + piece).slice(-2000);
  });
  let rest = "";
  const messages = child.stdio[MESSAGES] as NodeJS.ReadableStream;
  messages.setEncoding("utf8");
  messages.on("data", (piece: string) => {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onMessage(JSON.parse(line));
  });
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code, signal) => {
      const last = complaint
        .trim()
        .split("\n")
        .filter((line) => /error/i.test(line))
        .at(-1);
      if (code === 0) done();
      else fail(new Error(last ?? `the process ended with ${code ?? signal}`));
    });
  });
}
