import { OptionError } from "../../../runtime/errors.ts";
import { Activation } from "../activation.ts";
import { derivative } from "./derivative.ts";
import type { Program } from "./emit.ts";
import { evaluate, evaluator, Graph, inOrder, type Node } from "./graph.ts";
import { fault, isParameterName, parse } from "./parse.ts";
import { type ExpressionSource, KernelSource, ModuleSource } from "./source.ts";
import { write } from "./write.ts";

/** A parameter that is learned, from this value on. */
export interface LearnedParameter {
  readonly learn: number;
}

/** Values of the parameters of an expression, by name; `{ learn: 1 }` is one that training changes, 1 at first. */
export type ExpressionParameters = Readonly<Record<string, number | LearnedParameter>>;

/** Where an expression is looked at to find its range, and whether it has values at all. */
const SAMPLES = /* @__PURE__ */ samples();

function samples(): readonly number[] {
  const near = Array.from({ length: 81 }, (_, i) => (i - 40) / 4);
  return [-1e4, -1000, -100, -30, ...near, 30, 100, 1000, 1e4];
}

/** How far a bound is followed between samples: halvings of their distance. */
const HALVINGS = 12;

/**
 * An activation from the text of an expression: what `activation(text)` makes.
 *
 * ```ts
 * const f = activation("tanh(x) + 0.1 * x");
 * f instanceof Expression; // true
 * f.derivativeText; // "0.1 + (1 - tanh(x) ^ 2)"
 * [f.valueAt(0), f.slopeAt(0)]; // [0, 1.1]
 * ```
 */
export class Expression extends Activation {
  readonly #root: Node;
  readonly #slope: Node;
  readonly #own: ExpressionSource;

  /** @internal */
  constructor(source: ExpressionSource, root: Node, slope: Node) {
    super(source);
    this.#own = source;
    this.#root = root;
    this.#slope = slope;
  }

