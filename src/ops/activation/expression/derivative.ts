import { type Graph, inOrder, isCondition, type Node, type Unary } from "./graph.ts";

/**
 * The derivative of an expression for x or for a parameter, as parts of the same graph, by the rules of calculus.
 *
 * Where there is none, one of the two sides' is taken: abs′(0) = 0, relu′(0) = 0, sign′ = 0 everywhere; where both numbers
 * of min and max are equal, the second one's; `where` has that of the side it takes, and a condition has none.
 */
export function derivative(graph: Graph, root: Node, by: Node): Node {
  const zero = graph.number(0);
  const slopes = new Map<Node, Node>();
  for (const node of inOrder([root])) {
    if (node === by) slopes.set(node, graph.number(1));
    else if (!("parts" in node) || isCondition(node.kind)) slopes.set(node, zero);
    else {
      const inner = node.parts.map((part) => slopes.get(part) as Node);
      slopes.set(node, inner.every((slope) => slope === zero) ? zero : ruleOf(graph, node, node.parts, inner));
    }
  }
  return slopes.get(root) as Node;
}

function ruleOf(graph: Graph, node: Node, parts: readonly Node[], slopes: readonly Node[]): Node {
  const [a, b] = parts as [Node, Node];
  const [da, db, dc] = slopes as [Node, Node, Node];
  const { kind } = node;
  switch (kind) {
    case "add":
    case "sub":
      return graph.binary(kind, da, db);
    case "mul":
      return graph.binary("add", graph.binary("mul", da, b), graph.binary("mul", a, db));
    case "div":
      // (a/b)′ = (a′ − (a/b)·b′)/b
      return graph.binary("div", graph.binary("sub", da, graph.binary("mul", node, db)), b);
    case "pow":
      return powerRule(graph, node, [a, b], [da, db]);
    case "min":
      return graph.where(graph.binary("lt", a, b), da, db);
    case "max":
      return graph.where(graph.binary("gt", a, b), da, db);
    case "where":
      return graph.where(a, db, dc);
    default:
      return graph.binary("mul", unaryRule(graph, kind as Unary, node, a), da);
  }
}

/** (a^b)′ = b·a^(b−1)·a′ + a^b·log(a)·b′ */
function powerRule(graph: Graph, node: Node, [a, b]: [Node, Node], [da, db]: [Node, Node]): Node {
  const lower = graph.binary("pow", a, graph.binary("sub", b, graph.number(1)));
  const first = graph.binary("mul", graph.binary("mul", b, lower), da);
  const second = graph.binary("mul", graph.binary("mul", node, graph.unary("log", a)), db);
  return graph.binary("add", first, second);
}

/** f′(a), given y = f(a). */
function unaryRule(graph: Graph, kind: Unary, y: Node, a: Node): Node {
  const one = graph.number(1);
  const squareOf = (node: Node): Node => graph.binary("mul", node, node);
  const over = (node: Node): Node => graph.binary("div", one, node);
  switch (kind) {
    case "neg":
      return graph.number(-1);
    case "abs":
      return graph.unary("sign", a);
    case "sign":
      return graph.number(0);
    case "sqrt":
      return graph.binary("div", graph.number(0.5), y);
    case "exp":
      return y;
    case "expm1":
      return graph.unary("exp", a);
    case "log":
      return over(a);
    case "log1p":
      return over(graph.binary("add", one, a));
    case "sin":
      return graph.unary("cos", a);
    case "cos":
      return graph.unary("neg", graph.unary("sin", a));
    case "sinh":
      return graph.unary("cosh", a);
    case "cosh":
      return graph.unary("sinh", a);
    case "tanh":
      return graph.binary("sub", one, squareOf(y));
    case "atan":
      return over(graph.binary("add", one, squareOf(a)));
    case "asinh":
      return over(graph.unary("sqrt", graph.binary("add", one, squareOf(a))));
    case "erf":
      return graph.binary(
        "mul",
        graph.number(2 / Math.sqrt(Math.PI)),
        graph.unary("exp", graph.unary("neg", squareOf(a))),
      );
    case "sigmoid":
      return graph.binary("mul", y, graph.binary("sub", one, y));
    case "softplus":
      return graph.unary("sigmoid", a);
    case "relu":
      return graph.where(graph.binary("gt", a, graph.number(0)), one, graph.number(0));
    default:
      // tanh(softplus a)
      return graph.binary("mul", graph.binary("sub", one, squareOf(y)), graph.unary("sigmoid", a));
  }
}
