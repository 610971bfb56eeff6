import type { Task } from "../task.ts";
import { addingTasks } from "./adding.ts";
import { copyTasks } from "./copy.ts";
import { digitTasks } from "./digits.ts";
import { vowelTasks } from "./vowels.ts";
import { wordTasks } from "./words.ts";

/** Everything that is learned, in the order of the table. */
export const tasks: readonly Task[] = [...digitTasks, ...vowelTasks, ...copyTasks, ...addingTasks, ...wordTasks];
