import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import wavefile from "wavefile";
import { DataError, decodeWav, logMel, type MfccOptions, mfcc, OptionError } from "../../src/index.ts";
import { speechFolder } from "../../src/node/index.ts";
import { readFixtures } from "../pytorch/fixtures.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-audio-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const digits = join(
  process.env.UNROLLED_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url)),
  "speech/fsdd",
);

/** A file as another library writes it; integers are given as integers. */
function wav(channels: number[][], depth: string, sampleRate = 8000): Uint8Array {
  const file = new wavefile.WaveFile();
  file.fromScratch(channels.length, sampleRate, depth, channels.length === 1 ? channels[0]! : channels);
  return file.toBuffer();
}

/** Full scale and the least step of each kind of sample, with what is written for some values. */
const depths: [string, number[], number[]][] = [
  ["8", [0, 128, 255, 129], [-1, 0, 127 / 128, 1 / 128]],
  ["16", [-32_768, 0, 32_767, 1], [-1, 0, 32_767 / 32_768, 1 / 32_768]],
  ["24", [-8_388_608, 0, 8_388_607, -2], [-1, 0, 8_388_607 / 8_388_608, -2 / 8_388_608]],
  ["32", [-(2 ** 31), 0, 2 ** 30, -1], [-1, 0, 0.5, -1 / 2 ** 31]],
  ["32f", [-1, 0, 0.1, 1.5], [-1, 0, 0.1, 1.5]],
  ["64", [-1, 0, 0.1, 1e-9], [-1, 0, 0.1, 1e-9]],
];

describe("WAV", () => {
  test.each(depths)("%s bits, mono and stereo", (depth, written, expected) => {
    const mirrored = [...written].reverse();
    const numbers = [...Float32Array.from(expected)];
    const mono = decodeWav(wav([written], depth, 44_100));
    expect([mono.sampleRate, mono.channels.map((channel) => [...channel])]).toEqual([44_100, [numbers]]);
    const stereo = decodeWav(wav([written, mirrored], depth));
    expect(stereo.channels.map((channel) => [...channel])).toEqual([numbers, [...numbers].reverse()]);
    const mean = expected.map((value, i) => (value + expected.at(-1 - i)!) / 2);
    const { channels } = decodeWav(wav([written, mirrored], depth), { mono: true });
    expect(channels).toHaveLength(1);
    channels[0]!.forEach((value, i) => {
      expect(Math.abs(value - mean[i]!)).toBeLessThanOrEqual(6e-8);
    });
  });

  test("more channels, chunks of other kinds, odd sizes, and data of unknown size", () => {
    const three = decodeWav(
      wav(
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        "16",
      ),
    );
    expect(three.channels.map((channel) => channel[1]! * 32_768)).toEqual([2, 4, 6]);
    const file = new wavefile.WaveFile();
    file.fromScratch(1, 8000, "16", [1, 2, 3]);
    file.setTag("ICMT", "odd");
    expect(decodeWav(file.toBuffer()).channels[0]).toHaveLength(3);
    const plain = wav([[1, 2, 3]], "16");
    const before = new Uint8Array(plain.length + 12);
    before.set(plain.subarray(0, 12));
    before.set([0x4c, 0x49, 0x53, 0x54, 3, 0, 0, 0, 1, 2, 3, 0], 12);
    before.set(plain.subarray(12), 24);
    expect([...decodeWav(before).channels[0]!]).toEqual([...decodeWav(plain).channels[0]!]);
    const piped = plain.slice();
    piped.fill(0xff, 40, 44);
    expect(decodeWav(piped).channels[0]).toHaveLength(3);
  });

  test("a file cut off at any byte is refused by a typed error that names it", () => {
    for (const depth of ["8", "24", "32f"]) {
      const whole = wav(
        [
          [1, 0, 1, 0],
          [0, 1, 0, 1],
        ],
        depth,
      );
      for (let cut = 0; cut < whole.length; cut++) {
        expect(() => decodeWav(whole.subarray(0, cut), { name: "cut.wav" })).toThrow(DataError);
        expect(() => decodeWav(whole.subarray(0, cut), { name: "cut.wav" })).toThrow("cut.wav: expected");
      }
    }
  });

  test("foreign files, compressed sound and formats that make no sense are refused", () => {
    const changed = (at: number, ...bytes: number[]) => {
      const file = wav([[1, 2, 3]], "16").slice();
      file.set(bytes, at);
      return file;
    };
    expect(() => decodeWav(new TextEncoder().encode("ID3 this is an mp3 file"))).toThrow(
      "expected a WAV file, got something else",
    );
    expect(() => decodeWav(new Uint8Array(0))).toThrow("got an empty one");
    expect(() => decodeWav(changed(0, 0x52, 0x49, 0x46, 0x58))).toThrow("got something else");
    expect(() => decodeWav(changed(20, 6))).toThrow("got format 6 with 16 bits");
    expect(() => decodeWav(changed(34, 12))).toThrow("got format 1 with 12 bits");
    expect(() => decodeWav(changed(22, 0))).toThrow("0 channels");
    expect(() => decodeWav(changed(24, 0, 0, 0, 0))).toThrow("0 Hz");
    expect(() => decodeWav(changed(40, 0, 0, 0, 0))).toThrow("expected at least one sample");
    expect(() => decodeWav(wav([[1]], "16"), { stereo: true } as object)).toThrow(OptionError);
  });
});

