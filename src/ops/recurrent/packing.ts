/** Sequences of several lengths, into the order of a packed pass and back. */
import { accumulateGradient, gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { embedding, scatterAdd } from "../embedding.ts";
import type { PackedLayout } from "./layout.ts";

/** y[i, :] = x[rows[i], :] of x seen as rows of its last axis; each row is taken once at most. */
function takeRows(x: Tensor, rows: Tensor): Tensor {
  const width = x.shape.at(-1) as number;
  const y = Tensor.inStep([rows.size, width], x.dtype);
  engine().kernels.gatherRows(x.address, rows.address, y.address, rows.size, width);
  record([x], [y], () => accumulateGradient(x, (dx) => scatterAdd(gradientOf(y), rows, dx, width)));
  return y;
}

/** x [T, B, I] as packed rows [rows, I]. What was looked up in a table is looked up again, fewer times: padding is not. */
export function packSequences(x: Tensor, { sources }: PackedLayout): Tensor {
  const { lookup } = x;
  const leaf = x.requiresGrad && !x.source;
  if (!lookup || leaf) return takeRows(x, sources);
  x.requireAlive();
  return embedding(lookup.weight, takeTokens(lookup.tokens, sources));
}

function takeTokens(tokens: Tensor, sources: Tensor): Tensor {
  const taken = Tensor.inStep([sources.size], "int32");
  engine().kernels.gatherRows(tokens.address, sources.address, taken.address, sources.size, 1);
  return taken;
}

/** Packed rows [rows, H] as [T, B, H] with zeros where a sequence has ended. */
export function unpackSequences(y: Tensor, { sources, batch }: PackedLayout, steps: number): Tensor {
  const width = y.shape.at(-1) as number;
  const { kernels } = engine();
  const padded = Tensor.inStep([steps, batch, width]);
  kernels.fill(padded.address, padded.size, 0);
  kernels.scatterAddRows(y.address, sources.address, padded.address, y.size / width, width, width);
  record([y], [padded], () => {
    writeGradient(y, (dy) => {
      kernels.gatherRows(gradientOf(padded), sources.address, dy, y.size / width, width);
    });
  });
  return padded;
}

/** A state [B, H] in the order of a packed pass. */
export function orderState(state: Tensor, { order, sorted }: PackedLayout): Tensor {
  return sorted ? state : takeRows(state, order);
}

/** The reverse of `orderState`. */
export function restoreState(state: Tensor, { places, sorted }: PackedLayout): Tensor {
  return sorted ? state : takeRows(state, places);
}
