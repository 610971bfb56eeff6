import { measurement } from "../build.ts";

export default measurement("data", { main: "data/main.ts", child: "data/child.ts" });
