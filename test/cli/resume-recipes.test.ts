/** `unrolled resume` of classifications and forecasts: what goes on is the run that was not disturbed. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../../src/index.ts";
import { commandLine, type Ended } from "./command-line.ts";
import { monthsTable, wavesTable } from "./sequences.ts";

/** How often a run is killed; `npm run test:kill` takes 200. */
const KILLS = Number(process.env.KILLS ?? 2);

const cli = commandLine();
const path = (...names: string[]): string => join(cli.folder, ...names);
const bytes = (...names: string[]): Buffer => readFileSync(path(...names));
const sha256 = (...names: string[]): string =>
  createHash("sha256")
    .update(bytes(...names))
    .digest("hex");

/** What a run has left, without what depends on the clock and the folder. */
function resultsOf(out: string): object {
  const record = JSON.parse(bytes(out, "history.json").toString());
  return { ...record, seconds: 0, settings: { ...record.settings, out: "" } };
}

const recipes = [
  {
    command: "classify",
    data: "waves.csv",
    content: wavesTable(80),
    other: wavesTable(81),
    options: ["--hidden", "16", "--epochs", "60", "--checkpoint-every", "20"],
    changed: /waves\.csv: expected the sequences that the training has learned from, got another/,
    files: ["checkpoints", "history.json", "model.safetensors", "report.html"],
  },
  {
    command: "forecast",
    data: "months.csv",
    content: monthsTable(180),
    other: monthsTable(181),
    // Early stopping keeps the best weights and counts looks: both have to go on.
    options: ["--target", "Sales", "--hidden", "12", "--epochs", "60", "--checkpoint-every", "7"],
    changed: /months\.csv: expected the series that the training has learned from, got another/,
    files: ["checkpoints", "forecast.csv", "history.json", "model.safetensors", "report.html"],
  },
];

describe.each(recipes)("a run of `unrolled $command`", ({ command, data, content, other, options, changed, files }) => {
  const run = (out: string): string[] => [command, data, ...options, "--out", out];
  const whole = `${command}-whole`;
  let milliseconds: number;

  beforeAll(async () => {
    cli.write(data, content);
    const started = performance.now();
    expect(await cli.run(...run(whole))).toMatchObject({ code: 0, stderr: "" });
    milliseconds = performance.now() - started;
    expect(readdirSync(path(whole)).sort()).toEqual(files);
    expect(readdirSync(path(whole, "checkpoints"))).toHaveLength(2);
  }, 120_000);

  /** Waits for a checkpoint behind the first, and then sends a signal, so many times. */
  async function interrupted(out: string, signal: NodeJS.Signals, times = 1): Promise<Ended> {
    const { child, ended } = cli.start(...run(out));
    const looking = setInterval(() => {
      const found = existsSync(path(out, "checkpoints")) ? readdirSync(path(out, "checkpoints")) : [];
      if (!found.some((name) => /^step-0*[1-9]/.test(name))) return;
      clearInterval(looking);
      for (let i = 0; i < times; i++) child.kill(signal);
    }, 2);
    const result = await ended;
    clearInterval(looking);
    return result;
  }

  const expectSame = (out: string): void => {
    expect(sha256(out, "model.safetensors")).toBe(sha256(whole, "model.safetensors"));
    expect(resultsOf(out)).toEqual(resultsOf(whole));
  };

  test("after Ctrl-C ends well, says how to go on, and comes to the same model and results", async () => {
    const out = `${command}-cut`;
    const ended = await interrupted(out, "SIGINT");
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).toContain(`or unrolled resume ${out}`);
    const { steps, stopped } = JSON.parse(bytes(out, "history.json").toString());
    expect(stopped).toBe("aborted");
    const resumed = await cli.run("resume", out);
    expect(resumed).toMatchObject({ code: 0, stderr: "" });
    expect(resumed.stdout).toContain(`going on from step ${steps}`);
    expectSame(out);
  });

  test("after a second Ctrl-C goes on from what was kept before", async () => {
    const out = `${command}-twice`;
    const { code } = await interrupted(out, "SIGINT", 2);
    // The second may come when the first has ended it already.
    expect([0, 130]).toContain(code);
    expect((await cli.run("resume", out)).code).toBe(0);
    expectSame(out);
  });

  test(
    `killed at ${KILLS} random moments comes to the same`,
    async () => {
      for (let i = 0; i < KILLS; i++) {
        const out = `${command}-killed-${i}`;
        const { child, ended } = cli.start(...run(out));
        const timer = setTimeout(() => child.kill("SIGKILL"), Math.random() * milliseconds);
        await ended;
        clearTimeout(timer);
        const { code, stderr } = await cli.run("resume", out);
        if (code !== 0) {
          // It was killed before the first checkpoint: no file is there, not even a damaged one.
          expect(stderr).toMatch(/expected (the folder of a training|a checkpoint), got none/);
          expect((await cli.run(...run(out))).code).toBe(0);
        }
        expectSame(out);
        rmSync(path(out), { recursive: true });
      }
    },
    60_000 + 30_000 * KILLS,
  );

  test("that is finished stays what it is", async () => {
    const before = resultsOf(whole);
    const model = sha256(whole, "model.safetensors");
    expect(await cli.run("resume", whole)).toMatchObject({ code: 0, stderr: "" });
    expect(resultsOf(whole)).toEqual(before);
    expect(sha256(whole, "model.safetensors")).toBe(model);
  });

  test("does not go on with other data, without it, with a text's options, or from what no command of this version wrote", async () => {
    const complaint = async (...words: string[]): Promise<string> => {
      const { code, stderr } = await cli.run("resume", ...words);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^unrolled: [^\n]*\n$/);
      return stderr;
    };
    const before = sha256(whole, "model.safetensors");
    expect(await complaint(whole, "--steps", "500")).toMatch(
      new RegExp(`--steps 500: expected a run of \`unrolled train\`, got one of \`unrolled ${command}\``),
    );
    cli.write(data, other);
    expect(await complaint(whole)).toMatch(changed);
    rmSync(path(data));
    expect(await complaint(whole)).toMatch(new RegExp(`${data}: cannot be read`));
    cli.write(data, content);
    const strange = `${command}-strange`;
    mkdirSync(path(strange, "checkpoints"), { recursive: true });
    const name = readdirSync(path(whole, "checkpoints")).at(-1) as string;
    const { tensors, metadata } = decodeSafetensors(new Uint8Array(bytes(whole, "checkpoints", name)));
    const renamed = Object.entries(metadata).map(([key, value]) => [key.replace(/^(unrolled-\w+)-1$/, "$1-99"), value]);
    writeFileSync(path(strange, "checkpoints", name), encodeSafetensors(tensors, Object.fromEntries(renamed)));
    expect(await complaint(strange)).toMatch(/expected a checkpoint that one of .* has written, this version of it/);
    writeFileSync(path(strange, "checkpoints", name), bytes(whole, "checkpoints", name).subarray(0, -7));
    expect(await complaint(strange)).toMatch(/got none that is whole/);
    expect(sha256(whole, "model.safetensors")).toBe(before);
  });
});
