/** `unrolled classify`: what it reads, what it leaves, that it learns, and what it says to data that are none. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../../src/index.ts";
import { commandLine, type Ended } from "./command-line.ts";
import { sharedData, toneFile, wavesTable } from "./sequences.ts";

const cli = commandLine();
const bytes = (path: string): Buffer => readFileSync(join(cli.folder, path));
const json = (path: string) => JSON.parse(bytes(path).toString());
const quick = ["--hidden", "16", "--epochs", "25"];

/** Runs a command that fails and gives its one line. */
async function complaint(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli.run(...words);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^unrolled: [^\n]+\n$/);
  return stderr.slice("unrolled: ".length, -1);
}

/** Puts files into a folder in the folder. */
function fill(folder: string, files: Record<string, string | Uint8Array>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(cli.folder, folder, name, ".."), { recursive: true });
    cli.write(join(folder, name), content);
  }
}

describe("rows of a table", () => {
  let ended: Ended;

  beforeAll(async () => {
    cli.write("waves.csv", wavesTable(80));
    ended = await cli.run("classify", "waves.csv", ...quick, "--json", "out/r.json");
  });

  test("are learned from, and model, history and report are left", () => {
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(join(cli.folder, "runs/waves")).sort()).toEqual([
      "checkpoints",
      "history.json",
      "model.safetensors",
      "report.html",
    ]);
    expect(ended.stdout).toMatch(/80 sequences of 2 classes, told by column label; 24 steps/);
    expect(ended.stdout).toMatch(/test: 16 sequences, 20 % of each label, at random/);
    expect(ended.stdout).toMatch(/accuracy {3}100 % of the test \(16 of 16\)/);
  });

  test("are told apart, and the results add up", () => {
    const result = json("out/r.json");
    expect(result).toEqual(json("runs/waves/history.json"));
    expect(result.accuracy).toBe(1);
    expect(result.confusion).toEqual([
      [8, 0],
      [0, 8],
    ]);
    expect(result.classes.map(({ label }: { label: string }) => label)).toEqual(["quick", "slow"]);
    // 64 sequences are four batches of 16.
    expect(result).toMatchObject({ steps: 100, epochs: 25, stopped: "done", macroF1: 1 });
    expect(result.loss).toHaveLength(100);
    expect(result.predictions).toHaveLength(16);
  });

  test("give a report that stands alone", () => {
    const report = bytes("runs/waves/report.html").toString();
    expect(report).toMatch(/<svg [^>]*viewBox/);
    expect(report).toContain("What was taken for what");
    expect(report).not.toMatch(/<script|<link|src=|href=|url\(["']?http/);
    expect(report).not.toMatch(/NaN|undefined/);
  });

  test("are told by the model afterwards, with labels and without", async () => {
    const again = await cli.run("classify", "waves.csv", "--apply", "runs/waves", "--json", "out/a.json");
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(again.stdout).toMatch(/waves\.csv row 2\tslow\t\d+(\.\d+)? %\n/);
    expect(again.stdout).toMatch(/\n100 % right \(80 of 80 with labels\)\n$/);
    const { probabilities } = json("out/a.json")[0];
    expect(probabilities.quick + probabilities.slow).toBeCloseTo(1, 5);
    cli.write("bare.csv", wavesTable(3).replace(/,(label|slow|quick)$/gm, ""));
    const bare = await cli.run("classify", "bare.csv", "--apply", "runs/waves/model.safetensors");
    expect(bare.stdout.match(/\t(slow|quick)\t/g)).toEqual(["\tslow\t", "\tquick\t", "\tslow\t"]);
    expect(bare.stdout).not.toContain("right");
  });

  test("the same seed gives the same bytes, another seed others", async () => {
    const train = (out: string, seed: string) =>
      cli.run(
        "classify",
        "waves.csv",
        "--hidden",
        "8",
        "--epochs",
        "2",
        "--deterministic",
        "--seed",
        seed,
        "--out",
        out,
      );
    for (const { code } of [await train("a", "5"), await train("b", "5"), await train("c", "6")]) expect(code).toBe(0);
    expect(bytes("a/model.safetensors").equals(bytes("b/model.safetensors"))).toBe(true);
    expect(bytes("a/model.safetensors").equals(bytes("c/model.safetensors"))).toBe(false);
  });

  test("an interrupt saves what there is", async () => {
    const { child, ended: cut } = cli.start("classify", "waves.csv", "--epochs", "100000", "--out", "cut");
    await new Promise<void>((started) => child.stdout?.once("data", () => started()));
    child.kill("SIGINT");
    const { code, stdout } = await cut;
    expect(code).toBe(0);
    expect(stdout).toContain("interrupted");
    expect(json("cut/history.json").stopped).toBe("aborted");
    expect(readdirSync(join(cli.folder, "cut"))).toHaveLength(4);
  });

  test("of numbers alone: the last column holds classes, or else the first", async () => {
    const rows = wavesTable(20).trim().split("\n").slice(1);
    const numbered = rows.map((row) => row.replace("slow", "1").replace("quick", "2"));
    cli.write("last.csv", `${numbered.join("\n")}\n`);
    cli.write("first.csv", numbered.map((row) => row.replace(/^(.*),(\d)$/, "$2,$1")).join("\n"));
    for (const [file, column] of [
      ["last.csv", "25"],
      ["first.csv", "1"],
    ] as const) {
      const { stdout, stderr } = await cli.run("classify", file, "--hidden", "8", "--epochs", "1");
      expect(stderr).toBe("");
      expect(stdout).toContain(`20 sequences of 2 classes, told by column ${column};`);
    }
  });

  test("that end early are shorter sequences", async () => {
    const rows = wavesTable(20)
      .split("\n")
      .map((row, i) => (i > 0 && i % 3 === 0 ? row.replace(/(,[^,]*){4},(\w+)$/, ",,,,,$2") : row));
    cli.write("short.csv", rows.join("\n"));
    const { stdout, stderr } = await cli.run(
      "classify",
      "short.csv",
      "--hidden",
      "8",
      "--epochs",
      "1",
      "--test",
      "0.5",
    );
    expect(stderr).toBe("");
    expect(stdout).toMatch(/; 2[23] steps on average/);
  });
});

describe("folders", () => {
  const tones = (labels: Record<string, number>, takes: number): Record<string, Uint8Array> =>
    Object.fromEntries(
      Object.entries(labels).flatMap(([label, frequency]) =>
        ["ann", "bob"].flatMap((speaker, s) =>
          Array.from({ length: takes }, (_, take) => [
            `${label}_${speaker}_${take}.wav`,
            toneFile(frequency * (1 + 0.02 * take + 0.05 * s), { seconds: 0.15 + 0.01 * take }),
          ]),
        ),
      ),
    );

  test("of recordings called label_speaker_take: takes 0 to 4 are the test", async () => {
    fill("tones", tones({ low: 300, high: 1500 }, 9));
    const { stdout, stderr } = await cli.run("classify", "tones", ...quick);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/36 sequences of 2 classes; 2\d steps on average, of log-mel frames of 40 bands/);
    expect(stdout).toContain("test: 20 sequences, takes 0 to 4 of each speaker and label");
    expect(json("runs/tones/history.json").accuracy).toBeGreaterThan(0.9);
    cli.write("new.wav", toneFile(310));
    expect((await cli.run("classify", "new.wav", "--apply", "runs/tones")).stdout).toMatch(/^new\.wav\tlow\t/);
    expect(await complaint("classify", "bare.csv", "--apply", "runs/tones")).toMatch(
      /bare\.csv: expected recordings of 8000 samples a second, 40 a time step, .* got numbers/,
    );
  });

  test("--by-speaker and a pattern choose another test", async () => {
    const few = ["--hidden", "8", "--epochs", "1"];
    const spoken = await cli.run("classify", "tones", ...few, "--by-speaker");
    expect(spoken.stdout).toMatch(/test: 18 sequences, all takes of (ann|bob)\n/);
    const named = await cli.run("classify", "tones", ...few, "--test", "_8\\.wav$");
    expect(named.stdout).toMatch(/test: 4 sequences, names that match/);
  });

  test("for each label, with a table for each sequence", async () => {
    const table = (label: number, i: number): string =>
      `x,y\n${Array.from({ length: 10 + i }, (_, t) => `${Math.sin(t * (label + 0.5))},${label === 0 ? t : -t}`).join("\n")}\n`;
    const files = [0, 1].flatMap((label) =>
      Array.from({ length: 10 }, (_, i) => [`${label === 0 ? "up" : "down"}/${i}.csv`, table(label, i)] as const),
    );
    fill("gestures", Object.fromEntries(files));
    const { stdout, stderr } = await cli.run("classify", "gestures", ...quick);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/20 sequences of 2 classes; \d+ steps on average, of 2 numbers/);
    expect(json("runs/gestures/history.json").accuracy).toBe(1);
    expect((await cli.run("classify", "gestures/up/3.csv", "--apply", "runs/gestures")).stdout).toMatch(
      /^3\.csv\tup\t/,
    );
  });

  test("that are not as they should be are refused in one line, and nothing is written", async () => {
    mkdirSync(join(cli.folder, "nothing"));
    fill("rates", {
      "a/1.wav": toneFile(300),
      "a/2.wav": toneFile(300, { sampleRate: 16000 }),
      "b/1.wav": toneFile(500),
    });
    fill("broken", { "a/1.wav": toneFile(300).subarray(0, 500), "b/1.wav": toneFile(500) });
    fill("other", { "a/1.wav": new TextEncoder().encode("no sound in here, just text"), "b/1.wav": toneFile(500) });
    fill("mixed", { "a/1.wav": toneFile(300), "b/1.csv": "1\n2\n" });
    fill("single", { "a/1.wav": toneFile(300), "a/2.wav": toneFile(310) });
    fill("plain", { "1.wav": toneFile(300), "2.wav": toneFile(310) });
    fill("ragged", { "a/1.csv": "x,y\n1,2\n3\n", "b/1.csv": "x,y\n1,2\n3,4\n" });
    fill("widths", { "a/1.csv": "x,y\n1,2\n3,4\n", "b/1.csv": "x\n1\n3\n" });
    const cases: [string, RegExp][] = [
      ["nothing", /nothing: expected \.wav or \.csv files in folders named by their labels, got none/],
      ["rates", /rates\/a\/2\.wav: expected 8000 samples a second as in rates\/a\/1\.wav, got 16000/],
      ["broken", /broken\/a\/1\.wav: expected 3200 bytes of "data", got 456: the file is cut off/],
      ["other", /other\/a\/1\.wav: expected a WAV file, got something else/],
      ["mixed", /mixed: expected files of one kind, got \.wav and \.csv/],
      ["single", /single: expected at least 2 classes, got only "a"/],
      ["plain", /plain: expected a folder for each label, or names like label_speaker_take\.wav, got 1\.wav/],
      ["ragged", /ragged\/a\/1\.csv row 3: expected 2 cells/],
      ["widths", /1\.csv: expected 2 numbers a time step as in 1\.csv, got 1/],
      ["absent.csv", /absent\.csv: cannot be read: no such file/],
      ["tones/low_ann_0.txt", /low_ann_0\.txt: cannot be read/],
    ];
    for (const [name, wanted] of cases) {
      expect(await complaint("classify", name)).toMatch(wanted);
      expect(existsSync(join(cli.folder, "runs", name))).toBe(false);
    }
  });
});

