import { accumulateGradient, addGradient, gradientOf, record, writeGradient } from "../autograd/graph.ts";
import { engine } from "../runtime/engine.ts";
import { ShapeError } from "../runtime/errors.ts";
import { ranges } from "../runtime/threads/ranges.ts";
import { broadcastShapes, formatShape, requireFloat32, requireShape, type Shape, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { reshape } from "./layout.ts";
import { keptCopy } from "./weight.ts";

/** A matrix in memory, read with any stride: element (i, j) is at i·row + j·column. */
export interface Matrix {
  readonly address: number;
  readonly row: number;
  readonly column: number;
}

/** A row-major matrix. */
export function rows(address: number, width: number): Matrix {
  return { address, row: width, column: 1 };
}

/** A row-major matrix of `width` columns, read transposed. */
export function columns(address: number, width: number): Matrix {
  return { address, row: 1, column: width };
}

/** A matrix on the right of a product that is a whole weight, as it lies or transposed: its packed copy may be kept. */
export interface WeightMatrix extends Matrix {
  readonly weight: Tensor;
  readonly packing: "packDirect" | "packTransposed";
}

/** W, for d·W. */
export function asItLies(weight: Tensor): WeightMatrix {
  return { address: weight.address, row: weight.shape[1] as number, column: 1, weight, packing: "packDirect" };
}

/** Wᵀ, for x·Wᵀ. */
export function transposed(weight: Tensor): WeightMatrix {
  return { address: weight.address, row: 1, column: weight.shape[1] as number, weight, packing: "packTransposed" };
}

/** The sizes of a product, and whether it assigns or adds. */
interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Elements from one row of C to the next; n when omitted. */
  readonly cRow?: number;
  readonly accumulate?: boolean;
}

/** c[m, n] (rows `cRow` apart) := a·b, or += when `accumulate`. A single row takes the matrix–vector kernels. */
export function multiply(a: Matrix, b: Matrix | WeightMatrix, c: number, product: Product): void {
  const { m, n, k, cRow = n, accumulate = false } = product;
  if (m === 0 || n === 0) return;
  if (m === 1 && a.column === 1 && k > 0 && multiplyRow(a.address, b, c, product)) return;
  const { kernels, threads } = engine();
  const panels = "weight" in b && k > 0 ? keptCopy(b.weight, b.packing, [b.weight.shape[0] as number], m) : 0;
  const lines = panels !== 0 ? m / ROWS : Math.max(m / ROWS, n / COLUMNS);
  const parts = threads?.partsFor(m * n * k, Math.ceil(lines)) ?? 1;
  const sizes = { m, n, k, cRow, accumulate };
  if (panels !== 0) {
    if (threads && parts > 1) {
      threads.run("gemmPacked", packedPartsOf(a, panels, c, sizes, parts));
    } else {
      const workspace = engine().allocate(kernels.gemmPackedWorkspaceSize(m, k));
      kernels.gemmPacked(a.address, a.row, a.column, panels, c, cRow, m, n, k, accumulate, workspace);
    }
  } else if (threads && parts > 1) {
    threads.run("gemm", partsOf(a, b, c, sizes, parts));
  } else {
    const workspace = engine().allocate(kernels.gemmWorkspaceSize(m, n, k));
    kernels.gemm(a.address, a.row, a.column, b.address, b.row, b.column, c, cRow, m, n, k, accumulate, workspace);
  }
}

/** The arguments of `gemmPacked` for each part of a product with a packed weight, which is cut by rows. */
function packedPartsOf(
  a: Matrix,
  panels: number,
  c: number,
  { m, n, k, cRow, accumulate }: Required<Product>,
  parts: number,
): number[][] {
  return ranges(m, parts, ROWS).map(({ first, size }) => {
    const workspace = engine().allocate(engine().kernels.gemmPackedWorkspaceSize(size, k));
    const [from, to] = [a.address + first * a.row * 4, c + first * cRow * 4];
    return [from, a.row, a.column, panels, to, cRow, size, n, k, Number(accumulate), workspace];
  });
}

/** c[n] := x·b, or +=, where b lies as a matrix–vector kernel reads it; false: it does not, and nothing was done. */
function multiplyRow(x: number, b: Matrix | WeightMatrix, c: number, { n, k, accumulate = false }: Product): boolean {
  const { kernels } = engine();
  if (b.row === 1 && b.column === k) {
    const packed = "weight" in b ? keptCopy(b.weight, "packRows", [n], 1) : 0;
    if (packed === 0) {
      kernels.gemv(b.address, x, c, n, k, accumulate);
    } else {
      if (!accumulate) kernels.fill(c, n, 0);
      kernels.gemvPacked(packed, x, c, n, k);
    }
    return true;
  }
  if (b.column === 1 && b.row === n) {
    kernels.gemvTransposed(b.address, x, c, k, n, accumulate);
    return true;
  }
  return false;
}

/** Parts of a product are whole tiles of this many rows or columns. */
const ROWS = 4;
const COLUMNS = 8;

/**
 * The arguments of `gemm` for each part of a product, cut along the longer side of C: what every part has to pack for
 * itself is then the smaller operand. Each number of C is the same sum wherever the cuts are.
 */
