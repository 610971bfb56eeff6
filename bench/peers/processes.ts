import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { peersFolder } from "./packages.ts";
import { decoded, MESSAGES, PATIENCE, type TakeTurn, type TurnMessage, type TurnRequest } from "./turn.ts";

/** Where Debian puts the Python that PyTorch is installed for. */
export const python = process.platform === "win32" ? "python" : "/usr/bin/python3";

/** OpenBLAS picks kernels and threads by these; a figure should not depend on what a shell has set. */
function cleanEnvironment(threads: number): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _cache, ...environment } = process.env;
  return { ...environment, OMP_NUM_THREADS: `${threads}`, OPENBLAS_NUM_THREADS: `${threads}` };
}

const machine = { x64: "x86_64", arm64: "aarch64" }[process.arch as string];

/**
 * Debian's PyTorch runs its threads under OpenMP, and an OpenBLAS with threads of its own stands in their way: on two it
 * is far slower than on one. The OpenBLAS that shares them goes first where it is installed (libopenblas0-openmp).
 */
const sharingLibrary = `/usr/lib/${machine}-linux-gnu/openblas-openmp/libblas.so.3`;

/** What PyTorch lacks on several threads, or nothing. */
export function missingSharedThreads(): string | undefined {
  return existsSync(sharingLibrary) ? undefined : `${sharingLibrary} (libopenblas0-openmp) is missing: expect it slow`;
}

function sharedThreads(threads: number): NodeJS.ProcessEnv {
  return threads > 1 && existsSync(sharingLibrary) ? { LD_PRELOAD: sharingLibrary } : {};
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

function readMessage(line: string): TurnMessage {
  const message: TurnMessage<string> = JSON.parse(line);
  return message.kind === "result" ? { ...message, arrays: message.arrays.map(decoded) } : message;
}

/** The last line of what a process wrote to its standard error that tells of an error. */
function complaintOf(text: string): string | undefined {
  const lines = text.trim().split("\n");
  return lines.filter((line) => /error/i.test(line)).at(-1);
}

/**
 * Turns in processes of their own under that Node.js, or Python for PyTorch. A turn fails when its process does not
 * start, ends badly, or says nothing for too long, with the last error that it wrote.
 */
export function processesOf(node: string, patience = PATIENCE): TakeTurn {
  return (request, onMessage) =>
    new Promise((done, fail) => {
      const child = startProcess(node, request);
      let complaint = "";
      child.stderr?.on("data", (piece) => {
        complaint = (complaint + piece).slice(-2000);
      });
      let stuck = false;
      const watch = setTimeout(() => {
        stuck = true;
        child.kill("SIGKILL");
      }, patience);
      let rest = "";
      const messages = child.stdio[MESSAGES] as NodeJS.ReadableStream;
      messages.setEncoding("utf8");
      messages.on("data", (piece: string) => {
        watch.refresh();
        const lines = (rest + piece).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) onMessage(readMessage(line));
      });
      child.on("error", fail);
      child.on("close", (code, signal) => {
        clearTimeout(watch);
        if (code === 0) done();
        else if (stuck) fail(new Error(`took longer than ${patience / 1000} s`));
        else fail(new Error(`its process failed: ${complaintOf(complaint) ?? `ended with ${code ?? signal}`}`));
      });
    });
}
