import { measurement } from "../build.ts";

export default measurement("browser", { main: "browser/main.ts" });