function partsOf(
  a: Matrix,
  b: Matrix,
  c: number,
  { m, n, k, cRow, accumulate }: Required<Product>,
  parts: number,
): number[][] {
  const byRows = m >= n;
  const pieces = byRows ? ranges(m, parts, ROWS) : ranges(n, parts, COLUMNS);
  return pieces.map(({ first, size }) => {
    const [i, j] = byRows ? [first, 0] : [0, first];
    const [rowCount, columnCount] = byRows ? [size, n] : [m, size];
    const left = [a.address + i * a.row * 4, a.row, a.column];
    const right = [b.address + j * b.column * 4, b.row, b.column];
    const workspace = engine().allocate(engine().kernels.gemmWorkspaceSize(rowCount, columnCount, k));
    const out = c + (i * cRow + j) * 4;
    return [...left, ...right, out, cRow, rowCount, columnCount, k, Number(accumulate), workspace];
  });
}

/**
 * The matrix product over the last two axes; the axes before them broadcast (NumPy's `matmul`). A vector on the left
 * counts as a row, on the right as a column, and that axis is gone from the result.
 *
 * ```ts
 * matmul(tensor([[1, 2], [3, 4]]), tensor([10, 1])); // [12, 34]
 * matmul(zeros([5, 2, 3]), zeros([3, 4])).shape; // [5, 2, 4]
 * ```
 *
 * @throws {ShapeError} when the inner axes differ or an operand is a single number.
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (a.shape.length === 0 || b.shape.length === 0) {
    throw new ShapeError(
      `matmul: expected vectors or matrices, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  if (a.shape.length === 1) {
    const y = matmul(reshape(a, [1, a.size]), b);
    return reshape(y, y.shape.toSpliced(b.shape.length === 1 ? 0 : -2, 1));
  }
  if (b.shape.length === 1) {
    const y = matmul(a, reshape(b, [b.size, 1]));
    return reshape(y, y.shape.slice(0, -1));
  }
  return product(a, b);
}

function product(a: Tensor, b: Tensor): Tensor {
  requireFloat32("matmul", a);
  requireFloat32("matmul", b);
  const [m, k] = a.shape.slice(-2) as [number, number];
  const [inner, n] = b.shape.slice(-2) as [number, number];
  if (k !== inner) {
    throw new ShapeError(`matmul: expected inner axes alike, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`);
  }
  const batch = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const y = Tensor.inStep([...batch, m, n]);
  const pairs = batchOffsets(batch, a.shape, b.shape);
  pairs.forEach(([atA, atB], i) => {
    multiply(rows(a.address + atA * 4, k), rows(b.address + atB * 4, n), y.address + i * m * n * 4, { m, n, k });
  });
  record([a, b], [y], () => {
    const dy = gradientOf(y);
    // Several products of the batch may share one operand, so each adds its part.
    accumulateGradient(a, (d) => {
      pairs.forEach(([atA, atB], i) => {
        const right = columns(b.address + atB * 4, n);
        multiply(rows(dy + i * m * n * 4, n), right, d + atA * 4, { m, n: k, k: n, accumulate: true });
      });
    });
    accumulateGradient(b, (d) => {
      pairs.forEach(([atA, atB], i) => {
        const left = columns(a.address + atA * 4, k);
        multiply(left, rows(dy + i * m * n * 4, n), d + atB * 4, { m: k, n, k: m, accumulate: true });
      });
    });
  });
  return y;
}

/** Where the matrices of each product of the batch begin, in elements. */
function batchOffsets(batch: Shape, a: Shape, b: Shape): [number, number][] {
  const total = sizeOf(batch);
  return Array.from({ length: total }, (_, flat) => [offsetIn(a, batch, flat), offsetIn(b, batch, flat)]);
}

function offsetIn(shape: Shape, batch: Shape, flat: number): number {
  const own = shape.slice(0, -2);
  let stride = sizeOf(shape.slice(-2));
  let rest = flat;
  let offset = 0;
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    const index = rest % (batch[axis] as number);
    rest = Math.floor(rest / (batch[axis] as number));
    const size = own[axis - (batch.length - own.length)];
    if (size === undefined) continue;
    if (size !== 1) offset += index * stride;
    stride *= size;
  }
  return offset;
}

/**
 * y = x·Wᵀ + b over the last axis.
 *
 * ```ts
 * linear(tensor([1, 2]), tensor([[3, 4], [5, 6], [7, 8]]), tensor([0, 0, 1])); // [11, 17, 24]
 * ```
 *
 * @param x [..., I]; @param weight [O, I]; @param bias [O].
 * @returns [..., O]
 * @throws {ShapeError} when the sizes do not meet.
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  requireFloat32("linear x", x);
  requireFloat32("linear weight", weight);
  requireShape("linear weight", weight.shape, ["O", "I"]);
  const [n, k] = weight.shape as [number, number];
  if (x.shape.at(-1) !== k) {
    throw new ShapeError(`linear x: expected [..., ${k}], got ${formatShape(x.shape)}`);
  }
  if (bias) {
    requireFloat32("linear bias", bias);
    requireShape("linear bias", bias.shape, [n]);
  }
  const m = sizeOf(x.shape.slice(0, -1));
  const { kernels } = engine();
  const y = Tensor.inStep([...x.shape.slice(0, -1), n]);
  if (bias) kernels.expandAxis(bias.address, y.address, 1, m, n);
  multiply(rows(x.address, k), transposed(weight), y.address, { m, n, k, accumulate: bias !== null });
  record(bias ? [x, weight, bias] : [x, weight], [y], () => {
    const dy = gradientOf(y);
    addGradient(weight, (d, accumulate) =>
      multiply(columns(dy, n), rows(x.address, k), d, { m: n, n: k, k: m, accumulate }),
    );
    if (bias) writeGradient(bias, (d) => kernels.sumAxis(dy, d, 1, m, n));
    addGradient(x, (d, accumulate) => multiply(rows(dy, n), asItLies(weight), d, { m, n: k, k: n, accumulate }));
  });
  return y;
}
