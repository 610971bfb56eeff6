/** Handwritten digits of 8×8 pixels (UCI), read as 8 rows of 8 pixels or pixel by pixel; every fifth one is the test. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { classify, type Example, type Setting } from "../classify.ts";
import type { Task } from "../task.ts";

const FILE = "vision/digits/digits.csv.gz";
const SOLVED = 0.96;

function read(data: string): Example[] {
  const text = gunzipSync(readFileSync(join(data, FILE))).toString("utf8");
  return text
    .trim()
    .split("\n")
    .filter((line) => /^[\d.,\s]+$/.test(line))
    .map((line) => {
      const numbers = line.split(",").map(Number);
      return {
        values: Float32Array.from(numbers.slice(0, 64), (pixel) => pixel / 16),
        steps: 8,
        label: numbers[64] as number,
      };
    });
}

function task(name: string, inputSize: number, setting: Partial<Setting>): Task {
  return {
    name: `digits 8×8, ${name}`,
    score: `accuracy, ≥ ${SOLVED}`,
    solved: (score) => score >= SOLVED,
    files: [FILE],
    learn: (seed, data) => {
      const all = read(data).map((example) => ({ ...example, steps: 64 / inputSize }));
      const [train, test] = [0, 1].map((part) => all.filter((_, i) => (i % 5 === 0) === (part === 1)));
      const common = {
        classes: 10,
        hiddenSize: 96,
        epochs: 50,
        batch: 32,
        learningRate: 3e-3,
        inputDropout: 0.15,
        dropout: 0.5,
      };
      return classify(train as Example[], test as Example[], { inputSize, ...common, ...setting }, seed);
    },
  };
}

export const digitTasks: readonly Task[] = [
  task("row by row, GRU both ways", 8, {}),
  task("pixel by pixel, GRU both ways", 1, { epochs: 80, inputDropout: 0.05 }),
];
