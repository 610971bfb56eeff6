import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Arena } from "../../src/runtime/arena.ts";
import { MemoryError } from "../../src/runtime/errors.ts";
import { Heap } from "../../src/runtime/heap.ts";

function newHeap(maximum = 1024): Heap {
  return new Heap(new WebAssembly.Memory({ initial: 1, maximum }), 1000);
}

describe("heap", () => {
  test("blocks never overlap, lie on cache lines, and all come back", () => {
    const steps = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 5000 }), release: fc.nat() }), {
      maxLength: 200,
    });
    const property = fc.property(steps, (moves) => {
      const heap = newHeap();
      const held: { address: number; bytes: number }[] = [];
      for (const { bytes, release } of moves) {
        if (release % 3 === 0 && held.length > 0) {
          heap.release((held.splice(release % held.length, 1)[0] as { address: number }).address);
        } else {
          const address = heap.allocate(bytes);
          expect(address % 64).toBe(0);
          expect(address).toBeGreaterThanOrEqual(1000);
          expect(address + bytes).toBeLessThanOrEqual(heap.memoryBytes);
          for (const other of held) {
            expect(address + bytes <= other.address || other.address + other.bytes <= address).toBe(true);
          }
          held.push({ address, bytes: Math.max(1, bytes) });
        }
      }
      for (const { address } of held) heap.release(address);
      expect(heap.bytesUsed).toBe(0);
      expect(heap.top).toBe(1024);
    });
    fc.assert(property, { numRuns: 100, seed: 1 });
  });

  test("a block that was released is used again", () => {
    const heap = newHeap();
    const first = heap.allocate(300);
    heap.allocate(64);
    heap.release(first);
    expect(heap.allocate(128)).toBe(first);
    expect(heap.allocate(128)).toBe(first + 128);
  });

  test("refused growth names what was wanted and changes nothing", () => {
    const heap = newHeap(2);
    const before = heap.allocate(1024);
    expect(() => heap.allocate(1 << 20)).toThrow(MemoryError);
    expect(() => heap.allocate(1 << 20)).toThrow(/wanted \d+ more bytes, have 65536/);
    heap.release(before);
    expect(heap.bytesUsed).toBe(0);
  });

  test("an address that no block starts at cannot be released", () => {
    expect(() => newHeap().release(128)).toThrow(MemoryError);
  });
});

describe("arena", () => {
  test("a loop of equal steps allocates nothing once it has met its largest step", () => {
    const heap = newHeap();
    const arena = new Arena(heap);
    const step = (): void => {
      for (let i = 0; i < 40; i++) arena.allocate(70_000);
      arena.endStep();
    };
    step();
    step();
    const { bytesUsed, top } = heap;
    for (let i = 0; i < 100; i++) step();
    expect(heap.bytesUsed).toBe(bytesUsed);
    expect(heap.top).toBe(top);
  });

  test("what a step holds stays until the next allocation, then its scope is dead", () => {
    const arena = new Arena(newHeap());
    const first = arena.allocate(64);
    const { scope } = arena;
    arena.endStep();
    expect(scope.alive).toBe(true);
    expect(arena.allocate(64)).toBe(first);
    expect(scope.alive).toBe(false);
    expect(arena.scope.alive).toBe(true);
  });

  test("an inner scope ends without touching the outer one", () => {
    const arena = new Arena(newHeap());
    const outer = arena.allocate(64);
    const outerScope = arena.scope;
    arena.open();
    const inner = arena.allocate(64);
    const innerScope = arena.scope;
    arena.endStep();
    arena.close();
    expect(innerScope.alive).toBe(false);
    expect(outerScope.alive).toBe(true);
    expect(arena.allocate(64)).toBe(inner);
    expect(inner).toBeGreaterThan(outer);
  });

  test("ending a step inside a scope forgets that scope's blocks only", () => {
    const arena = new Arena(newHeap());
    arena.allocate(64);
    arena.open();
    const first = arena.allocate(128);
    arena.endStep();
    expect(arena.allocate(128)).toBe(first);
    arena.close();
  });

  test("near the end of the memory it takes what there is instead of half as much again", () => {
    const arena = new Arena(newHeap(64));
    for (let i = 0; i < 3; i++) arena.allocate(1 << 20);
    expect(arena.allocate(1000)).toBeGreaterThan(3 << 20);
    expect(() => arena.allocate(1 << 20)).toThrow(MemoryError);
  });

  test("a step whose memory lies in pieces can be repeated where no single piece would hold it", () => {
    const heap = newHeap(64);
    const arena = new Arena(heap);
    const step = (): void => {
      for (let i = 0; i < 3; i++) arena.allocate(1 << 20);
      arena.endStep();
    };
    arena.allocate(1 << 20);
    const between = heap.allocate(64);
    for (let i = 0; i < 2; i++) arena.allocate(1 << 20);
    arena.endStep();
    for (let i = 0; i < 10; i++) step();
    heap.release(between);
    for (let i = 0; i < 10; i++) step();
    expect(heap.bytesUsed).toBe(3 << 20);
  });
});
