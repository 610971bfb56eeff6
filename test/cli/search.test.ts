/** `unrolled activations search`: a search from end to end, one that is interrupted and goes on, and bad input. */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commandLine } from "./command-line.ts";

const cli = commandLine();
const read = (name: string): string => readFileSync(join(cli.folder, name), "utf8");
const task = ["--task", "adding:steps=4:hiddenSize=4:batchSize=4:validationSize=16", "--trial-steps", "9"];
const quick = ["activations", "search", ...task, "--steps", "700", "--workers", "2"];
const lasting = (text: string): unknown => JSON.parse(text, (key, value) => (key === "seconds" ? undefined : value));

test("finds, confirms, and writes log, result and page; again it trains nothing", { timeout: 60_000 }, async () => {
  const { code, stdout, stderr } = await cli.run(...quick, "--out", "found");
  expect([code, stderr.split("\n").filter((line) => line.includes("Error"))]).toEqual([0, []]);
  const [head, first, second, last] = stdout.split("\n");
  expect(head).toMatch(/^activation +score +minus the reference's +interval +diverged +verdict$/);
  for (const row of [first, second]) expect(row).toMatch(/ of 10 +(better|worse|no difference shown)$/);
  expect(last).toMatch(/^tanh +[\d.]+ .*0 of 10 +reference$/);
  const result = JSON.parse(read("found/search.json"));
  expect(result.complete).toBe(true);
  expect(result.finalists[0].scores).toHaveLength(10);
  const page = read("found/search.html");
  expect(page).toContain("Confirmed with fresh seeds");
  expect(page.match(/<svg/g)?.length).toBe(4);
  expect(page).not.toMatch(/(src|href)="https?:/);
  const log = read("found/search.jsonl");
  const again = await cli.run(...quick, "--out", "found");
  expect(again.stdout).toBe(stdout);
  expect(read("found/search.jsonl")).toBe(log);
});

test("Ctrl-C keeps what is over, and the same command goes on to the same end", { timeout: 120_000 }, async () => {
  const words = [...quick.slice(0, -4), "--steps", "20000", "--workers", "2", "--deterministic"];
  const { child, ended } = cli.start(...words, "--out", "half");
  const begun = (): boolean =>
    existsSync(join(cli.folder, "half/search.jsonl")) && read("half/search.jsonl").length > 4000;
  while (!begun()) await new Promise((done) => setTimeout(done, 20));
  child.kill("SIGINT");
  const { code, stdout, stderr } = await ended;
  expect(code).toBe(0);
  expect(stdout).toContain("The search was interrupted: nothing is confirmed yet");
  expect(stderr).toContain("half: the same command goes on where this one was");
  expect(JSON.parse(read("half/search.json")).complete).toBe(false);
  expect(read("half/search.html")).toContain("no, it was interrupted");
  const shorter = [...quick, "--deterministic"];
  await cli.run(...shorter, "--out", "half");
  await cli.run(...shorter, "--out", "whole");
  expect(lasting(read("half/search.json"))).toEqual(lasting(read("whole/search.json")));
  rmSync(join(cli.folder, "half"), { recursive: true });
});

describe("bad input is told in one line, before anything is trained", () => {
  test.each([
    [["--task", "ading"], /^task: expected one of .*got "ading" \(is it adding\?\)$/],
    [["--task", "adding:stops=3"], /got "stops" \(is it steps\?\)$/],
    [["--cell", "grup"], /got "grup" \(is it gru\?\)$/],
    [["--minutes", "0"], /^--minutes: expected a number of minutes > 0, got "0"$/],
    [["--minutes", "soon"], /^--minutes: expected a number of minutes > 0, got "soon"$/],
    [["--steps", "0"], /^--steps: expected a whole number ≥ 1, got "0"$/],
    [["--steps", "10"], /budget steps: expected at least \d+, which one generation and the confirmation take, got 10$/],
    [["--steps", "10", "--minutes", "1"], /^expected --minutes or --steps, got both$/],
    [["--reference", "tahn"], /"tahn" \(is it tanh\?\)$/],
    [["--seed", "-1"], /^--seed: expected a whole number ≥ 0/],
    [["--workers", "0"], /^--workers: expected a whole number ≥ 1/],
    [["--text", "nowhere.txt"], /nowhere\.txt/],
    [["--out", "taken"], /^--out taken: .*not a directory|^--out .*directory/],
  ])("%j", { timeout: 30_000 }, async (words, message) => {
    if (words.includes("taken")) cli.write("taken", "a file");
    const { code, stdout, stderr } = await cli.run("activations", "search", ...words);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr.trim().replace(/^(error|unrolled): /, "")).toMatch(message);
  });

  test("a log of another search", async () => {
    mkdirSync(join(cli.folder, "other"), { recursive: true });
    cli.write("other/search.jsonl", "a tale\nof two logs\n");
    const { code, stderr } = await cli.run(...quick, "--out", "other");
    expect(code).toBe(1);
    expect(stderr).toMatch(/other\/search\.jsonl:1: expected the log of a search, got something else/);
    expect(read("other/search.jsonl")).toBe("a tale\nof two logs\n");
  });
});
