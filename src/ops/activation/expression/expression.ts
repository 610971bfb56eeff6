import { OptionError } from "../../../runtime/errors.ts";
import { requireKnown } from "../../../runtime/options.ts";
import { Tensor } from "../../../tensor/tensor.ts";
import { Activation, type ActivationSlots } from "../activation.ts";
import { compile } from "./compile.ts";
import { derivative } from "./derivative.ts";
import type { Program } from "./emit.ts";
import { evaluate, Graph, inOrder, type Node } from "./graph.ts";
import { fault, isParameterName, parse } from "./parse.ts";
import { write } from "./write.ts";

/** Values of the parameters of an expression, by name. */
export type ExpressionParameters = Readonly<Record<string, number>>;

/** Where an expression is looked at to find its range, and whether it has values at all. */
const SAMPLES: readonly number[] = [
  ...Array.from({ length: 2001 }, (_, i) => (i - 1000) / 50),
  ...[-1e4, -1000, -300, -100, -50, 50, 100, 300, 1000, 1e4],
];

/** An activation from the text of an expression. */
export class Expression extends Activation {
  /** The expression as it is computed. */
  readonly text: string;
  /** Its derivative, as it is computed. */
  readonly derivativeText: string;
  readonly #root: Node;
  readonly #slope: Node;
  readonly #values: ExpressionParameters;

  /** @internal */
  constructor(
    source: ConstructorParameters<typeof Activation>[0],
    root: Node,
    slope: Node,
    values: ExpressionParameters,
  ) {
    super(source);
    this.#root = root;
    this.#slope = slope;
    this.#values = values;
    this.text = write(root);
    this.derivativeText = write(slope);
  }

  /** f(x) in float64. */
  valueAt(x: number): number {
    return evaluate(this.#root, x, this.#values);
  }

  /** f′(x) in float64. */
  slopeAt(x: number): number {
    return evaluate(this.#slope, x, this.#values);
  }
}

/**
 * The activation that a text describes.
 * @param values of the parameters that it uses besides x.
 * @throws {ExpressionError} naming the position, when the text is no expression, is finite nowhere or not at 0;
 * {OptionError} when a parameter has no finite value, a name of the language, or is not used.
 */
export function expression(text: string, values: ExpressionParameters = {}): Expression {
  const names = requireParameters(values);
  const graph = new Graph();
  const root = parse(text, graph, names);
  requireUsed(root, names);
  const range = requireValues(text, root, values);
  const slope = derivative(graph, root, graph.x);
  const bySlope = fromResult(root, slope);
  const program = programOf(root, slope, bySlope);
  const floats = Float32Array.from(program.places.keys(), (node) => {
    return node.kind === "number" ? node.value : (values[(node as { name: string }).name] as number);
  });
  const slots = slotsOf(program);
  const parameters = floats.length === 0 ? null : Tensor.fromArray(floats, [floats.length]);
  const source = { name: text, range, derivedFromResult: bySlope !== null, parameters, slots };
  return new Expression(source, root, slope, values);
}

function requireParameters(values: ExpressionParameters): string[] {
  if (typeof values !== "object" || values === null) {
    throw new OptionError(`activation parameters: expected an object of numbers, got ${JSON.stringify(values)}`);
  }
  const names = Object.keys(values);
  for (const name of names) {
    if (!isParameterName(name)) {
      throw new OptionError(
        `activation parameters: expected names that expressions do not use themselves, of letters, got ${JSON.stringify(name)}`,
      );
    }
    const value = values[name];
    if (typeof value !== "number" || !Number.isFinite(Math.fround(value))) {
      throw new OptionError(`activation ${name}: expected a finite number, got ${JSON.stringify(value) ?? value}`);
    }
  }
  return names;
}

function requireUsed(root: Node, names: readonly string[]): void {
  const used = new Set(inOrder([root]).flatMap((node) => (node.kind === "parameter" ? [node.name] : [])));
  const unused = Object.fromEntries(names.filter((name) => !used.has(name)).map((name) => [name, true]));
  requireKnown("activation parameters that the expression uses", unused, [...used]);
}

/** The least and the largest value. @throws {ExpressionError} when it has none, or none at 0. */
function requireValues(text: string, root: Node, values: ExpressionParameters): readonly [number, number] {
  const found = SAMPLES.map((x) => evaluate(root, x, values));
  const own = found.filter((value) => !Number.isNaN(value));
  if (own.length === 0) throw fault(text, 0, "expected an expression with values, got one that is NaN everywhere");
  const start = evaluate(root, 0, values);
  if (!Number.isFinite(start)) throw fault(text, 0, `expected a finite value at x = 0, got ${start}`);
  const [least, largest] = [Math.min(...own), Math.max(...own)];
  // What is as large as that at ±10⁴ grows without bound.
  const grows = (bound: number): boolean => Math.abs(bound) > 100;
  return [grows(least) ? Number.NEGATIVE_INFINITY : least, grows(largest) ? Number.POSITIVE_INFINITY : largest];
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

function programOf(value: Node, slope: Node, bySlope: { readonly slope: Node } | null): Program {
  const used = bySlope?.slope ?? slope;
  const places = new Map<Node, number>();
  // The same number may be a part of both graphs.
  const known = new Map<string, number>();
  for (const node of [...inOrder([value, used]), new Graph().number(1)]) {
    const key = node.kind === "number" ? `${node.value}` : node.kind === "parameter" ? node.name : null;
    if (key === null || key === "0") continue;
    if (!known.has(key)) known.set(key, known.size);
    places.set(node, known.get(key) as number);
  }
  return { value, slope: used, slopeFromResult: bySlope !== null, parameterSlopes: [], places, sums: 0 };
}

/** The slots, compiled when they are first asked for. */
function slotsOf(program: Program): () => ActivationSlots {
  let compiled: ActivationSlots | null = null;
  return () => {
    compiled ??= compile(program);
    if (!compiled) throw new Error("no compiler here");
    return compiled;
  };
}
