/**
 * Leaves the playground training in Chromium, and looks at the page's memory once in a while: all of it, its workers' and
 * WebAssembly's too.
 *   npm run bench:soak [-- --minutes 30]
 */
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { chromium } from "playwright-core";
import { preview } from "vite";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "30" } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new RangeError(`--minutes: expected a number > 0, got ${values.minutes}`);

/** Looks in all; the first is after a tenth of the time, when everything has been made once. */
const LOOKS = 10;

interface Measured extends Performance {
  measureUserAgentSpecificMemory(): Promise<{ bytes: number }>;
}

const site = await preview({ root: "playground", logLevel: "error", preview: { host: "127.0.0.1", port: 4188 } });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const page = await browser.newPage();
await page.goto("http://127.0.0.1:4188/");
await page.getByRole("button", { name: "Train" }).click();
const table = new Table({ head: ["minute", "step", "MB"] });
const megabytes: number[] = [];
for (let look = 1; look <= LOOKS; look++) {
  await page.waitForTimeout((minutes * 60_000) / LOOKS);
  const bytes = await page.evaluate(
    async () => (await (performance as Measured).measureUserAgentSpecificMemory()).bytes,
  );
  megabytes.push(bytes / 1e6);
  const minute = ((look * minutes) / LOOKS).toFixed(1);
  table.push([minute, (await page.textContent("#step")) ?? "", (bytes / 1e6).toFixed(1)]);
}
await browser.close();
await site.close();
console.log(String(table));
const [first = 0, last = 0] = [megabytes[0], megabytes.at(-1)];
console.log(`from the first look to the last: ${(100 * (last / first - 1)).toFixed(1)} % (asked: flat within 5 %)`);
