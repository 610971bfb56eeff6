/**
 * An expression as a graph: each distinct part is there once, and simplified when it is made. Rules change no value where
 * the original has one, save for the sign of zero.
 */

/** Functions of one number. */
export const unaries = [
  "neg",
  "abs",
  "sign",
  "sqrt",
  "exp",
  "expm1",
  "log",
  "log1p",
  "sin",
  "cos",
  "sinh",
  "cosh",
  "tanh",
  "atan",
  "asinh",
  "erf",
  "sigmoid",
  "softplus",
  "relu",
  "tanhOfSoftplus",
] as const;
export type Unary = (typeof unaries)[number];

/** Functions of two numbers, and conditions on them, which are 1 or 0 where a number is wanted. */
export type Binary = "add" | "sub" | "mul" | "div" | "pow" | "min" | "max" | Condition;
export const conditions = ["lt", "le", "gt", "ge", "eq", "ne"] as const;
export type Condition = (typeof conditions)[number];

export type Operation = Unary | Binary | "where";

/** A part of an expression. */
export type Node =
  | { readonly id: number; readonly kind: "x" }
  | { readonly id: number; readonly kind: "parameter"; readonly name: string }
  | { readonly id: number; readonly kind: "number"; readonly value: number }
  | { readonly id: number; readonly kind: Operation; readonly parts: readonly Node[] };

/** A part that is made of others. */
export type Compound = Extract<Node, { readonly parts: readonly Node[] }>;

export function isCondition(kind: Node["kind"]): kind is Condition {
  return (conditions as readonly string[]).includes(kind);
}

/** Makes the parts of one expression and of its derivatives. */
export class Graph {
  readonly #known = new Map<string, Node>();

  #node(key: string, make: (id: number) => Node): Node {
    let node = this.#known.get(key);
    if (!node) {
      node = make(this.#known.size);
      this.#known.set(key, node);
    }
    return node;
  }

  readonly x: Node = this.#node("x", (id) => ({ id, kind: "x" }));

  parameter(name: string): Node {
    return this.#node(`parameter ${name}`, (id) => ({ id, kind: "parameter", name }));
  }

  number(value: number): Node {
    return this.#node(`number ${Object.is(value, -0) ? 0 : value}`, (id) => ({ id, kind: "number", value }));
  }

