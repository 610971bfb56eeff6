/** The pages that `unrolled activations` leaves, opened from the disk: whole by themselves, light and dark, wide and narrow. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, missingBrowser, openPage } from "./chromium.ts";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

describe.skipIf(missingBrowser)("pages of activations in Chromium", () => {
  const folder = mkdtempSync(join(tmpdir(), "unrolled-comparison-"));
  let browser: Browser;

  const unrolled = (...words: string[]): string =>
    execFileSync(process.execPath, [program, "activations", ...words], {
      cwd: folder,
      encoding: "utf8",
      stdio: "pipe",
    });

  /** What a page of a file complains of, besides that it was asked for itself. */
  const open = async (name: string, options: Parameters<Browser["newPage"]>[0] = {}) => {
    const url = pathToFileURL(join(folder, name)).href;
    const { page, complaints } = await openPage(browser, url, options);
    return { page, complaints: complaints.filter((line) => line !== `request to ${url}`) };
  };

  beforeAll(async () => {
    unrolled(
      ...["compare", "--task", "adding:steps=12,digits", "--cell", "rnn,gru", "--activation", "tanh,relu,exponential"],
      ...["--seeds", "2", "--budget", "100", "--report", "report.html", "--json", "result.json"],
    );
    unrolled("plot", "gelu");
    browser = await launch();
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ["light and wide", { viewport: { width: 1200, height: 900 }, colorScheme: "light" as const }],
    ["dark, on a phone", { viewport: { width: 360, height: 740 }, colorScheme: "dark" as const }],
  ])("a comparison, %s", async (_, options) => {
    const { page, complaints } = await open("report.html", options);
    expect(await page.locator("h1").textContent()).toBe("Activations compared");
    const titles = await page.locator(".setting h2").allTextContents();
    expect(titles).toEqual([
      "All settings together",
      "adding (steps 12), rnn",
      "adding (steps 12), gru",
      "digits, rnn",
      "digits, gru",
    ]);
    // What the tables say is what the trials were.
    const { groups } = JSON.parse(readFileSync(join(folder, "result.json"), "utf8"));
    for (const [i, { rows }] of groups.entries()) {
      const table = page
        .locator(".setting")
        .nth(i + 1)
        .locator("table")
        .first();
      const names = await table.locator("tbody th").allTextContents();
      expect(names).toEqual(rows.map(({ name }: { name: string }) => name));
      expect(await table.locator("tbody tr:first-child td").nth(1).textContent()).toBe(
        Number(rows[0].score.mean.toPrecision(3)) < 1e-3
          ? rows[0].score.mean.toExponential(1)
          : rows[0].score.mean.toPrecision(3),
      );
    }
    // Nothing is wider than the page, every drawing has a size, and its letters can be read.
    const { overflow, drawings, smallest } = await page.evaluate(() => {
      const all = [...document.querySelectorAll("svg")].map((svg) => svg.getBoundingClientRect());
      const letters = [...document.querySelectorAll("svg text")].map((text) => text.getBoundingClientRect().height);
      return {
        overflow: document.documentElement.scrollWidth - window.innerWidth,
        drawings: all.filter(({ width, height }) => width > 100 && height > 80).length,
        smallest: Math.min(...letters.filter((height) => height > 0)),
      };
    });
    expect(overflow).toBeLessThanOrEqual(0);
    expect(drawings).toBe(await page.locator("svg").count());
    expect(drawings).toBeGreaterThan(15);
    expect(smallest).toBeGreaterThan(7);
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toBe(options.colorScheme === "dark" ? "rgb(20, 23, 28)" : "rgb(251, 250, 247)");
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a plot", async () => {
    const { page, complaints } = await open("gelu.html");
    expect(await page.getByRole("img", { name: "gelu and its derivative" }).count()).toBe(1);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
