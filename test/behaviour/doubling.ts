import { arrayDataset, type Dataset, Linear, mseLoss, SGD, Trainer, tensor } from "unrolled";

export const COUNT = 10;

/** Learns y = 2x from ten examples; `seen` lists which ones were asked for, batch by batch. */
export function doubling(): { model: Linear; trainer: Trainer; data: Dataset; seen: number[][] } {
  const x = Float32Array.from({ length: COUNT }, (_, i) => i / COUNT);
  const inner = arrayDataset(
    tensor(x, [COUNT, 1]),
    tensor(
      x.map((v) => 2 * v),
      [COUNT, 1],
    ),
  );
  const seen: number[][] = [];
  const data: Dataset = {
    length: COUNT,
    batch: (indices) => {
      seen.push([...indices]);
      return inner.batch(indices);
    },
  };
  const model = new Linear({ inputSize: 1, outputSize: 1 });
  const trainer = new Trainer({ model, loss: mseLoss, optimizer: new SGD(model.parameters(), { learningRate: 0.1 }) });
  return { model, trainer, data, seen };
}