  #compound(kind: Operation, parts: readonly Node[]): Node {
    return this.#node(`${kind} ${parts.map(({ id }) => id).join(" ")}`, (id) => ({ id, kind, parts }));
  }

  /** A function of one part. */
  unary(kind: Unary, a: Node): Node {
    if (a.kind === "number") {
      const value = compute(kind, [a.value]);
      if (Number.isFinite(value)) return this.number(value);
    }
    if (kind === "neg") return this.#negated(a);
    if (a.kind === "neg") {
      const inner = (a as Compound).parts[0] as Node;
      if (kind === "abs" || kind === "cos" || kind === "cosh") return this.unary(kind, inner);
      if (odd.has(kind)) return this.unary("neg", this.unary(kind, inner));
    }
    if (kind === "abs" && (a.kind === "abs" || a.kind === "exp" || a.kind === "sigmoid")) return a;
    if (kind === "relu" && (a.kind === "relu" || a.kind === "exp" || a.kind === "sigmoid" || a.kind === "abs"))
      return a;
    if (kind === "tanh" && a.kind === "softplus") return this.unary("tanhOfSoftplus", (a as Compound).parts[0] as Node);
    return this.#compound(kind, [a]);
  }

  #negated(a: Node): Node {
    if (a.kind === "neg") return (a as Compound).parts[0] as Node;
    if (a.kind === "sub") return this.binary("sub", (a as Compound).parts[1] as Node, (a as Compound).parts[0] as Node);
    return this.#compound("neg", [a]);
  }

  /** A function of two parts. */
  binary(kind: Binary, a: Node, b: Node): Node {
    if (a.kind === "number" && b.kind === "number") {
      const value = compute(kind, [a.value, b.value]);
      if (Number.isFinite(value)) return this.number(value);
    }
    switch (kind) {
      case "add":
        return this.#sum(a, b);
      case "sub":
        return this.#difference(a, b);
      case "mul":
        return this.#product(a, b);
      case "div":
        return this.#quotient(a, b);
      case "pow":
        return this.#power(a, b);
      case "min":
      case "max":
        return a === b ? a : this.#compound(kind, [a, b]);
      default:
        return this.#compound(kind, [a, b]);
    }
  }

  #sum(a: Node, b: Node): Node {
    if (is(a, 0)) return b;
    if (is(b, 0)) return a;
    if (b.kind === "neg") return this.binary("sub", a, (b as Compound).parts[0] as Node);
    if (a.kind === "neg") return this.binary("sub", b, (a as Compound).parts[0] as Node);
    // The order is part of the bits, and one order makes equal sums one.
    return a.id <= b.id ? this.#compound("add", [a, b]) : this.#compound("add", [b, a]);
  }

  #difference(a: Node, b: Node): Node {
    if (is(b, 0)) return a;
    if (is(a, 0)) return this.unary("neg", b);
    if (a === b && a.kind !== "div") return this.number(0);
    if (b.kind === "neg") return this.binary("add", a, (b as Compound).parts[0] as Node);
    return this.#compound("sub", [a, b]);
  }

  #product(a: Node, b: Node): Node {
    if (is(a, 0) || is(b, 0)) return this.number(0);
    if (is(a, 1)) return b;
    if (is(b, 1)) return a;
    if (is(a, -1)) return this.unary("neg", b);
    if (is(b, -1)) return this.unary("neg", a);
    if (a.kind === "neg") return this.unary("neg", this.binary("mul", (a as Compound).parts[0] as Node, b));
    if (b.kind === "neg") return this.unary("neg", this.binary("mul", a, (b as Compound).parts[0] as Node));
    if (a.kind === "number" && b.kind === "mul") {
      const [first, second] = (b as Compound).parts as [Node, Node];
      if (first.kind === "number") return this.binary("mul", this.number(a.value * first.value), second);
    }
    if (b.kind === "number") return this.binary("mul", b, a);
    return a.kind === "number" || a.id <= b.id ? this.#compound("mul", [a, b]) : this.#compound("mul", [b, a]);
  }

  #quotient(a: Node, b: Node): Node {
    if (is(b, 1)) return a;
    if (is(b, -1)) return this.unary("neg", a);
    if (is(a, 0) && b.kind !== "number") return a;
    // Powers of two have exact reciprocals.
    if (b.kind === "number" && Math.abs(b.value) < 2 ** 60 && Math.abs(b.value) > 2 ** -60) {
      if (Number.isInteger(Math.log2(Math.abs(b.value)))) return this.binary("mul", this.number(1 / b.value), a);
    }
    return this.#compound("div", [a, b]);
  }

  #power(a: Node, b: Node): Node {
    if (b.kind === "number") {
      if (b.value === 0) return this.number(1);
      if (b.value === 0.5) return this.unary("sqrt", a);
      if (b.value === -0.5) return this.binary("div", this.number(1), this.unary("sqrt", a));
      if (Number.isInteger(b.value) && Math.abs(b.value) <= 64) return this.#wholePower(a, b.value);
    }
    return this.#compound("pow", [a, b]);
  }

  /** By squares and products. */
  #wholePower(a: Node, exponent: number): Node {
    if (exponent < 0) return this.binary("div", this.number(1), this.#wholePower(a, -exponent));
    if (exponent === 1) return a;
    const half = this.#wholePower(a, Math.floor(exponent / 2));
    const square = this.binary("mul", half, half);
    return exponent % 2 === 0 ? square : this.binary("mul", square, a);
  }

  /** The operation of another graph's part on parts of this one. */
  rebuild(kind: Operation, parts: readonly Node[]): Node {
    const [a, b, c] = parts as [Node, Node, Node];
    if (kind === "where") return this.where(a, b, c);
    return parts.length === 1 ? this.unary(kind as Unary, a) : this.binary(kind as Binary, a, b);
  }

  /** One of two parts. @param condition a part that is a condition. */
  where(condition: Node, a: Node, b: Node): Node {
    if (a === b) return a;
    if (condition.kind === "number") return condition.value === 0 ? b : a;
    return this.#compound("where", [condition, a, b]);
  }
}

