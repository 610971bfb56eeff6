/** The network that tells gestures apart. */
import { GRU, LastStep, Linear, noGrad, Sequential, softmax, tensor } from "unrolled";
import { DataError, decodeSafetensors } from "unrolled/io";
import { FEATURES, featuresOf, STEPS, type Stroke } from "./stroke.ts";

const HIDDEN = 32;

/** Strokes [STEPS, B, FEATURES] to a number for each gesture [B, gestures]. */
export function networkFor(gestures: number): Sequential {
  return new Sequential(
    new GRU({ inputSize: FEATURES, hiddenSize: HIDDEN }),
    new LastStep(),
    new Linear({ inputSize: HIDDEN, outputSize: gestures }),
  );
}

/** Gestures by name, and the network that knows them. */
export class Recognizer {
  readonly names: readonly string[];
  readonly #network: Sequential;

  /** @throws {WeightsError} when the weights are damaged, or of a network for another number of gestures. */
  constructor(names: readonly string[], weights: Uint8Array) {
    this.names = names;
    this.#network = networkFor(names.length);
    this.#network.load(weights);
    this.#network.eval();
  }

  /** How likely a stroke, or the beginning of one, is each gesture. */
  recognize(stroke: Stroke): Float32Array {
    return noGrad(() => {
      const input = tensor(featuresOf(stroke), [STEPS, 1, FEATURES]);
      return softmax(this.#network.forward(input), -1).toArray() as Float32Array;
    });
  }

  /** The bytes of a file. */
  save(): Uint8Array<ArrayBuffer> {
    return this.#network.save({ gestures: JSON.stringify(this.names) });
  }

  /** @throws {DataError} when it is no file of gestures; {WeightsError} when it is damaged. */
  static load(bytes: Uint8Array): Recognizer {
    const { gestures } = decodeSafetensors(bytes).metadata;
    const names: unknown = gestures === undefined ? undefined : JSON.parse(gestures);
    if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) {
      throw new DataError("this file holds no gestures");
    }
    return new Recognizer(names, bytes);
  }
}
