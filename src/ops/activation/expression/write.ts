import { inOrder, type Node } from "./graph.ts";

/** Binary operations with their sign and how tightly they bind. */
const signs: Readonly<Record<string, readonly [sign: string, level: number]>> = {
  lt: ["<", 1],
  le: ["<=", 1],
  gt: [">", 1],
  ge: [">=", 1],
  eq: ["==", 1],
  ne: ["!=", 1],
  add: ["+", 2],
  sub: ["-", 2],
  mul: ["*", 3],
  div: ["/", 3],
  pow: ["^", 5],
};
const NEGATIVE = 4;
const POWER = 5;
const PRIMARY = 6;

/** A text, and how tightly its outermost operation binds. */
type Written = readonly [text: string, level: number];

/** The text of an expression, in the language that `parse` reads; what is there once may be written several times. */
export function write(root: Node): string {
  const written = new Map<Node, Written>();
  for (const node of inOrder([root]))
    written.set(
      node,
      writeOne(node, (part) => written.get(part) as Written),
    );
  return (written.get(root) as Written)[0];
}

function writeOne(node: Node, partOf: (node: Node) => Written): Written {
  if (node.kind === "x") return ["x", PRIMARY];
  if (node.kind === "parameter") return [node.name, PRIMARY];
  if (node.kind === "number") return [String(node.value), node.value < 0 ? NEGATIVE : PRIMARY];
  const [a, b] = node.parts as [Node, Node];
  const within = (part: Node, least: number): string => {
    const [text, level] = partOf(part);
    return level < least ? `(${text})` : text;
  };
  const isSquare = node.kind === "mul" && a === b;
  const own = signs[node.kind];
  if (isSquare) return [`${within(a, PRIMARY)} ^ 2`, POWER];
  if (own) {
    const [sign, level] = own;
    // Chains go to the left, powers to the right; nothing is compared with a comparison.
    const left = within(a, level === POWER ? PRIMARY : level === 1 ? 2 : level);
    const right = within(b, level === POWER ? NEGATIVE : level + 1);
    return [`${left} ${sign} ${right}`, level];
  }
  if (node.kind === "neg") return [`-${within(a, NEGATIVE)}`, NEGATIVE];
  const [first] = partOf(a);
  if (node.kind === "tanhOfSoftplus") return [`tanh(softplus(${first}))`, PRIMARY];
  return [`${node.kind}(${node.parts.map((part) => partOf(part)[0]).join(", ")})`, PRIMARY];
}
