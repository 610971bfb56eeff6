/**
 * Reverse-mode differentiation. Every differentiable operation leaves one node on the tensors it returns; `backward`
 * walks the nodes a result was computed from, latest first, and each sends the gradient of its outputs to its inputs.
 *
 * A node is plain data and one function; the order of nodes is the order in which they were made, so sums of gradients
 * are always taken in the same order.
 */
import { engine } from "../runtime/engine.ts";
import { AutogradError } from "../runtime/errors.ts";
import type { GradientSource, Tensor } from "../tensor/tensor.ts";

let enabled = true;
let made = 0;
let walks = 0;

/** Whether operations record what `backward` needs. */
export function gradientsEnabled(): boolean {
  return enabled;
}

/** Runs `work` with recording on or off. */
export function withGradients<Result>(on: boolean, work: () => Result): Result {
  const before = enabled;
  enabled = on;
  try {
    return work();
  } finally {
    enabled = before;
  }
}

class Node implements GradientSource {
  readonly order = made++;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** The number of the last walk that came by. */
  walk = 0;
  #propagate: (() => void) | null;

  constructor(inputs: readonly Tensor[], outputs: readonly Tensor[], propagate: () => void) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.#propagate = propagate;
  }

  propagate(): void {
    if (!this.#propagate) {
      throw new AutogradError("backward: this graph was already walked; run the forward pass again");
    }
    const propagate = this.#propagate;
    this.#propagate = null;
    propagate();
  }

  backward(output: Tensor): void {
    const e = engine();
    // The first allocation ends a step that optimizer.step() has closed; only then is it known who is alive.
    const gradient = output.openGradient();
    requireAlive(output);
    const nodes = reachable([output]);
    const leaves = leavesOf(nodes);
    for (const leaf of leaves) leaf.resumeGradient();
    e.kernels.fill(gradient, 1, 1);
    propagateThrough(nodes);
    for (const leaf of leaves) leaf.keepGradient();
  }
}

/** Reading the address of a tensor whose step has ended throws. */
function requireAlive(output: Tensor): number {
  return output.address;
}

/** The nodes that `results` depend on, as far back as number `since`, latest first. */
function reachable(results: readonly Tensor[], since = 0): Node[] {
  const walk = ++walks;
  const found: Node[] = [];
  const visit = (tensors: readonly Tensor[]): void => {
    for (const { source } of tensors) {
      if (source instanceof Node && source.walk !== walk && source.order >= since) {
        source.walk = walk;
        found.push(source);
      }
    }
  };
  visit(results);
  for (const node of found) visit(node.inputs);
  return found.sort((a, b) => b.order - a.order);
}

function propagateThrough(nodes: readonly Node[]): void {
  for (const node of nodes) {
    if (node.outputs.some((o) => o.hasGradient())) node.propagate();
  }
}

/** The number that the next recorded operation will have. */
export function nextOperation(): number {
  return made;
}

/**
 * What `results` were computed from that was there before operation number `since` and requires a gradient: leaves, and
 * results of earlier operations. Each once.
 */
export function earlierInputs(results: readonly Tensor[], since: number): Set<Tensor> {
  const found = new Set<Tensor>();
  const visit = (tensors: readonly Tensor[]): void => {
    for (const t of tensors) {
      if (t.requiresGrad && !(t.source instanceof Node && t.source.order >= since)) found.add(t);
    }
  };
  visit(results);
  for (const { inputs } of reachable(results, since)) visit(inputs);
  return found;
}

/** Sends the gradients that `results` have to what they were computed from, as far back as operation number `since`. */
export function propagateSince(results: readonly Tensor[], since: number): void {
  propagateThrough(reachable(results, since));
}

/** What gradients end in; a tensor that several operations read is there as often. */
function leavesOf(nodes: readonly Node[]): Tensor[] {
  const leaves: Tensor[] = [];
  for (const { inputs } of nodes) {
    for (const input of inputs) if (input.requiresGrad && !input.source) leaves.push(input);
  }
  return leaves;
}

/** Whether an operation on these tensors has to be recorded. */
export function needsGradient(inputs: readonly Tensor[]): boolean {
  return enabled && inputs.some((input) => input.requiresGrad);
}

/**
 * Records an operation, when gradients are on and one of its inputs requires one.
 * @param propagate reads the gradients of the outputs (`gradientOf`) and writes those of the inputs (`writeGradient`,
 *   `addGradient`).
 */
export function record(inputs: readonly Tensor[], outputs: readonly Tensor[], propagate: () => void): void {
  if (!needsGradient(inputs)) return;
  const node = new Node(inputs, outputs, propagate);
  for (const output of outputs) {
    output.requiresGrad = true;
    output.source = node;
  }
}

/** The address of an output's gradient, or 0 when nothing depended on that output. */
export function gradientOf(output: Tensor): number {
  return output.hasGradient() ? output.gradientAddress : 0;
}

/** The address of an output's gradient; zeros when nothing depended on that output. */
export function gradientOrZeros(output: Tensor): number {
  if (output.hasGradient()) return output.gradientAddress;
  const address = output.openGradient();
  engine().kernels.fill(address, output.size, 0);
  return address;
}

/**
 * Sends a gradient to an input by a kernel that assigns: `write` fills the block it is given. When the input has a
 * gradient already, the new one is computed beside it and added.
 */
export function writeGradient(input: Tensor, write: (address: number) => void): void {
  if (!input.requiresGrad) return;
  if (!input.hasGradient()) {
    write(input.openGradient());
    return;
  }
  const e = engine();
  const beside = e.allocate(input.size);
  write(beside);
  e.kernels.accumulate(beside, input.gradientAddress, input.size);
}

/** Sends a gradient that is complete already; the block, which belongs to the step, becomes the input's. */
export function giveGradient(input: Tensor, address: number): void {
  if (!input.requiresGrad) return;
  if (input.hasGradient()) engine().kernels.accumulate(address, input.gradientAddress, input.size);
  else input.takeGradient(address);
}

/**
 * Sends a gradient to an input by a kernel that can do either: it must add when `accumulate` is true and assign when
 * it is false.
 */
export function addGradient(input: Tensor, add: (address: number, accumulate: boolean) => void): void {
  if (!input.requiresGrad) return;
  const accumulate = input.hasGradient();
  add(accumulate ? input.gradientAddress : input.openGradient(), accumulate);
}

/** Sends a gradient to an input by a kernel that only adds: the first one adds to zeros. */
export function accumulateGradient(input: Tensor, accumulate: (address: number) => void): void {
  addGradient(input, (address, more) => {
    if (!more) engine().kernels.fill(address, input.size, 0);
    accumulate(address);
  });
}
