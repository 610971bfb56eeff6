/**
 * The language of expressions, from the loosest to the tightest:
 *
 *     comparison   a < b, <=, >, >=, ==, !=            1 where it holds, else 0
 *     sum          a + b, a - b
 *     product      a * b, a / b
 *     sign         -a, +a
 *     power        a ^ b or a ** b                     from the right: a ^ b ^ c is a ^ (b ^ c), -a ^ b is -(a ^ b)
 *     primary      a number, x, a parameter, pi, e, f(a, …), (a)
 */
import { ExpressionError } from "../../../runtime/errors.ts";
import { nearest } from "../../../runtime/nearest.ts";
import { type Binary, type Condition, type Graph, isCondition, type Node, type Unary, unaries } from "./graph.ts";

interface Token {
  readonly kind: "number" | "name" | "sign" | "end";
  readonly text: string;
  readonly at: number;
}

/** How deep brackets, powers and signs may be in each other. */
const DEEPEST = 200;

const signs = ["**", "<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "^", "(", ")", ","];

const comparisons: Readonly<Record<string, Condition>> = {
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
  "==": "eq",
  "!=": "ne",
};

/** How many arguments the functions take that are not of one number. */
const others: Readonly<Record<string, number>> = { min: 2, max: 2, pow: 2, clamp: 3, where: 3 };

/** Every function that an expression may call. */
export const functionNames = /* @__PURE__ */ listFunctions();

function listFunctions(): readonly string[] {
  const written = unaries.filter((name) => name !== "neg" && name !== "tanhOfSoftplus");
  return [...written, ...Object.keys(others)];
}

const constants: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E };

/** Whether a parameter may have this name. */
export function isParameterName(name: string): boolean {
  return (
    /^[A-Za-z_]\w*$/.test(name) && name !== "x" && !Object.hasOwn(constants, name) && !functionNames.includes(name)
  );
}

/** The error of a text, its place marked. */
export function fault(text: string, at: number, wanted: string): ExpressionError {
  // A long text is shown around the place.
  const from = Math.max(0, at - 60);
  const shown = `${from > 0 ? "…" : ""}${text.slice(from, at + 40)}${text.length > at + 40 ? "…" : ""}`;
  const column = at - from + (from > 0 ? 1 : 0);
  return new ExpressionError(`expression, position ${at + 1}: ${wanted}\n  ${shown}\n  ${" ".repeat(column)}^`, at);
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at, at + 64);
    const blank = /^\s+/.exec(rest);
    if (blank) {
      at += blank[0].length;
      continue;
    }
    const number = /^(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?/.exec(rest);
    const name = /^[A-Za-z_]\w*/.exec(rest);
    const sign = signs.find((known) => rest.startsWith(known));
    const found = number?.[0] ?? name?.[0] ?? sign;
    if (found === undefined)
      throw fault(text, at, `expected a number, a name or a sign, got ${JSON.stringify(rest[0])}`);
    tokens.push({ kind: number ? "number" : name ? "name" : "sign", text: found, at });
    at += found.length;
  }
  return [...tokens, { kind: "end", text: "", at: text.length }];
}

/**
 * The graph of a text.
 * @param parameters the names that it may use besides x.
 * @throws {ExpressionError} naming the position, when the text is no expression.
 */
export function parse(text: string, graph: Graph, parameters: readonly string[]): Node {
  return new Parser(text, graph, parameters).whole();
}

