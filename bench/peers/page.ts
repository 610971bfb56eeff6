/**
 * Serves the comparison as a page for your browser, or runs it in Chromium and writes what the page would save.
 * `npm run bench:peers:page -- --help` tells the options.
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { build, preview } from "vite";
import { installPeers } from "./install.ts";
import { peersFolder } from "./packages.ts";

const help = `npm run bench:peers:page -- [options]

Builds the page and serves it until you press Ctrl+C. With --run it opens in a Chromium without a window, measures, and
ends.

  --only PATTERN, --peers LIST, --threads LIST, --turns N, --seconds S
                   what the page is set to, as with bench:peers
  --run            measure in Chromium (CHROMIUM names it, else /usr/bin/chromium)
  --json FILE      with --run: where the rows go (default: build/peers-page.json)
  --html FILE      with --run: where the page of charts goes (default: build/peers-page.html)
  --help`;

const settings = ["only", "peers", "threads", "turns", "seconds"] as const;

const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

async function run(address: string, json: string, html: string): Promise<void> {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) throw new Error(`no browser at ${executablePath}: install chromium or set CHROMIUM`);
  const browser = await chromium.launch({ executablePath, args: flags });
  try {
    const page = await browser.newPage();
    await page.goto(address);
    let last = "";
    const status = page.locator("#status");
    do {
      await page.waitForTimeout(1000);
      const text = (await status.textContent()) ?? "";
      if (text !== last) console.error(text);
      last = text;
    } while (!(await page.locator("#start").isEnabled()));
    if (!last.startsWith("Done")) throw new Error(last);
    for (const [button, path] of [
      ["#json", json],
      ["#html", html],
    ]) {
      const [download] = await Promise.all([page.waitForEvent("download"), page.locator(button).click()]);
      await download.saveAs(path);
      console.log(path);
    }
  } finally {
    await browser.close();
  }
}

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: {
      ...{ only: text, peers: text, threads: text, turns: text, seconds: text },
      run: { type: "boolean", default: false },
      json: { type: "string", default: "build/peers-page.json" },
      html: { type: "string", default: "build/peers-page.html" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  for (const [name, reason] of Object.entries(await installPeers()))
    console.error(`the page is without ${name}, which could not be installed: ${reason}`);
  const root = `${peersFolder}page`;
  await build({ root, logLevel: "error" });
  const server = await preview({ root, logLevel: "error", preview: { host: "127.0.0.1" } });
  const asked = new URLSearchParams(settings.flatMap((name) => (values[name] ? [[name, values[name]]] : [])));
  const address = `${server.resolvedUrls?.local[0]}?${asked}`;
  if (!values.run) {
    console.log(`${address}\nCtrl+C ends.`);
    return;
  }
  try {
    await run(`${address}&start`, values.json, values.html);
  } finally {
    await server.close();
  }
}

main().catch((error: unknown) => {
  console.error(`bench:peers:page: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
