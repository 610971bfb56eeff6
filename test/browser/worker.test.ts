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
    const { frames, longestFrame, longestWait, longestTask, reports } = told;
    console.log(
      `page beside a training worker: ${frames} pictures, longest ${longestFrame.toFixed(1)} ms, longest wait ${longestWait.toFixed(1)} ms, longest task over 50 ms: ${longestTask || "none"}, ${reports} reports`,
    );
    expect(told.steps).toBe(120);
    expect(told.digest).toBe(await digestHere(setup));
    expect(reports).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  });

  test("in a page that is isolated from others, the worker trains on threads of its own, to the same bits", async () => {
    const setup = { hiddenSize: 96, steps: 60, threads: 2 };
    const isolated = await serve("pages", { isolated: true });
    const { page, complaints } = await probePage(isolated);
    const told = await page.evaluate((wanted) => window.probe.trainBeside(wanted), setup);
    expect(told).toMatchObject({ threads: 2, steps: 60, digest: await digestHere(setup) });
    expect(complaints).toEqual([]);
    await isolated.close();
    // Without isolation there is one thread, and the same bits.
    const { page: alone } = await probePage(site);
    const again = await alone.evaluate((wanted) => window.probe.trainBeside(wanted), setup);
    expect(again).toMatchObject({ threads: 1, digest: told.digest });
  });

  test("a page that trains on its own thread still draws", async () => {
    for (const [hiddenSize, steps] of [
      [64, 300],
      [128, 150],
      [192, 80],
    ] as const) {
      const setup = { hiddenSize, steps };
      const { page } = await probePage(site);
      const told = await page.evaluate((wanted) => window.probe.trainOnPage(wanted), setup);
      const { frames, longestFrame, longestWait, late, stepTime } = told;
      console.log(
        `page that trains itself, ${hiddenSize} units, ${stepTime.toFixed(1)} ms a step: ${frames} pictures, longest ${longestFrame.toFixed(1)} ms, longest wait ${longestWait.toFixed(1)} ms, ${late} of over 16 ms`,
      );
      expect(told.digest).toBe(await digestHere(setup));
      // Generous, for machines that do other things too; a page that is held throughout draws one picture in all.
      expect((steps * stepTime) / frames).toBeLessThan(2 * stepTime + 100);
      await page.close();
    }
  });

  test("what nobody catches in the worker is told, and loses one snapshot's steps at most", async () => {
    const { page } = await probePage(site);
    const setup = { hiddenSize: 16, steps: 100_000, throwAt: 25 };
    const { name, message, lostAt, kept } = await page.evaluate((wanted) => window.probe.failUncaught(wanted), setup);
    expect(name).toBe("WorkerLostError");
    expect(message).toContain("nobody caught this");
    expect(kept).toBeGreaterThanOrEqual(20);
    expect(lostAt).toBeGreaterThanOrEqual(kept);
    await page.close();
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

  test("under a strict policy that allows WebAssembly, it trains to the same bits", async () => {
    const setup = { hiddenSize: 24, steps: 20 };
    const strict = await serve("pages", { scripts: "'self' 'wasm-unsafe-eval'" });
    const { page, complaints } = await probePage(strict);
    const told = await page.evaluate((wanted) => window.probe.trainBeside(wanted), setup);
    expect(told).toMatchObject({ steps: 20, digest: await digestHere(setup) });
    expect(complaints).toEqual([]);
    await strict.close();
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
