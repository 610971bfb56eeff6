import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const built = ["test/package/**/*.test.ts", "test/browser/**/*.test.ts"];

/**
 * Three suites. `source` reads src/ and is what you run while you write; `package` and `browser` look at dist/ as a
 * user would and need `npm run build` first.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        resolve: { alias: { unrolled: fileURLToPath(new URL("./src/index.ts", import.meta.url)) } },
        test: { name: "source", include: ["test/**/*.test.ts"], exclude: built, testTimeout: 60_000 },
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
