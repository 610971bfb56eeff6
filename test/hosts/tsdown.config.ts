import { measurement } from "../../bench/build.ts";

export default measurement("hosts", { main: "../test/hosts/main.ts" });
