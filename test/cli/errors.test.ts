/** Whatever is wrong is told in one line that says what, with exit code 1, before anything is trained or written. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../../src/index.ts";
import { commandLine, refrain, small } from "./command-line.ts";

const cli = commandLine();

/** Runs a command that fails and gives its one line. */
async function complaint(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli.run(...words);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^unrolled: [^\n]+\n$/);
  return stderr.slice("unrolled: ".length, -1);
}

beforeAll(() => {
  cli.write("text.txt", refrain);
  mkdirSync(join(cli.folder, "folder"));
});

describe("a text that is none", () => {
  const cases: [string, Uint8Array | string | null, RegExp][] = [
    ["absent.txt", null, /absent\.txt: cannot be read: no such file/],
    ["folder", null, /folder: cannot be read: it is a directory/],
    ["empty.txt", "", /empty\.txt: expected a text, got an empty file/],
    ["mark.txt", "\ufeff", /mark\.txt: expected a text, got an empty file/],
    ["short.txt", "Call me Ishmael.", /more than 64 characters \(--window\), got 16/],
    ["plain.txt", "a".repeat(500), /at least 2 different characters, got only "a"/],
    [
      "latin1.txt",
      Uint8Array.from({ length: 500 }, (_, i) => (i % 2 ? 0xe9 : 0x61)),
      /latin1\.txt: expected text in UTF-8/,
    ],
  ];
  test.each(cases)("%s", async (name, content, wanted) => {
    if (content !== null) cli.write(name, content);
    expect(await complaint("train", name)).toMatch(wanted);
  });
});

describe("an option that is none", () => {
  const counts = ["--hidden", "--layers", "--embedding", "--batch", "--window", "--steps", "--every"];
  const cases = [
    ...counts.flatMap((option) => ["NaN", "-1", "0", "1.5"].map((value) => [option, value])),
    ...["--seconds", "--learning-rate", "--clip"].flatMap((option) =>
      ["NaN", "-1", "0", ""].map((value) => [option, value]),
    ),
    ...["--validation", "--dropout"].flatMap((option) => ["NaN", "-0.1", "1"].map((value) => [option, value])),
    ...["NaN", "-1", "0x10"].map((value) => ["--seed", value]),
    ...["0", "65", "1.5", "all"].map((value) => ["--threads", value]),
    ["--cell", "transformer"],
    ["--name", "../up"],
  ] as [string, string][];
  test("numbers and words out of range name the option and what was given", async () => {
    const check = async ([option, value]: [string, string]) => {
      const line = await complaint("train", "text.txt", option, value);
      expect(line).toContain(`${option}: expected `);
      expect(line).toContain(`got ${JSON.stringify(value)}`);
    };
    while (cases.length > 0) await Promise.all(cases.splice(0, 6).map(check));
  });

  test.each([
    [["train", "text.txt", "--sped", "3"], /unknown option '--sped'/],
    [
      ["train", "text.txt", "--cell", "rnn", "--activation", "swish"],
      /--activation: expected one of .*tanh.*, got "swish"/,
    ],
    [["train", "text.txt", "--activation", "relu"], /--activation relu: expected --cell rnn beside it, got lstm/],
    [
      ["train", "text.txt", "--validation", "0.001"],
      /--validation 0\.001: expected more than 64 .* held out, got 2 of 2700/,
    ],
    [
      ["train", "text.txt", "--validation", "0.99"],
      /--validation 0\.99: expected more than 64 .* learned from, got 27 of/,
    ],
    [["train", "text.txt", "other.txt"], /too many arguments/],
    [["train", "text.txt", "--hidden", "100000"], /memory/],
    [["sample"], /missing required argument/],
    [["sample", "x", "--length", "0"], /--length: expected a whole number ≥ 1, got "0"/],
    [["sample", "x", "--temperature", "-1"], /--temperature: expected a number ≥ 0, got "-1"/],
    [["teach"], /unknown command 'teach'/],
    [[], /expected a command, such as train or classify, got none/],
  ])("%j", async (words, wanted) => {
    expect(await complaint(...words)).toMatch(wanted);
  });
});

