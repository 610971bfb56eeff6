import { measurement } from "../build.ts";

export default measurement("learning", { main: "learning/main.ts", child: "learning/child.ts" });