  /** The expression as it is computed, simplified. */
  get text(): string {
    return write(this.#root);
  }

  /** Its derivative, likewise. */
  get derivativeText(): string {
    return write(this.#slope);
  }

  /** Whether it runs as compiled code; where the runtime compiles none, an interpreter gives the same bits. */
  get compiled(): boolean {
    return this.#own.compiled;
  }

  /** f(x) in float64. */
  valueAt(x: number): number {
    return evaluate(this.#root, x, this.#own.values);
  }

  /** f′(x) in float64. */
  slopeAt(x: number): number {
    return evaluate(this.#slope, x, this.#own.values);
  }
}

/**
 * The activation that a text describes.
 * @param values of the parameters that it uses besides x.
 * @param name what it is called.
 * @param kernel the number of its kernels in the catalogue, where it has any; they are handed the values in their order.
 * @throws {ExpressionError} naming the position, when the text is no expression, is finite nowhere or not at 0;
 * {OptionError} when a parameter has no finite value, a name of the language, or is not used.
 */
export function expression(
  text: string,
  values: ExpressionParameters = {},
  name = text,
  kernel: number | null = null,
): Expression {
  const initial = requireParameters(values);
  const names = Object.keys(initial);
  const graph = new Graph();
  const root = parse(text, graph, names);
  requireUsed(text, names);
  const range = requireValues(text, root, initial);
  const slope = derivative(graph, root, graph.x);
  const learned = names.filter((name) => typeof values[name] === "object");
  const slopes = learned.map((name) => derivative(graph, root, graph.parameter(name)));
  const program = programOf(root, slope, slopes);
  // Kernels written by hand sum no gradients of parameters.
  const source =
    kernel === null || learned.length > 0
      ? new ModuleSource(name, range, program, initial, learned)
      : new KernelSource(name, range, kernel, initial);
  return new Expression(source, root, slope);
}

/** The values that parameters start from. @throws {OptionError} when one will not do. */
function requireParameters(values: ExpressionParameters): Record<string, number> {
  if (typeof values !== "object" || values === null) {
    throw new OptionError(`activation parameters: expected an object of numbers, got ${JSON.stringify(values)}`);
  }
  const initial: Record<string, number> = {};
  for (const [name, given] of Object.entries(values)) {
    if (!isParameterName(name)) {
      throw new OptionError(
        `activation parameters: expected names that expressions do not use themselves, of letters, got ${JSON.stringify(name)}`,
      );
    }
    const value =
      typeof given === "object" && given !== null && Object.keys(given).join() === "learn" ? given.learn : given;
    if (typeof value !== "number" || !Number.isFinite(Math.fround(value))) {
      const got = typeof given === "number" ? given : JSON.stringify(given);
      throw new OptionError(`activation ${name}: expected a finite number, or { learn: a finite number }, got ${got}`);
    }
    initial[name] = value;
  }
  return initial;
}

/** What simplifying leaves out counts as used: it was written. */
function requireUsed(text: string, names: readonly string[]): void {
  const words = new Set(text.match(/[A-Za-z_]\w*/g));
  const unused = names.find((name) => !words.has(name));
  if (unused === undefined) return;
  throw new OptionError(
    `activation parameters: expected those that ${JSON.stringify(text)} uses, got ${unused} as well`,
  );
}

/** The least and the largest value. @throws {ExpressionError} when it has none, or none at 0. */
function requireValues(text: string, root: Node, values: Readonly<Record<string, number>>): readonly [number, number] {
  const valueAt = evaluator(root, values);
  const found = SAMPLES.map(valueAt);
  if (found.every(Number.isNaN))
    throw fault(text, 0, "expected an expression with values, got one that is NaN everywhere");
  const start = valueAt(0);
  if (!Number.isFinite(start)) throw fault(text, 0, `expected a finite value at x = 0, got ${start}`);
  return [
    -largestOf(
      (x) => -valueAt(x),
      found.map((value) => -value),
    ),
    largestOf(valueAt, found),
  ];
}

/** The largest value, given those at the samples; infinite where it grows on. */
function largestOf(valueAt: (x: number) => number, found: readonly number[]): number {
  const place = found.reduce(
    (best, value, i) => (value > (found[best] as number) || Number.isNaN(found[best]) ? i : best),
    0,
  );
  let largest = found[place] as number;
  // What is as large as that at ±10⁴ grows without bound.
  if (largest > 100) return Number.POSITIVE_INFINITY;
  let x = SAMPLES[place] as number;
  let step = Math.abs(x) < 11 ? 0.25 : Math.abs(x) / 2;
  for (let i = 0; i < HALVINGS; i++) {
    step /= 2;
    for (const near of [x - step, x + step]) {
      const value = valueAt(near);
      if (value > largest) [x, largest] = [near, value];
    }
  }
  return largest;
}

/** The slope written in f(x) alone, in a graph of its own, or null where it needs x. */
function fromResult(root: Node, slope: Node): { readonly graph: Graph; readonly slope: Node } | null {
  if (root.kind === "x" || root.kind === "number") return null;
  const graph = new Graph();
  const made = new Map<Node, Node>([[root, graph.x]]);
  const waiting = [slope];
  while (waiting.length > 0) {
    const node = waiting.at(-1) as Node;
    if (made.has(node)) {
      waiting.pop();
      continue;
    }
    if (node.kind === "x") return null;
    if (node.kind === "number") made.set(node, graph.number(node.value));
    else if (node.kind === "parameter") made.set(node, graph.parameter(node.name));
    else {
      const missing = node.parts.filter((part) => !made.has(part));
      if (missing.length > 0) waiting.push(...missing);
      else
        made.set(
          node,
          graph.rebuild(
            node.kind,
            node.parts.map((part) => made.get(part) as Node),
          ),
        );
    }
  }
  return { graph, slope: made.get(slope) as Node };
}

/** @param slopes ∂f/∂p of what is learned, which follow from x: then f′ does as well. */
function programOf(value: Node, slope: Node, slopes: readonly Node[]): Program {
  const bySlope = slopes.length > 0 ? null : fromResult(value, slope);
  const used = bySlope?.slope ?? slope;
  const places = new Map<Node, number>();
  // The same number may be a part of both graphs.
  const known = new Map<string, number>();
  for (const node of [...inOrder([value, used, ...slopes]), new Graph().number(1)]) {
    const key = node.kind === "number" ? `${node.value}` : node.kind === "parameter" ? node.name : null;
    if (key === null || key === "0") continue;
    if (!known.has(key)) known.set(key, known.size);
    places.set(node, known.get(key) as number);
  }
  // A float64 lies at a multiple of its size.
  const sums = 8 * Math.ceil(known.size / 2);
  return { value, slope: used, slopeFromResult: bySlope !== null, parameterSlopes: slopes, places, sums };
}
