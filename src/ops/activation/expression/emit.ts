/**
 * Makes a module of an expression: its map and its gradient as functions that recurrent kernels call a block at a time
 * (assembly/elementwise/unary.ts says how), over the engine's memory, in two slots of its function table.
 *
 * Numbers and parameters are read from where `parameters` points: a constant of four lanes costs V8 several instructions,
 * a load that spreads a number over them hardly any. Loads of several vectors come before their stores, so that the
 * processor works at all of them at the same time.
 */
import { Body } from "./body.ts";
import { lanes, plain, signed, sized, types, unsigned, vector } from "./bytes.ts";
import type { Node } from "./graph.ts";
import { emitLoad, emitLoop, emitStore } from "./loop.ts";
import { emitParts, type Surroundings, vectorsAtATime } from "./parts.ts";
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