class Parser {
  readonly #text: string;
  readonly #graph: Graph;
  readonly #parameters: readonly string[];
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string, graph: Graph, parameters: readonly string[]) {
    this.#text = text;
    this.#graph = graph;
    this.#parameters = parameters;
    this.#tokens = tokensOf(text);
  }

  whole(): Node {
    if (this.#peek().kind === "end") throw this.#fault(this.#peek(), "expected an expression, got nothing");
    const node = this.#comparison();
    const { kind, text } = this.#peek();
    if (kind !== "end") {
      throw this.#fault(this.#peek(), `expected an operator or the end, got ${JSON.stringify(text)}`);
    }
    return node;
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #fault({ at }: Token, wanted: string): ExpressionError {
    return fault(this.#text, at, wanted);
  }

  /** Takes the next token when it is one of these signs. */
  #take(...wanted: readonly string[]): Token | null {
    const token = this.#peek();
    if (token.kind !== "sign" || !wanted.includes(token.text)) return null;
    this.#next++;
    return token;
  }

  /** What brackets, signs and powers open: so deep and no deeper. */
  #deeper(inner: () => Node): Node {
    if (++this.#depth > DEEPEST) throw this.#fault(this.#peek(), `expected at most ${DEEPEST} levels, got more`);
    const node = inner();
    this.#depth--;
    return node;
  }

  #comparison(): Node {
    const left = this.#sum();
    const sign = this.#take(...Object.keys(comparisons));
    if (!sign) return left;
    const node = this.#graph.binary(comparisons[sign.text] as Condition, left, this.#sum());
    const second = this.#take(...Object.keys(comparisons));
    if (second) throw this.#fault(second, "expected brackets around a comparison that is compared");
    return node;
  }

  #sum(): Node {
    return this.#chain({ "+": "add", "-": "sub" }, () => this.#product());
  }

  #product(): Node {
    return this.#chain({ "*": "mul", "/": "div" }, () => this.#signed());
  }

  #chain(operations: Readonly<Record<string, Binary>>, operand: () => Node): Node {
    let node = operand();
    for (;;) {
      const sign = this.#take(...Object.keys(operations));
      if (!sign) return node;
      const right = operand();
      if (sign.text === "/" && right.kind === "number" && right.value === 0) {
        throw this.#fault(sign, "expected a divisor other than 0");
      }
      node = this.#graph.binary(operations[sign.text] as Binary, node, right);
    }
  }

  #signed(): Node {
    const sign = this.#take("-", "+");
    if (!sign) return this.#power();
    const node = this.#deeper(() => this.#signed());
    return sign.text === "-" ? this.#graph.unary("neg", node) : node;
  }

  #power(): Node {
    const base = this.#primary();
    if (!this.#take("^", "**")) return base;
    return this.#graph.binary(
      "pow",
      base,
      this.#deeper(() => this.#signed()),
    );
  }

  #primary(): Node {
    const token = this.#peek();
    if (token.kind === "number") {
      this.#next++;
      const value = Number(token.text);
      if (!(Math.abs(Math.fround(value)) < Number.POSITIVE_INFINITY)) {
        throw this.#fault(token, `expected a number that float32 holds, got ${token.text}`);
      }
      return this.#graph.number(value);
    }
    if (token.kind === "name") return this.#named(token);
    if (this.#take("(")) {
      const node = this.#deeper(() => this.#comparison());
      this.#close(token);
      return node;
    }
    const got = token.kind === "end" ? "the end" : JSON.stringify(token.text);
    throw this.#fault(token, `expected a number, a name or a bracket, got ${got}`);
  }

  /** @param open the bracket that has to be closed. */
  #close(open: Token): void {
    if (this.#take(")")) return;
    const token = this.#peek();
    if (token.kind === "end") throw this.#fault(open, "expected this bracket to be closed");
    throw this.#fault(token, `expected ) or an operator, got ${JSON.stringify(token.text)}`);
  }

  #named(token: Token): Node {
    this.#next++;
    const { text } = token;
    const open = this.#peek();
    if (functionNames.includes(text)) {
      if (!this.#take("(")) throw this.#fault(open, `expected ( behind ${text}`);
      return this.#call(token, open);
    }
    if (open.kind === "sign" && open.text === "(") {
      throw this.#fault(token, `expected a function, got ${JSON.stringify(text)}${nearest(text, functionNames)}`);
    }
    if (text === "x") return this.#graph.x;
    if (this.#parameters.includes(text)) return this.#graph.parameter(text);
    if (Object.hasOwn(constants, text)) return this.#graph.number(constants[text] as number);
    const known = ["x", ...this.#parameters, ...Object.keys(constants)];
    throw this.#fault(
      token,
      `expected x, a parameter or a constant, got ${JSON.stringify(text)}${nearest(text, [...known, ...functionNames])}; a parameter needs a value`,
    );
  }

  #call(name: Token, open: Token): Node {
    const parts: Node[] = [];
    do parts.push(this.#deeper(() => this.#comparison()));
    while (this.#take(","));
    this.#close(open);
    const wanted = others[name.text] ?? 1;
    if (parts.length !== wanted) {
      throw this.#fault(
        name,
        `expected ${wanted} ${wanted === 1 ? "argument" : "arguments"} of ${name.text}, got ${parts.length}`,
      );
    }
    const [a, b, c] = parts as [Node, Node, Node];
    switch (name.text) {
      case "where":
        if (!isCondition(a.kind) && a.kind !== "number") {
          throw this.#fault(open, "expected a comparison as the condition of where, such as x > 0");
        }
        return this.#graph.where(a, b, c);
      case "clamp":
        return this.#graph.binary("min", this.#graph.binary("max", a, b), c);
      case "min":
      case "max":
      case "pow":
        return this.#graph.binary(name.text, a, b);
      default:
        return this.#graph.unary(name.text as Unary, a);
    }
  }
}
