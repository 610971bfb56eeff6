import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeWav, Examples, OptionError } from "../index.ts";
import { DataError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import { readFailure } from "./text.ts";

/** One recording, as one channel of samples from −1 to 1. */
export interface Recording {
  readonly path: string;
  readonly samples: Float32Array;
  readonly sampleRate: number;
  /** The place of its class in `classes`. */
  readonly label: number;
  /** Who speaks, where the name says so. */
  readonly speaker: string | undefined;
  /** Which attempt it is, where the name says so. */
  readonly take: number | undefined;
}

export interface SpeechFolder {
  /** The classes: numbers by their size, names by their letters. */
  readonly classes: readonly string[];
  readonly speakers: readonly string[];
  readonly sampleRate: number;
  /** Recordings to learn from: those whose take is none of `testTakes`. */
  readonly train: Examples<Recording>;
  /** The others. */
  readonly test: Examples<Recording>;
  /** All of them. */
  readonly recordings: Examples<Recording>;
}

export interface SpeechFolderOptions {
  /**
   * What a file's name says: groups called `label`, `speaker` and `take`, of which only the label must be there. Default
   * label_speaker_take.wav, as the Free Spoken Digit Dataset has it; in subfolders, whose names are then the labels, any .wav.
   */
  pattern?: RegExp;
  /** Takes to test with; default 0 to 4, the test set of the Free Spoken Digit Dataset. */
  testTakes?: readonly number[];
}

const named = /^(?<label>[^_]+)_(?<speaker>.+)_(?<take>\d+)\.wav$/i;

interface Name {
  readonly path: string;
  readonly label: string;
  readonly speaker: string | undefined;
  readonly take: number | undefined;
}

/**
 * A folder of WAV files whose names say what is said, by whom, and which take it is, or which lie in a subfolder for each class.
 * Files are read while they are walked.
 *
 * ```ts
 * import { mkdirSync, writeFileSync } from "node:fs";
 *
 * // The head of a WAV file of one second, 8,000 samples of 16 bits; silence follows.
 * const head = "52494646a43e000057415645666d74201000000001000100401f0000803e00000200100064617461803e0000";
 * mkdirSync("digits");
 * for (const name of ["seven_ann_0", "seven_ann_5", "two_bob_6"]) {
 *   writeFileSync(`digits/${name}.wav`, Buffer.concat([Buffer.from(head, "hex"), Buffer.alloc(16_000)]));
 * }
 * const { train, test, classes, sampleRate } = await speechFolder("digits");
 * classes; // ["seven", "two"]
 * const takes = await test.map(({ take }) => take).toArray();
 * takes; // [0]
 * const features = mfcc({ sampleRate });
 * const examples = train.map(({ samples, label }) => ({ input: features(samples), label }));
 * const source = examples.shuffle().batch({ batchSize: 2 }); // for `trainer.fit`
 * source.stepsPerEpoch; // 1
 * const labels = await examples.map(({ label }) => label).toArray();
 * labels; // [0, 1]
 * ```
 *
 * @throws {DataError} when the folder cannot be read or holds no such file; while it is walked, naming the file: when it is no WAV
 *   file, is cut off, or has another rate than the first one.
 */
export async function speechFolder(path: string, options: SpeechFolderOptions = {}): Promise<SpeechFolder> {
  requireKnown("speechFolder", options, ["pattern", "testTakes"]);
  const { pattern = named, testTakes = [0, 1, 2, 3, 4] } = options;
  if (!(pattern instanceof RegExp))
    throw new OptionError(`speechFolder pattern: expected a RegExp, got ${typeof pattern}`);
  if (!Array.isArray(testTakes))
    throw new OptionError(`speechFolder testTakes: expected numbers, got ${typeof testTakes}`);
  // A global expression would remember where it stood.
  const names = await namesIn(path, new RegExp(pattern, pattern.flags.replace(/[gy]/g, "")));
  const [first] = names;
  if (!first) throw new DataError(`${path}: expected WAV files named ${pattern.source} or in subfolders, got none`);
  const labels = [...new Set(names.map(({ label }) => label))];
  const numeric = labels.every((label) => Number.isFinite(Number(label)));
  const classes = numeric ? labels.sort((a, b) => Number(a) - Number(b)) : labels.sort();
  const { sampleRate } = await soundOf(first.path);
  const recordingsOf = (some: readonly Name[]): Examples<Recording> =>
    Examples.from(some).map(async ({ path: file, label, speaker, take }) => {
      const sound = await soundOf(file);
      if (sound.sampleRate !== sampleRate) {
        throw new DataError(
          `${file}: expected ${sampleRate} samples a second as ${first.path} has, got ${sound.sampleRate}`,
        );
      }
      return { path: file, ...sound, label: classes.indexOf(label), speaker, take };
    });
  const isTest = ({ take }: Name): boolean => take !== undefined && testTakes.includes(take);
  return {
    classes,
    speakers: [...new Set(names.flatMap(({ speaker }) => speaker ?? []))].sort(),
    sampleRate,
    train: recordingsOf(names.filter((name) => !isTest(name))),
    test: recordingsOf(names.filter(isTest)),
    recordings: recordingsOf(names),
  };
}

async function soundOf(path: string): Promise<{ samples: Float32Array; sampleRate: number }> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw readFailure(path, error);
  }
  const { channels, sampleRate } = decodeWav(bytes, { mono: true, name: path });
  return { samples: channels[0] as Float32Array, sampleRate };
}

/** The recordings in a folder and its subfolders, in the order of their paths. */
async function namesIn(path: string, pattern: RegExp): Promise<Name[]> {
  const names: Name[] = [];
  try {
    for (const entry of (await readdir(path, { withFileTypes: true })).sort(byName)) {
      if (entry.isDirectory()) {
        const files = (await readdir(join(path, entry.name))).filter((file) => /\.wav$/i.test(file)).sort();
        names.push(...files.map((file) => nameOf(join(path, entry.name, file), pattern.exec(file), entry.name)));
      } else {
        const match = pattern.exec(entry.name);
        if (match?.groups?.label !== undefined) names.push(nameOf(join(path, entry.name), match));
      }
    }
  } catch (error) {
    throw readFailure(path, error);
  }
  return names;
}

function nameOf(path: string, match: RegExpExecArray | null, folder?: string): Name {
  const { label = "", speaker, take } = match?.groups ?? {};
  return { path, label: folder ?? label, speaker, take: take === undefined ? undefined : Number(take) };
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
