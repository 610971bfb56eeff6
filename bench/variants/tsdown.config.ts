import { measurement } from "../build.ts";

export default measurement("variants", { main: "variants/main.ts" });
