/** The example page, as a visitor meets it: it trains, stays responsive, writes text, and talks to nobody. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, missingBrowser, openPage, type Site, serve } from "./chromium.ts";

describe.skipIf(missingBrowser)("examples/browser in Chromium", () => {
  let browser: Browser;
  let site: Site;

  beforeAll(async () => {
    [browser, site] = await Promise.all([launch(), serve("../../examples/browser")]);
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  test("learns by keyboard alone, writes, and stops at once", async () => {
    const { page, complaints } = await openPage(browser, site.origin);
    await page.getByRole("button", { name: "Start", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => Number(document.getElementById("step")?.textContent) >= 3);
    const first = Number(await page.locator("#loss").textContent());

    // The longest wait for a turn while it trains, on a machine that may be busy: the page must keep answering.
    const longestPause = await page.evaluate(async () => {
      let longest = 0;
      let before = performance.now();
      for (let frame = 0; frame < 60; frame++) {
        await new Promise((done) => setTimeout(done));
        const now = performance.now();
        longest = Math.max(longest, now - before);
        before = now;
      }
      return longest;
    });
    expect(longestPause).toBeLessThan(1000);

    await page.waitForFunction(() => Number(document.getElementById("step")?.textContent) >= 60, undefined, {
      timeout: 60_000,
    });
    expect(await page.locator("#build").textContent()).toBe("relaxed");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => !document.getElementById("status")?.textContent?.startsWith("Reading"));
    const last = Number(await page.locator("#loss").textContent());
    expect(first).toBeGreaterThan(3);
    expect(last).toBeLessThan(first - 0.8);
    expect((await page.locator("#output").textContent())?.length).toBe(400);
    expect(Number((await page.locator("#speed").textContent())?.replaceAll(",", ""))).toBeGreaterThan(0);
    expect(await page.locator("#status").textContent()).toMatch(/^Stopped after \d+ steps/);

    const stopped = await page.locator("#step").textContent();
    await page.waitForTimeout(300);
    expect(await page.locator("#step").textContent()).toBe(stopped);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("fits a phone in the dark and refuses a text that is too short", async () => {
    const { page, complaints } = await openPage(browser, site.origin, {
      viewport: { width: 360, height: 740 },
      colorScheme: "dark",
    });
    await page.locator("#text").fill("too short");
    await page.getByRole("button", { name: "Start", exact: true }).click();
    expect(await page.locator("#status").textContent()).toContain("at least 500");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toBe("rgb(22, 24, 27)");
    expect(complaints).toEqual([]);
    await page.close();
  });
});
