import { measurement } from "../build.ts";

export default measurement("diagnose", { main: "diagnose/main.ts" });
