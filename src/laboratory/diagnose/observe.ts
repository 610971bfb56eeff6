/**
 * Recurrent layers under observation: for as long as some work lasts, each walks its sequences a step at a time, so that
 * every state is a tensor of the graph, whose gradient is the total one. The layers' own code does each step, with the bits
 * of the whole sequence; nothing of a model is changed that is not put back.
 */
import { modulesIn, replaceMethod } from "../../nn/inspect.ts";
import { Module } from "../../nn/module.ts";
import { GRUCell, LSTMCell, RNNCell } from "../../nn/recurrent/cells.ts";
import { type LayerPass, type PassResult, RecurrentLayer } from "../../nn/recurrent/layer.ts";
import { LSTM, type LSTMState } from "../../nn/recurrent/lstm.ts";
import { type Cell, Recurrence } from "../../nn/recurrent/recurrence.ts";
import { SequenceLayer, type StatePart } from "../../nn/recurrent/sequence.ts";
import { zeroTensor } from "../../nn/recurrent/state.ts";
import type { Walk, Walked } from "../../nn/recurrent/stretches.ts";
import { reshape } from "../../ops/layout.ts";
import { cutInto, joinInto } from "../../ops/pieces.ts";
import type { Layout } from "../../ops/recurrent/layout.ts";
import { PassDraws } from "../../runtime/random.ts";
import { tensorsIn, withTensors } from "../../tensor/structure.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { gatedCell, gatedDirection, type OpenLayer } from "./gated.ts";
import { Unit } from "./unit.ts";

/** What is protected of a layer of the newer recurrences. */
interface OpenSequence {
  walk(walk: Walk): Walked;
  stateParts(): readonly StatePart[];
}

/** Runs `work` with every recurrent layer of a model under observation. */
export function observe<Result>(units: readonly Observed[], work: () => Result): Result {
  const release: (() => void)[] = [];
  try {
    for (const { watch } of units) release.push(watch());
    return work();
  } finally {
    for (const undo of release.reverse()) undo();
  }
}

/** A layer that can be observed: its units, and how to begin; what comes back ends it. */
export interface Observed {
  readonly units: readonly Unit[];
  readonly watch: () => () => void;
}

/** Every recurrent layer in a model. */
export function recurrentLayersIn(model: Module): Observed[] {
  const found: Observed[] = [];
  const cells = new Set<object>();
  for (const [module, path] of modulesIn(model)) {
    const name = path === "" ? module.constructor.name : path;
    if (module instanceof RecurrentLayer) found.push(observedLayer(module, name));
    else if (module instanceof SequenceLayer) found.push(observedSequence(module, name));
    else if (module instanceof RNNCell || module instanceof LSTMCell || module instanceof GRUCell) {
      found.push(observedCell(module, name));
    } else if (module instanceof Recurrence) {
      const { cell } = module as Recurrence<unknown>;
      const known = cell instanceof RNNCell || cell instanceof LSTMCell || cell instanceof GRUCell;
      if (known || cells.has(cell)) continue;
      cells.add(cell);
      found.push(
        observedStep(cell, name, cell instanceof Module ? [cell] : [...module.children()].map(([, child]) => child)),
      );
    }
  }
  return found;
}

/** The same numbers under another name, whose gradient is kept apart. */
function renamed(t: Tensor): Tensor {
  return reshape(t, t.shape);
}

/** A state as a step sees it: its gradient is what that step sends back, and is wanted even where nothing lies further back. */
function entering(t: Tensor): Tensor {
  if (t.requiresGrad) return renamed(t);
  const same = Tensor.view(t, 0, t.shape);
  same.requiresGrad = true;
  return same;
}

