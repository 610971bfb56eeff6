/** A series: the network says where the next value lies, as a normal distribution, and draws courses from it. */
import { Adam, arrayDataset, mixtureDensityLoss, reshape, slice, type Tensor, Trainer, tensor, zeros } from "unrolled";
import type { Settings } from "../settings.ts";
import { Network } from "./network.ts";
import type { Forecast, SeriesMaterial } from "./setup.ts";
import { type Task, withoutTraining } from "./textTask.ts";

const HELD_OUT = 0.2;

/** Courses that a forecast draws. */
const PATHS = 64;

export interface SeriesTask extends Task {
  readonly values: Float32Array;
  readonly scale: { readonly mean: number; readonly deviation: number };
}

/** Of a normal distribution: [..., 2] holds the mean and the logarithm of the deviation. */
function normalLoss(output: Tensor, target: Tensor): Tensor {
  const leading = target.shape.slice(0, -1);
  const [means, logScales] = [0, 1].map((i) => reshape(slice(output, -1, i, i + 1), [...leading, 1, 1]));
  return mixtureDensityLoss(
    { logits: zeros([...leading, 1]), means: means as Tensor, logScales: logScales as Tensor },
    target,
  );
}

/** Stretches of `window` steps and the values that follow each step: x and y, [N, T, 1]. */
function stretches(values: Float32Array, window: number) {
  const count = Math.max(values.length - window, 1);
  const length = Math.min(window, values.length - 1);
  const x = new Float32Array(count * length);
  const y = new Float32Array(count * length);
  for (let i = 0; i < count; i++) {
    x.set(values.subarray(i, i + length), i * length);
    y.set(values.subarray(i + 1, i + 1 + length), i * length);
  }
  return arrayDataset(tensor(x, [count, length, 1]), tensor(y, [count, length, 1]), { timeMajor: "both" });
}

function scaleOf(values: Float32Array): SeriesTask["scale"] {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0);
  return { mean, deviation: Math.sqrt(variance) || 1 };
}

/** @param known the scale of a network from a file. */
export function seriesTask({ values }: SeriesMaterial, settings: Settings, known?: SeriesTask["scale"]): SeriesTask {
  const cut = Math.floor(values.length * (1 - HELD_OUT));
  const scale = known ?? scaleOf(values.subarray(0, cut));
  const scaled = values.map((value) => (value - scale.mean) / scale.deviation);
  const network = new Network(settings, 0, 2);
  const { window, learningRate } = settings;
  return {
    network,
    values,
    scale,
    loss: normalLoss,
    trainer: new Trainer({
      model: network,
      loss: normalLoss,
      optimizer: new Adam(network.parameters(), { learningRate }),
      clipNorm: 1,
    }),
    data: stretches(scaled.subarray(0, cut), window),
    validation: stretches(scaled.subarray(Math.max(cut - window, 0)), window),
    card: { version: 1, settings, kind: "series", scale },
  };
}

/** A number from the standard normal distribution (Box and Muller). */
function standardNormal(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

/** Where the series goes after `from`: courses drawn step by step, and what share of them runs where. */
export function forecast({ network, values, scale }: SeriesTask, from: number, horizon: number): Forecast {
  const context = Math.min(from, 4 * 64);
  const past = values.slice(from - context, from);
  const courses = withoutTraining(network, () => {
    const scaled = Array.from(past, (value) => (value - scale.mean) / scale.deviation);
    const fed = Float32Array.from({ length: context * PATHS }, (_, i) => scaled[Math.floor(i / PATHS)] as number);
    let { output, states } = network.walk(tensor(fed, [context, PATHS, 1]));
    return Array.from({ length: horizon }, () => {
      const said = output.toArray();
      const last = said.length - 2 * PATHS;
      const drawn = Float32Array.from({ length: PATHS }, (_, path) => {
        const at = last + 2 * path;
        return (said[at] as number) + Math.exp(said[at + 1] as number) * standardNormal();
      });
      ({ output, states } = network.walk(tensor(drawn, [1, PATHS, 1]), states));
      return drawn.toSorted().map((value) => value * scale.deviation + scale.mean);
    });
  });
  const at = (share: number): Float32Array =>
    Float32Array.from(courses, (course) => course[Math.round(share * (PATHS - 1))] as number);
  const truth = values.slice(from, from + horizon);
  return { past, lowest: at(0.05), low: at(0.25), middle: at(0.5), high: at(0.75), highest: at(0.95), truth };
}
