import { measurement } from "../build.ts";

export default measurement("soak", { main: "soak/main.ts" });
