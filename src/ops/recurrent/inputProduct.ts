/**
 * The part of a recurrent layer that does not recur: x_t·W_ihᵀ + b, one product for all T, and its gradients.
 */
import { addGradient, writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { ShapeError } from "../../runtime/errors.ts";
import { requireShape } from "../../tensor/shape.ts";
import { type Lookup, Tensor } from "../../tensor/tensor.ts";
import { scatterAdd } from "../embedding.ts";
import { asItLies, columns, multiply, rows, transposed } from "../matmul.ts";
import { copy } from "../strided.ts";
import { evenLayout, type Layout } from "./layout.ts";
import { type Norm, NormalisedRows } from "./normalise.ts";

/** The weights every recurrent layer has; G is the number of gates. */
export interface RecurrentWeights {
  /** [G·H, I] */
  readonly weightIh: Tensor;
  /** [G·H, H] */
  readonly weightHh: Tensor;
  /** [G·H] */
  readonly biasIh?: Tensor | null;
  /** [G·H] */
  readonly biasHh?: Tensor | null;
}

/** The sizes of one pass. */
export interface Sizes {
  readonly layout: Layout;
  readonly input: number;
  readonly hidden: number;
  readonly gates: number;
}

/** Checks every shape of a pass and names what does not fit; sequences of one length, [T, B, I], have no layout. */
export function checkSizes(
  what: string,
  x: Tensor,
  weights: RecurrentWeights,
  gates: number,
  packed?: Layout | null,
  projected = false,
): Sizes {
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  if (x.dtype !== "float32") throw new ShapeError(`${what} x: expected float32 numbers, got ${x.dtype}`);
  const hidden = projected ? Math.floor((weightHh.shape[0] ?? 0) / gates) : (weightHh.shape[1] ?? 0);
  requireShape(`${what} weightHh`, weightHh.shape, [gates * hidden, projected ? "P" : hidden]);
  requireShape(`${what} weightIh`, weightIh.shape, [gates * hidden, "I"]);
  const input = weightIh.shape[1] as number;
  const layout = packed ?? layoutOf(what, x, input);
  if (packed) requireShape(`${what} x`, x.shape, [packed.rows, input]);
  if (biasIh) requireShape(`${what} biasIh`, biasIh.shape, [gates * hidden]);
  if (biasHh) requireShape(`${what} biasHh`, biasHh.shape, [gates * hidden]);
  return { layout, input, hidden, gates: gates * hidden };
}

/** The layout of [T, B, I]. */
function layoutOf(what: string, x: Tensor, input: number): Layout {
  requireShape(`${what} x`, x.shape, ["T", "B", input]);
  const [steps, batch] = x.shape as [number, number];
  if (steps === 0 || batch === 0) {
    throw new ShapeError(
      `${what} x: expected at least one time step and one sequence, got [${steps}, ${batch}, ${input}]`,
    );
  }
  return evenLayout(steps, batch);
}

/** Tensors that are there. */
export function present(tensors: readonly (Tensor | null | undefined)[]): Tensor[] {
  return tensors.filter((t): t is Tensor => t != null);
}

/** The sum of the biases of a layer, in the step's memory, or 0 when it has none. */
export function sumOfBiases(weights: RecurrentWeights, size: number): number {
  if (!weights.biasIh && !weights.biasHh) return 0;
  const bias = engine().allocate(size);
  sumOfBiasesInto(weights, bias, size);
  return bias;
}

/** address[size] := b_ih + b_hh, or zeros. */
export function sumOfBiasesInto({ biasIh, biasHh }: RecurrentWeights, address: number, size: number): void {
  const { kernels } = engine();
  if (biasIh) copy(biasIh.address, address, size);
  else kernels.fill(address, size, 0);
  if (biasHh) kernels.accumulate(biasHh.address, address, size);
}

/** The input product of one pass, and the way back through it. */
export interface InputProduct {
  /** [T, B, G], or [rows, G] when packed. */
  readonly gates: Tensor;
  /** Where the products of every token lie, and the tokens: the pass looks them up; 0 when gates holds them. */
  readonly table: number;
  readonly tokens: number;
  /** What the product was computed from besides the weights. */
  readonly from: Tensor;
  /**
   * Sends dL/dz (in `dGates`) to the input, W_ih and the bias of the input.
   * @returns the gradient [G] of anything that is added to every z, or 0 when the layer has no biases.
   */
  backward(dGates: number): number;
}

/**
 * gates[T·B, G] := x·W_ihᵀ + bias (an address, or 0).
 *
 * When x was just looked up in a table with fewer rows than x has, the table is multiplied instead and the pass looks the
 * products up: the same numbers for a fraction of the arithmetic, both ways.
 */
export function inputProduct(
  x: Tensor,
  weights: RecurrentWeights,
  bias: number,
  sizes: Sizes,
  norm?: Norm | null,
): InputProduct {
  const m = sizes.layout.rows;
  // Even where the table stands in for x: after x's step has ended this throws, as any other use of x does.
  x.requireAlive();
  const { lookup } = x;
  // An x that has been made a leaf wants the gradient itself.
  const leaf = x.requiresGrad && !x.source;
  if (lookup && !leaf && (lookup.weight.shape[0] as number) < m) {
    return lookupProduct(lookup, new Projection(lookup.weight, weights, bias, sizes, norm), sizes);
  }
  const projection = new Projection(x, weights, bias, sizes, norm);
  const gates = Tensor.inStep([...sizes.layout.axes, sizes.gates]);
  projection.forward(gates.address, m);
  return { gates, table: 0, tokens: 0, from: x, backward: (dGates) => projection.backward(dGates, m) };
}

function lookupProduct({ weight, tokens }: Lookup, projection: Projection, sizes: Sizes): InputProduct {
  const e = engine();
  const count = weight.shape[0] as number;
  const width = sizes.gates;
  const table = e.allocate(count * width);
  projection.forward(table, count);
  const gates = Tensor.inStep([...sizes.layout.axes, width]);
  return {
    gates,
    table,
    tokens: tokens.address,
    from: weight,
    backward: (dGates) => {
      const dTable = e.allocate(count * width);
      e.kernels.fill(dTable, count * width, 0);
      scatterAdd(dGates, tokens, dTable, width);
      return projection.backward(dTable, count);
    },
  };
}

/** x·W_ihᵀ + bias, normalised before the bias where there is a norm. */
class Projection {
  readonly #x: Tensor;
  readonly #weights: RecurrentWeights;
  readonly #bias: number;
  readonly #sizes: Sizes;
  readonly #norm: Norm | null;
  #normalised: NormalisedRows | null = null;

  constructor(x: Tensor, weights: RecurrentWeights, bias: number, sizes: Sizes, norm: Norm | null = null) {
    this.#x = x;
    this.#weights = weights;
    this.#bias = bias;
    this.#sizes = sizes;
    this.#norm = norm;
  }

  /** Fills out [m, G]. */
  forward(out: number, m: number): void {
    const { input, gates } = this.#sizes;
    const bias = this.#bias;
    const early = bias !== 0 && !this.#norm;
    if (early) engine().kernels.expandAxis(bias, out, 1, m, gates);
    const right = transposed(this.#weights.weightIh);
    multiply(rows(this.#x.address, input), right, out, { m, n: gates, k: input, accumulate: early });
    if (this.#norm) this.#normalised = new NormalisedRows(out, bias, m, this.#norm);
  }

  /** Sends d [m, G] to x, W_ih, the bias of the input and γ; returns the sum of its rows, or 0 without biases. */
  backward(d: number, m: number): number {
    const { input, gates } = this.#sizes;
    const { weightIh, biasIh, biasHh } = this.#weights;
    const x = this.#x;
    const dBias = biasIh || biasHh ? engine().allocate(gates) : 0;
    if (dBias) engine().kernels.sumAxis(d, dBias, 1, m, gates);
    this.#normalised?.backward(d);
    addGradient(weightIh, (to, accumulate) =>
      multiply(columns(d, gates), rows(x.address, input), to, { m: gates, n: input, k: m, accumulate }),
    );
    if (biasIh) writeGradient(biasIh, (to) => copy(dBias, to, gates));
    addGradient(x, (to, accumulate) =>
      multiply(rows(d, gates), asItLies(weightIh), to, { m, n: input, k: gates, accumulate }),
    );
    return dBias;
  }
}
