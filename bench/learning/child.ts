/** One learning in a process of its own: task, seed and data folder in the arguments, the outcome on standard output. */
import { tasks } from "./tasks/index.ts";

const [name, seed, data] = process.argv.slice(2) as [string, string, string];
const task = tasks.find((other) => other.name === name);
if (!task) throw new Error(`no task is called ${name}`);
console.log(JSON.stringify(await task.learn(Number(seed), data)));
