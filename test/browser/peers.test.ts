/** The comparison's page: every peer that is installed in a worker of its own, and all of one mind. Never a timing. */
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Record } from "../../bench/peers/report.ts";
import { launch, missingBrowser, openPage, type Site, serve } from "./chromium.ts";

/** What a peer may say where it has no figure; anything else is a failure. */
const refusals = /^(has no|only|keeps no|learns from|its RNN|takes whole|no scan|runs models only)/;

describe.skipIf(missingBrowser)("bench/peers in Chromium", () => {
  let browser: Browser;
  let site: Site;

  beforeAll(async () => {
    [browser, site] = await Promise.all([launch(), serve("../../bench/peers/page")]);
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  async function measured(page: Page): Promise<Record> {
    const status = page.locator("#status");
    await page
      .getByText(/^(Done after|It stopped|Nothing)/)
      .waitFor({ timeout: 60_000 })
      .catch(async () => {
        expect.fail(`it hangs: ${await status.textContent()}; ${page.workers().length} workers`);
      });
    expect(await status.textContent()).toMatch(/^Done after/);
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#json").click()]);
    return JSON.parse(readFileSync(await download.path(), "utf8"));
  }

  /** The rows of that pattern, every one a figure or a reason that is no failure. */
  async function rowsOf(only: string): Promise<Record["rows"]> {
    const address = `${site.origin}/?${new URLSearchParams({ only, turns: "1", seconds: "0.02", threads: "1,2" })}&start`;
    const { page, complaints } = await openPage(browser, address);
    const { rows, ceiling } = await measured(page);
    expect(ceiling.gigaflops).toBeGreaterThan(0);
    for (const { implementation, case: name, median, reason = "" } of rows)
      expect([implementation, name, median === null ? refusals.test(reason) || reason : true]).toEqual([
        implementation,
        name,
        true,
      ]);
    expect(complaints.filter((line) => line.startsWith("request to"))).toEqual([]);
    await page.close();
    return rows;
  }

  test.each(["product with a weight M = 4, 128", "streaming step LSTM, H = 32", "RNN 32, B = 1,"])(
    "%s: the library on one and two threads, plain JavaScript and every installed peer agree",
    async (only) => {
      const rows = await rowsOf(only);
      const own = rows.filter(({ implementation }) => implementation === "unrolled");
      expect(own.map(({ threads }) => threads)).toEqual([1, 2]);
      for (const { median, shareOfCeiling } of own) {
        expect(median).toBeGreaterThan(0);
        expect(shareOfCeiling).toBeGreaterThan(0);
      }
      expect(rows.find(({ implementation }) => implementation === "javascript")?.median).toBeGreaterThan(0);
    },
  );

  test("is set by hand, shows charts and tables, and fits a phone in the dark", async () => {
    const { page, complaints } = await openPage(browser, `${site.origin}/?peers=unrolled,javascript`, {
      viewport: { width: 360, height: 740 },
      colorScheme: "dark",
    });
    await page.locator("#only").fill("matmul 64");
    await page.locator("#turns").fill("2");
    await page.locator("#seconds").fill("0.02");
    await page.getByRole("button", { name: "Start", exact: true }).click();
    const { rows, versions } = await measured(page);
    expect(rows.map(({ implementation, turns }) => [implementation, turns])).toEqual([
      ["unrolled", 2],
      ["javascript", 2],
    ]);
    expect(versions.unrolled).toMatch(/^\d+\.\d+\.\d+, relaxed build/);
    expect(await page.locator("figure svg").count()).toBe(1);
    expect(await page.getByText(/^unrolled against the best JavaScript/).count()).toBe(1);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toBe("rgb(20, 23, 28)");

    await page.locator("#only").fill("no such case");
    await page.locator("#start").click();
    expect(await page.locator("#status").textContent()).toContain("Nothing to measure");
    expect(complaints).toEqual([]);
    await page.close();
  });
});
