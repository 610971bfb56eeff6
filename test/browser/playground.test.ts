/** The playground as a visitor meets it: it trains, tells, keeps, shares, and says what is wrong; nothing leaves the page. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { decodeSafetensors, encodeSafetensors } from "unrolled/io";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launch, missingBrowser, openPage, type Site, serve } from "./chromium.ts";

const PLAYGROUND = "../../playground";
const built = fileURLToPath(new URL("../../build/playground/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "unrolled-playground-"));

describe.skipIf(missingBrowser)("the playground in Chromium", () => {
  let browser: Browser;
  let site: Site;
  const opened: Page[] = [];

  beforeAll(async () => {
    [browser, site] = await Promise.all([launch(), serve(PLAYGROUND, { isolated: true })]);
  });

  afterEach(async () => {
    for (const page of opened.splice(0)) await page.close();
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(hash = "#hidden=16&window=16", options: Parameters<typeof openPage>[2] = {}) {
    const { page, complaints } = await openPage(browser, `${site.origin}/${hash}`, { locale: "en-US", ...options });
    opened.push(page);
    await page.waitForSelector("html[data-ready]");
    return { page, complaints };
  }

  const status = (page: Page) => page.locator("#status");

  /** Trains until some steps are told. */
  async function train(page: Page, steps = 20): Promise<void> {
    await page.getByRole("button", { name: /^Train/ }).click();
    await page.waitForFunction(
      (least) => Number(document.getElementById("step")?.textContent?.replaceAll(",", "")) >= least,
      steps,
      { timeout: 60_000 },
    );
  }

  async function says(page: Page, words: RegExp | string): Promise<void> {
    const found = page.locator("#status, #material-note").filter({ hasText: words });
    await found.first().waitFor({ timeout: 20_000 });
  }

  function fileOf(name: string, bytes: string | Uint8Array): string {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  }

  test("is there within a second, and weighs less than 300 kB", async () => {
    const started = performance.now();
    const { complaints } = await open();
    console.log(`playground interactive after ${(performance.now() - started).toFixed(0)} ms, a page's start included`);
    const scripts = readdirSync(join(built, "assets")).filter((name) => name.endsWith(".js"));
    const sizes = scripts.map((name) => gzipSync(readFileSync(join(built, "assets", name))).length);
    expect(scripts).toHaveLength(2);
    expect(sizes.reduce((a, b) => a + b)).toBeLessThan(300_000);
    expect(complaints).toEqual([]);
  });

  test("learns by keyboard alone, draws, writes, pauses, goes on, and stops", async () => {
    const { page, complaints } = await open();
    await page.getByRole("button", { name: "Train" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => Number(document.getElementById("step")?.textContent?.replaceAll(",", "")) >= 120);
    const number = async (id: string) => Number((await page.textContent(`#${id}`))?.replaceAll(",", ""));
    expect(await number("loss")).toBeLessThan(3);
    await page.waitForFunction(() => document.getElementById("plain")?.textContent !== "–");
    expect(await number("speed")).toBeGreaterThan(await number("plain"));
    expect(await number("parameters")).toBeGreaterThan(1000);
    await page.waitForFunction(() => (document.getElementById("written")?.textContent?.length ?? 0) === 300);
    // A column for each look at the gradient, a row for each time step; a column a character, a row a unit.
    const sizes = await page.evaluate(() =>
      ["gradients", "reading"].map((id) => {
        const { width, height } = document.getElementById(id) as HTMLCanvasElement;
        return [width, height];
      }),
    );
    expect(sizes[0]?.[1]).toBe(16);
    expect(sizes[1]).toEqual([60, 16]);
    expect(await page.locator("#view option").allTextContents()).toEqual([
      "state h",
      "input gate",
      "forget gate",
      "output gate",
    ]);
    await page.getByRole("button", { name: "Pause" }).focus();
    await page.keyboard.press("Enter");
    await says(page, /^Paused at step/);
    const paused = await page.textContent("#step");
    await page.waitForTimeout(300);
    expect(await page.textContent("#step")).toBe(paused);
    await page.keyboard.press("Enter");
    await page.waitForFunction((before) => document.getElementById("step")?.textContent !== before, paused);
    await page.getByRole("button", { name: "Stop" }).focus();
    await page.keyboard.press("Enter");
    await says(page, /^Stopped at step/);
    expect(complaints).toEqual([]);
  });

  test("saves weights and loads them in another page, which writes at once and trains further", async () => {
    const { page } = await open("#hidden=24&window=16&cell=GRU&activation=softsign");
    await train(page, 60);
    await page.getByRole("button", { name: "Stop" }).click();
    await says(page, /^Stopped/);
    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save weights" }).click();
    const download = await waiting;
    const path = join(folder, download.suggestedFilename());
    await download.saveAs(path);
    expect(download.suggestedFilename()).toBe("unrolled-gru-24.safetensors");

    const { page: other, complaints } = await open();
    await other.setInputFiles("#weights", path);
    await says(other, /^Loaded/);
    expect(await other.inputValue("#cell")).toBe("GRU");
    expect(await other.inputValue("#activation")).toBe("softsign");
    await other.waitForFunction(() => (document.getElementById("written")?.textContent?.length ?? 0) === 300);
    expect(await other.textContent("#step")).toBe("–");
    await other.getByRole("button", { name: "Go on", exact: true }).click();
    await other.waitForFunction(() => Number(document.getElementById("step")?.textContent) > 0);
    // It began where the other ended, not anew.
    expect(Number(await other.textContent("#loss"))).toBeLessThan(2.9);
    expect(complaints).toEqual([]);
  });

  test("files that are none of its own, of another version, or damaged are told apart", async () => {
    const { page } = await open();
    const foreign = encodeSafetensors({});
    await page.setInputFiles("#weights", fileOf("foreign.safetensors", foreign));
    await says(page, "This file was not saved by this page.");
    await page.setInputFiles(
      "#weights",
      fileOf("later.safetensors", encodeSafetensors({}, { playground: '{"version":2}' })),
    );
    await says(page, "another version of this page");
    await page.setInputFiles("#weights", fileOf("cut.safetensors", foreign.subarray(0, 5)));
    await says(page, "This file is damaged");
    expect(decodeSafetensors(foreign).metadata).toEqual({});
  });

  test("an address holds the settings, and whatever is wrong in it is the default", async () => {
    const { page } = await open("#cell=RNN&hidden=33&layers=2&activation=x%20*%20sigmoid(x)&rate=0.01&window=20");
    const form = () =>
      page.evaluate(() =>
        ["cell", "hidden", "layers", "activation", "rate", "window"].map(
          (id) => (document.getElementById(id) as HTMLInputElement).value,
        ),
      );
    expect(await form()).toEqual(["RNN", "33", "2", "x * sigmoid(x)", "0.01", "20"]);
    await page.fill("#hidden", "48");
    await page.locator("#hidden").blur();
    expect(new URL(page.url()).hash).toContain("hidden=48");
    const { page: wrong } = await open("#cell=CNN&hidden=1e9&layers=-1&rate=NaN&window=12.5");
    expect(await wrong.inputValue("#cell")).toBe("LSTM");
    expect(await wrong.inputValue("#hidden")).toBe("128");
  });

  test("an expression that is none is shown with its place, and not trained with", async () => {
    const { page } = await open();
    await page.fill("#activation", "x * tahn(x)");
    const note = await page.textContent("#activation-note");
    expect(note).toContain("tahn");
    expect(note).toMatch(/\n\s*\^/);
    await page.getByRole("button", { name: "Train" }).click();
    expect(await page.textContent("#status")).toBe("Ready.");
    await page.fill("#activation", "x * tanh(softplus(x))");
    await train(page, 5);
  });

  test("files that cannot be learned from", async () => {
    const { page } = await open();
    const drop = (path: string) => page.setInputFiles("#file", path);
    await drop(fileOf("nothing.txt", ""));
    await says(page, "This file is empty.");
    await drop(
      fileOf(
        "picture.txt",
        Uint8Array.from({ length: 5000 }, (_, i) => (i * 97) % 256),
      ),
    );
    await says(page, "picture.txt is no text.");
    const large = fileOf("large.txt", "a");
    truncateSync(large, 200_000_000);
    await drop(large);
    await says(page, "This file has 200 MB.");
    await drop(fileOf("latin.txt", Uint8Array.from([...Buffer.from("Caf\xe9 na\xefve. ".repeat(60), "latin1")])));
    await says(page, /no UTF-8 and was read as/);
    await drop(fileOf("words.csv", "a,b\nx,y\nz,w\n"));
    await says(page, "No column of this table is numbers");
    await drop(fileOf("short.csv", "v\n1\n2\n3\n"));
    await says(page, "3 rows are too few");
    await page.check('input[value="text"]');
    await page.fill("#text", "too short");
    await page.getByRole("button", { name: "Train" }).click();
    await says(page, "9 characters are too few");
  });

  test("a table with gaps is forecast, with what really came beside it", async () => {
    const { page, complaints } = await open();
    const rows = Array.from({ length: 400 }, (_, t) => `2026-${t};${t % 9 === 4 ? "n/a" : Math.sin(t / 5).toFixed(3)}`);
    await page.setInputFiles("#file", fileOf("sensor.csv", `day;value\n${rows.join("\n")}\n`));
    await says(page, /400 rows\. 44 missing values/);
    await train(page, 40);
    await page.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>("#forecast canvas");
      const image = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
      return image?.some((value, i) => i % 4 === 3 && value > 0);
    });
    expect(complaints).toEqual([]);
  });

  test("a prompt of characters that it has never seen, emoji, and numbers that are none to a network", async () => {
    const { page } = await open();
    await page.fill("#text", `a${"😀🎉 b".repeat(300)}`);
    await page.fill("#prompt", "Ωmega 你好");
    await train(page, 20);
    await page.waitForFunction(() => document.getElementById("written")?.textContent?.startsWith("Ωmega 你好"));
    expect(await status(page).textContent()).toContain("Training");
    await page.getByRole("button", { name: "Stop" }).click();
    await says(page, /^Stopped/);
    const rows = Array.from({ length: 300 }, (_, t) => (t % 3 ? "1e300" : "-1e308"));
    await page.setInputFiles("#file", fileOf("huge.csv", `v\n${rows.join("\n")}\n`));
    await says(page, "No column of this table is numbers");
  });

  test("a worker that dies leaves what it had learned, and another goes on from there", async () => {
    const { page } = await open();
    await train(page, 20);
    // Snapshots come every five seconds.
    await page.waitForTimeout(5500);
    const worker = page.workers().find((each) => each.url().includes("train.worker"));
    await worker?.evaluate(() => {
      setTimeout(() => {
        throw new RangeError("out of memory");
      });
    });
    await says(
      page,
      /The worker that trained was lost \(.*out of memory.*\)\. What it had learned up to step [\d,]+ is safe/,
    );
    const [, step] = /up to step ([\d,]+)/.exec((await status(page).textContent()) as string) as RegExpExecArray;
    await page.getByRole("button", { name: `Go on from step ${step}` }).click();
    const least = Number((step as string).replaceAll(",", ""));
    await page.waitForFunction(
      (from) => Number(document.getElementById("step")?.textContent?.replaceAll(",", "")) > from,
      least,
    );
  });

  test("numbers that run away are told, with what to do", async () => {
    const { page } = await open("#cell=RNN&hidden=16&window=64&activation=x ^ 3 * 50&rate=1");
    await page.getByRole("button", { name: "Train" }).click();
    await says(page, /The numbers ran away at step \d+/);
  });

  test("a tab that was put to sleep goes on when it wakes", async () => {
    const { page } = await open();
    await train(page, 10);
    const devTools = await page.context().newCDPSession(page);
    await devTools.send("Page.setWebLifecycleState", { state: "frozen" });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await devTools.send("Page.setWebLifecycleState", { state: "active" });
    const before = Number((await page.textContent("#step"))?.replaceAll(",", ""));
    await page.waitForFunction(
      (from) => Number(document.getElementById("step")?.textContent?.replaceAll(",", "")) > from + 5,
      before,
    );
    expect(await page.textContent("#status")).toContain("Training");
  });

  test("fits a phone, in both schemes, and speaks Chinese to those who do", async () => {
    const { page, complaints } = await open("#hidden=16&window=16", {
      viewport: { width: 360, height: 780 },
      locale: "zh-CN",
      colorScheme: "dark",
    });
    expect(await page.getAttribute("html", "lang")).toBe("zh-CN");
    await page.getByRole("button", { name: "训练" }).click();
    await page.waitForFunction(() => Number(document.getElementById("step")?.textContent?.replaceAll(",", "")) > 5);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await background();
    await page.click("#scheme");
    expect(await background()).not.toBe(dark);
    await page.getByRole("button", { name: "English" }).click();
    expect(await page.textContent("h1")).toBe("unrolled playground");
    expect(complaints).toEqual([]);
  });

  test("where WebAssembly is forbidden, the page says who can allow it", async () => {
    const closed = await serve(PLAYGROUND, { scripts: "'self'; style-src 'self' 'unsafe-inline'" });
    const { page } = await openPage(browser, closed.origin, { locale: "en-US" });
    opened.push(page);
    await page.waitForSelector("html[data-ready]");
    expect(await page.textContent("#activation-note")).toContain("'wasm-unsafe-eval'");
    await closed.close();
  });

  test("is one element in another page, with the settings of its attributes", async () => {
    const { page } = await openPage(browser, `${site.origin}/embed.html`, { locale: "en-US" });
    opened.push(page);
    const frame = page.frameLocator("unrolled-playground iframe");
    await frame.locator("#train").waitFor();
    expect(await frame.locator("#cell").inputValue()).toBe("GRU");
    expect(await frame.locator("#hidden").inputValue()).toBe("64");
    // The page around it has a heading of its own.
    expect(await frame.locator("h1").isVisible()).toBe(false);
  });
});
