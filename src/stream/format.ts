import { engine } from "../runtime/engine.ts";
import { OptionError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import { reserve } from "./reserve.ts";

/** How a stream keeps its copy of the weights. */
export type WeightFormat = "float32" | "int8";

/** The formats by their numbers in the engine. */
const formats: Record<WeightFormat, number> = { float32: 0, int8: 1 };

export interface StreamOptions {
  /**
   * "float32" (default), or "int8": a quarter of the memory, and about twice the speed (2.1 to 2.5 times with relaxed SIMD)
   * where float32 weights do not fit in the processor's cache. Each row of a weight that is multiplied is rounded to 255
   * steps of its own, what it is multiplied by to 127; sums, biases, gates, states and embeddings stay as they are. Outputs
   * then differ by 1 to 2 % of their norm, a state by a few hundredths at most; a character model lost 0.003 nats. Both
   * builds round alike.
   */
  weights?: WeightFormat;
}

/** The format that the options ask for. @throws {OptionError} when an option is unknown, or there is no such format. */
export function weightFormat(options: StreamOptions): WeightFormat {
  requireKnown("stream", options, ["weights"]);
  const { weights = "float32" } = options;
  if (!Object.hasOwn(formats, weights)) {
    throw new OptionError(
      `stream weights: expected one of ${Object.keys(formats).join(", ")}, got ${JSON.stringify(weights)}`,
    );
  }
  return weights;
}

/** What a stage's kernel has to know of the format; memory that it wants lives as long as `owner`. */
export function formatFields(owner: object, format: WeightFormat): { format: number; workspace: number } {
  const workspace = format === "int8" ? reserve(owner, engine().kernels.int8WorkspaceSize()) : 0;
  return { format: formats[format], workspace };
}
