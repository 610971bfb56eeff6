import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { relaxedFlags } from "./test/allowRelaxed.ts";

const built = ["test/package/**/*.test.ts", "test/browser/**/*.test.ts"];

/** Everything that says whether numbers are right. */
const numbers = ["pytorch", "gradients", "conformance"].map((folder) => `test/${folder}/**/*.test.ts`);

/**
 * Four suites. `source` reads src/ and is what you run while you write, `relaxed` asks for the same numbers of the other
 * build; `package` and `browser` look at dist/ as a user would and need `npm run build` first.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        resolve: {
          alias: {
            "unrolled/laboratory": fileURLToPath(new URL("./src/laboratory/index.ts", import.meta.url)),
            "unrolled/worker": fileURLToPath(new URL("./src/worker/index.ts", import.meta.url)),
            "unrolled/node": fileURLToPath(new URL("./src/node/index.ts", import.meta.url)),
            unrolled: fileURLToPath(new URL("./src/index.ts", import.meta.url)),
          },
        },
        test: { name: "source", include: ["test/**/*.test.ts"], exclude: built, testTimeout: 60_000 },
      },
      {
        test: {
          name: "relaxed",
          include: numbers,
          setupFiles: ["test/relaxed.ts"],
          execArgv: [...relaxedFlags],
          testTimeout: 60_000,
        },
      },
      {
        test: { name: "package", include: ["test/package/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
      },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
