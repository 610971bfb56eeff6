/**
 * Where a number that is not finite came from. Training itself only looks at the loss and at the gradients of parameters;
 * when one of them is spoilt, the step is done once more, with an eye on every layer.
 */
import type { Batch } from "../data/dataset.ts";
import { modulesIn, replaceMethod } from "../nn/inspect.ts";
import type { Module } from "../nn/module.ts";
import type { NonFiniteOrigin } from "../runtime/errors.ts";
import { tensorsIn } from "../tensor/structure.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** One time that a layer was asked. */
interface Call {
  readonly path: string;
  readonly module: Module;
  readonly inputs: readonly Tensor[];
  outputs: readonly Tensor[];
}

/** The calls of all modules, by when they began, and by when they ended: inner ones end before those round them. */
interface Calls {
  readonly begun: Call[];
  readonly ended: Call[];
}

/** Runs `work` and notes every call of the modules in a model. */
function watchCalls(model: Module, work: () => void): Calls {
  const calls: Calls = { begun: [], ended: [] };
  const release = [...modulesIn(model)].map(([module, path]) => watchModule(module, path, calls));
  try {
    work();
  } finally {
    for (const undo of release) undo();
  }
  return calls;
}

function watchModule(module: Module, path: string, calls: Calls): () => void {
  const forward = module.forward;
  const value = (...inputs: unknown[]): unknown => {
    const call: Call = { path, module, inputs: tensorsIn(inputs), outputs: [] };
    calls.begun.push(call);
    const result = forward.apply(module, inputs);
    call.outputs = tensorsIn(result);
    calls.ended.push(call);
    return result;
  };
  return replaceMethod(module, "forward", value);
}

/** Where a loss that is not finite began; `again` computes it once more, from the same random numbers. */
export function originOfLoss(model: Module, { input, target }: Batch, again: () => Tensor): NonFiniteOrigin {
  const axis = timeAxis(model);
  if (isSpoilt(input)) return { layer: "the input", timeStep: firstSpoilt(input, axis) };
  if (isSpoilt(target)) return { layer: "the target" };
  const { ended } = watchCalls(model, again);
  const call = ended.find(({ outputs }) => outputs.some(isSpoilt));
  if (!call) return { layer: "the loss" };
  const output = call.outputs.find(isSpoilt) as Tensor;
  return { layer: nameOf(call), parameter: suspectOf(call), timeStep: firstSpoilt(output, axis) };
}

/**
 * Where a gradient that is not finite began, on the way back from a loss that is; `again` computes the loss once more,
 * from an input in the place of the batch's.
 */
export function originOfGradient(model: Module, batch: Batch, again: (input: Tensor) => Tensor): NonFiniteOrigin {
  const axis = timeAxis(model);
  const named = model.namedParameters();
  const met = named.find(([, { grad }]) => grad && isSpoilt(grad))?.[0];
  for (const [, parameter] of named) parameter.clearGradient();
  // A copy whose gradient shows at which time step it went wrong.
  const input = batch.input.detach();
  input.requiresGrad = input.dtype === "float32";
  const { begun } = watchCalls(model, () => again(input).backward());
  const spoilt = named.filter(([, { grad }]) => grad && isSpoilt(grad));
  const hasSpoiltParameter = ({ path }: Call): boolean => spoilt.some(([name]) => isDirectlyIn(name, path));
  const call = begun.findLast((each) => hasSpoiltParameter(each) || each.inputs.some(hasSpoiltGradient));
  // Each gradient was finite: only their sum over batches was not.
  if (!call) return { parameter: met };
  const own = spoilt.find(([name]) => isDirectlyIn(name, call.path))?.[0] ?? met;
  const received = call.outputs.find(hasSpoiltGradient);
  const source = received ?? call.inputs.find(hasSpoiltGradient);
  const timeStep = source?.grad ? lastSpoilt(source.grad, axis) : undefined;
  const isLast = call === begun.at(-1);
  const outside = isLast ? "the loss" : `the operations after ${nameOf(call)}`;
  return { layer: received ? outside : nameOf(call), parameter: own, timeStep };
}

/** What to add to a message. */
export function tellOrigin({ layer, parameter, timeStep }: NonFiniteOrigin): string {
  const parts = [
    layer === undefined ? "" : layer.startsWith("the ") ? layer : `layer ${layer}`,
    parameter === undefined ? "" : `parameter ${parameter}`,
    timeStep === undefined ? "" : `time step ${timeStep}`,
  ].filter(Boolean);
  return parts.length === 0 ? "" : `; it began in ${parts.join(", ")}`;
}

function nameOf({ path, module }: Call): string {
  const kind = module.constructor.name;
  return path === "" ? `${kind}, the model itself` : `${path} (${kind})`;
}

/** Whether a parameter's full name says that it is this module's own, and not that of a module inside. */
function isDirectlyIn(name: string, path: string): boolean {
  const prefix = path === "" ? "" : `${path}.`;
  return name.startsWith(prefix) && !name.slice(prefix.length).includes(".");
}

/** The parameter of a layer to look at: the one with the largest number, where NaN is larger than all. */
function suspectOf({ path, module }: Call): string | undefined {
  let [suspect, largest]: [string | undefined, number] = [undefined, -1];
  for (const [name, parameter] of module.namedParameters()) {
    let size = 0;
    for (const value of parameter.toArray()) {
      size = Math.max(size, Number.isNaN(value) ? Number.POSITIVE_INFINITY : Math.abs(value));
    }
    if (size > largest) [suspect, largest] = [path === "" ? name : `${path}.${name}`, size];
  }
  return suspect;
}

function isSpoilt(tensor: Tensor): boolean {
  return tensor.dtype === "float32" && !tensor.toArray().every(Number.isFinite);
}

function hasSpoiltGradient(tensor: Tensor): boolean {
  return tensor.grad !== null && isSpoilt(tensor.grad);
}

/** Which axis of sequences is time: the second in a model that reads batches first, else the first. */
function timeAxis(model: Module): 0 | 1 {
  const isBatchFirst = (module: Module): boolean => (module as { batchFirst?: unknown }).batchFirst === true;
  return [...modulesIn(model).keys()].some(isBatchFirst) ? 1 : 0;
}

/** The time steps at which a number of a sequence [T, B, …] is not finite; none when it is no sequence. */
function spoiltSteps(tensor: Tensor, axis: 0 | 1): Set<number> {
  const { shape } = tensor;
  const found = new Set<number>();
  if (shape.length < 3) return found;
  const after = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
  tensor.toArray().forEach((value, i) => {
    if (!Number.isFinite(value)) found.add(Math.floor(i / after) % (shape[axis] as number));
  });
  return found;
}

function firstSpoilt(tensor: Tensor, axis: 0 | 1): number | undefined {
  const steps = spoiltSteps(tensor, axis);
  return steps.size === 0 ? undefined : Math.min(...steps);
}

/** Gradients go back in time: the last step is where it began. */
function lastSpoilt(tensor: Tensor, axis: 0 | 1): number | undefined {
  const steps = spoiltSteps(tensor, axis);
  return steps.size === 0 ? undefined : Math.max(...steps);
}
