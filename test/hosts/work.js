/** A small training that a worker does, and whoever started it does as well, to compare. */
import {
  Adam,
  arrayDataset,
  configure,
  GRU,
  LastStep,
  Linear,
  mseLoss,
  Sequential,
  seed,
  Trainer,
  uniform,
} from "unrolled";

export function makeWork({ steps }) {
  configure({ deterministic: true });
  seed(3);
  const model = new Sequential(
    new GRU({ inputSize: 2, hiddenSize: 12 }),
    new LastStep(),
    new Linear({ inputSize: 12, outputSize: 1 }),
  );
  const data = arrayDataset(uniform([64, 9, 2]), uniform([64, 1]), { timeMajor: true });
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  return { trainer: new Trainer({ model, loss: mseLoss, optimizer }), data, fit: { steps, batchSize: 8 } };
}
