/** The built package in real Chromium: which kernels it takes, in a page and in a worker, and the same bits as in Node. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, missingBrowser, openPage, type Site, serve } from "./chromium.ts";
import { trainDeterministically } from "./pages/deterministic-training.ts";
import { trainWithExpression } from "./pages/policy.ts";
import { runTrials } from "./pages/trial.ts";

describe.skipIf(missingBrowser)("the library in Chromium", () => {
  let browser: Browser;
  let site: Site;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    [browser, site] = await Promise.all([launch(), serve("pages")]);
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  async function freshPage(): Promise<void> {
    ({ page, complaints } = await openPage(browser, `${site.origin}/index.html`));
    await page.waitForFunction(() => "probe" in window);
  }

  test("takes the relaxed SIMD kernels by itself", async () => {
    await freshPage();
    expect(await page.evaluate(() => window.probe.chosenBuild())).toBe("relaxed");
    expect(complaints).toEqual([]);
  });

  test("takes the plain SIMD kernels when asked to be deterministic", async () => {
    await freshPage();
    expect(await page.evaluate(() => window.probe.deterministicBuild())).toBe("simd");
    expect(complaints).toEqual([]);
  });

  test("lets timers have their turn while it trains", async () => {
    await freshPage();
    expect(await page.evaluate(() => window.probe.timersWhileTraining())).toBeGreaterThan(5);
    expect(complaints).toEqual([]);
  });

  test("the same seed gives the same weights, bit for bit, in Node, in a page and in a Web Worker", async () => {
    await freshPage();
    const here = await trainDeterministically();
    const inPage = await page.evaluate(() => window.probe.train());
    const inWorker = await page.evaluate(() => window.probe.trainInWorker());
    expect(here.build).toBe("simd");
    expect(here.losses.at(-1)).toBeLessThan(here.losses[0]);
    expect(inPage).toEqual(here);
    expect(inWorker).toEqual(here);
    expect(complaints).toEqual([]);
  });

  test("trials of activations give the same results, bit for bit, in Node and in a page", async () => {
    await freshPage();
    const here = await runTrials();
    expect(here.map(({ outcome, steps }) => [outcome, steps])).toEqual(new Array(3).fill(["finished", 15]));
    expect(await page.evaluate(() => window.probe.runTrials())).toEqual(here);
    expect(complaints).toEqual([]);
  });

  test("without cross-origin isolation, one thread does the work and one line says how to have more", async () => {
    await freshPage();
    const lines: string[] = [];
    page.on("console", (message) => lines.push(message.text()));
    const { threads, losses } = await page.evaluate(() => window.probe.trainOnThreads(2));
    expect(threads).toBe(1);
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("Cross-Origin-Opener-Policy: same-origin");
    expect(complaints).toEqual([]);
  });

  test("with it, threads share the work and the bits stay the same", async () => {
    const isolated = await serve("pages", { isolated: true });
    ({ page, complaints } = await openPage(browser, `${isolated.origin}/index.html`));
    await page.waitForFunction(() => "probe" in window);
    const alone = await page.evaluate(() => window.probe.trainOnThreads(1));
    for (const threads of [2, 3]) {
      const together = await page.evaluate((count) => window.probe.trainOnThreads(count), threads);
      expect(together).toEqual({ threads, losses: alone.losses });
    }
    expect(complaints).toEqual([]);
    await isolated.close();
  });

  test("under a strict policy that allows WebAssembly, expressions are compiled, to the bits that Node has", async () => {
    const strict = await serve("pages", { scripts: "'self' 'wasm-unsafe-eval'" });
    ({ page, complaints } = await openPage(browser, `${strict.origin}/index.html`));
    await page.waitForFunction(() => "probe" in window);
    const told = await page.evaluate(() => window.probe.trainWithExpression());
    const here = trainWithExpression();
    expect(told).toMatchObject({ compiled: true });
    const [losses, known] = [told, here].map((one) => ("losses" in one ? one.losses : [])) as [number[], number[]];
    expect(losses).toHaveLength(4);
    expect(losses[3]).toBeLessThan(losses[0] as number);
    // Another build may run here: the same to a few roundings.
    losses.forEach((loss, i) => {
      expect(Math.abs(loss - (known[i] as number))).toBeLessThan(1e-4 * loss);
    });
    // What a text is made of is never run as a script.
    expect(complaints).toEqual([]);
    await strict.close();
  });

  test("under a policy that forbids WebAssembly, one error says which word is missing", async () => {
    const closed = await serve("pages", { scripts: "'self'" });
    ({ page, complaints } = await openPage(browser, `${closed.origin}/index.html`));
    await page.waitForFunction(() => "probe" in window);
    expect(await page.evaluate(() => window.probe.trainWithExpression())).toMatchObject({
      error: "UnsupportedRuntimeError",
      message: expect.stringMatching(/'wasm-unsafe-eval'/),
    });
    await closed.close();
  });
});