describe("what is wrong with a table or an option is told in one line", () => {
  test("tables", async () => {
    const rows = wavesTable(12).trim().split("\n");
    const cases: [string, string, RegExp][] = [
      ["ragged.csv", rows.with(4, "1,2,3").join("\n"), /ragged\.csv row 5: expected 25 cells/],
      [
        "one.csv",
        rows.map((row) => row.replace(/quick$/, "slow")).join("\n"),
        /one\.csv: expected at least 2 classes, got only "slow"/,
      ],
      [
        "text.csv",
        rows.with(3, (rows[3] as string).replace(/^[^,]*/, "much")).join("\n"),
        /text\.csv row 4, column "t0": expected a number, got "much"/,
      ],
      [
        "gap.csv",
        rows.with(3, (rows[3] as string).replace(/^[^,]*/, "")).join("\n"),
        /gap\.csv row 4: expected a value in each place up to the last, got none in place 1/,
      ],
      [
        "unnamed.csv",
        rows.with(3, (rows[3] as string).replace(/\w+$/, "")).join("\n"),
        /unnamed\.csv row 4: expected a label in column "label", got none/,
      ],
      [
        "constant.csv",
        "a,b,label\n1,1,x\n1,1,y\n1,1,x\n1,1,y\n1,1,x\n1,1,y\n",
        /constant\.csv: expected sequences that differ, got the value 1 everywhere/,
      ],
      [
        "floats.csv",
        "a,b\n0.5,1.5\n2.5,3.5\n4.5,5.5\n",
        /floats\.csv: expected a column of labels, got none that looks like one: say which with --label/,
      ],
      ["empty.csv", "", /empty\.csv: expected a table, got an empty file/],
    ];
    for (const [name, content, wanted] of cases) {
      cli.write(name, content);
      expect(await complaint("classify", name)).toMatch(wanted);
    }
  });

  test("options", async () => {
    const cases: [string[], RegExp][] = [
      [["--label", "colour"], /--label colour: expected a column of waves\.csv, which has t0/],
      [["--test", "0"], /--test: expected a number above 0 and below 1, or a regular expression, got "0"/],
      [["--test", "("], /--test: expected a number above 0/],
      [["--test", "nobody"], /waves\.csv: expected sequences to learn from and others to test on, got 80 and 0/],
      [["--by-speaker"], /--by-speaker: expected names like label_speaker_take\.wav in waves\.csv/],
      [["--epochs", "0"], /--epochs: expected a whole number ≥ 1, got "0"/],
      [["--apply", "nowhere"], /nowhere: cannot be read: no such file/],
      [["--apply", "."], /--apply \.: expected a folder that holds model\.safetensors, got one without/],
    ];
    cli.write("waves.csv", wavesTable(80));
    for (const [words, wanted] of cases) expect(await complaint("classify", "waves.csv", ...words)).toMatch(wanted);
    expect(await complaint("classify")).toMatch(/missing required argument/);
  });

  test("models", async () => {
    cli.write("waves.csv", wavesTable(80));
    await cli.run("classify", "waves.csv", "--hidden", "16", "--epochs", "1", "--out", "runs/odd");
    const { tensors, metadata } = decodeSafetensors(bytes("runs/odd/model.safetensors"));
    const model = JSON.parse(metadata.model as string);
    const wider = { ...model, architecture: { ...model.architecture, hidden: 10 ** 9 } };
    const cases: [Record<string, string> | undefined, RegExp][] = [
      [undefined, /odd\.safetensors: expected a model that `unrolled classify` has saved/],
      [{ ...metadata, model: "{" }, /no readable description/],
      [{ ...metadata, model: JSON.stringify({ ...model, classes: ["slow"] }) }, /no readable description/],
      [{ ...metadata, model: JSON.stringify(wider) }, /expected weights of .*1000000000.*, as its metadata says/],
    ];
    for (const [said, wanted] of cases) {
      cli.write("odd.safetensors", encodeSafetensors(tensors, said));
      expect(await complaint("classify", "waves.csv", "--apply", "odd.safetensors")).toMatch(wanted);
    }
  });
});

test("defaults reach 93 % on GunPoint", { timeout: 300_000 }, async () => {
  const path = sharedData("sensor/ucr-uea/GunPoint_TRAIN.ts");
  if (path === null) return;
  const { stdout } = await cli.run("classify", path);
  expect(stdout).toContain("test: 150 sequences, the series of GunPoint_TEST.ts");
  expect(json("runs/GunPoint/history.json").accuracy).toBeGreaterThanOrEqual(0.93);
});

test("defaults reach 95 % on the official takes of spoken digits", { timeout: 900_000 }, async () => {
  const path = sharedData("speech/fsdd");
  if (path === null) return;
  const { stdout } = await cli.run("classify", path);
  expect(stdout).toContain("test: 300 sequences, takes 0 to 4 of each speaker and label");
  expect(json("runs/fsdd/history.json").accuracy).toBeGreaterThanOrEqual(0.95);
});
