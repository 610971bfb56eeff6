/**
 * The same training step in Node and in a page of Chromium, in turns, each in a process of its own.
 *   npm run bench:browser [-- --turns 5 --steps 120]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { chromium } from "playwright-core";
import { build, preview } from "vite";
import { medianOf } from "../rows.ts";
import { type LayerName, layerNames, type Measured, measure } from "./step.ts";

const { values } = parseArgs({
  options: {
    turns: { type: "string", default: "5" },
    steps: { type: "string", default: "120" },
    layer: { type: "string" },
  },
});
const [turns, steps] = [Number(values.turns), Number(values.steps)];

/** The half of each turn that is counted: while the other runs, code is still being compiled better, beside a browser that starts. */
const COUNTED = Math.ceil(steps / 2);

async function inNode(name: LayerName): Promise<Measured> {
  const child = fork(fileURLToPath(import.meta.url), ["--layer", name, "--steps", String(steps)]);
  const [measured] = (await once(child, "message")) as [Measured];
  return measured;
}

async function compare(): Promise<void> {
  const root = fileURLToPath(new URL("../../bench/browser/", import.meta.url));
  const outDir = fileURLToPath(new URL("../../build/browser-page/", import.meta.url));
  await build({ root, logLevel: "error", configFile: false, build: { outDir, emptyOutDir: true, target: "es2022" } });
  const site = await preview({
    root,
    configFile: false,
    logLevel: "error",
    build: { outDir },
    preview: { port: 4190, host: "127.0.0.1" },
  });
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  const inPage = async (name: LayerName): Promise<Measured> => {
    const page = await browser.newPage();
    await page.goto("http://127.0.0.1:4190/");
    await page.waitForFunction(() => "measure" in window);
    const measured = await page.evaluate(([layer, count]) => window.measure(layer, count), [name, steps] as const);
    await page.close();
    return measured;
  };
  const table = new Table({
    head: ["training step", "Node, ms", "Chromium, ms", "its speed (asked ≥ 0.9 × Node's)", "bits"],
  });
  for (const name of layerNames) {
    const [node, page]: [number[], number[]] = [[], []];
    let same = true;
    for (let turn = 0; turn < turns; turn++) {
      const [here, there] = [await inNode(name), await inPage(name)];
      node.push(medianOf(here.times.slice(-COUNTED)));
      page.push(medianOf(there.times.slice(-COUNTED)));
      same &&= here.loss === there.loss;
    }
    const [a, b] = [medianOf(node), medianOf(page)];
    table.push([name, a.toFixed(2), b.toFixed(2), (a / b).toFixed(2), same ? "the same" : "others"]);
  }
  await browser.close();
  await site.close();
  console.log(String(table));
}

if (values.layer) process.send?.(measure(values.layer as LayerName, steps));
else await compare();
