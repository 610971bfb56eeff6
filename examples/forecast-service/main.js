/** Learns, then listens on PORT (8080) until it is told to end; what is under way is answered first. */
import { demand } from "./demand.js";
import { Forecaster } from "./forecaster.js";
import { createService } from "./service.js";

/** A whole number of the environment, or what it is without one. */
function setting(name, otherwise, { least, most }) {
  const text = process.env[name];
  const value = text === undefined ? otherwise : Number(text);
  if (text?.trim() !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
  console.error(`${name}: expected a whole number from ${least} to ${most}, got ${JSON.stringify(text)}`);
  process.exit(1);
}

const limit = setting("CLIENTS", 100_000, { least: 1, most: 10_000_000 });
const port = setting("PORT", 8080, { least: 0, most: 65_535 });

const forecaster = new Forecaster();
const started = performance.now();
await forecaster.learn(demand(24 * 7 * 12));
console.log(`learned in ${((performance.now() - started) / 1000).toFixed(1)} s`);

const service = createService(forecaster, { limit });
const address = await service.listen({ port, host: process.env.HOST ?? "127.0.0.1" });
console.log(`listening on ${address}`);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => service.close());
