/**
 * Makes a module of an expression: its map and its gradient as functions that recurrent kernels call a block at a time
 * (assembly/elementwise/unary.ts says how), over the engine's memory, in two slots of its function table.
 *
 * Numbers and parameters are read from where `parameters` points: a constant of four lanes costs V8 several instructions,
 * a load that spreads a number over them hardly any. Loads of several vectors come before their stores, so that the
 * processor works at all of them at the same time.
 */
import { lanes, offset, plain, signed, sized, types, unsigned, vector } from "./bytes.ts";
import type { Compound, Node } from "./graph.ts";
import { inOrder, isCondition } from "./graph.ts";
import type { Template } from "./template.ts";

/** What is compiled. */
export interface Program {
  /** f(x). */
  readonly value: Node;
  /** f′, of x, or of f(x) alone, which stands in the place of x in it then. */
  readonly slope: Node;
  readonly slopeFromResult: boolean;
  /** ∂f/∂p of the parameters that are learned, of x. */
  readonly parameterSlopes: readonly Node[];
  /** Where each number and each parameter is, as a place among the floats at `parameters`. */
  readonly places: ReadonlyMap<Node, number>;
  /** Bytes from `parameters` to the sums of the parameters' gradients. */
  readonly sums: number;
}

/** A function that is being written. */
class Body {
  readonly #parameters: number;
  readonly #types: number[] = [];
  #bytes = new Uint8Array(4096);
  #length = 0;

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  /** A new local variable. */
  local(type: number): number {
    return this.#parameters + this.#types.push(type) - 1;
  }

  push(...bytes: readonly number[]): void {
    this.append(bytes);
  }

  append(bytes: ArrayLike<number>): void {
    const end = this.#length + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = end;
  }

  get(local: number): void {
    this.onLocal(plain.localGet, local);
  }

  set(local: number): void {
    this.onLocal(plain.localSet, local);
  }

  /** An instruction on a local variable. */
  onLocal(instruction: number, local: number): void {
    if (local < 128) this.push(instruction, local);
    else this.push(instruction, ...unsigned(local));
  }

  /** local := local + bytes, or − where it is negative. */
  advance(local: number, by: number): void {
    this.get(local);
    this.push(plain.i32Const, ...signed(by), plain.i32Add);
    this.set(local);
  }

