/** Walks one pipeline over one file and says how long it took, by the clock and of processor time (all threads), and how much memory the process had at most. */
import { pipelines } from "./pipelines.ts";

const [name, path] = process.argv.slice(2) as [string, string];
const pipeline = pipelines.find((candidate) => candidate.name === name);
if (!pipeline) throw new Error(`no pipeline is called ${name}`);
const started = performance.now();
const { count } = await pipeline.walk(path);
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage();
const cpuSeconds = (user + system) / 1e6;
console.log(JSON.stringify({ count, seconds, cpuSeconds, megabytes: process.resourceUsage().maxRSS / 1024 }));
