/**
 * ONNX's LSTM, GRU and RNN nodes with the library's layers. ONNX keeps W [directions, G·H, I], R [directions, G·H, H],
 * B [directions, 2·G·H] = Wb ⧺ Rb and P [directions, 3·H]; its gates are i o f c (LSTM), z r h (GRU), and P is i o f.
 * We keep i f g o, r z n and i f o, so blocks of H rows change places.
 */

import type { Numbers } from "../oracle/compare.ts";
import type { LayerOptions, Named } from "../oracle/layer.ts";
import { forwardLayer, numbers } from "../pytorch/engine.ts";
import type { OnnxCase } from "./onnx-files.ts";

type Kind = LayerOptions["kind"];

/** Our gate's place among ONNX's, in our order. */
const GATE_PLACES: Record<Kind, number[]> = { RNN: [0], LSTM: [0, 2, 3, 1], GRU: [1, 0, 2] };
const PEEPHOLE_PLACES = [0, 2, 1];

/** [Y, Y_h] and for an LSTM Y_c, in ONNX's shapes. */
export function runRecurrent(kind: Kind, test: OnnxCase): Numbers[] {
  const { attributes, inputs } = test;
  const [x, w, r, b, sequenceLengths, h0, c0, p] = inputs;
  const hiddenSize = attributes.hidden_size as number;
  const batchFirst = attributes.layout === 1;
  const [first, second, inputSize] = x!.shape;
  const [steps, batch] = batchFirst ? [second, first] : [first, second];
  refuseUnmapped(test);
  if (sequenceLengths?.data.some((length) => length !== steps))
    throw new Error(`${test.name}: sequences of unequal length`);

  const bidirectional = attributes.direction === "bidirectional";
  const directions = bidirectional ? 2 : 1;
  const given: Named = new Map([["x", x as Numbers]]);
  if (h0) given.set("h0", statesFirst(h0, batchFirst));
  if (c0) given.set("c0", statesFirst(c0, batchFirst));
  const places = GATE_PLACES[kind];
  const rows = places.length * hiddenSize;
  for (let direction = 0; direction < directions; direction += 1) {
    const suffix = direction === 0 ? "_l0" : "_l0_reverse";
    const put = (name: string, shape: number[], source: Numbers, offset: number, order: number[]) =>
      given.set(`weights.${name}${suffix}`, { shape, data: reorder(source, offset, shape, order) });
    put("weight_ih", [rows, inputSize], w!, direction * rows * inputSize, places);
    put("weight_hh", [rows, hiddenSize], r!, direction * rows * hiddenSize, places);
    if (b) put("bias_ih", [rows], b, 2 * direction * rows, places);
    if (b) put("bias_hh", [rows], b, (2 * direction + 1) * rows, places);
    if (p) put("weight_peephole", [3 * hiddenSize], p, direction * 3 * hiddenSize, PEEPHOLE_PLACES);
  }

  const bias = b !== undefined;
  const options: LayerOptions = { kind, inputSize, hiddenSize, bidirectional, batchFirst, bias };
  const kindOptions = {
    LSTM: { peepholes: p !== undefined },
    GRU: { resetAfter: attributes.linear_before_reset === 1 },
  };
  const outputs = forwardLayer({ ...options, ...(kind === "RNN" ? {} : kindOptions[kind]) }, given).outputs;
  const output = outputShape(numbers(outputs.get("output")!), { steps, batch, directions, hiddenSize, batchFirst });
  const states = ["h", "c"].filter((name) => outputs.has(name)).map((name) => numbers(outputs.get(name)!));
  return [output, ...states.map((state) => statesLast(state, batchFirst))];
}

function refuseUnmapped({ name, attributes }: OnnxCase): void {
  const known = ["hidden_size", "layout", "linear_before_reset", "direction"];
  const unknown = Object.keys(attributes).filter((attribute) => !known.includes(attribute));
  if (unknown.length > 0) throw new Error(`${name}: attributes not mapped here: ${unknown.join(", ")}`);
  if (attributes.direction === "reverse") throw new Error(`${name}: a layer of the reverse direction alone`);
}

/** The block of `source` at `offset`, its gates (equal parts of the first axis) in this order. */
function reorder(source: Numbers, offset: number, shape: number[], order: number[]): Float32Array {
  const length = shape.reduce((product, size) => product * size, 1);
  const gate = length / order.length;
  const result = new Float32Array(length);
  for (const [place, from] of order.entries()) {
    for (let index = 0; index < gate; index += 1)
      result[place * gate + index] = source.data[offset + from * gate + index];
  }
  return result;
}

interface Sizes {
  steps: number;
  batch: number;
  directions: number;
  hiddenSize: number;
  batchFirst: boolean;
}

/** Ours is [T, B, directions·H], or [B, T, directions·H]; ONNX's Y is [T, directions, B, H], or [B, T, directions, H]. */
function outputShape({ data }: Numbers, { steps, batch, directions, hiddenSize, batchFirst }: Sizes): Numbers {
  if (batchFirst) return { shape: [batch, steps, directions, hiddenSize], data };
  return {
    shape: [steps, directions, batch, hiddenSize],
    data: swapMiddle(data, steps, batch, directions, hiddenSize),
  };
}

/** [blocks, B, H], or with layout 1 [B, blocks, H] → ours, [blocks, B, H]. */
function statesFirst({ shape, data }: Numbers, batchFirst: boolean): Numbers {
  const [batch, blocks, size] = shape;
  return batchFirst
    ? { shape: [blocks, batch, size], data: swapMiddle(data, 1, batch, blocks, size) }
    : { shape, data };
}

function statesLast({ shape, data }: Numbers, batchFirst: boolean): Numbers {
  const [blocks, batch, size] = shape;
  return batchFirst
    ? { shape: [batch, blocks, size], data: swapMiddle(data, 1, blocks, batch, size) }
    : { shape, data };
}

/** [outer, a, b, inner] → [outer, b, a, inner] */
function swapMiddle(data: ArrayLike<number>, outer: number, a: number, b: number, inner: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let o = 0; o < outer; o += 1) {
    for (let i = 0; i < a * b; i += 1) {
      const from = (o * a * b + i) * inner;
      const to = (o * a * b + (i % b) * a + Math.floor(i / b)) * inner;
      for (let k = 0; k < inner; k += 1) result[to + k] = data[from + k];
    }
  }
  return result;
}
