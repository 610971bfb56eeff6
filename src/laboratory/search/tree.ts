/**
 * The functions that a search is made of: trees of unary and binary functions over x, after Ramachandran, Zoph & Le 2017,
 * "Searching for activation functions", section 3. A binary function of two unary ones is a unit; units are put into units.
 */
import type { ExpressionParameters } from "../../ops/activation/expression/expression.ts";

/**
 * Unary functions, as texts in $. A number that is learned is written {1}, with the value that it starts from. The square
 * root is that of |x|, so that it has values everywhere.
 */
const unaries = {
  identity: "$",
  negative: "(-$)",
  magnitude: "abs($)",
  square: "$ ^ 2",
  cube: "$ ^ 3",
  root: "sqrt(abs($))",
  scaled: "({1} * $)",
  shifted: "($ + {0})",
  logarithm: "log(abs($) + 1e-3)",
  exponential: "exp($)",
  sine: "sin($)",
  cosine: "cos($)",
  hyperbolicSine: "sinh($)",
  hyperbolicCosine: "cosh($)",
  tanh: "tanh($)",
  asinh: "asinh($)",
  atan: "atan($)",
  cardinalSine: "where($ == 0, 1, sin($) / $)",
  positive: "max($, 0)",
  negativePart: "min($, 0)",
  sigmoid: "sigmoid($)",
  softplus: "softplus($)",
  bell: "exp(-$ ^ 2)",
  errorFunction: "erf($)",
  constant: "{1}",
} as const;

/** Binary functions, as texts in $ and &. */
const binaries = {
  sum: "($ + &)",
  product: "$ * &",
  difference: "($ - &)",
  quotient: "$ / (& + 1e-3)",
  larger: "max($, &)",
  smaller: "min($, &)",
  gated: "sigmoid($) * &",
  squaredNearness: "exp(-{1} * ($ - &) ^ 2)",
  nearness: "exp(-{1} * abs($ - &))",
  blend: "({0.5} * $ + (1 - {0.5}) * &)",
} as const;

export type UnaryName = keyof typeof unaries;
export type BinaryName = keyof typeof binaries;
export const unaryNames: readonly UnaryName[] = /* @__PURE__ */ Object.keys(unaries) as UnaryName[];
export const binaryNames: readonly BinaryName[] = /* @__PURE__ */ Object.keys(binaries) as BinaryName[];

/** A function of x. */
export type Tree =
  | "x"
  | { readonly unary: UnaryName; readonly of: Tree }
  | { readonly binary: BinaryName; readonly left: Tree; readonly right: Tree };

/** How many functions a tree is made of, x among them. */
export function sizeOf(tree: Tree): number {
  if (tree === "x") return 1;
  return "unary" in tree ? 1 + sizeOf(tree.of) : 1 + sizeOf(tree.left) + sizeOf(tree.right);
}

/** The part that comes at a place, counted from the root, then to the left before to the right. */
export function partAt(tree: Tree, place: number): Tree {
  if (place === 0 || tree === "x") return tree;
  if ("unary" in tree) return partAt(tree.of, place - 1);
  const left = sizeOf(tree.left);
  return place <= left ? partAt(tree.left, place - 1) : partAt(tree.right, place - 1 - left);
}

/** The tree with something else at a place. */
export function withPart(tree: Tree, place: number, part: Tree): Tree {
  if (place === 0 || tree === "x") return part;
  if ("unary" in tree) return { ...tree, of: withPart(tree.of, place - 1, part) };
  const left = sizeOf(tree.left);
  return place <= left
    ? { ...tree, left: withPart(tree.left, place - 1, part) }
    : { ...tree, right: withPart(tree.right, place - 1 - left, part) };
}

/** A tree as a text for `activation`, with the parameters b1, b2, … that are learned. */
export function written(tree: Tree): { readonly activation: string; readonly parameters: ExpressionParameters } {
  const parameters: Record<string, { readonly learn: number }> = {};
  const write = (part: Tree): string => {
    if (part === "x") return "x";
    const template = "unary" in part ? unaries[part.unary] : binaries[part.binary];
    // What a constant is of does not matter.
    const first = template.includes("$") ? write("unary" in part ? part.of : part.left) : "";
    const second = "unary" in part ? "" : write(part.right);
    // A number that stands in a text twice is one number.
    const names = new Map<string, string>();
    const text = template.replaceAll(/\{(.*?)\}/g, (_, start) => {
      const name = names.get(start) ?? `b${Object.keys(parameters).length + 1}`;
      names.set(start, name);
      parameters[name] = { learn: Number(start) };
      return name;
    });
    return `(${text.replaceAll(/[$&]/g, (sign) => (sign === "$" ? first : second))})`;
  };
  return { activation: write(tree), parameters };
}
