/** `unrolled train`: what it leaves, that it learns, and that the same seed gives the same bytes. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { commandLine, type Ended, refrain, small } from "./command-line.ts";

const cli = commandLine();
const bytes = (path: string): Buffer => readFileSync(join(cli.folder, path));
const json = (path: string) => JSON.parse(bytes(path).toString());

describe("a training", () => {
  let ended: Ended;

  beforeAll(async () => {
    cli.write("fox.txt", refrain);
    ended = await cli.run(
      "train",
      "fox.txt",
      ...small,
      "--steps",
      "250",
      "--learning-rate",
      "0.01",
      "--json",
      "out/r.json",
    );
  });

  test("ends well and leaves its three files and its checkpoints, and nothing beside them", () => {
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(join(cli.folder, "runs/fox")).sort()).toEqual([
      "checkpoints",
      "history.json",
      "model.safetensors",
      "report.html",
    ]);
    expect(readdirSync(join(cli.folder, "out"))).toEqual(["r.json"]);
  });

  test("tells bits per character and shows text as it goes", () => {
    expect(ended.stdout).toMatch(
      /step 25 {2}validation \d\.\d{3} nats, \d\.\d{3} bits per character \(all \d+ held-out/,
    );
    expect(ended.stdout).toContain("  │ ");
    expect(ended.stdout).not.toContain("\u001b");
  });

  test("writes its results as JSON", () => {
    const result = json("out/r.json");
    expect(result).toEqual(json("runs/fox/history.json"));
    expect(result).toMatchObject({ name: "fox", steps: 250, stopped: "done" });
    expect(["simd", "relaxed"]).toContain(result.build);
    expect(result.loss).toHaveLength(250);
    expect(result.checks.map(({ step }: { step: number }) => step)).toEqual([25, 50, 75, 100, 125, 150, 175, 200, 225]);
    expect(result.settings).toMatchObject({
      cell: "lstm",
      hidden: 32,
      window: 24,
      batch: 16,
      learningRate: 0.01,
      seed: 1,
    });
    // 2,406 windows start in the 2,430 characters learned from, so the 151st batch of a pass has 6 instead of 16.
    expect(result.tokensPerSecond).toBeCloseTo(((250 * 16 - 10) * 24) / result.seconds, 3);
    const { nats, bitsPerCharacter, characters, over } = result.validation;
    expect(bitsPerCharacter).toBeCloseTo(nats / Math.log(2), 6);
    // 270 of 2,700 characters are held out: eleven windows of 24.
    expect({ characters, over }).toEqual({ characters: 264, over: "all" });
  });

  test("learns: the loss falls to a tenth, and what it writes is the text", () => {
    const { loss, validation } = json("out/r.json");
    expect(loss.at(-1)).toBeLessThan(loss[0] / 10);
    expect(validation.nats).toBeLessThan(loss[0] / 4);
  });

  test("gives a report that stands alone", () => {
    const report = bytes("runs/fox/report.html").toString();
    expect(report).toMatch(/<svg [^>]*viewBox/);
    expect(report).toContain("prefers-color-scheme: dark");
    expect(report).not.toMatch(/<script|<link|src=|href=|url\(["']?http/);
    expect(report).not.toContain("NaN");
  });

  test("is remembered word for word by sampling without chance", async () => {
    const { stdout, code } = await cli.run(
      "sample",
      "runs/fox",
      "--temperature",
      "0",
      "--prompt",
      "the quick ",
      "--length",
      "80",
    );
    expect(code).toBe(0);
    expect(stdout).toBe(refrain.slice(0, 90));
  });
});

test("the same seed gives the same bytes, another seed others", async () => {
  cli.write("text.txt", refrain);
  const train = (out: string, seed: string) =>
    cli.run(
      "train",
      "text.txt",
      ...small,
      "--steps",
      "30",
      "--dropout",
      "0.2",
      "--deterministic",
      "--seed",
      seed,
      "--out",
      out,
    );
  for (const { code } of [await train("a", "5"), await train("b", "5"), await train("c", "6")]) expect(code).toBe(0);
  expect(bytes("a/model.safetensors").equals(bytes("b/model.safetensors"))).toBe(true);
  expect(bytes("a/model.safetensors").equals(bytes("c/model.safetensors"))).toBe(false);
  expect(json("a/history.json").build).toBe("simd");
  expect(json("a/history.json").loss).toEqual(json("b/history.json").loss);
});

test("any number of threads gives the same bytes", async () => {
  cli.write("text.txt", refrain);
  const sizes = ["--hidden", "64", "--batch", "16", "--window", "32", "--steps", "12", "--seed", "5"];
  for (const threads of ["1", "2", "auto"]) {
    const { code } = await cli.run("train", "text.txt", ...sizes, "--threads", threads, "--out", `with-${threads}`);
    expect(code).toBe(0);
  }
  for (const threads of ["2", "auto"]) {
    expect(bytes(`with-${threads}/model.safetensors`).equals(bytes("with-1/model.safetensors"))).toBe(true);
  }
  expect(json("with-auto/history.json").settings.threads).toBe("auto");
});

test.each([
  ["gru", ["--layers", "2", "--dropout", "0.1"]],
  ["rnn", ["--activation", "relu"]],
  ["rnn", ["--activation", "leakyRelu"]],
])("a %s with %j trains and writes", async (cell, more) => {
  cli.write("text.txt", refrain);
  const trained = await cli.run(
    "train",
    "text.txt",
    ...small,
    "--cell",
    cell,
    ...more,
    "--steps",
    "20",
    "--out",
    "cell",
  );
  expect(trained).toMatchObject({ code: 0, stderr: "" });
  const sampled = await cli.run("sample", "cell", "--length", "20");
  expect(sampled).toMatchObject({ code: 0, stderr: "" });
  expect(sampled.stdout).toHaveLength(20);
});

test("characters beyond the basic plane, a byte order mark and markup survive", async () => {
  const text = "<b>𝔸 & 𝔹</b> – ünï\r\n".repeat(40);
  cli.write("markup.txt", `\ufeff${text}`);
  const { code } = await cli.run("train", "markup.txt", ...small, "--steps", "5", "--validation", "0");
  expect(code).toBe(0);
  const { text: described, validation, checks } = json("runs/markup/history.json");
  expect(described.characters).toBe([...text].length);
  expect(validation).toBeNull();
  expect(checks[0].validation).toBeNull();
  const body = bytes("runs/markup/report.html").toString().split("<body>")[1];
  expect(body).not.toContain("<b>");
  const { stdout } = await cli.run("sample", "runs/markup", "--prompt", "𝔸", "--length", "30");
  expect([...stdout]).toHaveLength(31);
});

test("time can decide when to stop", async () => {
  cli.write("text.txt", refrain);
  const { code } = await cli.run("train", "text.txt", ...small, "--seconds", "1", "--out", "timed");
  expect(code).toBe(0);
  const { stopped, steps, settings } = json("timed/history.json");
  expect({ stopped, limit: settings.steps }).toEqual({ stopped: "time", limit: null });
  expect(steps).toBeGreaterThan(0);
});

test("without a file it reads Moby Dick", async () => {
  const { code, stdout } = await cli.run("train", ...small, "--steps", "2", "--validation", "0.001");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Moby Dick, Herman Melville: 1,1\d\d,\d{3} characters/);
  expect(json("runs/moby-dick/history.json").text.title).toBe("Moby Dick, Herman Melville");
});

test("an interrupt finishes the step and leaves a whole model", async () => {
  cli.write("text.txt", refrain);
  const { child, ended } = cli.start(
    "train",
    "text.txt",
    ...small,
    "--steps",
    "1000000",
    "--every",
    "20",
    "--out",
    "cut",
  );
  await new Promise<void>((seen) => child.stdout?.on("data", (piece) => `${piece}`.includes("step 20") && seen()));
  child.kill("SIGINT");
  const { code, stdout } = await ended;
  expect(code).toBe(0);
  expect(stdout).toContain("Ctrl-C again");
  const { stopped, steps, loss } = json("cut/history.json");
  expect(stopped).toBe("aborted");
  expect(loss).toHaveLength(steps);
  expect(readdirSync(join(cli.folder, "cut")).sort()).toEqual([
    "checkpoints",
    "history.json",
    "model.safetensors",
    "report.html",
  ]);
  expect((await cli.run("sample", "cut", "--length", "10")).stdout).toHaveLength(10);
});

test("a loss that is no longer finite ends the training and leaves what was saved before", async () => {
  cli.write("text.txt", refrain);
  expect((await cli.run("train", "text.txt", ...small, "--steps", "5", "--out", "kept")).code).toBe(0);
  const before = bytes("kept/model.safetensors");
  const { code, stderr } = await cli.run(
    "train",
    "text.txt",
    ...small,
    "--learning-rate",
    "1e38",
    "--steps",
    "50",
    "--every",
    "50",
    "--out",
    "kept",
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(/^unrolled: .*finite.*\n$/);
  expect(bytes("kept/model.safetensors").equals(before)).toBe(true);
  expect(existsSync(join(cli.folder, "kept/report.html"))).toBe(true);
});
