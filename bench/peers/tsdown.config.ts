import { measurement } from "../build.ts";

export default measurement("peers", { main: "peers/main.ts", child: "peers/child.ts", page: "peers/page.ts" });
