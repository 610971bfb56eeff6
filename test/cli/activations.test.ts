/** `unrolled activations`: lists, draws, compares; whatever is wrong is told in one line before anything is trained. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { contenderOf, entriesOf, learnedByName, taskOf, valuesByName } from "../../src/cli/activations/lists.ts";
import { heightsOf, shapeOf } from "../../src/cli/activations/shape.ts";
import { drawHeatMap } from "../../src/cli/report/heatMap.ts";
import { commandLine } from "./command-line.ts";

const cli = commandLine();
const read = (name: string): string => readFileSync(join(cli.folder, name), "utf8");
const quick = ["--seeds", "2", "--budget", "30", "--workers", "2"];

describe("lists and values", () => {
  test("commas part entries, but not within brackets", () => {
    expect(entriesOf("tanh, max(x, 0) ,where(x < 0, sin(x), x)")).toEqual([
      "tanh",
      "max(x, 0)",
      "where(x < 0, sin(x), x)",
    ]);
    expect(() => entriesOf("tanh,,relu")).toThrow(/expected entries with commas between/);
    expect(() => entriesOf("")).toThrow(/expected entries/);
  });

  test("tasks have options behind them", () => {
    expect(taskOf("copy")).toEqual({ name: "copy" });
    expect(taskOf("digits:read=pixels:noise=0.25")).toEqual({
      name: "digits",
      options: { read: "pixels", noise: 0.25 },
    });
    expect(() => taskOf("digits:read")).toThrow(/a task's option as in steps=100, got "read"/);
  });

  test("parameters go to the activations that mention them", () => {
    const values = valuesByName("beta=1,alpha=-0.5e1");
    expect(values).toEqual({ beta: 1, alpha: -5 });
    expect(valuesByName("beta=2", values)).toEqual({ beta: 2, alpha: -5 });
    expect(() => valuesByName("beta")).toThrow(/a name and a number as in beta=1/);
    expect(() => valuesByName("beta=x")).toThrow(/a name and a number/);
    expect(contenderOf("x * sigmoid(beta * x)", values)).toEqual({
      activation: "x * sigmoid(beta * x)",
      parameters: { beta: 1 },
    });
    expect(contenderOf("betatron(x)", values)).toEqual({ activation: "betatron(x)" });
  });

  test("parameters that are learned are told from others", () => {
    const learned = learnedByName("alpha=2", learnedByName("beta=1,gamma=0"));
    expect(learned).toEqual({ alpha: { learn: 2 }, beta: { learn: 1 }, gamma: { learn: 0 } });
    expect(contenderOf("x * sigmoid(beta * x)", { ...valuesByName("beta=3"), ...learned })).toEqual({
      activation: "x * sigmoid(beta * x)",
      parameters: { beta: { learn: 1 } },
    });
  });
});

describe("drawings", () => {
  test("a shape is the function and its derivative, and its heights take in both", () => {
    const shape = shapeOf({ activation: "tanh" }, [-2, 2], 5);
    [-2, -1, 0, 1, 2].forEach((x, i) => {
      expect(shape.f[i]).toBeCloseTo(Math.tanh(x), 6);
      expect(shape.derivative[i]).toBeCloseTo(1 - Math.tanh(x) ** 2, 6);
    });
    const [low, high] = heightsOf(shape);
    expect(low).toBeLessThan(-Math.tanh(2));
    expect(high).toBeGreaterThan(1);
    // What runs away does not press all else together.
    expect(heightsOf(shapeOf({ activation: "exponential" }, [-5, 5], 101))[1]).toBeLessThan(6);
  });

  test("a heat map has every place once, in the colour of its value", () => {
    const svg = drawHeatMap({
      label: "x",
      x: { name: "a", values: [0, 10] },
      y: { name: "b", values: [0, 1, 2] },
      columns: [
        [0, 0, 10],
        [10, null, 4.9],
      ],
      range: [0, 10],
    });
    const area = (color: string): number => {
      const path = new RegExp(`<path d="([^"]*)" fill="var\\(--${color}\\)"`).exec(svg)?.[1] ?? "";
      return [...path.matchAll(/h([\d.]+)v([\d.]+)/g)].reduce((sum, [, w, h]) => sum + Number(w) * Number(h), 0);
    };
    const one = (260 / 2) * (178 / 3);
    expect(area("heat-0")).toBeCloseTo(2 * one, -1);
    expect(area("heat-9")).toBeCloseTo(2 * one, -1);
    expect(area("heat-4")).toBeCloseTo(one, -1);
    expect(area("line")).toBeCloseTo(one, -1);
  });
});

test("alone it lists what there is, with ranges", async () => {
  const { code, stdout } = await cli.run("activations");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^tanh +.*-1 … 1/m);
  expect(stdout).toMatch(/^relu +.*0 … ∞/m);
  expect(stdout).toMatch(/^mish +-0\.30884 … ∞ +x \* tanh\(softplus\(x\)\)$/m);
  expect(stdout).toMatch(/^snake +−∞ … ∞ +x \+ sin\(alpha \* x\) \^ 2 \/ alpha, alpha = 1$/m);
  expect(stdout).not.toContain("softmax");
});

test("plot draws a page, or a picture of its own", async () => {
  expect(await cli.run("activations", "plot", "silu")).toMatchObject({ code: 0, stdout: "silu.html\n" });
  expect(read("silu.html")).toMatch(/^<!doctype html>[\s\S]*<svg role="img" aria-label="silu and its derivative"/);
  expect(await cli.run("activations", "plot", "where(x < 0, sin(x), x)")).toMatchObject({
    code: 0,
    stdout: "activation.html\n",
  });
  expect(read("activation.html")).toContain("<h1>where(x &lt; 0, sin(x), x)</h1>");
  const words = ["elu", "--parameter", "alpha=0.5", "--from", "-3", "--to", "1", "-o", "deep/elu.svg"];
  expect((await cli.run("activations", "plot", ...words)).code).toBe(0);
  expect(read("deep/elu.svg")).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"[^>]*><style>/);
});

test("compare trains in workers, prints tables, and leaves every trial and a page", { timeout: 120_000 }, async () => {
  cli.write("own.txt", "round and round the rugged rock the ragged rascal ran. ".repeat(40));
  const { code, stdout, stderr } = await cli.run(
    ...["activations", "compare", "--task", "adding:steps=6,characters:window=8", "--cell", "rnn,gru"],
    ...["--activation", "tanh,relu,max(x, slope * x)", "--parameter", "slope=0.1", "--activation", "exponential"],
    ...["--text", "own.txt", ...quick],
    ...["--json", "out/result.json", "--report", "out/report.html"],
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("adding (steps 6), rnn: mean squared error, learned at 0.01");
  expect(stdout).toContain("2 seeds of 30 steps");
  const result = JSON.parse(read("out/result.json"));
  expect(result.complete).toBe(true);
  expect(result.groups.map(({ title }: { title: string }) => title)).toEqual([
    "adding (steps 6), rnn",
    "adding (steps 6), gru",
    "characters (window 8), rnn",
    "characters (window 8), gru",
  ]);
  for (const { rows } of result.groups) {
    expect(rows.map(({ name }: { name: string }) => name).sort()).toEqual([
      "exponential",
      "max(x, slope * x) (slope 0.1)",
      "relu",
      "tanh",
    ]);
    for (const { trials } of rows) expect(trials.length).toBe(2);
  }
  const page = read("out/report.html");
  expect(page).toContain("own.txt");
  expect(page.match(/aria-label="[^"]* over training steps, median/g)?.length).toBe(8);
  expect(/undefined|\[object|="[^"]*(NaN|Infinity)/.exec(page)).toBeNull();
});

test("the same seeds give the same results, whatever the workers", { timeout: 120_000 }, async () => {
  const results: unknown[] = [];
  for (const workers of ["1", "3"]) {
    const words = ["--task", "digits", "--activation", "tanh,relu", "--seeds", "2", "--budget", "20"];
    await cli.run("activations", "compare", ...words, "--workers", workers, "--json", "same.json");
    results.push(JSON.parse(read("same.json"), (key, value) => (key === "secondsPerStep" ? 0 : value)));
  }
  expect(results[0]).toEqual(results[1]);
});

test("tasks of one's own come from a module, which workers load too", { timeout: 120_000 }, async () => {
  // The library of a bundle is inside it: the module is given the way to it that an installed one has by its name.
  cli.write("nothing.js", "export {};");
  const { code, stderr } = await cli.run(
    "activations",
    "compare",
    "--define",
    "nothing.js",
    "--task",
    "mine",
    ...quick,
  );
  expect(code).toBe(1);
  expect(stderr).toBe(
    "unrolled: --define nothing.js: expected a module that calls defineTask of unrolled/laboratory, got none\n",
  );
});

test("--learn trains a parameter with each network", { timeout: 60_000 }, async () => {
  const { code, stdout } = await cli.run(
    ...[
      "activations",
      "compare",
      "--task",
      "adding:steps=5:hiddenSize=6",
      "--activation",
      "tanh,x * sigmoid(beta * x)",
    ],
    ...["--learn", "beta=1", ...quick, "--json", "learned.json"],
  );
  expect(code).toBe(0);
  expect(stdout).toContain("x * sigmoid(beta * x) (beta learned from 1)");
  const [{ rows }] = JSON.parse(read("learned.json")).groups;
  const row = rows.find(({ activation }: { activation: string }) => activation !== "tanh");
  expect(row.parameters).toEqual({ beta: { learn: 1 } });
  for (const { result } of row.trials) {
    expect(Object.keys(result.learned)).toEqual(["beta"]);
    expect(Math.abs(result.learned.beta - 1)).toBeGreaterThan(1e-3);
  }
});

test("Ctrl-C reports what is over", { timeout: 120_000 }, async () => {
  const { child, ended } = cli.start(
    ...["activations", "compare", "--task", "adding:steps=10", "--activation", "tanh,relu", "--seeds", "2000"],
    ...["--budget", "100", "--workers", "2", "--json", "part.json", "--report", "part.html"],
  );
  await new Promise((done) => setTimeout(done, 6000));
  child.kill("SIGINT");
  const { code, stdout, stderr } = await ended;
  expect(code).toBe(0);
  expect(stderr).toContain("stopping; Ctrl-C again leaves at once");
  expect(stdout).toContain("It was interrupted: some seeds are missing.");
  const part = JSON.parse(read("part.json"));
  expect(part.complete).toBe(false);
  const [{ rows }] = part.groups;
  for (const { of } of rows) expect(of).toBeGreaterThan(2);
  expect(read("part.html")).toContain("no, it was interrupted");
});

describe("bad input is told in one line, before anything is trained", () => {
  test.each([
    [
      ["compare", "--task", "ading"],
      /^task: expected one of adding, copy, digits, characters, got "ading" \(is it adding\?\)$/,
    ],
    [["compare", "--task", "adding:stops=3"], /got "stops" \(is it steps\?\)$/],
    [["compare", "--cell", "grup"], /got "grup" \(is it gru\?\)$/],
    [["compare", "--activation", "tanhh"], /tanhh/],
    [
      ["compare", "--activation", "nonsense(x)"],
      /^nonsense\(x\): expression, position 1: expected a function, got "nonsense"$/,
    ],
    [["compare", "--activation", "beta * x"], /^beta \* x: .*"beta"/],
    [["compare", "--activation", "tanh,tanh"], /expected each once, got tanh twice/],
    [["compare", "--seeds", "0"], /^--seeds: expected a whole number ≥ 1, got "0"$/],
    [["compare", "--budget", "0"], /^--budget: expected a whole number ≥ 1, got "0"$/],
    [["compare", "--workers", "0"], /^--workers: expected a whole number ≥ 1, got "0"$/],
    [["compare", "--workers", "300"], /workers: expected a whole number from 1 to 256, got 300/],
    [["compare", "--learning-rate", "fast"], /learningRate: expected a number > 0, got NaN/],
    [["compare", "--report", "file/report.html"], /^--report .*cannot be written/],
    [["compare", "--report", "folder"], /^--report: expected a file at .*folder, got a directory/],
    [["compare", "--json", "/proc/result.json"], /^--json .*cannot be written/],
    [["compare", "--text", "file"], /^--text file: expected characters among the tasks, got adding$/],
    [["compare", "--task", "characters", "--text", "none.txt"], /none\.txt: cannot be read: no such file/],
    [["compare", "--task", "characters", "--text", "file"], /^file: characters: expected a text whose last tenth/],
    [["compare", "--task", "digits", "--digits", "file"], /^file: digits: expected at least 10 pictures, got 1/],
    [["compare", "--define", "none.js"], /^--define none\.js: cannot be read/],
    [["compare", "--parameter", "beta"], /^--parameter: expected a name and a number as in beta=1/],
    [["plot"], /missing required argument/],
    [["plot", "tanhh"], /tanhh/],
    [["plot", "x +"], /^x \+: /],
    [["plot", "x * y", "--parameter", "y=1,z=two"], /^--parameter: expected a name and a number/],
    [["plot", "tanh", "--from", "3", "--to", "3"], /^--from 3 and --to 3: expected the least x and then a larger one$/],
    [["plot", "tanh", "-o", "tanh.png"], /ends in \.html or \.svg/],
    [["plan"], /^activations: expected compare, plot, search, or nothing to list them all, got "plan"$/],
  ])("%j", async (words, message) => {
    cli.write("file", "a few words\n");
    mkdirSync(join(cli.folder, "folder"), { recursive: true });
    const { code, stdout, stderr } = await cli.run("activations", ...words);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^unrolled: [^\n]+\n$/);
    expect(stderr.slice("unrolled: ".length, -1)).toMatch(message);
    expect(existsSync(join(cli.folder, "tanh.png"))).toBe(false);
  });
});