describe("a place that cannot be written to", () => {
  test.each([
    [["--out", "text.txt"], /--out text\.txt: cannot be written: expected a directory/],
    [["--out", "text.txt/run"], /--out text\.txt\/run: cannot be written: expected a directory/],
    [["--json", "folder"], /--json: expected a file at .*folder, got a directory/],
    [["--json", "text.txt/r.json"], /--json .*text\.txt: cannot be written/],
    // Where the system forbids folders even to its master.
    [["--out", process.platform === "linux" ? "/proc/unrolled" : "text.txt/run"], /--out .*: cannot be written/],
  ])("%j", async (words, wanted) => {
    expect(await complaint("train", "text.txt", ...words)).toMatch(wanted);
  });

  test("a folder in the place of the model", async () => {
    mkdirSync(join(cli.folder, "taken/model.safetensors"), { recursive: true });
    expect(await complaint("train", "text.txt", "--out", "taken")).toMatch(
      /--out: expected a file at .*, got a directory/,
    );
    expect(readdirSync(join(cli.folder, "taken"))).toEqual(["model.safetensors"]);
  });
});

describe("a model that is none", () => {
  let model: Uint8Array;

  beforeAll(async () => {
    expect((await cli.run("train", "text.txt", ...small, "--steps", "1", "--out", "run")).code).toBe(0);
    model = new Uint8Array(readFileSync(join(cli.folder, "run/model.safetensors")));
  });

  test("no folder, a folder without one, a file that is something else", async () => {
    expect(await complaint("sample", "nowhere")).toMatch(/nowhere: cannot be read: no such file/);
    expect(await complaint("sample", "folder")).toMatch(/folder: expected a folder that holds model\.safetensors/);
    expect(await complaint("sample", "text.txt")).toMatch(/text\.txt: safetensors: expected a header/);
  });

  test("a file that was cut off, anywhere", async () => {
    for (const length of [0, 7, 100, 2000, model.length - 1]) {
      cli.write("cut.safetensors", model.subarray(0, length));
      expect(await complaint("sample", "cut.safetensors")).toMatch(/^cut\.safetensors: safetensors/);
    }
  });

  test("weights that do not fit what is said about them", async () => {
    const { tensors, metadata } = decodeSafetensors(model);
    const cases: [Record<string, string> | undefined, RegExp][] = [
      [undefined, /expected a model that `unrolled train` has saved/],
      [{ ...metadata, hidden: "33" }, /expected weights of .* 33, as its metadata says, got .* 32/],
      [{ ...metadata, hidden: "1e12" }, /expected weights of/],
      [{ ...metadata, layers: "2" }, /2 layers of 32/],
      [{ ...metadata, cell: "gru" }, /weight_ih_l0/],
      [{ ...metadata, cell: "hopfield" }, /no readable cell: got "hopfield"/],
      [{ ...metadata, characters: "[1, 2]" }, /no readable characters/],
    ];
    for (const [said, wanted] of cases) {
      cli.write("odd.safetensors", encodeSafetensors(tensors, said));
      expect(await complaint("sample", "odd.safetensors")).toMatch(wanted);
    }
  });

  test("a prompt with characters that it never saw", async () => {
    expect(await complaint("sample", "run", "--prompt", "Über 9000")).toMatch(
      /--prompt: .* got "Ü" "9" "0", which it never saw/,
    );
  });
});

test("nothing is left behind by commands that fail", async () => {
  await complaint("train", "empty.txt");
  await complaint("train", "text.txt", "--hidden", "0");
  expect(existsSync(join(cli.folder, "runs/empty"))).toBe(false);
  const leftovers = readdirSync(cli.folder, { recursive: true }).filter((path) => String(path).endsWith(".tmp"));
  expect(leftovers).toEqual([]);
});

test("--help of every command ends well and gives an example", async () => {
  for (const words of [
    ["--help"],
    ["train", "--help"],
    ["sample", "--help"],
    ["classify", "--help"],
    ["forecast", "--help"],
  ]) {
    const { code, stdout, stderr } = await cli.run(...words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/Usage: unrolled/);
    expect(stdout).toMatch(/Example:\n {2}\$ unrolled /);
  }
});
