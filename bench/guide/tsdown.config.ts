import { measurement } from "../build.ts";

export default measurement("guide", { main: "guide/main.ts" });
