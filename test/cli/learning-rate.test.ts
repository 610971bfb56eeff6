/** `--learning-rate auto`: what is found is what is learned with. */
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commandLine, refrain, small } from "./command-line.ts";
import { monthsTable, wavesTable } from "./sequences.ts";

const cli = commandLine();
const path = (...names: string[]): string => join(cli.folder, ...names);
const bytes = (...names: string[]): Buffer => readFileSync(path(...names));
const sha256 = (...names: string[]): string =>
  createHash("sha256")
    .update(bytes(...names))
    .digest("hex");

describe("--learning-rate auto", () => {
  test.each([
    { command: "train", data: "text.txt", content: refrain, options: [...small, "--steps", "60"] },
    { command: "classify", data: "waves.csv", content: wavesTable(80), options: ["--hidden", "16", "--epochs", "10"] },
    {
      command: "forecast",
      data: "months.csv",
      content: monthsTable(180),
      options: ["--target", "Sales", "--epochs", "5"],
    },
  ])("$command finds a rate, draws the search, and learns as if it had been given", async (recipe) => {
    const { command, data, content, options } = recipe;
    cli.write(data, content);
    const [found, given] = [`${command}-found`, `${command}-given`];
    const ended = await cli.run(command, data, ...options, "--learning-rate", "auto", "--out", found);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const { learningRate } = JSON.parse(bytes(found, "history.json").toString()).settings;
    expect(learningRate).toBeGreaterThan(1e-5);
    expect(learningRate).toBeLessThan(1);
    expect(ended.stdout).toContain(`learning rate ${learningRate}; the sweep is drawn in`);
    expect(bytes(found, "learning-rate.svg").toString()).toMatch(/^<svg .*suggested: .*<\/svg>$/s);
    const again = await cli.run(command, data, ...options, "--learning-rate", `${learningRate}`, "--out", given);
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(sha256(given, "model.safetensors")).toBe(sha256(found, "model.safetensors"));
    // What is found is kept: nothing is looked for a second time.
    rmSync(path(found, "learning-rate.svg"));
    expect((await cli.run("resume", found)).stdout).not.toContain("looking for");
    expect(sha256(found, "model.safetensors")).toBe(sha256(given, "model.safetensors"));
  });
});