/** Functions with f(−x) = −f(x). */
const odd: ReadonlySet<string> = new Set(["sin", "sinh", "tanh", "atan", "asinh", "erf", "sign"]);

function is(node: Node, value: number): boolean {
  return node.kind === "number" && node.value === value;
}

const formulas: Record<Operation, (a: number, b: number, c: number) => number> = {
  neg: (a) => -a,
  abs: Math.abs,
  sign: Math.sign,
  sqrt: Math.sqrt,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  atan: Math.atan,
  asinh: Math.asinh,
  erf: errorFunction,
  sigmoid: (a) => (a < 0 ? Math.exp(a) / (1 + Math.exp(a)) : 1 / (1 + Math.exp(-a))),
  softplus: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
  relu: (a) => (a > 0 ? a : Number.isNaN(a) ? a : 0),
  tanhOfSoftplus: (a) => {
    const n = Math.exp(Math.min(a, 40)) * (Math.exp(Math.min(a, 40)) + 2);
    return n / (n + 2);
  },
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
  gt: (a, b) => Number(a > b),
  ge: (a, b) => Number(a >= b),
  eq: (a, b) => Number(a === b),
  ne: (a, b) => Number(a !== b),
  where: (condition, a, b) => (condition ? a : b),
};

/** An operation in float64. */
export function compute(kind: Operation, [a = 0, b = 0, c = 0]: readonly number[]): number {
  return formulas[kind](a, b, c);
}

/**
 * erf x in float64, error some 10⁻¹⁵ of it: Σ 2x/√π·(2x²)ⁿ·e^(−x²)/(1·3·…·(2n + 1)) near 0, a continued fraction farther out.
 * Source: Abramowitz & Stegun, 7.1.6 and 7.1.14.
 */
function errorFunction(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(a)) return a;
  if (a > 6) return Math.sign(x);
  if (a < 3) {
    let term = (2 / Math.sqrt(Math.PI)) * x * Math.exp(-x * x);
    let sum = term;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return sum;
  }
  let fraction = a;
  for (let n = 60; n > 0; n--) fraction = a + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * fraction));
}

/** What gives the value of a part in float64, for x. */
export function evaluator(root: Node, parameters: Readonly<Record<string, number>> = {}): (x: number) => number {
  const order = inOrder([root]);
  const places = new Map(order.map((node, place) => [node, place]));
  const values = new Float64Array(order.length);
  const steps: ((x: number) => void)[] = order.map((node, place) => {
    if (node.kind === "x") {
      return (x) => {
        values[place] = x;
      };
    }
    if ("parts" in node) {
      const formula = formulas[node.kind];
      const [a = 0, b = 0, c = 0] = node.parts.map((part) => places.get(part) as number);
      return () => {
        values[place] = formula(values[a] as number, values[b] as number, values[c] as number);
      };
    }
    values[place] = node.kind === "number" ? node.value : (parameters[node.name] ?? Number.NaN);
    return () => undefined;
  });
  return (x) => {
    for (const step of steps) step(x);
    return values.at(-1) as number;
  };
}

/** The value of a part in float64. */
export function evaluate(root: Node, x: number, parameters: Readonly<Record<string, number>> = {}): number {
  return evaluator(root, parameters)(x);
}

/** All parts that some are made of, each behind its own parts. */
export function inOrder(roots: readonly Node[]): Node[] {
  const found = new Set<Node>();
  const order: Node[] = [];
  const waiting = roots.toReversed();
  while (waiting.length > 0) {
    const node = waiting.at(-1) as Node;
    const missing = found.has(node) || !("parts" in node) ? [] : node.parts.filter((part) => !found.has(part));
    if (missing.length > 0) {
      waiting.push(...missing.toReversed());
      continue;
    }
    waiting.pop();
    if (found.has(node)) continue;
    found.add(node);
    order.push(node);
  }
  return order;
}
