import { measurement } from "../build.ts";

export default measurement("growth", { main: "growth/main.ts", child: "growth/child.ts" });
