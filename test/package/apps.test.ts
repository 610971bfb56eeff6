/** The small applications of examples/, each installed as its README says and tried by its own test. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const examples = fileURLToPath(new URL("../../examples/", import.meta.url));
const execute = promisify(execFile);
const browser = process.env.CHROMIUM ?? "/usr/bin/chromium";

async function npm(app: string, ...parameters: string[]): Promise<string> {
  // The settings of the npm that runs this are not for the one that it starts.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_OPTIONS|VITEST|FORCE_COLOR)/.test(name),
  );
  const options = { cwd: `${examples}${app}`, env: Object.fromEntries(inherited), maxBuffer: 1 << 24 };
  return (await execute("npm", parameters, options)).stdout;
}

test.each([
  ["forecast-service", 5],
  ["anomaly-stream", 5],
])("%s", async (app, tests) => {
  await npm(app, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline");
  expect(await npm(app, "test")).toMatch(new RegExp(`# pass ${tests}\n# fail 0`));
});

test.skipIf(!existsSync(browser))("gestures (skipped where there is no Chromium)", async () => {
  await npm("gestures", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline");
  expect(await npm("gestures", "test")).toMatch(/# pass 3\n# fail 0/);
});
