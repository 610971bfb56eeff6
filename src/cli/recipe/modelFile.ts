import { existsSync } from "node:fs";
import { join } from "node:path";
import { decodeSafetensors, type Module } from "../../index.ts";
import { Failure, lineOf } from "../failure.ts";
import { isFolder, readBytes } from "../files.ts";
import { modelFile } from "../sample.ts";

/** How the models of a recipe are kept: weights, and in the metadata everything else that using them needs. */
export interface ModelFormat<Description> {
  /** Its name in the files. */
  readonly name: string;
  /** The command that writes them. */
  readonly command: string;
  /** Whether this, from a file, is a description; it may lack anything. */
  readonly isDescription: (value: Partial<Description>) => boolean;
  /** The shapes that some weights have by the description, by name. */
  readonly shapes: (description: Description) => Readonly<Record<string, readonly number[]>>;
  readonly build: (description: Description) => Module;
}

/** A model as the bytes of a safetensors file. */
export function encodeModel<D>({ name }: ModelFormat<D>, network: Module, description: D): Uint8Array {
  return network.save({ format: name, model: JSON.stringify(description) });
}

/**
 * The description and the network in the bytes of a safetensors file.
 * @throws {Failure} when the file is damaged or of another format.
 */
export function decodeModel<D>(format: ModelFormat<D>, path: string, bytes: Uint8Array): readonly [D, Module] {
  try {
    const { tensors, metadata } = decodeSafetensors(bytes);
    if (metadata.format !== format.name) {
      throw new Failure(`expected a model that \`unrolled ${format.command}\` has saved, got another safetensors file`);
    }
    const description = describe(format, metadata.model ?? "");
    // Compared before anything is built: sizes decide how much memory that takes.
    for (const [name, shape] of Object.entries(format.shapes(description))) {
      const [wanted, got] = [shape, tensors[name]?.shape ?? []].map((sizes) => `[${sizes.join(", ")}]`);
      if (wanted !== got)
        throw new Failure(`expected weights of ${wanted} in ${name}, as its metadata says, got ${got}`);
    }
    const network = format.build(description);
    network.loadStateDict(tensors);
    network.eval();
    return [description, network];
  } catch (error) {
    throw new Failure(`${path}: ${lineOf(error)}`);
  }
}

function describe<D>({ isDescription }: ModelFormat<D>, text: string): D {
  let value: Partial<D> | null;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (!isDescription(value ?? {})) throw new Failure("its metadata has no readable description of the model");
  return value as D;
}

/**
 * The path and the bytes of the model that --apply names: a file, or the folder of a run.
 * @throws {Failure} when there is none.
 */
export function modelAt(path: string): [file: string, bytes: Uint8Array] {
  const folder = isFolder(path);
  const file = folder ? join(path, modelFile) : path;
  if (folder && !existsSync(file)) {
    throw new Failure(`--apply ${path}: expected a folder that holds ${modelFile}, got one without`);
  }
  return [file, readBytes(file)];
}

/** Whether all are whole numbers ≥ 1. */
export function areCounts(values: readonly unknown[]): boolean {
  return values.every((value) => Number.isSafeInteger(value) && (value as number) > 0);
}
