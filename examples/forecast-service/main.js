/** Learns, then listens on PORT (8080) until it is told to end; what is under way is answered first. */
import { demand } from "./demand.js";
import { Forecaster } from "./forecaster.js";
import { createService } from "./service.js";

const forecaster = new Forecaster();
const started = performance.now();
await forecaster.learn(demand(24 * 7 * 12));
console.log(`learned in ${((performance.now() - started) / 1000).toFixed(1)} s`);

const service = createService(forecaster, { limit: Number(process.env.CLIENTS ?? 100_000) });
const address = await service.listen({ port: Number(process.env.PORT ?? 8080), host: process.env.HOST ?? "127.0.0.1" });
console.log(`listening on ${address}`);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => service.close());
