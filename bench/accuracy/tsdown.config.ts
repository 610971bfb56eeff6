import { measurement } from "../build.ts";

export default measurement("accuracy", { main: "accuracy/main.ts", worker: "accuracy/worker.ts" });
