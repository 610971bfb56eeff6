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

/** Words before everything else. */
const HEADER = 7;

/** The slots of the interpreter, which does what the floats of `interpretedFloats` say. */
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
    numbers.set(node, words.length / 4);
    if ("parts" in node) {
      const [a = -1, b = a, c = a] = node.parts.map((part) => numbers.get(part) as number);
      words.push(operations.indexOf(node.kind) + 1, a, b, c);
    } else words.push(0, places.get(node) as number, 0, 0);
  }
  if (root.kind === "x") words.push(COPY, -1, -1, -1);
  return words;
}

/** What the interpreter is handed: lengths and distances, numbers, both programs, registers. */
export function interpretedFloats(program: Program, numbers: Float32Array): Float32Array {
  // Unlike a compiled module, a program has no zero of its own.
  const places = new Map(program.places);
  const zero = numbers.length;
  for (const node of inOrder([program.value, program.slope])) {
    if (node.kind === "number" && node.value === 0) places.set(node, zero);
  }
  const value = wordsOf(program.value, places);
  const slope = wordsOf(program.slope, places);
  const start = HEADER + numbers.length + 1;
  const registers = start + value.length + slope.length;
  const most = Math.max(value.length, slope.length) / 4;
  const floats = new Float32Array(registers + BLOCK * (most + 1));
  const words = new Int32Array(floats.buffer);
  const distances = [HEADER, start, start + value.length, registers].map((place) => place * 4);
  words.set([value.length / 4, slope.length / 4, Number(program.slopeFromResult), ...distances]);
  floats.set(numbers, HEADER);
  words.set([...value, ...slope], start);
  return floats;
}