function observedLayer<State>(module: RecurrentLayer<State>, name: string): Observed {
  const open = module as unknown as OpenLayer;
  const original = open.run;
  const { directions } = open;
  const parts = module instanceof LSTM ? 2 : 1;
  const units = directions.map((direction) => {
    const { weights, suffix } = direction;
    return new Unit({
      layer: directions.length === 1 ? name : `${name}.${suffix}`,
      className: module.constructor.name,
      modules: [module],
      batchAxes: null,
      hasCell: parts === 2,
      timed: true,
      gated: gatedDirection(module, direction),
      advance: ([x], initial) =>
        original.call(module, { x: x as Tensor, direction, weights, initial, layout: null }).states,
    });
  });
  const zeros = (batch: number): Tensor[] =>
    [module.outputSize, module.hiddenSize].slice(0, parts).map((size) => zeroTensor([batch, size]));
  const run = (pass: LayerPass): PassResult => {
    const unit = units[directions.indexOf(pass.direction)] as Unit;
    return walkPass(unit, pass, zeros, (one) => original.call(module, one));
  };
  return { units, watch: () => replaceMethod(module, "run", run) };
}

/** The layouts of the single steps of a pass, in order of time; of an even one, none is needed. */
function stepLayouts({ layout, x }: LayerPass): (Layout | null)[] {
  if (!layout) return new Array<null>(x.shape[0] as number).fill(null);
  const { batch, order } = layout;
  return layout.stretches.flatMap(({ steps, batch: active }) => {
    const stretches = [{ steps: 1, batch: active, row: 0, stateRow: 0 }];
    return Array.from({ length: steps }, () => ({ batch, order, rows: active, axes: [active], stretches }));
  });
}

/** A pass of RNN, LSTM or GRU, step by step. */
function walkPass(
  unit: Unit,
  pass: LayerPass,
  zeros: (batch: number) => Tensor[],
  run: (pass: LayerPass) => PassResult,
): PassResult {
  const { x, layout, direction, initial } = pass;
  const [width, batch] = [x.shape.at(-1) as number, layout?.batch ?? (x.shape[1] as number)];
  const layouts = stepLayouts(pass);
  const pieces = cutInto(
    x,
    layouts.map((one) => (one ? [one.rows, width] : [1, batch, width])),
  );
  const steps = unit.going(initial);
  const outputs = new Array<Tensor>(pieces.length);
  // Masks of variational dropout are one for all steps, as in the whole pass.
  const draws = new PassDraws();
  let state: readonly Tensor[] = initial ?? zeros(batch);
  for (let i = 0; i < pieces.length; i++) {
    const at = direction.reverse ? pieces.length - 1 - i : i;
    const [piece, before] = [pieces[at] as Tensor, state.map(entering)];
    const one = { ...pass, x: piece, initial: before, layout: layouts[at] as LayerPass["layout"] };
    const result = draws.segment(i === 0, () => run(one));
    const { output, states: after } = result;
    steps.push({ inputs: [piece], before, after, output, rows: layouts[at]?.rows ?? batch });
    outputs[at] = output;
    state = after;
  }
  const size = (outputs[0] as Tensor).shape.at(-1) as number;
  return { output: joinInto(outputs, layout ? [layout.rows, size] : [pieces.length, batch, size]), states: state };
}

function observedSequence(module: SequenceLayer<unknown>, name: string): Observed {
  const open = module as unknown as OpenSequence;
  const original = open.walk;
  const parts = open.stateParts();
  const several = module.layers > 1 || module.bidirectional;
  const { reverse } = module;
  const unit = new Unit({
    layer: several ? `${name}.l0` : name,
    className: module.constructor.name,
    modules: [module],
    batchAxes: parts.map(({ before }) => (before === undefined ? 0 : 1)),
    hasCell: false,
    timed: true,
    gated: null,
    advance: (drives, state) => original.call(module, { drives, state, reverse }).state,
  });
  const zeros = (batch: number): Tensor[] =>
    parts.map(({ before, size }) => zeroTensor(before === undefined ? [batch, size] : [before, batch, size]));
  const walk = (given: Walk): Walked => walkSequence(unit, given, zeros, (one) => original.call(module, one));
  return { units: [unit], watch: () => replaceMethod(module, "walk", walk) };
}

