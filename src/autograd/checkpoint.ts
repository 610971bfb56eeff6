/**
 * Gradient checkpointing: a stretch of work keeps its results only, and is done a second time, with the same random
 * numbers, when their gradients have come.
 * Source: Chen, Xu, Zhang & Guestrin 2016, "Training deep nets with sublinear memory cost".
 */
import { engine } from "../runtime/engine.ts";
import { AutogradError, ShapeError } from "../runtime/errors.ts";
import { redraw, type Standings, watchDraws } from "../runtime/random.ts";
import { Parameter } from "../tensor/parameter.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { tensorsIn, withTensors } from "../tensor/structure.ts";
import { type DataType, Tensor } from "../tensor/tensor.ts";
import {
  earlierInputs,
  giveGradient,
  gradientOf,
  gradientsEnabled,
  nextOperation,
  propagateSince,
  record,
  withGradients,
} from "./graph.ts";
import { inScope } from "./noGrad.ts";

type Work = (inputs: readonly Tensor[]) => readonly Tensor[];

/** A result, brought out of the scope it was computed in. */
interface Kept {
  readonly shape: Shape;
  readonly dtype: DataType;
  readonly numbers: Float32Array | Int32Array;
  readonly requiresGrad: boolean;
}

/** What it takes to do a stretch of work again. */
interface Stretch {
  readonly work: Work;
  readonly inputs: readonly Tensor[];
  /** Where the generators stood. */
  readonly before: Standings;
  /** What the work depends on besides its inputs: parameters, and whatever else its function sees. */
  readonly captured: ReadonlySet<Tensor>;
}

/** A tensor over the same numbers from which a graph of its own starts. */
function standIn(of: Tensor, requiresGrad: boolean): Tensor {
  const t = Tensor.view(of, 0, of.shape);
  t.requiresGrad = requiresGrad;
  return t;
}

/** Puts the numbers of a tensor into the engine, where they are not yet. */
function bringIn(t: Tensor): number {
  return t.address;
}

/** Does the work for the first time. Everything it computed is forgotten but its results. */
function firstTime(work: Work, inputs: readonly Tensor[]): { kept: Kept[]; stretch: Stretch } {
  // Outside the scope: uploads must outlive it.
  inputs.forEach(bringIn);
  return inScope(() => {
    const standIns = inputs.map((t) => standIn(t, t.requiresGrad));
    const since = nextOperation();
    const { result: results, before } = watchDraws(() => work(standIns));
    const captured = earlierInputs(results, since);
    for (const t of standIns) captured.delete(t);
    const kept = results.map((t) => {
      const { shape, dtype, requiresGrad } = t;
      return { shape, dtype, requiresGrad: requiresGrad && gradientsEnabled(), numbers: t.toArray() };
    });
    return { kept, stretch: { work, inputs, before, captured } };
  });
}

/**
 * Does the work again and sends the gradients of its results on.
 * @param homes the blocks that the gradients of the inputs are added to; 0: none is wanted.
 * @param gradients the addresses of the gradients of the results, 0 where there is none.
 */
function secondTime({ work, inputs, before, captured }: Stretch, homes: number[], gradients: number[]): void {
  // Their gradients must outlive the scope; those of parameters do anyway.
  for (const t of captured) if (!(t instanceof Parameter)) gradientBlock(t);
  inScope(() => {
    const standIns = inputs.map((t, i) => {
      const home = homes[i] as number;
      const t2 = standIn(t, home !== 0);
      if (home !== 0) t2.takeGradient(home);
      return t2;
    });
    const since = nextOperation();
    const results = redraw(before, () => withGradients(true, () => work(standIns)));
    if (results.length !== gradients.length) {
      throw new AutogradError(
        `checkpoint: expected ${gradients.length} tensors the second time, as the first, got ${results.length}`,
      );
    }
    results.forEach((t, i) => {
      const gradient = gradients[i] as number;
      if (gradient !== 0) giveGradient(t, gradient);
    });
    propagateSince(results, since);
  });
}

/** The block that gradients of `t` are added to; zeros when there was none yet. */
function gradientBlock(t: Tensor): number {
  if (t.hasGradient()) return t.gradientAddress;
  return zeros(t.openGradient(), t.size);
}

function zeros(address: number, count: number): number {
  engine().kernels.fill(address, count, 0);
  return address;
}

/** A tensor of the current scope with these numbers. */
function placed({ shape, dtype, numbers, requiresGrad }: Kept): Tensor {
  const t = Tensor.inStep(shape, dtype);
  write(t.address, numbers);
  t.requiresGrad = requiresGrad;
  return t;
}

function write(address: number, numbers: Float32Array | Int32Array): void {
  const { f32, i32 } = engine();
  (numbers instanceof Int32Array ? i32 : f32).set(numbers, address >>> 2);
}

/** Records one node, and leaves out of the graph the results that need no gradient. */
function recordFor(
  inputs: readonly Tensor[],
  captured: ReadonlySet<Tensor>,
  results: readonly Tensor[],
  propagate: () => void,
): void {
  const learning = results.map(({ requiresGrad }) => requiresGrad);
  for (const t of results) t.requiresGrad = false;
  record([...inputs, ...captured], results, propagate);
  results.forEach((t, i) => {
    if (learning[i]) return;
    t.requiresGrad = false;
    t.source = null;
  });
}