  /** The function as it stands in the code section. */
  finish(): Uint8Array {
    const groups = [...unsigned(this.#types.length), ...this.#types.flatMap((type) => [1, type])];
    const size = unsigned(groups.length + this.#length + 1);
    const bytes = new Uint8Array(size.length + groups.length + this.#length + 1);
    bytes.set(size);
    bytes.set(groups, size.length);
    bytes.set(this.#bytes.subarray(0, this.#length), size.length + groups.length);
    bytes[bytes.length - 1] = plain.end;
    return bytes;
  }
}

/** Operations that are one instruction. */
const arithmetic = /* @__PURE__ */ listArithmetic();

function listArithmetic(): Readonly<Record<string, number>> {
  const { add, sub, mul, div, min, max, lt, le, gt, ge, eq, ne, neg, abs, sqrt } = vector;
  return { add, sub, mul, div, min, max, lt, le, gt, ge, eq, ne, neg, abs, sqrt };
}

/** Where a function finds what it works on. */
interface Surroundings {
  readonly body: Body;
  /** The local variable with the address of numbers and parameters. */
  readonly parameters: number;
  readonly places: Program["places"];
  readonly templates: ReadonlyMap<string, Template>;
}

/** Four lanes of 0, which cost nothing to make. */
const zero: readonly number[] = [0xfd, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/** Writes what computes some parts of four lanes of x; returns the local variables that they are in. */
function emitParts({ body, parameters, places, templates }: Surroundings, roots: readonly Node[], x: number): number[] {
  const variables = new Map<Node, number>();
  const read = (node: Node): void => {
    const variable = variables.get(node);
    if (variable !== undefined) body.get(variable);
    else if (node.kind === "number" && node.value === 0) body.push(...zero);
    else {
      body.get(parameters);
      body.push(...lanes(vector.load32Splat, ...offset(4 * (places.get(node) as number))));
    }
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
    if ("instruction" in piece) body.onLocal(piece.instruction, moved[piece.local] as number);
    else body.append(piece);
  }
}

/** How many vectors are taken at a time: fewer where the work on one fills the registers. */
function vectorsAtATime(roots: readonly Node[]): number {
  const costly = inOrder(roots).filter((node) => "parts" in node && arithmetic[node.kind] === undefined);
  const calls = costly.filter(({ kind }) => kind !== "where" && kind !== "relu").length;
  return calls <= 1 ? 4 : calls === 2 ? 2 : 1;
}

/**
 * A loop over `count` numbers: whole groups of vectors, then vectors, then number by number.
 * @param pointers local variables with addresses, which go on by as much as was done.
 * @param work writes the work on so many vectors, whole ones or, where `full` is a local variable, one that is whole if it is 1.
 */
function emitLoop(
  body: Body,
  count: number,
  pointers: readonly number[],
  group: number,
  work: (vectors: number, full: number | null) => void,
): void {
  body.push(plain.loop, plain.nothing);
  body.get(count);
  body.push(plain.i32Const, ...signed(4 * group), plain.i32GeS, plain.if, plain.nothing);
  work(group, null);
  for (const pointer of pointers) body.advance(pointer, 16 * group);
  body.advance(count, -4 * group);
  body.push(plain.br, 1, plain.end, plain.end);
  const full = body.local(types.i32);
  body.push(plain.loop, plain.nothing);
  body.get(count);
  body.push(plain.i32Const, 0, plain.i32GtS, plain.if, plain.nothing);
  body.get(count);
  body.push(plain.i32Const, 4, plain.i32GeS);
  body.set(full);
  work(1, full);
  // 4 or 1 numbers are done: 1 << (2·full).
  const done = (shift: number): void => {
    body.push(plain.i32Const, 1);
    body.get(full);
    body.push(plain.i32Const, 1, plain.i32Shl, plain.i32Const, shift, plain.i32Add, plain.i32Shl);
  };
  for (const pointer of pointers) {
    body.get(pointer);
    done(2);
    body.push(plain.i32Add);
    body.set(pointer);
  }
  body.get(count);
  done(0);
  body.push(plain.i32Sub);
  body.set(count);
  body.push(plain.br, 1, plain.end, plain.end);
}

/** Loads the vector behind a pointer, or one number where the vector is not whole. */
function emitLoad(body: Body, pointer: number, vectorNumber: number, full: number | null): number {
  const load = (instruction: number): void => {
    body.get(pointer);
    body.push(...lanes(instruction, ...offset(16 * vectorNumber)));
  };
  if (full === null) load(vector.load);
  else {
    body.get(full);
    body.push(plain.if, types.v128);
    load(vector.load);
    body.push(plain.else);
    load(vector.load32Zero);
    body.push(plain.end);
  }
  const variable = body.local(types.v128);
  body.set(variable);
  return variable;
}

function emitStore(body: Body, pointer: number, value: number, vectorNumber: number, full: number | null): void {
  const store = (instruction: number, ...lane: readonly number[]): void => {
    body.get(pointer);
    body.get(value);
    body.push(...lanes(instruction, ...offset(16 * vectorNumber), ...lane));
  };
  if (full === null) {
    store(vector.store);
    return;
  }
  body.get(full);
  body.push(plain.if, plain.nothing);
  store(vector.store);
  body.push(plain.else);
  store(vector.store32Lane, 0);
  body.push(plain.end);
}

/** (x, y, count, parameters): y[i] := f(x[i]). */
function emitForward(program: Program, templates: Surroundings["templates"]): Uint8Array {
  const body = new Body(4);
  const [x, y, count, parameters] = [0, 1, 2, 3];
  const surroundings = { body, parameters, places: program.places, templates };
  emitLoop(body, count, [x, y], vectorsAtATime([program.value]), (vectors, full) => {
    const values = Array.from({ length: vectors }, (_, i) => {
      const [value] = emitParts(surroundings, [program.value], emitLoad(body, x, i, full));
      return value as number;
    });
    values.forEach((value, i) => {
      emitStore(body, y, value, i, full);
    });
  });
  return body.finish();
}

/** The first lane, and no other. */
const FIRST_LANE: readonly number[] = [0xfd, 0x0c, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/** (x, y, dy, dx, count, parameters): dx[i] := dy[i]·f′(x[i]); sums of parameters += Σ dy[i]·∂f/∂p(x[i]). */
function emitBackward(program: Program, templates: Surroundings["templates"]): Uint8Array {
  const body = new Body(6);
  const [x, y, dy, dx, count, parameters] = [0, 1, 2, 3, 4, 5];
  const { slope, slopeFromResult, parameterSlopes, places, sums } = program;
  const surroundings = { body, parameters, places, templates };
  const roots = [slope, ...parameterSlopes];
  const totals = parameterSlopes.map(() => body.local(types.v128));
  emitLoop(body, count, [x, y, dy, dx], vectorsAtATime(roots), (vectors, full) => {
    const products = Array.from({ length: vectors }, (_, i) => {
      const gradient = emitLoad(body, dy, i, full);
      const parts = emitParts(surroundings, roots, emitLoad(body, slopeFromResult ? y : x, i, full));
      const product = body.local(types.v128);
      body.get(gradient);
      body.get(parts[0] as number);
      body.push(...lanes(vector.mul));
      body.set(product);
      totals.forEach((total, k) => {
        body.get(total);
        body.get(gradient);
        body.get(parts[k + 1] as number);
        body.push(...lanes(vector.mul));
        // Behind the last number lanes hold 0, where ∂f/∂p may be infinite.
        if (full !== null) {
          const whole = body.local(types.v128);
          body.set(whole);
          body.get(full);
          body.push(plain.if, types.v128);
          body.get(whole);
          body.push(plain.else);
          body.get(whole);
          body.push(...FIRST_LANE, ...lanes(vector.and), plain.end);
        }
        body.push(...lanes(vector.add));
        body.set(total);
      });
      return product;
    });
    products.forEach((product, i) => {
      emitStore(body, dx, product, i, full);
    });
  });
  totals.forEach((total, k) => {
    emitTotal(body, parameters, sums + 8 * k, total);
  });
  return body.finish();
}

/** sum += (v0 + v2) + (v1 + v3), the one order in which lanes are ever summed. */
function emitTotal(body: Body, parameters: number, at: number, total: number): void {
  const lane = (index: number): void => {
    body.get(total);
    body.push(...lanes(vector.extractF32, index));
  };
  body.get(parameters);
  body.get(parameters);
  body.push(plain.f64Load, 3, ...unsigned(at));
  lane(0);
  lane(2);
  body.push(plain.f32Add);
  lane(1);
  lane(3);
  body.push(plain.f32Add, plain.f32Add, plain.f64PromoteF32, plain.f64Add);
  body.push(plain.f64Store, 3, ...unsigned(at));
}

const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** Limits that the engine's memory keeps: one page at least, 65,536 at most. */
const MEMORY: readonly number[] = [0x02, 0x01, 1, 0x80, 0x80, 0x04];

const text = (word: string): number[] => sized([...word].map((letter) => letter.charCodeAt(0)));

/** The module, for the slots `slot` (map) and `slot + 1` (gradient). */
export function emitModule(
  program: Program,
  templates: ReadonlyMap<string, Template>,
): (slot: number) => Uint8Array<ArrayBuffer> {
  const functionType = (count: number): number[] => [0x60, ...sized(new Array<number>(count).fill(types.i32)), 0];
  const code = [emitForward(program, templates), emitBackward(program, templates)] as const;
  return (slot) => {
    const table = [0x01, 0x70, 0x00, ...unsigned(slot + 2)];
    const sections: readonly (readonly [number, readonly number[]])[] = [
      [1, [2, ...functionType(4), ...functionType(6)]],
      [2, [2, ...text("env"), ...text("memory"), ...MEMORY, ...text("env"), ...text("table"), ...table]],
      [3, [2, 0, 1]],
      [9, [1, 0, plain.i32Const, ...signed(slot), plain.end, 2, 0, 1]],
    ];
    const size = unsigned(1 + code[0].length + code[1].length);
    const head = [...MAGIC, ...sections.flatMap(([id, content]) => [id, ...sized(content)]), 10, ...size, 2];
    const bytes = new Uint8Array(head.length + code[0].length + code[1].length);
    bytes.set(head);
    bytes.set(code[0], head.length);
    bytes.set(code[1], head.length + code[0].length);
    return bytes;
  };
}
