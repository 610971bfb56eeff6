import { catalogue } from "../../../runtime/catalogue.ts";
import type { ActivationSlots } from "../activation.ts";
import type { Program } from "./emit.ts";
import { conditions, inOrder, type Node, type Operation, unaries } from "./graph.ts";

/** Operations in the order of their numbers, from 1 on (assembly/activation/interpreter.ts); 0 is a number. */
const operations = /* @__PURE__ */ listOperations();

function listOperations(): readonly Operation[] {
  return [...unaries, "add", "sub", "mul", "div", "pow", "min", "max", ...conditions, "where"];
}

/** What gives x itself. */
const COPY = 35;

/** Numbers in a register. */
const BLOCK = 64;

/** Words of an operation. */
const OPERATION = 4;

/** Words before everything else. */
const HEADER = 7;

/** The slots of the interpreter, which does what the floats of `interpreted` say. */
export function interpreterSlots(): ActivationSlots {
  const kernels = catalogue();
  return { forwardSlot: kernels.interpreterForwardSlot(), backwardSlot: kernels.interpreterBackwardSlot() };
}

/** The operations of a part, four words each, its own last; x is −1. */
function wordsOf(root: Node, places: Program["places"]): number[] {
  const numbers = new Map<Node, number>();
  const words: number[] = [];
  for (const node of inOrder([root])) {
    if (node.kind === "x") {
      numbers.set(node, -1);
      continue;
    }
    numbers.set(node, words.length / OPERATION);
    if ("parts" in node) {
      const [a = -1, b = a, c = a] = node.parts.map((part) => numbers.get(part) as number);
      words.push(operations.indexOf(node.kind) + 1, a, b, c);
    } else words.push(0, places.get(node) as number, 0, 0);
  }
  if (root.kind === "x") words.push(COPY, -1, -1, -1);
  return words;
}

/** What the interpreter is handed. */
export interface Interpreted {
  /** Lengths and distances, numbers still to be written, programs, registers, totals, sums. */
  readonly floats: Float32Array<ArrayBuffer>;
  /** Where the first of the numbers is, in floats. */
  readonly numbers: number;
  /** Where the sums of ∂L/∂p are, in bytes. */
  readonly sums: number;
}

/** A program for the interpreter. */
export function interpreted(program: Program): Interpreted {
  const { value, slope, parameterSlopes } = program;
  const roots = [value, slope, ...parameterSlopes];
  // Unlike a compiled module, a program has no zero of its own.
  const places = new Map(program.places);
  const zero = 1 + Math.max(...places.values());
  for (const node of inOrder(roots)) {
    if (node.kind === "number" && node.value === 0) places.set(node, zero);
  }
  const programs = roots.map((root) => wordsOf(root, places));
  // How long each is stands before it.
  const words = programs.flatMap((operations) => [operations.length / OPERATION, ...operations]);
  const start = HEADER + zero + 1;
  const registers = start + words.length;
  const most = Math.max(...programs.map(({ length }) => length)) / OPERATION;
  const totals = registers + BLOCK * (most + 1);
  const sums = 2 * Math.ceil((totals + 4 * parameterSlopes.length) / 2);
  const floats = new Float32Array(sums + 2 * parameterSlopes.length);
  const distances = [HEADER, start, registers, totals, sums].map((place) => place * 4);
  const header = new Int32Array(floats.buffer);
  header.set([parameterSlopes.length, Number(program.slopeFromResult), ...distances]);
  header.set(words, start);
  return { floats, numbers: HEADER, sums: sums * 4 };
}
