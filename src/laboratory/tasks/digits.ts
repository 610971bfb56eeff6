import type { Batch } from "../../data/dataset.ts";
import { crossEntropy } from "../../ops/loss/classification.ts";
import { DataError, OptionError } from "../../runtime/errors.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { glyphs } from "./glyphs.ts";
import type { RandomSource, Task, TaskDefaults } from "./task.ts";
import { errorRate } from "./wrong.ts";

/** Pixels of a side of the pictures that are drawn here. */
const SIDE = 8;

/** A picture and the digit on it. */
interface Picture {
  /** Row by row, 0 … 1. */
  readonly pixels: Float32Array;
  readonly digit: number;
}

/** A digit somewhere in the picture, its strokes of uneven strength, on a noisy ground. */
function drawPicture(noise: number, random: RandomSource): Picture {
  const digit = Math.floor(random() * glyphs.length);
  const glyph = glyphs[digit] as readonly string[];
  const left = Math.floor(random() * (SIDE - 4));
  const top = Math.floor(random() * (SIDE - 6));
  const pixels = new Float32Array(SIDE * SIDE);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const inked = glyph[row - top]?.[column - left] === "#";
      pixels[row * SIDE + column] = inked ? 1 - noise * random() : noise * random();
    }
  }
  return { pixels, digit };
}

/** Every fifth picture is for the validation. */
const FIFTH = 5;

/**
 * Pictures of a table without a head: in each row the pixels of a square picture and then its digit, with commas between.
 * @throws {DataError} naming the first line that is something else.
 */
function readPictures(text: string): Picture[] {
  const rows = text
    .split("\n")
    .map((line, i) => ({ cells: line.trim(), number: i + 1 }))
    .filter(({ cells }) => cells !== "")
    .map(({ cells, number }) => ({ numbers: cells.split(",").map(Number), number }));
  const width = rows[0]?.numbers.length ?? 0;
  if (rows.length < 2 * FIFTH)
    throw new DataError(`digits: expected at least ${2 * FIFTH} pictures, got ${rows.length}`);
  if (width < 5 || !Number.isInteger(Math.sqrt(width - 1))) {
    throw new DataError(`digits line 1: expected the pixels of a square picture and a class, got ${width} numbers`);
  }
  let largest = 0;
  for (const { numbers, number } of rows) {
    const digit = numbers.at(-1) as number;
    if (numbers.length !== width || !numbers.every(Number.isFinite) || !Number.isSafeInteger(digit) || digit < 0) {
      throw new DataError(`digits line ${number}: expected ${width - 1} numbers and a class ≥ 0, with commas between`);
    }
    for (let i = 0; i < width - 1; i++) largest = Math.max(largest, Math.abs(numbers[i] as number));
  }
  return rows.map(({ numbers }) => ({
    pixels: Float32Array.from(numbers.slice(0, -1), (pixel) => (largest === 0 ? 0 : pixel / largest)),
    digit: numbers.at(-1) as number,
  }));
}

/** Pictures as sequences of steps: [T, B, numbers]. */
function batchOf(pictures: readonly Picture[], numbers: number): Batch {
  const size = (pictures[0] as Picture).pixels.length;
  const count = pictures.length;
  const input = new Float32Array(size * count);
  pictures.forEach(({ pixels }, b) => {
    for (let at = 0; at < size; at += numbers) input.set(pixels.subarray(at, at + numbers), at * count + b * numbers);
  });
  return {
    input: Tensor.fromArray(input, [size / numbers, count, numbers]),
    target: Tensor.fromArray(
      Int32Array.from(pictures, ({ digit }) => digit),
      [count],
    ),
  };
}

function noiseOf({ noise }: TaskDefaults): number {
  if (!((noise as number) >= 0 && (noise as number) <= 1)) {
    throw new OptionError(`digits noise: expected a number from 0 to 1, got ${noise}`);
  }
  return noise as number;
}

/** Where pictures come from: those of a text, or drawn. */
function pictureSource(options: TaskDefaults, data: string | null) {
  const noise = noiseOf(options);
  if (data === null) {
    const draw = (count: number, random: RandomSource) =>
      Array.from({ length: count }, () => drawPicture(noise, random));
    return { size: SIDE * SIDE, classes: glyphs.length, learn: draw, judge: draw };
  }
  const all = readPictures(data);
  const [judged, learned] = [true, false].map((held) => all.filter((_, i) => (i % FIFTH === 0) === held)) as [
    Picture[],
    Picture[],
  ];
  return {
    size: (all[0] as Picture).pixels.length,
    classes: all.reduce((most, { digit }) => Math.max(most, digit), 0) + 1,
    learn: (count: number, random: RandomSource) =>
      Array.from({ length: count }, () => learned[Math.floor(random() * learned.length)] as Picture),
    judge: (count: number) => judged.slice(0, count),
  };
}

/** Pictures of digits, read in pieces. */
export const digits: Task = {
  description: "name the digit on a small picture, read row by row, or pixel by pixel (as in Le, Jaitly & Hinton 2015)",
  score: "share of digits wrong",
  defaults: {
    read: "rows",
    noise: 0.3,
    hiddenSize: 32,
    batchSize: 32,
    learningRate: 3e-3,
    clipNorm: 1,
    target: 0.1,
    every: 25,
    validationSize: 256,
  },
  prepare: (options, data) => {
    if (options.read !== "rows" && options.read !== "pixels") {
      throw new OptionError(`digits read: expected "rows" or "pixels", got ${JSON.stringify(options.read)}`);
    }
    const { size, classes, learn, judge } = pictureSource(options, data);
    const numbers = options.read === "rows" ? Math.sqrt(size) : 1;
    return {
      input: { numbers },
      outputSize: classes,
      speaks: "last",
      memory: size / numbers,
      batch: (count, random) => batchOf(learn(count, random), numbers),
      validation: (count, random) => batchOf(judge(count, random), numbers),
      loss: (output, target) => crossEntropy(output, target),
      score: (output, target) => errorRate(output, target),
    };
  },
};
