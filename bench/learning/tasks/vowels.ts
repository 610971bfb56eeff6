/** JapaneseVowels (Kudo, Toyama & Shimbo 1999): nine speakers told apart by 12 coefficients over 7 to 29 steps. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { classify, type Example } from "../classify.ts";
import type { Task } from "../task.ts";

const FILES = ["sensor/ucr-uea/JapaneseVowels_TRAIN.ts", "sensor/ucr-uea/JapaneseVowels_TEST.ts"];
const SIZE = 12;
const SOLVED = 0.96;

/** A series a line: one dimension after the other between colons, the class last. */
function read(path: string): Example[] {
  const text = readFileSync(path, "utf8");
  const body = text.slice(text.indexOf("@data") + "@data".length);
  return body
    .trim()
    .split("\n")
    .map((line) => {
      const fields = line.trim().split(":");
      const label = Number(fields.pop()) - 1;
      const dimensions = fields.map((field) =>
        field
          .split(",")
          .map(Number)
          .filter((value) => !Number.isNaN(value)),
      );
      const steps = dimensions[0]?.length as number;
      const values = new Float32Array(steps * SIZE);
      dimensions.forEach((series, d) => {
        for (let t = 0; t < steps; t++) values[t * SIZE + d] = series[t] as number;
      });
      return { values, steps, label };
    });
}

export const vowelTasks: readonly Task[] = [
  {
    name: "JapaneseVowels, lengths 7 to 29, GRU both ways",
    score: `accuracy, ≥ ${SOLVED}`,
    solved: (score) => score >= SOLVED,
    files: FILES,
    learn: (seed, data) => {
      const [train, test] = FILES.map((file) => read(join(data, file))) as [Example[], Example[]];
      const setting = {
        inputSize: SIZE,
        classes: 9,
        hiddenSize: 96,
        epochs: 80,
        batch: 16,
        learningRate: 3e-3,
        inputDropout: 0.1,
        dropout: 0.5,
      };
      return classify(train, test, setting, seed);
    },
  },
];
