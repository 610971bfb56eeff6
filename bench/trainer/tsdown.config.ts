import { measurement } from "../build.ts";

export default measurement("trainer", { main: "trainer/main.ts" });
