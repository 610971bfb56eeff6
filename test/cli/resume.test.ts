/** `unrolled resume`: whatever ends a training, what goes on from its checkpoint is the training that was not disturbed. */
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { commandLine, type Ended, refrain, small } from "./command-line.ts";

/** How often a training is killed; `npm run test:kill` takes 200. */
const KILLS = Number(process.env.KILLS ?? 3);

const cli = commandLine();
const path = (...names: string[]): string => join(cli.folder, ...names);
const bytes = (...names: string[]): Buffer => readFileSync(path(...names));
const sha256 = (out: string): string => createHash("sha256").update(bytes(out, "model.safetensors")).digest("hex");
const history = (out: string) => JSON.parse(bytes(out, "history.json").toString());

/** With everything that draws random numbers. */
const training = (out: string): string[] => [
  "train",
  "text.txt",
  ...small,
  ...["--layers", "2", "--dropout", "0.2", "--steps", "160", "--checkpoint-every", "20", "--out", out],
];

let undisturbed: string;
let milliseconds: number;

beforeAll(async () => {
  cli.write("text.txt", refrain);
  const started = performance.now();
  expect(await cli.run(...training("whole"))).toMatchObject({ code: 0, stderr: "" });
  milliseconds = performance.now() - started;
  undisturbed = sha256("whole");
}, 120_000);

test("checkpoints are beside the model", () => {
  expect(readdirSync(path("whole")).sort()).toEqual([
    "checkpoints",
    "history.json",
    "model.safetensors",
    "report.html",
  ]);
  expect(readdirSync(path("whole", "checkpoints"))).toEqual([
    "step-000000140.safetensors",
    "step-000000160.safetensors",
  ]);
});

/** Starts a training and sends it a signal when it has said that it is at step 48. */
async function interrupted(out: string, signal: NodeJS.Signals): Promise<Ended> {
  const { child, ended } = cli.start(...training(out));
  await new Promise<void>((seen) => child.stdout?.on("data", (piece) => `${piece}`.includes("step 48") && seen()));
  child.kill(signal);
  return ended;
}

describe("after Ctrl-C", () => {
  let ended: Ended;
  beforeAll(async () => {
    ended = await interrupted("cut", "SIGINT");
  }, 120_000);

  test("it ends well and says how to go on, which gives the same model and history", async () => {
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).toContain("or unrolled resume cut");
    const { steps, stopped } = history("cut");
    expect(stopped).toBe("aborted");
    expect(readdirSync(path("cut", "checkpoints")).at(-1)).toBe(`step-${String(steps).padStart(9, "0")}.safetensors`);
    const resumed = await cli.run("resume", "cut");
    expect(resumed).toMatchObject({ code: 0, stderr: "" });
    expect(resumed.stdout).toContain(`going on from step ${steps}`);
    expect(sha256("cut")).toBe(undisturbed);
    const [whole, again] = [history("whole"), history("cut")];
    expect(again.loss).toEqual(whole.loss);
    expect(again.sample).toBe(whole.sample);
    expect(again.validation).toEqual(whole.validation);
    const untimed = (checks: object[]): object[] => checks.map((check) => ({ ...check, seconds: 0 }));
    expect(untimed(again.checks)).toEqual(untimed(whole.checks));
  });

  test("from another folder, and for longer than before", async () => {
    const before = cli.folder;
    mkdirSync(path("moved", "checkpoints"), { recursive: true });
    for (const name of readdirSync(path("whole", "checkpoints"))) {
      copyFileSync(path("whole", "checkpoints", name), path("moved", "checkpoints", name));
    }
    expect(await cli.run("resume", join(before, "moved"), "--steps", "180")).toMatchObject({ code: 0, stderr: "" });
    expect(history("moved").steps).toBe(180);
    const longer = training("longer").map((word) => (word === "160" ? "180" : word));
    expect((await cli.run(...longer, "--every", "16")).code).toBe(0);
    expect(sha256("moved")).toBe(sha256("longer"));
  });
});

