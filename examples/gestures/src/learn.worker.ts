/** Learns gestures from a few strokes each, and from many that are like them. */
import { Adam, arrayDataset, crossEntropy, seed, Trainer, tensor } from "unrolled";
import { serveTraining } from "unrolled/worker";
import { networkFor } from "./recognizer.ts";
import { FEATURES, featuresOf, STEPS, type Stroke, variationOf } from "./stroke.ts";

/** Strokes of each gesture that the network sees. */
const VARIATIONS = 160;

const EPOCHS = 12;

/** Strokes of all gestures, each as often, every one a little different. */
function datasetOf(strokes: readonly (readonly Stroke[])[]) {
  const x = new Float32Array(strokes.length * VARIATIONS * STEPS * FEATURES);
  const labels = new Int32Array(strokes.length * VARIATIONS);
  for (let i = 0; i < labels.length; i++) {
    const gesture = i % strokes.length;
    const own = strokes[gesture] as readonly Stroke[];
    const stroke = own[Math.floor(i / strokes.length) % own.length] as Stroke;
    x.set(featuresOf(variationOf(stroke, Math.random)), i * STEPS * FEATURES);
    labels[i] = gesture;
  }
  const inputs = tensor(x, [labels.length, STEPS, FEATURES]);
  return arrayDataset(inputs, tensor(labels, [labels.length]), { timeMajor: true });
}

const served = serveTraining(({ strokes }: { strokes: readonly (readonly Stroke[])[] }) => {
  seed(1);
  const model = networkFor(strokes.length);
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const trainer = new Trainer({ model, loss: crossEntropy, optimizer, clipNorm: 1 });
  return { trainer, data: datasetOf(strokes), fit: { epochs: EPOCHS, batchSize: 32 } };
});

export type Served = typeof served;
