/** A small training that both sides of these tests can make: characters of a text that repeats. */
import {
  Adam,
  type BatchSource,
  CharacterVocabulary,
  crossEntropy,
  Dropout,
  Embedding,
  GRU,
  Linear,
  reduceOnPlateauSchedule,
  Sequential,
  seed,
  Trainer,
  textWindows,
} from "unrolled";
import type { ServedPage, ServedWork } from "unrolled/worker";

const TEXT = "round and round the rugged rock the ragged rascal ran. ".repeat(20);

export interface Setup {
  readonly steps: number;
  /** A step whose metric throws; 0 for none. */
  readonly failAt?: number;
}

export function makeWork({ steps, failAt = 0 }: Setup) {
  seed(5);
  const vocabulary = new CharacterVocabulary(TEXT);
  const { size } = vocabulary;
  const model = new Sequential(
    new Embedding({ count: size, size: 8 }),
    new GRU({ inputSize: 8, hiddenSize: 16 }),
    new Dropout({ probability: 0.1 }),
    new Linear({ inputSize: 16, outputSize: size }),
  );
  const trainer = new Trainer({
    model,
    loss: crossEntropy,
    optimizer: new Adam(model.parameters(), { learningRate: 0.01 }),
  });
  const data = textWindows(vocabulary.encode(TEXT), { window: 16 });
  const callbacks = [
    {
      onStepEnd: ({ step }: { step: number }) => {
        if (step === failAt) throw new RangeError(`step ${step} was not to be`);
      },
    },
  ];
  const questions = {
    characters: () => size,
    double: (value: number) => 2 * value,
    fail: () => {
      throw new TypeError("no answer");
    },
  };
  return {
    trainer,
    data,
    fit: { steps, batchSize: 8, validation: data, validationEvery: 10, callbacks },
    questions,
  } satisfies ServedWork;
}

export interface SlowSetup {
  readonly steps: number;
  /** The step whose validation is told of, and takes its time; 0 for none. */
  readonly tellAt?: number;
  /** Whether that validation then fails. */
  readonly fails?: boolean;
}

/** A training whose validations pause, and decide the rate of what follows. */
export function makeSlowWork({ steps, tellAt = 0, fails = false }: SlowSetup, page?: ServedPage) {
  const { trainer, data } = makeWork({ steps });
  let validations = 0;
  const validation: BatchSource = {
    async *batches() {
      if (++validations * 10 === tellAt) {
        page?.tell("validating");
        await new Promise((resolve) => setTimeout(resolve, 40));
        if (fails) throw new RangeError("this validation was not to be");
      }
      yield data.batch(Int32Array.of(0, 1, 2, 3));
    },
  };
  const schedule = reduceOnPlateauSchedule({ learningRate: 0.05, patience: 0, factor: 0.5, threshold: 0.5 });
  return {
    trainer,
    data,
    fit: { steps, batchSize: 8, validation, validationEvery: 10, schedule },
  } satisfies ServedWork;
}
