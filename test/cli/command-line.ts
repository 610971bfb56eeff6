/** The command line as a process of its own, bundled from the sources so that it does not need dist/. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsdown";
import { afterAll, beforeAll } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What a process said and how it ended. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CommandLine {
  /** An empty folder, where commands run. */
  readonly folder: string;
  /** Puts a text into the folder. */
  write(name: string, content: string | Uint8Array): void;
  /** Starts a command; `ended` tells what came of it. */
  start(...words: string[]): { child: ChildProcess; ended: Promise<Ended> };
  /** Runs a command to its end. */
  run(...words: string[]): Promise<Ended>;
}

/** Bundles the command line before the tests of a file and clears everything away after them. */
export function commandLine(): CommandLine {
  const folder = mkdtempSync(join(tmpdir(), "unrolled-cli-"));
  // Inside the checkout, so that the book is found.
  mkdirSync(join(root, "build"), { recursive: true });
  const bundle = mkdtempSync(join(root, "build", "cli-"));

  beforeAll(async () => {
    await build({
      config: false,
      cwd: root,
      entry: { main: "src/cli/main.ts", "trial-worker": "src/node/laboratory/trialWorker.ts" },
      outDir: bundle,
      platform: "node",
      target: "node20",
      format: "esm",
      fixedExtension: false,
      hash: false,
      dts: false,
      logLevel: "error",
      deps: { alwaysBundle: () => true, onlyBundle: false },
    });
  });

  afterAll(() => {
    for (const path of [folder, bundle]) rmSync(path, { recursive: true, force: true });
  });

  const start: CommandLine["start"] = (...words) => {
    // As if started from a shell, though npm may have started the tests.
    const { npm_lifecycle_event: _, ...env } = process.env;
    const child = spawn(process.execPath, [join(bundle, "main.js"), ...words], { cwd: folder, env });
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (piece) => {
        said[name] += piece;
      });
    }
    return { child, ended: new Promise((done) => child.on("close", (code) => done({ code, ...said }))) };
  };
  return {
    folder,
    write: (name, content) => writeFileSync(join(folder, name), content),
    start,
    run: (...words) => start(...words).ended,
  };
}

/** A text that a small network soon knows by heart. */
export const refrain = "the quick brown fox jumps over the lazy dog.\n".repeat(60);

/** Options that make a network small and quick. */
export const small = ["--hidden", "32", "--embedding", "16", "--window", "24", "--batch", "16"];
