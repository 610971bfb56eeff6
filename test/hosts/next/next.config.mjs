import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Files alone, that any server can hand out; the folder is its own root, whatever lies above it. */
export default { output: "export", turbopack: { root: dirname(fileURLToPath(import.meta.url)) } };
