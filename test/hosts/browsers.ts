/** Real browsers, each driven by the library that knows it: a page is opened, and what it says in #outcome is read. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import type { Run } from "./outcome.ts";
import { place } from "./place.ts";

/** How long a page may take. */
const PATIENCE = 180_000;

/** @throws {Error} saying that a host is missing, and the Debian package that has it. */
function required(path: string | undefined, what: string): string {
  if (path === undefined || !existsSync(path)) throw new Error(`not installed: ${what}`);
  return path;
}

function outcomeOf(text: string): Run[] {
  const outcome = JSON.parse(text);
  if ("error" in outcome) throw new Error(outcome.error);
  return outcome;
}

/** The port of a server that is about to start. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

export async function inChromium(url: string): Promise<Run[]> {
  const executablePath = required(process.env.CHROMIUM ?? "/usr/bin/chromium", "chromium");
  const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", ...quiet];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.waitForFunction(() => document.getElementById("outcome")?.textContent, undefined, { timeout: PATIENCE });
    return outcomeOf((await page.textContent("#outcome")) as string);
  } finally {
    await browser.close();
  }
}

/** A library of test/hosts/drivers, as far as it is used here. */
async function driver<Library>(name: string): Promise<Library> {
  const folder = await place("drivers");
  const { default: library } = await import(
    pathToFileURL(createRequire(join(folder, "package.json")).resolve(name)).href
  );
  return library;
}

interface Puppeteer {
  launch(options: { browser: "firefox"; executablePath: string; headless: boolean }): Promise<{
    newPage(): Promise<{
      goto(url: string): Promise<unknown>;
      waitForFunction(condition: string, options: { timeout: number }): Promise<{ jsonValue(): Promise<string> }>;
    }>;
    close(): Promise<void>;
  }>;
}

interface Selenium {
  readonly Capabilities: new () => { set(name: string, value: unknown): void };
  readonly By: { id(name: string): unknown };
  readonly Builder: new () => SeleniumBuilder;
}

interface SeleniumBuilder {
  usingServer(url: string): SeleniumBuilder;
  withCapabilities(capabilities: unknown): SeleniumBuilder;
  build(): Promise<{
    get(url: string): Promise<void>;
    findElement(by: unknown): Promise<{ getText(): Promise<string> }>;
    wait(condition: () => Promise<boolean>, milliseconds: number): Promise<unknown>;
    quit(): Promise<void>;
  }>;
}

export async function inFirefox(url: string): Promise<Run[]> {
  const executablePath = required("/usr/bin/firefox-esr", "firefox-esr");
  const puppeteer = await driver<Puppeteer>("puppeteer-core");
  const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
  try {
    const page = await browser.newPage();
    await page.goto(url);
    const told = await page.waitForFunction("document.getElementById('outcome')?.textContent", { timeout: PATIENCE });
    return outcomeOf(await told.jsonValue());
  } finally {
    await browser.close();
  }
}

/** Where Debian keeps WebKit's own small browser. */
function miniBrowser(): string | undefined {
  for (const architecture of existsSync("/usr/lib") ? readdirSync("/usr/lib") : []) {
    for (const version of ["4.1", "4.0", "6.0"]) {
      const path = `/usr/lib/${architecture}/webkit2gtk-${version}/MiniBrowser`;
      if (existsSync(path)) return path;
    }
  }
  return undefined;
}

/** Ends a process that leads a group, and the group. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

export async function inWebKit(url: string): Promise<Run[]> {
  const binary = required(miniBrowser(), "webkit2gtk-driver");
  required("/usr/bin/WebKitWebDriver", "webkit2gtk-driver");
  required("/usr/bin/xvfb-run", "xvfb and xauth");
  const { Builder, By, Capabilities } = await driver<Selenium>("selenium-webdriver");
  const port = await freePort();
  const environment = { ...process.env, JSC_useSharedArrayBuffer: "1", WEBKIT_DISABLE_COMPOSITING_MODE: "1" };
  const service = spawn("xvfb-run", ["--auto-servernum", "/usr/bin/WebKitWebDriver", `--port=${port}`], {
    stdio: "ignore",
    detached: true,
    env: environment,
  });
  try {
    const capabilities = new Capabilities();
    capabilities.set("browserName", "MiniBrowser");
    capabilities.set("webkitgtk:browserOptions", { binary, args: ["--automation"] });
    const browser = await started(() =>
      new Builder().usingServer(`http://127.0.0.1:${port}`).withCapabilities(capabilities).build(),
    );
    try {
      await browser.get(url);
      const told = await browser.findElement(By.id("outcome"));
      await browser.wait(async () => (await told.getText()) !== "", PATIENCE);
      return outcomeOf(await told.getText());
    } finally {
      await browser.quit();
    }
  } finally {
    endGroup(service.pid);
  }
}

/** What `start` gives, once the service it asks is up. */
async function started<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (attempt === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
