import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { before, test } from "node:test";
import { demand } from "./demand.js";
import { Forecaster, HORIZON } from "./forecaster.js";
import { createService } from "./service.js";

const forecaster = new Forecaster();

before(() => forecaster.learn(demand(24 * 7 * 10)));

const ask = async (service, method, url, payload) => {
  const answer = await service.inject({ method, url, payload });
  return { code: answer.statusCode, ...(answer.body && answer.json()) };
};

test("what it forecasts comes, and the band holds about nine in ten of it", async () => {
  const service = createService(forecaster);
  // Another stretch of the series than it has learned from.
  const series = demand(600, 24 * 7 * 10);
  let [held, all, missed] = [0, 0, 0];
  for (let t = 0; t < 560; t += 8) {
    const { forecast } = await ask(service, "POST", "/clients/shop/samples", { values: series.slice(t, t + 8) });
    if (t < 168) continue;
    forecast.forEach(({ ahead, value, low, high }) => {
      const truth = series[t + 7 + ahead];
      all++;
      missed += Math.abs(value - truth);
      if (low <= truth && truth <= high) held++;
    });
  }
  assert.ok(missed / all < 4, `missed by ${missed / all} of 25`);
  assert.ok(held / all > 0.75 && held / all < 0.99, `the band held ${held / all}`);
});

test("however samples come, one by one or all at once, the forecast is the same; clients do not mix", async () => {
  const service = createService(forecaster);
  const values = demand(50, 12);
  const whole = await ask(service, "POST", "/clients/a/samples", { values });
  let last;
  for (const value of values) {
    last = await ask(service, "POST", "/clients/b/samples", { values: [value] });
    await ask(service, "POST", "/clients/c/samples", { values: [200 - value] });
  }
  assert.deepEqual(last.forecast, whole.forecast);
  assert.equal(last.samples, 50);
  assert.equal(whole.forecast.length, HORIZON);
  assert.deepEqual((await ask(service, "GET", "/clients/b/forecast")).forecast, whole.forecast);
});

test("settings that are none end it at once, in a line", () => {
  for (const [name, text] of Object.entries({ PORT: "abc", CLIENTS: "-1" })) {
    const main = new URL("main.js", import.meta.url);
    const { status, stderr } = spawnSync(process.execPath, [main.pathname], { env: { ...process.env, [name]: text } });
    assert.equal(status, 1);
    assert.match(String(stderr), new RegExp(`^${name}: expected a whole number from \\d+ to \\d+, got "${text}"\n$`));
  }
});

test("whoever was heard of longest ago is forgotten first", async () => {
  const service = createService(forecaster, { limit: 2 });
  for (const id of ["a", "b", "a", "c"]) await ask(service, "POST", `/clients/${id}/samples`, { values: [1] });
  assert.equal((await ask(service, "GET", "/clients/b/forecast")).code, 404);
  assert.equal((await ask(service, "GET", "/clients/a/forecast")).samples, 2);
  assert.equal((await ask(service, "GET", "/health")).clients, 2);
  assert.equal((await ask(service, "DELETE", "/clients/a")).code, 204);
  assert.equal((await ask(service, "DELETE", "/clients/a")).code, 404);
});

test("what cannot be read is refused in words", async () => {
  const service = createService(forecaster);
  for (const [payload, code, words] of [
    [{}, 400, /values/],
    [{ values: [] }, 400, /fewer than 1/],
    [{ values: ["12"] }, 400, /number/],
    [{ values: [1], twice: true }, 400, /additional/],
    [{ values: new Array(10_001).fill(1) }, 400, /more than 10000/],
    ["{", 400, /JSON/i],
    [JSON.stringify({ values: new Array(600_000).fill(1) }), 413, /too large/],
  ]) {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    const answer = await service.inject({
      method: "POST",
      url: "/clients/a/samples",
      payload: text,
      headers: { "content-type": "application/json" },
    });
    assert.equal(answer.statusCode, code, text.slice(0, 60));
    assert.match(answer.json().error, words);
  }
  assert.equal((await ask(service, "POST", "/clients/a%20b/samples", { values: [1] })).code, 400);
  assert.equal((await ask(service, "GET", "/clients/nobody/forecast")).code, 404);
  assert.equal((await ask(service, "GET", "/health")).clients, 0);
});