const fixtures = readFixtures<MfccOptions>("audio");

/** The largest difference, in the unit of the features: decibels, or natural logarithms. */
function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  return Array.from(actual).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
}

describe("features, against torchaudio", () => {
  test.each(fixtures.filter((each) => each.has("samples")).map((each) => [each.name, each] as const))(
    "%s",
    (_, each) => {
      const samples = each.tensor("samples").data as Float32Array;
      for (const [name, make] of [
        ["logMel", logMel],
        ["mfcc", mfcc],
      ] as const) {
        const { data, shape } = make(each.options)(samples);
        expect(shape).toEqual(each.tensor(name).shape);
        expect(difference(data, each.tensor(name).data)).toBeLessThan(1e-4);
      }
    },
  );

  const spoken = fixtures.filter((each) => !each.has("samples"));
  test.skipIf(!existsSync(digits))("spoken digits", () => {
    expect(spoken).toHaveLength(10);
    for (const each of spoken) {
      const { channels, sampleRate } = decodeWav(readFileSync(join(digits, each.name)));
      expect(sampleRate).toBe(each.options.sampleRate);
      const samples = channels[0] as Float32Array;
      expect(difference(logMel({ sampleRate })(samples).data, each.tensor("logMel").data)).toBeLessThan(1e-4);
      expect(difference(mfcc({ sampleRate })(samples).data, each.tensor("mfcc").data)).toBeLessThan(1e-4);
    }
  });

  test("silence is the floor everywhere, and options may be used for many sounds", () => {
    const features = logMel({ sampleRate: 8000, bands: 10 });
    expect(new Set(features(new Float32Array(1000)).data)).toEqual(new Set([-100]));
    const sound = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));
    const first = features(sound).data;
    features(new Float32Array(400));
    expect(features(sound).data).toEqual(first);
  });

  test("a frequency is loudest in the band around it", () => {
    const { data, shape } = logMel({ sampleRate: 16_000, bands: 20 })(
      Float32Array.from({ length: 8000 }, (_, i) => Math.sin((2 * Math.PI * 1000 * i) / 16_000)),
    );
    const middle = [...data.subarray(25 * 20, 26 * 20)];
    // 1,000 Hz are 1,000 mel; 8,000 Hz 2,840 mel in 21 steps: the seventh corner is at 947 mel.
    expect([shape, middle.indexOf(Math.max(...middle))]).toEqual([[51, 20], 6]);
  });

  test("options out of range and sounds too short are refused", () => {
    const wrong: object[] = [
      { sampleRate: 0 },
      { fftSize: 300 },
      { fftSize: 128 },
      { bands: 0 },
      { lowest: -1 },
      { highest: 5000 },
    ];
    const more = [
      { lowest: 4000 },
      { scale: "bark" },
      { logarithm: "two" },
      { bands: 128 },
      { coefficients: 41 },
      { hop: 80 },
    ];
    for (const options of [...wrong, ...more, { windowLength: 0.5 }, { hopLength: Number.NaN }]) {
      expect(() => mfcc({ sampleRate: 8000, ...options })).toThrow(OptionError);
    }
    expect(() => mfcc({ sampleRate: 8000 })(new Float32Array(128))).toThrow(
      "expected more than 128 samples, half a spectrum, got 128",
    );
    expect(mfcc({ sampleRate: 8000 })(new Float32Array(129)).shape).toEqual([2, 13]);
  });
});

