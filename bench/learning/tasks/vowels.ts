/** JapaneseVowels (Kudo, Toyama & Shimbo 1999): nine speakers told apart by 12 coefficients over 7 to 29 steps. */
import { join } from "node:path";
import { readSeriesFile } from "unrolled/node";
import { classify, type Example } from "../classify.ts";
import type { Task } from "../task.ts";

const FILES = ["sensor/ucr-uea/JapaneseVowels_TRAIN.ts", "sensor/ucr-uea/JapaneseVowels_TEST.ts"];
const SIZE = 12;
const SOLVED = 0.96;

/** The two files' series; the test file's classes have the training file's numbers. */
async function read(data: string): Promise<Example[][]> {
  const [train, test] = FILES.map((file) => join(data, file)) as [string, string];
  const { classes, examples } = await readSeriesFile(train);
  const others = (await readSeriesFile(test, { classes })).examples;
  return [examples, others].map((part) =>
    part.map(({ input: { data: values, shape }, label }) => ({ values, steps: shape[0], label })),
  );
}

export const vowelTasks: readonly Task[] = [
  {
    name: "JapaneseVowels, lengths 7 to 29, GRU both ways",
    score: `accuracy, ≥ ${SOLVED}`,
    solved: (score) => score >= SOLVED,
    files: FILES,
    learn: async (seed, data) => {
      const [train, test] = (await read(data)) as [Example[], Example[]];
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