/** A walk of one of the newer recurrences, step by step. */
function walkSequence(
  unit: Unit,
  { drives, state: initial, reverse }: Walk,
  zeros: (batch: number) => Tensor[],
  walk: (walk: Walk) => Walked,
): Walked {
  const [count, batch] = (drives[0] as Tensor).shape as [number, number];
  const pieces = drives.map((drive) => {
    const shape = [1, ...drive.shape.slice(1)];
    return cutInto(drive, new Array<number[]>(count).fill(shape));
  });
  const steps = unit.going(initial);
  const outputs = new Array<Tensor>(count);
  let state: readonly Tensor[] = initial ?? zeros(batch);
  for (let i = 0; i < count; i++) {
    const at = reverse ? count - 1 - i : i;
    const inputs = pieces.map((piece) => piece[at] as Tensor);
    const before = state.map(entering);
    const result = walk({ drives: inputs, state: before, reverse });
    // A layer may give one tensor as both: the gradients of the two are told apart.
    const [after, output] = [result.state.map(renamed), renamed(result.output)];
    const isState = sameNumbers(output, after[0] as Tensor);
    steps.push({ inputs, before, after, output: isState ? output : null, rows: batch });
    outputs[at] = output;
    state = after;
  }
  const width = (outputs[0] as Tensor).shape[2] as number;
  return { output: joinInto(outputs, [count, batch, width]), state };
}

/** Whether what a layer gives is its state. */
function sameNumbers(a: Tensor, b: Tensor): boolean {
  if (a.size !== b.size) return false;
  if (a.address === b.address) return true;
  const [left, right] = [a.toArray(), b.toArray()];
  return left.every((value, i) => Object.is(value, right[i]));
}

/** A cell that is called by itself, or by a `Recurrence`. */
function observedCell(cell: RNNCell | LSTMCell | GRUCell, name: string): Observed {
  const original = cell.forward as (x: Tensor, state?: unknown) => unknown;
  const isLstm = cell instanceof LSTMCell;
  const asState = (parts: readonly Tensor[]): unknown => (isLstm ? { h: parts[0], c: parts[1] } : parts[0]);
  const unit = new Unit({
    layer: name,
    className: cell.constructor.name,
    modules: [cell],
    batchAxes: null,
    hasCell: isLstm,
    timed: false,
    gated: gatedCell(cell),
    advance: ([x], before) => tensorsIn(original.call(cell, x as Tensor, asState(before))),
  });
  const zeros = (batch: number): Tensor[] =>
    Array.from({ length: isLstm ? 2 : 1 }, () => zeroTensor([batch, cell.hiddenSize]));
  const forward = (x: Tensor, state?: LSTMState | Tensor): unknown => {
    // What does not fit is for the cell to say.
    if (!fitsCell(x, state, isLstm)) return original.call(cell, x, state);
    const batch = x.shape[0] as number;
    const given = state === undefined ? null : tensorsIn(state);
    const steps = unit.going(given);
    const before = (given ?? zeros(batch)).map(entering);
    const after = tensorsIn(original.call(cell, x, asState(before)));
    steps.push({ inputs: [x], before, after, output: null, rows: batch });
    return asState(after);
  };
  return { units: [unit], watch: () => replaceMethod(cell, "forward", forward) };
}

function fitsCell(x: unknown, state: unknown, isLstm: boolean): boolean {
  if (!(x instanceof Tensor) || x.shape.length !== 2) return false;
  return state === undefined || tensorsIn(state).length === (isLstm ? 2 : 1);
}

/** A cell of somebody's own in a `Recurrence`. */
function observedStep(cell: Cell<unknown>, name: string, modules: readonly Module[]): Observed {
  const original = cell.step;
  let structure: unknown;
  const unit = new Unit({
    layer: name,
    className: cell.constructor.name === "Object" ? "Recurrence" : cell.constructor.name,
    modules: modules.flatMap((module) => [...modulesIn(module).keys()]),
    batchAxes: null,
    hasCell: false,
    timed: false,
    gated: null,
    advance: ([x], before) => tensorsIn(original.call(cell, x as Tensor, withTensors(structure, before)).state),
  });
  const step = (x: Tensor, state: unknown): unknown => {
    const given = tensorsIn(state);
    const steps = unit.going(given);
    const before = given.map(entering);
    structure = state;
    const result = original.call(cell, x, withTensors(state, before));
    // What does not fit is for the Recurrence to say.
    if (result === null || typeof result !== "object") return result;
    steps.push({ inputs: [x], before, after: tensorsIn(result.state), output: null, rows: x.shape[0] as number });
    return result;
  };
  return { units: [unit], watch: () => replaceMethod(cell, "step", step) };
}