test("a second Ctrl-C leaves at once; what was kept before goes on to the same model", async () => {
  const { child, ended } = cli.start(...training("twice"));
  await new Promise<void>((seen) => child.stdout?.on("data", (piece) => `${piece}`.includes("step 48") && seen()));
  child.kill("SIGINT");
  child.kill("SIGINT");
  const { code } = await ended;
  // The second may come when the first has ended it already.
  expect([0, 130]).toContain(code);
  expect((await cli.run("resume", "twice")).code).toBe(0);
  expect(sha256("twice")).toBe(undisturbed);
});

test(
  `killed at ${KILLS} random moments, the newest checkpoint loads and the resumed training gives the same model`,
  async () => {
    for (let i = 0; i < KILLS; i++) {
      const kill = async (words: string[], most: number): Promise<Ended> => {
        const { child, ended } = cli.start(...words);
        const timer = setTimeout(() => child.kill("SIGKILL"), Math.random() * most);
        const result = await ended;
        clearTimeout(timer);
        return result;
      };
      const out = `killed-${i}`;
      await kill(training(out), milliseconds);
      // Half of them a second time, as they go on.
      if (i % 2 === 1) await kill(["resume", out], milliseconds / 2);
      const resumed = await cli.run("resume", out);
      if (resumed.code !== 0) {
        // It was killed before the first checkpoint: no file is there, not even a damaged one.
        expect(resumed.stderr).toMatch(/expected (the folder of a training|a checkpoint), got none/);
        const there = existsSync(path(out, "checkpoints")) ? readdirSync(path(out, "checkpoints")) : [];
        expect(there.filter((name) => name.startsWith("step"))).toEqual([]);
        expect((await cli.run(...training(out))).code).toBe(0);
      }
      expect(sha256(out)).toBe(undisturbed);
      expect(readdirSync(path(out, "checkpoints")).filter((name) => name.startsWith("."))).toEqual([]);
      rmSync(path(out), { recursive: true });
    }
  },
  60_000 + 30_000 * KILLS,
);

describe("what cannot go on: one line, and nothing is changed", () => {
  const complaint = async (...words: string[]): Promise<string> => {
    const { code, stderr } = await cli.run("resume", ...words);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^unrolled: [^\n]*\n$/);
    return stderr;
  };

  test("no folder, no checkpoint, another's checkpoint, too few steps", async () => {
    expect(await complaint("nowhere")).toMatch(/nowhere: expected the folder of a training, got none/);
    mkdirSync(path("bare"));
    expect(await complaint("bare")).toMatch(/bare.checkpoints: expected a checkpoint, got none that is whole/);
    mkdirSync(path("cut-off", "checkpoints"), { recursive: true });
    const name = "step-000000160.safetensors";
    writeFileSync(path("cut-off", "checkpoints", name), bytes("whole", "checkpoints", name).subarray(0, -1));
    expect(await complaint("cut-off")).toMatch(/got none that is whole/);
    expect(await complaint("whole", "--steps", "20")).toMatch(/--steps 20: expected at least the 160 that are done/);
    expect(await complaint("whole", "--steps", "0")).toMatch(/--steps: expected a whole number/);
    expect(await complaint()).toMatch(/missing required argument/);
  });

  test("a text that has changed or is gone", async () => {
    cli.write("own.txt", refrain);
    const words = training("own").map((word) => (word === "text.txt" ? "own.txt" : word === "160" ? "20" : word));
    expect((await cli.run(...words)).code).toBe(0);
    const before = sha256("own");
    cli.write("own.txt", refrain.replaceAll("fox", "dog"));
    expect(await complaint("own", "--steps", "40")).toMatch(
      /own\.txt: expected the text that the training has learned/,
    );
    rmSync(path("own.txt"));
    expect(await complaint("own", "--steps", "40")).toMatch(/own\.txt: cannot be read/);
    expect(sha256("own")).toBe(before);
  });
});
