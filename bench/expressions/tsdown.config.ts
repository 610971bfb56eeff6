import { measurement } from "../build.ts";

export default measurement("expressions", { main: "expressions/main.ts" });
