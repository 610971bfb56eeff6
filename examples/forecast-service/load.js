/** 20,000 requests of 10,000 clients on this machine: how many a second, how long each takes, and the memory after. */
import { demand } from "./demand.js";
import { Forecaster } from "./forecaster.js";
import { createService } from "./service.js";

const CLIENTS = 10_000;
const REQUESTS = 20_000;
const AT_A_TIME = 16;

const forecaster = new Forecaster();
await forecaster.learn(demand(24 * 7 * 4), { epochs: 1 });
const service = createService(forecaster, { limit: CLIENTS });
const address = await service.listen({ port: 0, host: "127.0.0.1" });
const memory = () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
};
const before = memory();
const times = [];
let next = 0;

async function client() {
  while (next < REQUESTS) {
    const id = next++ % CLIENTS;
    const sent = performance.now();
    const answer = await fetch(`${address}/clients/c${id}/samples`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"values":[101.5]}',
    });
    if (!answer.ok) throw new Error(await answer.text());
    await answer.arrayBuffer();
    times.push(performance.now() - sent);
  }
}

const started = performance.now();
await Promise.all(Array.from({ length: AT_A_TIME }, client));
const seconds = (performance.now() - started) / 1000;
times.sort((a, b) => a - b);
const at = (share) => times[Math.floor(share * (times.length - 1))].toFixed(2);
const grown = memory() - before;
console.log(
  `${Math.round(REQUESTS / seconds)} requests/s with the asking in the same process, median ${at(0.5)} ms, 99 % within ${at(0.99)} ms; ${CLIENTS} clients: +${grown.toFixed(0)} MB`,
);
await service.close();
