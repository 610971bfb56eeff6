import type { Body } from "./body.ts";
import { lanes, offset, plain, signed, types, vector } from "./bytes.ts";

/**
 * A loop over `count` numbers: whole groups of vectors, then vectors, then number by number.
 * @param pointers local variables with addresses, which go on by as much as was done.
 * @param work writes the work on so many vectors, whole ones or, where `full` is a local variable, one that is whole if it is 1.
 */
export function emitLoop(
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
export function emitLoad(body: Body, pointer: number, vectorNumber: number, full: number | null): number {
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

export function emitStore(body: Body, pointer: number, value: number, vectorNumber: number, full: number | null): void {
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
