import { decodeSafetensors, Examples, noGrad, softmax } from "../../index.ts";
import { Failure, lineOf } from "../failure.ts";
import { type Collection, type Layout, layouts, type Sequence } from "./collection.ts";
import type { LogMel } from "./logMel.ts";
import { type Architecture, SequenceClassifier } from "./network.ts";

/** What brings each channel to mean 0 and deviation 1, learned from the training part: y = (x − offset) / scale. */
export interface Scaling {
  readonly offset: readonly number[];
  readonly scale: readonly number[];
}

/** All that is needed to classify another sequence. */
export interface ClassifierModel {
  readonly architecture: Architecture;
  readonly classes: readonly string[];
  readonly scaling: Scaling;
  readonly features: LogMel | null;
  readonly layout: Layout;
  readonly labelColumn: string | null;
  readonly network: SequenceClassifier;
}

/** Means and deviations of each channel over all time steps; a channel that is constant has scale 1. */
export function scalingOf(sequences: readonly Sequence[], channels: number): Scaling {
  const offset = new Float64Array(channels);
  const squares = new Float64Array(channels);
  let steps = 0;
  for (const { input } of sequences) {
    steps += input.shape[0];
    input.data.forEach((value, i) => {
      offset[i % channels] = (offset[i % channels] as number) + value;
    });
  }
  const means = Array.from(offset, (sum) => sum / steps);
  for (const { input } of sequences) {
    input.data.forEach((value, i) => {
      squares[i % channels] = (squares[i % channels] as number) + (value - (means[i % channels] as number)) ** 2;
    });
  }
  const deviations = Array.from(squares, (sum) => Math.sqrt(sum / steps));
  return {
    offset: means,
    // What is left of equal numbers after rounding is no deviation.
    scale: deviations.map((deviation, c) => (deviation > 1e-6 * Math.abs(means[c] as number) ? deviation : 1)),
  };
}

/** Sequences as the network is shown them. */
export function examplesOf(
  { scaling, classes }: Pick<ClassifierModel, "scaling" | "classes">,
  sequences: readonly Sequence[],
) {
  const { offset, scale } = scaling;
  const numbers = new Map(classes.map((label, i) => [label, i]));
  return Examples.from(
    sequences.map(({ input, label }) => ({
      input: {
        shape: input.shape,
        data: input.data.map(
          (value, i) => (value - (offset[i % offset.length] as number)) / (scale[i % scale.length] as number),
        ),
      },
      label: numbers.get(label ?? "") ?? 0,
    })),
  );
}

/** Sequences in a batch where nothing is learned. */
const BATCH = 64;

/** How likely each class is for each sequence: [sequence][class]. */
export async function probabilitiesOf(model: ClassifierModel, sequences: readonly Sequence[]): Promise<number[][]> {
  const found: number[][] = [];
  model.network.eval();
  for await (const { input, lengths } of examplesOf(model, sequences)
    .batch({ batchSize: BATCH })
    .batches({ epoch: 0, seed: 0 })) {
    const values = noGrad(() => softmax(model.network.forward(input, undefined, { lengths }), 1)).toArray();
    const width = model.classes.length;
    for (let start = 0; start < values.length; start += width)
      found.push(Array.from(values.slice(start, start + width)));
  }
  return found;
}

const FORMAT = "unrolled-classifier-1";

/** A model as the bytes of a safetensors file, with everything in its metadata that classifying needs. */
export function encodeClassifier({ network, ...rest }: ClassifierModel): Uint8Array {
  return network.save({ format: FORMAT, model: JSON.stringify(rest) });
}

/**
 * The model in the bytes of a safetensors file.
 * @throws {Failure} when the file is damaged or was not written by `unrolled classify`.
 */
export function decodeClassifier(path: string, bytes: Uint8Array): ClassifierModel {
  try {
    const { tensors, metadata } = decodeSafetensors(bytes);
    if (metadata.format !== FORMAT) {
      throw new Failure("expected a model that `unrolled classify` has saved, got another safetensors file");
    }
    const description = describe(metadata.model ?? "");
    const { channels, hidden, classes } = description.architecture;
    // Compared before anything is built: sizes decide how much memory that takes.
    const wanted = `[${hidden}, ${channels}, 9] and [${classes}, ${4 * hidden}]`;
    const got = ["convolution1.weight", "head.weight"]
      .map((name) => `[${tensors[name]?.shape.join(", ")}]`)
      .join(" and ");
    if (wanted !== got) throw new Failure(`expected weights of ${wanted}, as its metadata says, got ${got}`);
    const network = new SequenceClassifier(description.architecture);
    network.loadStateDict(tensors);
    network.eval();
    return { ...description, network };
  } catch (error) {
    throw new Failure(`${path}: ${lineOf(error)}`);
  }
}

type Description = Omit<ClassifierModel, "network">;

function describe(text: string): Description {
  let value: Partial<Description> | null;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const { architecture, classes, scaling, layout } = value ?? {};
  const counts = [
    architecture?.channels,
    architecture?.classes,
    architecture?.hidden,
    ...(architecture?.strides ?? [0]),
  ];
  const readable =
    counts.every((count) => Number.isSafeInteger(count) && (count as number) > 0) &&
    classes?.length === architecture?.classes &&
    [scaling?.offset, scaling?.scale].every(
      (list) => list?.length === architecture?.channels && list?.every(Number.isFinite),
    ) &&
    layouts.includes(layout as Layout);
  if (!readable) throw new Failure("its metadata has no readable description of the model");
  return value as Description;
}

/** @throws {Failure} when sequences are not of the kind that the model has learned from. */
export function requireFit(model: ClassifierModel, { channels, features, title }: Collection): void {
  const kindOf = (settings: LogMel | null): string =>
    settings === null ? "numbers" : `recordings of ${settings.sampleRate} samples a second`;
  const wanted = `${kindOf(model.features)}, ${model.architecture.channels} a time step`;
  const got = `${kindOf(features)}, ${channels} a time step`;
  if (wanted !== got) throw new Failure(`${title}: expected ${wanted}, as the model has learned from, got ${got}`);
}
