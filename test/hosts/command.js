/** The program in a process: what it found is printed. */
import { runAll } from "./program.js";

console.log(JSON.stringify(await runAll()));
