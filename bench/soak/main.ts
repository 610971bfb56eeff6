/**
 * Leaves the playground training in Chromium, and looks at the page's memory once in a while: all of it, its workers' and
 * WebAssembly's too.
 *   npm run bench:soak [-- --minutes 30 --warm-up 6]
 */
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { chromium } from "playwright-core";
import { preview } from "vite";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "30" }, "warm-up": { type: "string", default: "6" } },
});
const minutes = Number(values.minutes);
const warmUp = Number(values["warm-up"]);
if (!(minutes > 0)) throw new RangeError(`--minutes: expected a number > 0, got ${values.minutes}`);
if (!(warmUp >= 0)) throw new RangeError(`--warm-up: expected a number >= 0, got ${values["warm-up"]}`);

/** Looks after the first, which comes when the page has warmed up: when the browser has let go of what starting left. */
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

/** What the page holds, in bytes: the least of three readings, since each may count what has not been collected yet. */
async function held(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let reading = 0; reading < 3; reading++) {
    const bytes = await page.evaluate(
      async () => (await (performance as Measured).measureUserAgentSpecificMemory()).bytes,
    );
    least = Math.min(least, bytes);
  }
  return least;
}

const table = new Table({ head: ["minute", "step", "MB"] });
const megabytes: number[] = [];
for (let look = 0; look <= LOOKS; look++) {
  await page.waitForTimeout((look === 0 ? warmUp : minutes / LOOKS) * 60_000);
  const bytes = await held();
  megabytes.push(bytes / 1e6);
  const minute = (warmUp + (look * minutes) / LOOKS).toFixed(1);
  table.push([minute, (await page.textContent("#step")) ?? "", (bytes / 1e6).toFixed(1)]);
}
await browser.close();
await site.close();
console.log(String(table));
const share = (bytes: number) => `${(100 * (bytes / (megabytes[0] ?? 0) - 1)).toFixed(1)} %`;
console.log(
  `against the first look: the last ${share(megabytes.at(-1) ?? 0)}, ` +
    `the least ${share(Math.min(...megabytes))}, the most ${share(Math.max(...megabytes))} (asked: flat within 5 %)`,
);
