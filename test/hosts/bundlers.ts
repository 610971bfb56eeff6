/** Bundlers: each makes the page its own way, and the page runs in Chromium. */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { preview } from "vite";
import { freePort, inChromium } from "./browsers.ts";
import type { Run } from "./outcome.ts";
import { command, place } from "./place.ts";

/** What makes a page cross-origin isolated, so that it may have threads. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Hands out a folder's files while `visit` looks at them. */
export async function served<T>(outDir: string, visit: (url: string) => Promise<T>, isolated = true): Promise<T> {
  const headers = isolated ? isolation : {};
  const options = { port: await freePort(), host: "127.0.0.1", headers };
  const server = await preview({
    root: outDir,
    configFile: false,
    logLevel: "error",
    build: { outDir },
    preview: options,
  });
  try {
    const address = server.httpServer.address();
    if (address === null || typeof address === "string") throw new Error(`expected a port, got ${address}`);
    return await visit(`http://127.0.0.1:${address.port}/`);
  } finally {
    await server.close();
  }
}

/** What makes `out/NAME/page.js` of page.js. */
const commands: Readonly<Record<string, readonly [file: string, ...parameters: string[]]>> = {
  esbuild: ["esbuild", "page.js", "--bundle", "--format=esm", "--minify", "--outfile=out/esbuild/page.js"],
  rollup: ["rollup", "page.js", "--plugin", "node-resolve", "--format", "es", "--file", "out/rollup/page.js"],
  rolldown: ["rolldown", "page.js", "--format", "esm", "--minify", "--file", "out/rolldown/page.js"],
  webpack: [
    "webpack",
    "./page.js",
    "--mode",
    "production",
    "--output-path",
    "out/webpack",
    "--output-filename",
    "page.js",
  ],
};

/** A bundler that makes a script; the page is the one that is there. */
export async function scriptBy(name: string): Promise<Run[]> {
  const folder = await place("bundlers");
  const out = join(folder, "out", name);
  mkdirSync(out, { recursive: true });
  const [file, ...parameters] = commands[name] as readonly [string, ...string[]];
  await command(folder, `./node_modules/.bin/${file}`, parameters);
  cpSync(join(folder, "index.html"), join(out, "index.html"));
  return served(out, inChromium);
}

/** A page without a bundler: the package's own files, found by an import map. */
export async function unbundled(): Promise<string> {
  const folder = await place("bundlers");
  const out = join(folder, "out/unbundled");
  rmSync(out, { recursive: true, force: true });
  cpSync(join(folder, "node_modules/unrolled/dist"), join(out, "unrolled"), { recursive: true });
  for (const file of ["program.js", "page.js"]) cpSync(join(folder, file), join(out, file));
  const map = '<script type="importmap">{ "imports": { "unrolled": "./unrolled/index.js" } }</script>';
  const page = readFileSync(join(folder, "index.html"), "utf8").replace("</head>", `  ${map}\n  </head>`);
  writeFileSync(join(out, "index.html"), page);
  return out;
}

export async function byVite(): Promise<Run[]> {
  const folder = await place("bundlers");
  await command(folder, "./node_modules/.bin/vite", ["build", "--logLevel", "error"]);
  return served(join(folder, "out/vite"), inChromium);
}

/** Vite's development server, which hands out modules as they are. */
export async function byViteDev(): Promise<Run[]> {
  const folder = await place("bundlers");
  const port = await freePort();
  const parameters = ["--port", String(port), "--strictPort", "--host", "127.0.0.1"];
  const server = spawn("./node_modules/.bin/vite", parameters, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  try {
    await new Promise<void>((resolve, reject) => {
      server.stdout.on("data", (piece: Buffer) => {
        if (piece.toString().includes("ready in")) resolve();
      });
      server.on("exit", (code) => reject(new Error(`vite ended with ${code}`)));
    });
    return await inChromium(`http://127.0.0.1:${port}/`);
  } finally {
    server.kill();
  }
}

export async function byParcel(): Promise<Run[]> {
  const folder = await place("parcel");
  const options = ["--dist-dir", "out", "--public-url", "./", "--no-cache", "--no-source-maps"];
  await command(folder, "./node_modules/.bin/parcel", ["build", "index.html", ...options]);
  return served(join(folder, "out"), inChromium);
}

export async function byNext(): Promise<Run[]> {
  const folder = await place("next");
  await command(folder, "./node_modules/.bin/next", ["build"], { environment: { NEXT_TELEMETRY_DISABLED: "1" } });
  return served(join(folder, "out"), inChromium);
}

/** A page with a worker, whose file the bundler finds by `new URL`; the page is `page` below `out`. */
async function workerPage(
  group: string,
  out: string,
  page: string,
  file: string,
  parameters: readonly string[],
): Promise<Run[]> {
  const folder = await place(group);
  await command(folder, `./node_modules/.bin/${file}`, parameters);
  return served(join(folder, out), (url) => inChromium(`${url}${page}`));
}

export const workerByVite = (): Promise<Run[]> =>
  workerPage("bundlers", "out/vite-worker", "worker.html", "vite", [
    "build",
    "--config",
    "vite.worker.config.js",
    "--logLevel",
    "error",
  ]);

export const workerByParcel = (): Promise<Run[]> => {
  const options = ["--dist-dir", "out-worker", "--public-url", "./", "--no-cache", "--no-source-maps"];
  return workerPage("parcel", "out-worker", "worker.html", "parcel", ["build", "worker.html", ...options]);
};

export async function workerByWebpack(): Promise<Run[]> {
  const folder = await place("bundlers");
  const out = join(folder, "out/webpack-worker");
  mkdirSync(out, { recursive: true });
  const options = ["--mode", "production", "--output-path", "out/webpack-worker", "--output-filename", "workerPage.js"];
  cpSync(join(folder, "worker.html"), join(out, "worker.html"));
  return workerPage("bundlers", "out/webpack-worker", "worker.html", "webpack", ["./workerPage.js", ...options]);
}
