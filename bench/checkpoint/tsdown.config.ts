import { measurement } from "../build.ts";

export default measurement("checkpoint", { main: "checkpoint/main.ts", child: "checkpoint/child.ts" });
