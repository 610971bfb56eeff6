/** trainInWorker of the built package in real Chromium: the bits, the page meanwhile, a worker that dies, strict policies. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, missingBrowser, openPage, type Site, serve } from "./chromium.ts";
import { digestOf } from "./pages/beside.ts";
import { makeTraining, type Setup } from "./pages/served-training.ts";

describe.skipIf(missingBrowser)("training in a worker of a page", () => {
  let browser: Browser;
  let site: Site;

  beforeAll(async () => {
    [browser, site] = await Promise.all([launch(), serve("pages")]);
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  async function probePage(where: Site) {
    const opened = await openPage(browser, `${where.origin}/index.html`);
    await opened.page.waitForFunction(() => "probe" in window);
    return opened;
  }

  /** The digest that this thread comes to. */
  async function digestHere(setup: Setup): Promise<string> {
    const { trainer, data, fit } = makeTraining(setup);
    await trainer.fit(data, fit);
    return digestOf(trainer.model.save());
  }

  test("comes to the bits that Node comes to, while the page draws", async () => {
    const setup = { hiddenSize: 128, steps: 120 };
    const { page, complaints } = await probePage(site);
    const told = await page.evaluate((wanted) => window.probe.trainBeside(wanted), setup);
    const { longestFrame, longestTask, reports } = told;
    console.log(
      `page beside a training worker: longest frame ${longestFrame.toFixed(1)} ms, longest task over 50 ms: ${longestTask || "none"}, ${reports} reports`,
    );
    expect(told.steps).toBe(120);
    expect(told.digest).toBe(await digestHere(setup));
    expect(reports).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  });

  test("a worker that is ended in mid-training loses nothing but what came after its last snapshot", async () => {
    const setup = { hiddenSize: 64, steps: 400 };
    const { page } = await probePage(site);
    const { error, lostAt, digest } = await page.evaluate((wanted) => window.probe.loseAndGoOn(wanted), setup);
    expect(error).toContain(`the last snapshot is of step ${lostAt}`);
    expect(lostAt).toBeGreaterThan(0);
    expect(lostAt).toBeLessThan(400);
    expect(digest).toBe(await digestHere(setup));
  });

  test("under a policy that forbids WebAssembly, the worker's error says which word is missing", async () => {
    const closed = await serve("pages", { scripts: "'self'" });
    const { page } = await probePage(closed);
    const refusal = await page.evaluate(() => window.probe.refusalOf({ hiddenSize: 8, steps: 1 }));
    expect(refusal).toMatchObject({
      name: "UnsupportedRuntimeError",
      message: expect.stringMatching(/'wasm-unsafe-eval'/),
    });
    await closed.close();
  });
});
