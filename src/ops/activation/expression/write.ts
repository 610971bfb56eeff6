import type { Node } from "./graph.ts";

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
const PRIMARY = 6;

/** The text of an expression, in the language that `parse` reads. */
export function write(node: Node): string {
  return levelled(node)[0];
}

/** The text, and how tightly its outermost operation binds. */
function levelled(node: Node): readonly [text: string, level: number] {
  if (node.kind === "x") return ["x", PRIMARY];
  if (node.kind === "parameter") return [node.name, PRIMARY];
  if (node.kind === "number") return [String(node.value), node.value < 0 ? NEGATIVE : PRIMARY];
  const [a, b] = node.parts as [Node, Node];
  const within = (part: Node, least: number): string => {
    const [text, level] = levelled(part);
    return level < least ? `(${text})` : text;
  };
  const own = signs[node.kind];
  if (own) {
    const [sign, level] = own;
    // Chains go to the left, powers to the right; nothing is compared with a comparison.
    const left = within(a, level === 5 ? PRIMARY : level === 1 ? 2 : level);
    const right = within(b, level === 5 ? NEGATIVE : level + 1);
    return [`${left} ${sign} ${right}`, level];
  }
  if (node.kind === "neg") return [`-${within(a, NEGATIVE)}`, NEGATIVE];
  if (node.kind === "tanhOfSoftplus") return [`tanh(softplus(${write(a)}))`, PRIMARY];
  return [`${node.kind}(${node.parts.map(write).join(", ")})`, PRIMARY];
}
