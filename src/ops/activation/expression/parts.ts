import type { Body } from "./body.ts";
import { lanes, plain, types, vector } from "./bytes.ts";
import { type Compound, inOrder, isCondition, type Node } from "./graph.ts";
import type { Template } from "./template.ts";

/** Operations that are one instruction. */
const arithmetic = /* @__PURE__ */ listArithmetic();

function listArithmetic(): Readonly<Record<string, number>> {
  const { add, sub, mul, div, min, max, lt, le, gt, ge, eq, ne, neg, abs, sqrt } = vector;
  return { add, sub, mul, div, min, max, lt, le, gt, ge, eq, ne, neg, abs, sqrt };
}

/** Where a function finds what it works on. */
export interface Surroundings {
  readonly body: Body;
  /** The local variable with the address of numbers and parameters. */
  readonly parameters: number;
  readonly places: ReadonlyMap<Node, number>;
  readonly templates: ReadonlyMap<string, Template>;
}

/** Four lanes of 0, which cost nothing to make. */
const zero: readonly number[] = [0xfd, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/** Writes what computes some parts of four lanes of x; returns the local variables that they are in. */
export function emitParts(
  { body, parameters, places, templates }: Surroundings,
  roots: readonly Node[],
  x: number,
): number[] {
  const variables = new Map<Node, number>();
  const read = (node: Node): void => {
    const variable = variables.get(node);
    if (variable !== undefined) body.get(variable);
    else if (node.kind === "number" && node.value === 0) body.push(...zero);
    else body.get(body.spread(parameters, 4 * (places.get(node) as number)));
  };
  /** A condition as a number where one is wanted. */
  const readNumber = (node: Node): void => {
    read(node);
    if (!isCondition(node.kind)) return;
    const one = [...places.keys()].find((known) => known.kind === "number" && known.value === 1) as Node;
    read(one);
    body.push(...lanes(vector.and));
  };
  const operate = (node: Compound): void => {
    const [a, b, c] = node.parts as [Node, Node, Node];
    if (node.kind === "where") {
      readNumber(b);
      readNumber(c);
      read(a);
      body.push(...lanes(vector.bitselect));
    } else if (node.kind === "relu") {
      // pmax(a, 0) keeps NaN: it gives its first argument unless that is less than the second.
      readNumber(a);
      body.push(...zero, ...lanes(vector.pmax));
    } else if (arithmetic[node.kind] !== undefined) {
      for (const part of node.parts) readNumber(part);
      body.push(...lanes(arithmetic[node.kind] as number));
    } else if (node.kind === "pow") {
      // a^b = exp(b·log a)
      readNumber(b);
      readNumber(a);
      splice(body, templates.get("log") as Template);
      body.push(...lanes(vector.mul));
      splice(body, templates.get("exp") as Template);
    } else {
      readNumber(a);
      splice(body, templates.get(node.kind) as Template);
    }
  };
  for (const node of inOrder(roots)) {
    if (node.kind === "x") variables.set(node, x);
    else if ("parts" in node) {
      operate(node);
      const variable = body.local(types.v128);
      variables.set(node, variable);
      body.set(variable);
    }
  }
  return roots.map((root) => {
    const variable = variables.get(root);
    if (variable !== undefined && !isCondition(root.kind)) return variable;
    readNumber(root);
    const own = body.local(types.v128);
    body.set(own);
    return own;
  });
}

/** Writes a template's body: takes lanes from the stack and leaves lanes there. */
function splice(body: Body, { locals, zeros, pieces }: Template): void {
  const moved = locals.map((type) => body.local(type));
  body.set(moved[0] as number);
  for (const local of zeros) {
    if (locals[local] === types.v128) body.push(...zero);
    else if (locals[local] === types.i32) body.push(plain.i32Const, 0);
    else body.push(0x44, 0, 0, 0, 0, 0, 0, 0, 0);
    body.set(moved[local] as number);
  }
  for (const piece of pieces) {
    if ("constant" in piece) body.get(body.spread(null, piece.constant));
    else if ("instruction" in piece) body.onLocal(piece.instruction, moved[piece.local] as number);
    else body.append(piece);
  }
}

/** How many vectors are taken at a time: fewer where the work on one fills the registers. */
export function vectorsAtATime(roots: readonly Node[]): number {
  const costly = inOrder(roots).filter((node) => "parts" in node && arithmetic[node.kind] === undefined);
  const calls = costly.filter(({ kind }) => kind !== "where" && kind !== "relu").length;
  return calls <= 1 ? 4 : calls === 2 ? 2 : 1;
}