/**
 * Computes `run(...inputs)` and forgets everything on the way but the result; when its gradient comes, `run` is done
 * again and walked back. Costs a second forward pass and saves the memory of what `run` computes in between.
 *
 * ```ts
 * const layer = new Linear({ inputSize: 3, outputSize: 4 });
 * const y = checkpoint((x) => activations.tanh(layer.forward(x)), [normal([2, 3])]);
 * sum(y).backward();
 * layer.weight.grad?.shape; // [4, 3]
 * ```
 *
 * Random numbers are the same both times: dropout drops the same ones. So must be everything else that `run` reads:
 * weights, `training`, variables of its function. Parameters that it uses need not be named in `inputs`.
 * @param run returns a tensor, or arrays and plain objects of tensors.
 * @throws {AutogradError} on the way back, when `run` returns another number of tensors the second time.
 * Source: Chen, Xu, Zhang & Guestrin 2016.
 */
export function checkpoint<Result>(run: (...inputs: Tensor[]) => Result, inputs: readonly Tensor[]): Result {
  if (!gradientsEnabled()) return run(...inputs);
  let structure: Result | null = null;
  const work: Work = (given) => {
    const result = run(...given);
    structure ??= result;
    return tensorsIn(result);
  };
  const { kept, stretch } = firstTime(work, inputs);
  const results = kept.map(placed);
  // In its place, so that the graph of the first time is not held.
  const result = withTensors(structure as Result, results);
  structure = result;
  recordFor(inputs, stretch.captured, results, () => {
    const homes = inputs.map((t) => (t.requiresGrad ? gradientBlock(t) : 0));
    secondTime(stretch, homes, results.map(gradientOf));
  });
  return result;
}

/** Runs some steps of a sequence: x [t, …] from a state (null: none was given), beginning at step `first` of the whole. */
export type RunSteps = (
  x: Tensor,
  state: readonly Tensor[] | null,
  first: number,
) => { readonly output: Tensor; readonly state: readonly Tensor[] };

/** How a sequence is cut. */
export interface Cuts {
  /** Steps of a segment; the last one may have fewer. */
  readonly size: number;
  /** The last segment comes first. */
  readonly reverse?: boolean;
}

interface Segment {
  readonly first: number;
  readonly stretch: Stretch;
}

/** The output of all segments, which are written to one block as they come. */
class Output {
  readonly #steps: number;
  whole: Tensor | null = null;

  constructor(steps: number) {
    this.#steps = steps;
  }

  /** @throws {ShapeError} when the output of a segment does not have as many steps, or is not like the first one's. */
  add({ shape, dtype, numbers, requiresGrad }: Kept, first: number, count: number): void {
    const wanted = [count, ...(this.whole ?? { shape }).shape.slice(1)];
    if (!sameShape(shape, wanted)) {
      const where = `steps ${first} … ${first + count - 1}`;
      throw new ShapeError(`checkpoint output of ${where}: expected ${formatShape(wanted)}, got ${formatShape(shape)}`);
    }
    this.whole ??= Tensor.inStep([this.#steps, ...shape.slice(1)], dtype);
    this.whole.requiresGrad ||= requiresGrad;
    write(this.whole.address + first * rowOf(this.whole) * 4, numbers);
  }
}

/** Numbers of one step. */
function rowOf({ shape }: Tensor): number {
  return sizeOf(shape.slice(1));
}

/**
 * Runs a sequence a segment at a time and keeps of each its output and its last state; on the way back each segment is
 * run again. With √T segments the memory for what is between grows as √T.
 *
 * The whole is one node: outputs lie in one block, and the gradient of x is written where it belongs.
 * @param x [T, …]; segments look at its memory.
 * @throws {ShapeError} when the output of a segment does not fit the others.
 */
export function checkpointSteps(
  x: Tensor,
  state: readonly Tensor[] | null,
  run: RunSteps,
  { size, reverse = false }: Cuts,
): { output: Tensor; state: readonly Tensor[] } {
  const steps = x.shape[0] as number;
  const starts = Array.from({ length: Math.ceil(steps / size) }, (_, i) => i * size);
  if (reverse) starts.reverse();
  const segments: Segment[] = [];
  const output = new Output(steps);
  const captured = new Set<Tensor>();
  let at = state;
  for (const first of starts) {
    const count = Math.min(size, steps - first);
    const part = Tensor.view(x, first * rowOf(x), [count, ...x.shape.slice(1)]);
    part.requiresGrad = x.requiresGrad;
    const hasState = at !== null;
    const work: Work = ([given, ...before]) => {
      const result = run(given as Tensor, hasState ? before : null, first);
      return [result.output, ...result.state];
    };
    const { kept, stretch } = firstTime(work, [part, ...(at ?? [])]);
    output.add(kept[0] as Kept, first, count);
    at = kept.slice(1).map(placed);
    if (gradientsEnabled()) segments.push({ first, stretch });
    for (const t of stretch.captured) captured.add(t);
  }
  const [whole, last] = [output.whole as Tensor, at as Tensor[]];
  recordFor([x, ...(state ?? [])], captured, [whole, ...last], () => {
    walkBack(segments, { x, state: state ?? [], output: whole, last });
  });
  return { output: whole, state: last };
}

/** Sends the gradients of a sequence back through its segments, the last one first. */
function walkBack(
  segments: readonly Segment[],
  { x, state, output, last }: { x: Tensor; state: readonly Tensor[]; output: Tensor; last: readonly Tensor[] },
): void {
  const dOutput = gradientOf(output);
  const dx = x.requiresGrad ? gradientBlock(x) : 0;
  let dState = last.map(gradientOf);
  segments.toReversed().forEach(({ first, stretch }, i) => {
    const earliest = i === segments.length - 1;
    const homes = stretch.inputs.slice(1).map((t, j) => {
      if (!t.requiresGrad) return 0;
      return earliest ? gradientBlock(state[j] as Tensor) : zeros(engine().allocate(t.size), t.size);
    });
    const here = dOutput && dOutput + first * rowOf(output) * 4;
    secondTime(stretch, [dx && dx + first * rowOf(x) * 4, ...homes], [here, ...dState]);
    dState = homes;
  });
}
