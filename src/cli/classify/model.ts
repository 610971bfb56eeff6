import { Examples, noGrad, Scaler, type ScalerState, softmax } from "../../index.ts";
import { Failure } from "../failure.ts";
import { areCounts, decodeModel, encodeModel, type ModelFormat } from "../recipe/modelFile.ts";
import { type Collection, type Layout, layouts, type Sequence } from "./collection.ts";
import type { LogMel } from "./logMel.ts";
import { type Architecture, SequenceClassifier } from "./network.ts";

/** All that is needed to classify another sequence. */
export interface ClassifierModel {
  readonly architecture: Architecture;
  readonly classes: readonly string[];
  /** Brings each channel to mean 0 and deviation 1, by the training part. */
  readonly scaling: ScalerState;
  readonly features: LogMel | null;
  readonly layout: Layout;
  readonly labelColumn: string | null;
  readonly network: SequenceClassifier;
}

/** Each channel of sequences, one sequence behind the other. */
function channelsOf(sequences: readonly Sequence[], channels: number): Float64Array[] {
  const steps = sequences.reduce((sum, { input }) => sum + input.shape[0], 0);
  const columns = Array.from({ length: channels }, () => new Float64Array(steps));
  let start = 0;
  for (const { input } of sequences) {
    input.data.forEach((value, i) => {
      (columns[i % channels] as Float64Array)[start + Math.floor(i / channels)] = value;
    });
    start += input.shape[0];
  }
  return columns;
}

/** What brings each channel to mean 0 and deviation 1 over all time steps. */
export function scalingOf(sequences: readonly Sequence[], channels: number): ScalerState {
  return Scaler.standard(channelsOf(sequences, channels)).toJSON();
}

/** Sequences as the network is shown them. */
export function examplesOf(
  { scaling, classes }: Pick<ClassifierModel, "scaling" | "classes">,
  sequences: readonly Sequence[],
) {
  const scaler = new Scaler(scaling);
  const channels = scaling.offset.length;
  const numbers = new Map(classes.map((label, i) => [label, i]));
  return Examples.from(
    sequences.map((sequence) => {
      const { shape, data } = sequence.input;
      const scaled = scaler.transform(channelsOf([sequence], channels));
      return {
        input: { shape, data: data.map((_, i) => scaled[i % channels]?.[Math.floor(i / channels)] as number) },
        label: numbers.get(sequence.label ?? "") ?? 0,
      };
    }),
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

type Description = Omit<ClassifierModel, "network">;

const format: ModelFormat<Description> = {
  name: "unrolled-classifier-1",
  command: "classify",
  isDescription: ({ architecture, classes, scaling, layout }) =>
    areCounts([architecture?.channels, architecture?.classes, architecture?.hidden]) &&
    areCounts(architecture?.strides ?? [0]) &&
    classes?.length === architecture?.classes &&
    [scaling?.offset, scaling?.scale].every(
      (list) => list?.length === architecture?.channels && list?.every(Number.isFinite),
    ) &&
    layouts.includes(layout as Layout),
  shapes: ({ architecture: { hidden, channels, classes } }) => ({
    "convolution1.weight": [hidden, channels, 9],
    "head.weight": [classes, 4 * hidden],
  }),
  build: ({ architecture }) => new SequenceClassifier(architecture),
};

/** A model as the bytes of a safetensors file, with everything in its metadata that classifying needs. */
export function encodeClassifier({ network, ...description }: ClassifierModel): Uint8Array {
  return encodeModel(format, network, description);
}

/**
 * The model in the bytes of a safetensors file.
 * @throws {Failure} when the file is damaged or was not written by `unrolled classify`.
 */
export function decodeClassifier(path: string, bytes: Uint8Array): ClassifierModel {
  const [description, network] = decodeModel(format, path, bytes);
  return { ...description, network: network as SequenceClassifier };
}

/** @throws {Failure} when sequences are not of the kind that the model has learned from. */
export function requireFit(model: ClassifierModel, { channels, features, title }: Collection): void {
  const kindOf = (settings: LogMel | null): string =>
    settings === null ? "numbers" : `recordings of ${settings.sampleRate} samples a second`;
  const wanted = `${kindOf(model.features)}, ${model.architecture.channels} a time step`;
  const got = `${kindOf(features)}, ${channels} a time step`;
  if (wanted !== got) throw new Failure(`${title}: expected ${wanted}, as the model has learned from, got ${got}`);
}
