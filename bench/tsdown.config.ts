import { measurement } from "./build.ts";

export default measurement("bench", { main: "main.ts", child: "child.ts" });