describe("a folder of speech", () => {
  /** A folder with these files; its path. */
  function make(name: string, files: Record<string, Uint8Array>): string {
    const path = join(folder, name);
    for (const [file, bytes] of Object.entries(files)) {
      mkdirSync(join(path, file, ".."), { recursive: true });
      writeFileSync(join(path, file), bytes);
    }
    mkdirSync(path, { recursive: true });
    return path;
  }
  const sound = wav([[1, 2, 3]], "16");

  test("labels, speakers and takes from names; classes by size; takes to test with", async () => {
    const path = make("names", {
      "10_ann_0.wav": sound,
      "2_bob_5.wav": sound,
      "2_ann_x_7.wav": sound,
      "notes.txt": sound,
    });
    const { classes, speakers, sampleRate, train, test: held, recordings } = await speechFolder(path);
    expect({ classes, speakers, sampleRate }).toEqual({
      classes: ["2", "10"],
      speakers: ["ann", "ann_x", "bob"],
      sampleRate: 8000,
    });
    expect((await held.toArray()).map(({ label, speaker, take }) => [label, speaker, take])).toEqual([[1, "ann", 0]]);
    expect((await train.toArray()).map(({ label, samples }) => [label, samples.length])).toEqual([
      [0, 3],
      [0, 3],
    ]);
    expect([train.length, held.length, recordings.length]).toEqual([2, 1, 3]);
    const other = await speechFolder(path, { testTakes: [5, 7] });
    expect(other.test.length).toBe(2);
  });

  test("labels from subfolders, or by a pattern of one's own", async () => {
    const path = make("folders", { "yes/a.wav": sound, "no/b.wav": sound, "no/c.txt": sound });
    const { classes, recordings } = await speechFolder(path);
    expect(classes).toEqual(["no", "yes"]);
    expect((await recordings.toArray()).map(({ label }) => label)).toEqual([0, 1]);
    const flat = make("pattern", { "ann-yes.wav": sound, "bob-no.wav": sound });
    const { speakers } = await speechFolder(flat, { pattern: /^(?<speaker>\w+)-(?<label>\w+)\.wav$/g });
    expect(speakers).toEqual(["ann", "bob"]);
  });

  test("an empty folder, none, mixed rates, and files cut off are refused, naming the file", async () => {
    await expect(speechFolder(make("empty", {}))).rejects.toThrow("empty: expected WAV files");
    await expect(speechFolder(join(folder, "nowhere"))).rejects.toThrow("nowhere: cannot be read: no such file");
    const mixed = await speechFolder(make("mixed", { "1_a_0.wav": sound, "2_a_0.wav": wav([[1]], "16", 16_000) }));
    await expect(mixed.recordings.toArray()).rejects.toThrow(
      /2_a_0.wav: expected 8000 samples a second as .*1_a_0.wav has, got 16000/,
    );
    const cut = await speechFolder(make("cut", { "1_a_0.wav": sound, "1_a_1.wav": sound.subarray(0, 45) }));
    await expect(cut.recordings.toArray()).rejects.toThrow(/1_a_1.wav: expected 6 bytes of "data", got 1/);
    await expect(cut.recordings.toArray()).rejects.toBeInstanceOf(DataError);
    await expect(speechFolder(folder, { pattern: "a" as unknown as RegExp })).rejects.toBeInstanceOf(OptionError);
  });

  test.skipIf(!existsSync(digits))(
    "the spoken digits: ten classes, six speakers, takes 0 to 4 to test with",
    async () => {
      const { classes, speakers, sampleRate, train, test: held } = await speechFolder(digits);
      expect([classes.length, speakers.length, sampleRate]).toEqual([10, 6, 8000]);
      const files = readdirSync(digits).filter((name) => name.endsWith(".wav"));
      expect([train.length, held.length]).toEqual([files.length - 300, 300]);
      const { samples, label, speaker, take } = (await held.take(1).toArray())[0]!;
      expect([label, speaker, take, samples.length > 1000]).toEqual([0, "george", 0, true]);
    },
  );
});
