import { Embedding, GRU, Linear, LSTM, Module, RNN, type Tensor, tensor } from "unrolled";
import { type CellName, type CharacterModelSizes, PlainCharacterModel } from "../plain/character-model.ts";
import type { PlainParameter } from "../plain/parameter.ts";
import { randomFloats, randomSource } from "../random.ts";

export const engineCells = { RNN, LSTM, GRU };

/** The library's side of the character model: names of parameters as in PlainCharacterModel. */
export class EngineCharacterModel extends Module {
  readonly embedding: Embedding;
  readonly layer: RNN | LSTM | GRU;
  readonly head: Linear;

  /** @param layer the recurrent layer, where it is not the plain one of that cell. */
  constructor(cell: CellName, sizes: CharacterModelSizes, layer?: RNN | LSTM | GRU) {
    super();
    const { characters, embeddingSize, hiddenSize } = sizes;
    this.embedding = new Embedding({ count: characters, size: embeddingSize });
    this.layer = layer ?? new engineCells[cell]({ inputSize: embeddingSize, hiddenSize });
    this.head = new Linear({ inputSize: hiddenSize, outputSize: characters });
  }

  override forward(tokens: Tensor): Tensor {
    return this.head.forward(this.layer.forward(this.embedding.forward(tokens)).output);
  }
}

/** The plain model with weights that both sides start from: uniform in ±1/√H, embeddings in ±1. */
export function plainModelWithWeights(cell: CellName, sizes: CharacterModelSizes): PlainCharacterModel {
  const model = new PlainCharacterModel(cell, sizes);
  const random = randomSource(1);
  const bound = 1 / Math.sqrt(sizes.hiddenSize);
  for (const { name, value } of model.parameters) {
    const limit = name.startsWith("embedding") ? 1 : bound;
    value.set(randomFloats(random, value.length, -limit, limit));
  }
  return model;
}

/**
 * Copies the plain side's weights into the library's module, by name.
 * @param prefix what the plain names begin with and the module's do not.
 * @returns reads the module's weights in the plain side's order.
 */
export function takeWeights(module: Module, parameters: readonly PlainParameter[], prefix = ""): () => Float32Array[] {
  const named = new Map(module.namedParameters());
  const shapeOf = (name: string) => [...(named.get(name)?.shape ?? [])];
  const names = parameters.map(({ name }) => name.slice(prefix.length));
  module.loadStateDict(
    Object.fromEntries(parameters.map(({ value }, p) => [names[p], tensor(value, shapeOf(names[p]))])),
  );
  return () => names.map((name) => named.get(name)?.toArray() as Float32Array);
}
