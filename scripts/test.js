/**
 * The whole check of the project, as `npm test` runs it: kernels, then side by side on two cores
 *   left:  types of src/ + test/ + assembly/, Biome, import directions
 *   right: the package in dist/, the pages for the browser, every vitest suite
 * and, with --complete, the documentation, and the packed package on every host of test/hosts, after them.
 * The last line is always `tests: N passed, N failed, N skipped`. A check that is not a test (types, lint, build) and a
 * test file that does not load count as one failure each.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const report = join(root, "build", "vitest.json");
const failedChecks = [];

/** Runs one command of node_modules/.bin or Node; what it says comes out in one piece when it fails or is vitest. */
function run(name, command, ...parameters) {
  const started = Date.now();
  const local = join(root, "node_modules", ".bin", command);
  const file = { node: process.execPath, npm: "npm" }[command] ?? local;
  const child = spawn(file, parameters, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? "1" : "0" },
  });
  const output = [];
  child.stdout.on("data", (piece) => output.push(piece));
  child.stderr.on("data", (piece) => output.push(piece));
  return new Promise((done) => {
    const finish = (passed) => {
      if (!passed || name === "vitest" || name === "hosts") process.stdout.write(Buffer.concat(output));
      console.log(`${passed ? "ok    " : "FAILED"} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
      if (!passed) failedChecks.push(name);
      done(passed);
    };
    child.on("error", (error) => {
      output.push(Buffer.from(`${error.message}\n`));
      finish(false);
    });
    child.on("close", (code) => finish(code === 0));
  });
}

async function checkSources() {
  await run("types of src", "tsc", "--project", ".");
  await run("types of test, bench and examples", "tsc", "--project", "test");
  await run("types of assembly", "tsc", "--project", "assembly");
  await run("lint", "biome", "check", "--error-on-warnings", ".");
  await run("import directions", "depcruise", "src");
}

async function buildAndTest() {
  const built = await run("package", "tsdown");
  const suites = built ? [] : ["--project", "source", "--project", "relaxed"];
  return run(
    "vitest",
    "vitest",
    "run",
    ...suites,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  );
}

/** Runs the matrix of hosts, whose table is always shown, and reads what it counted; zeros when it wrote nothing. */
async function tryHosts() {
  const told = join(root, "build", "hosts.json");
  rmSync(told, { force: true });
  if (await run("the matrix of hosts", "tsdown", "--config", "test/hosts/tsdown.config.ts")) {
    await run("hosts", "node", "build/hosts/main.js", "--json", told);
  }
  try {
    return JSON.parse(readFileSync(told, "utf8"));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

/** Counts of vitest's JSON report; zeros when it wrote none. */
function countSuites() {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
      readFileSync(report, "utf8"),
    );
    const unloaded = testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
    return {
      passed: numPassedTests,
      failed: numFailedTests + unloaded.length,
      skipped: numPendingTests + numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

rmSync(report, { force: true });
mkdirSync(dirname(report), { recursive: true });
const compiled = await run("kernels", "node", "scripts/build-wasm.js");
if (compiled) await Promise.all([checkSources(), buildAndTest()]);

let hosts = { passed: 0, failed: 0, skipped: 0 };
if (compiled && process.argv.includes("--complete")) {
  await run("documentation", "npm", "run", "docs", "--silent");
  hosts = await tryHosts();
}

const suites = countSuites();
const [passed, failed, skipped] = ["passed", "failed", "skipped"].map((outcome) => suites[outcome] + hosts[outcome]);
const counted = { vitest: suites.failed, hosts: hosts.failed };
const checks = failedChecks.filter((name) => !counted[name]);
if (failedChecks.length > 0) console.log(`failed: ${failedChecks.join(", ")}`);
console.log(`tests: ${passed} passed, ${failed + checks.length} failed, ${skipped} skipped`);
process.exitCode = failedChecks.length > 0 || failed > 0 ? 1 : 0;
