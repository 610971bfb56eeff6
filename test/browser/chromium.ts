import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { build, type PreviewServer, preview } from "vite";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Why the browser tests cannot run here; undefined when they can. */
export const missingBrowser = existsSync(executablePath)
  ? undefined
  : `no browser at ${executablePath} (install chromium or set CHROMIUM); browser tests skipped`;

if (missingBrowser) console.log(missingBrowser);

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export interface Site {
  origin: string;
  close(): Promise<void>;
}

/** What makes a page cross-origin isolated, so that it may share memory with workers. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/**
 * Bundles the folder's page with its own Vite configuration and serves the files, with no special headers unless asked.
 * @param scripts what a content security policy allows as scripts; default: there is none.
 */
export async function serve(folder: string, { isolated = false, scripts = "" } = {}): Promise<Site> {
  const root = fileURLToPath(new URL(folder, import.meta.url));
  await build({ root, logLevel: "error" });
  const policy = { "Content-Security-Policy": `default-src 'self'; img-src data:; script-src ${scripts}` };
  const headers = { ...(isolated && isolation), ...(scripts && policy) };
  const server: PreviewServer = await preview({
    root,
    logLevel: "error",
    preview: { port: 0, host: "127.0.0.1", headers },
  });
  const address = server.httpServer.address();
  if (address === null || typeof address === "string") throw new Error(`expected a port, got ${address}`);
  return { origin: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}

/** A page that remembers what went wrong in it: console errors, exceptions, and requests to other origins. */
export async function openPage(browser: Browser, url: string, options: Parameters<Browser["newPage"]>[0] = {}) {
  const page = await browser.newPage(options);
  const complaints: string[] = [];
  const { origin } = new URL(url);
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const address = request.url();
    if (!address.startsWith(`${origin}/`) && !/^(data|blob):/.test(address)) complaints.push(`request to ${address}`);
  });
  await page.goto(url);
  return { page, complaints };
}
