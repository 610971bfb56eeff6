/** The built page, taught and tried with the mouse in Chromium. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { preview } from "vite";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const folder = mkdtempSync(join(tmpdir(), "gestures-"));
const turn = 2 * Math.PI;

/** Shapes in a box from −1 to 1, along t from 0 to 1. */
const shapes = {
  circle: (t) => [Math.cos(turn * t - turn / 4), Math.sin(turn * t - turn / 4)],
  zigzag: (t) => [2 * t - 1, (Math.abs(((t * 6) % 2) - 1) - 0.5) * 1.4],
  tick: (t) => (t < 0.35 ? [-0.8 + 2 * t, 2.2 * t - 0.2] : [-0.1 + 1.5 * (t - 0.35), 0.57 - 2.2 * (t - 0.35)]),
};

let [browser, site, origin] = [];

before(async () => {
  site = await preview({ logLevel: "error", preview: { host: "127.0.0.1", port: 0 } });
  origin = `http://127.0.0.1:${site.httpServer.address().port}/`;
  const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];
  browser = await chromium.launch({ executablePath, args });
});

after(async () => {
  await browser?.close();
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A page, and what went wrong in it or left it. */
async function open(options = {}) {
  const page = await browser.newPage(options);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("request", (request) => {
    if (!request.url().startsWith(origin) && !/^(data|blob):/.test(request.url())) complaints.push(request.url());
  });
  await page.goto(origin);
  return { page, complaints };
}

/** Draws a shape somewhere on the pad, at some size, a little turned, with an unsteady hand. */
async function draw(page, shape) {
  const box = await page.locator("#pad").boundingBox();
  const [angle, size] = [(Math.random() - 0.5) * 0.4, 60 + 50 * Math.random()];
  const [x, y] = [box.x + box.width * (0.4 + 0.2 * Math.random()), box.y + box.height * (0.45 + 0.1 * Math.random())];
  const points = Array.from({ length: 24 }, (_, i) => {
    const [u, v] = shape(i / 23);
    const shake = () => (Math.random() - 0.5) * 3;
    return [
      x + size * (u * Math.cos(angle) - v * Math.sin(angle)) + shake(),
      y + size * (u * Math.sin(angle) + v * Math.cos(angle)) + shake(),
    ];
  });
  await page.mouse.move(...points[0]);
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...point);
  await page.mouse.up();
}

async function recognised(page, strokes) {
  let right = 0;
  for (let i = 0; i < strokes; i++) {
    const [name, shape] = Object.entries(shapes)[i % 3];
    await draw(page, shape);
    if ((await page.textContent("#answer")) === name) right++;
  }
  return right / strokes;
}

test("learns three gestures in a minute, recognises nine in ten, and another page loads what it saved", async () => {
  const { page, complaints } = await open();
  const started = performance.now();
  for (const shape of Object.values(shapes)) for (let i = 0; i < 3; i++) await draw(page, shape);
  assert.equal(await page.textContent("#status"), "Enough. Press Learn, or draw more.");
  await page.getByRole("button", { name: "Learn" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText(/^Learned 3 gestures/).waitFor({ timeout: 30_000 });
  assert.ok(performance.now() - started < 60_000);
  const share = await recognised(page, 30);
  assert.ok(share >= 0.9, `recognised ${share}`);

  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save" }).click();
  const path = join(folder, "gestures.safetensors");
  await (await waiting).saveAs(path);
  const other = await open();
  await other.page.setInputFiles("#file", path);
  await other.page.getByText("3 gestures: circle, zigzag, tick. Draw one.").waitFor();
  assert.ok((await recognised(other.page, 9)) >= 0.8);
  assert.deepEqual([...complaints, ...other.complaints], []);
});

test("gestures are added and forgotten, and a file that is none is refused in words", async () => {
  const { page } = await open();
  await page.getByLabel("New gesture").fill("spiral");
  await page.keyboard.press("Enter");
  assert.equal(await page.textContent("#status"), "Draw spiral three times.");
  await page.getByLabel("New gesture").fill("spiral");
  await page.keyboard.press("Enter");
  assert.equal(await page.textContent("#status"), "There is a gesture spiral already.");
  await page.getByRole("button", { name: "forget spiral" }).click();
  assert.equal(await page.getByRole("radio").count(), 4);
  assert.ok(await page.getByRole("button", { name: "Learn" }).isDisabled());
  const path = join(folder, "none.safetensors");
  writeFileSync(path, "nothing");
  await page.setInputFiles("#file", path);
  await page.getByText(/^That went wrong: safetensors/).waitFor();
});

test("fits a phone", async () => {
  const { page } = await open({ viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
});
