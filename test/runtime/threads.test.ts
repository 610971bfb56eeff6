/** The crew of workers itself: parts are done at the same time, and whatever becomes of a worker, the owner hears of it. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { MemoryError, ThreadError } from "../../src/runtime/errors.ts";
import { Heap } from "../../src/runtime/heap.ts";
import { KernelModule } from "../../src/runtime/module.ts";
import { startWorker, type WorkerHandle, type WorkerStarter } from "../../src/runtime/threads/host.ts";
import { ranges } from "../../src/runtime/threads/ranges.ts";
import { sharedMemory, withSharedMemory } from "../../src/runtime/threads/sharedMemory.ts";
import { Threads } from "../../src/runtime/threads/threads.ts";
import type { CompanionKernels, Kernels } from "../../src/wasm/kernels.ts";

const bytesOf = (name: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(readFileSync(new URL(`../../build/${name}.simd.wasm`, import.meta.url)));
const binary = bytesOf("core");

const crews: Threads[] = [];
afterEach(() => {
  for (const crew of crews.splice(0)) crew.stop();
});

function makeCrew(workers: number, start: WorkerStarter = startWorker, patience = 10_000) {
  const memory = sharedMemory(1 << 20, 65_535) as WebAssembly.Memory;
  const core = new KernelModule<Kernels>(binary);
  core.startShared(memory);
  const companion = new KernelModule<CompanionKernels>(bytesOf("companion"));
  companion.startShared(memory, core.table);
  const complaints: string[] = [];
  const complain = (reason: string): unknown => complaints.push(reason);
  const threads = new Threads({ workers, modules: [core], memory, complain, start, patience });
  crews.push(threads);
  return { threads, companion, complaints, numbers: new Float32Array(memory.buffer) };
}

/** A stretch of memory that no kernel uses. */
const BASE = 1 << 17;

describe("a crew", () => {
  test("counts its workers only when they are up, and works without them until then", async () => {
    const { threads, numbers } = makeCrew(2);
    threads.run("fill", [[BASE, 8, 3]]);
    expect([...numbers.subarray(BASE / 4, BASE / 4 + 9)]).toEqual([3, 3, 3, 3, 3, 3, 3, 3, 0]);
    await threads.settled();
    expect(threads.count).toBe(3);
  });

  test("does every part of many jobs, one after another and after a long pause", async () => {
    const { threads, numbers } = makeCrew(2);
    await threads.settled();
    for (let job = 1; job <= 2000; job++) {
      threads.run(
        "fill",
        [0, 1, 2].map((part) => [BASE + part * 64, 16, job + part / 4]),
      );
      for (let part = 0; part < 3; part++) expect(numbers[BASE / 4 + part * 16 + 15]).toBe(job + part / 4);
      // Longer than workers look before they sleep.
      if (job % 500 === 0) await new Promise((done) => setTimeout(done, 20));
    }
  });

  /** h_t = h_{t-1}/2 + 1 on one number a part, for three steps: 1, 1.5, 1.75. */
  function scanParts(numbers: Float32Array, parts: number): number[][] {
    return Array.from({ length: parts }, (_, part) => {
      const [a, b, states] = [BASE + part * 256, BASE + part * 256 + 64, BASE + part * 256 + 128];
      numbers
        .fill(0.5, a / 4, a / 4 + 3)
        .fill(1, b / 4, b / 4 + 3)
        .fill(0, states / 4, states / 4 + 4);
      return [a, b, states, 3, 1, 1, 0];
    });
  }

  // Before it is up, while it looks for work, and while it sleeps.
  test.each(["starting", "looking", "sleeping"])("takes a further module while it is %s", async (state) => {
    const { threads, companion, numbers } = makeCrew(2);
    if (state !== "starting") await threads.settled();
    if (state === "sleeping") await new Promise((done) => setTimeout(done, 20));
    threads.attach(companion);
    threads.run("scanForward", scanParts(numbers, 1));
    expect(numbers[BASE / 4 + 32 + 3]).toBe(1.75);
    await threads.settled();
    expect(threads.count).toBe(3);
    for (let job = 0; job < 200; job++) {
      threads.run("scanForward", scanParts(numbers, 3));
      for (let part = 0; part < 3; part++) expect(numbers[BASE / 4 + part * 64 + 32 + 3]).toBe(1.75);
    }
    threads.run("fill", [
      [BASE, 4, 1],
      [BASE + 64, 4, 2],
      [BASE + 128, 4, 3],
    ]);
    expect([0, 16, 32].map((at) => numbers[BASE / 4 + at])).toEqual([1, 2, 3]);
  });

  test("takes several modules in a row, at whatever moment", async () => {
    for (let turn = 0; turn < 20; turn++) {
      const { threads, companion } = makeCrew(1);
      for (let i = 0; i < 5; i++) {
        if (i === turn % 5) await threads.settled();
        if (turn % 3 === 0) await new Promise((done) => setTimeout(done, turn % 4));
        threads.attach(companion);
      }
      await threads.settled();
      expect(threads.count).toBe(2);
      threads.stop();
    }
  });

  test("cuts work up only where it pays, and never into more parts than there are", async () => {
    const { threads } = makeCrew(3);
    await threads.settled();
    expect(threads.partsFor(1000, 100)).toBe(1);
    expect(threads.partsFor(1e9, 100)).toBe(4);
    expect(threads.partsFor(1e9, 2)).toBe(2);
    expect(threads.partsFor(1e9, 0)).toBe(1);
  });
});

describe("bad weather", () => {
  test("a kernel that traps in a worker is a ThreadError, and from then on there is one thread", async () => {
    const { threads, complaints } = makeCrew(1);
    await threads.settled();
    const outside = 0xffff_0000;
    expect(() =>
      threads.run("fill", [
        [BASE, 4, 1],
        [outside, 1000, 1],
      ]),
    ).toThrow(ThreadError);
    expect(threads.count).toBe(1);
    expect(threads.partsFor(1e9, 8)).toBe(1);
    expect(complaints).toEqual(["of its workers, 1 stopped with an error"]);
  });

  test("a kernel that traps in the owner's own part says so itself, after the others are done", async () => {
    const { threads, numbers } = makeCrew(1);
    await threads.settled();
    const parts = [
      [0xffff_0000, 1000, 1],
      [BASE, 4, 7],
    ];
    expect(() => threads.run("fill", parts)).toThrow(WebAssembly.RuntimeError);
    expect(numbers[BASE / 4 + 3]).toBe(7);
    expect(threads.count).toBe(2);
  });

  test("a worker that dies unseen is given up after a while", async () => {
    let handle: WorkerHandle | undefined;
    const start: WorkerStarter = (name, events) => {
      handle = startWorker(name, { ready: events.ready, failed: vi.fn() });
      return handle;
    };
    const { threads, complaints } = makeCrew(1, start, 200);
    await threads.settled();
    handle?.terminate();
    await new Promise((done) => setTimeout(done, 100));
    expect(() =>
      threads.run("fill", [
        [BASE, 4, 1],
        [BASE + 64, 4, 1],
      ]),
    ).toThrow(/expected every worker to finish its part, but 1 did not come back/);
    expect(threads.count).toBe(1);
    expect(complaints).toEqual(["of its workers, 1 did not come back"]);
  });

  test("a worker that dies between passes is noticed before the next", async () => {
    let handle: WorkerHandle | undefined;
    const start: WorkerStarter = (name, events) => {
      handle = startWorker(name, events);
      return handle;
    };
    const { threads, complaints } = makeCrew(1, start);
    await threads.settled();
    handle?.terminate();
    await expect.poll(() => threads.count).toBe(1);
    expect(complaints).toEqual(["a worker failed: it ended"]);
  });

  test("a host that refuses workers leaves one thread and says why", async () => {
    const { threads, complaints } = makeCrew(2, () => {
      throw new Error("not allowed here");
    });
    await threads.settled();
    expect(threads.count).toBe(1);
    expect(complaints).toEqual(["a worker was refused: not allowed here"]);
  });

  test("a shared memory that cannot grow is a MemoryError and changes nothing", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 3, shared: true });
    const heap = new Heap(memory, 1000);
    const address = heap.allocate(65_536);
    const { bytesUsed, top, generation } = heap;
    expect(generation).toBe(1);
    expect(() => heap.allocate(3 * 65_536)).toThrow(MemoryError);
    expect({ bytesUsed: heap.bytesUsed, top: heap.top, generation: heap.generation }).toEqual({
      bytesUsed,
      top,
      generation,
    });
    heap.release(address);
  });
});

test("a binary is made ready by one flag, and a foreign one is refused", () => {
  const shared = withSharedMemory(binary);
  const changed = [...shared.keys()].filter((i) => shared[i] !== binary[i]);
  expect(changed.map((i) => [binary[i], shared[i]])).toEqual([[1, 3]]);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_535, shared: true });
  expect(() => new WebAssembly.Instance(new WebAssembly.Module(shared), { env: { memory } })).not.toThrow();
  expect(() => withSharedMemory(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))).toThrow(TypeError);
});

test("ranges cover everything once, in whole tiles", () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 1000 }),
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 16 }),
    (length, parts, tile) => {
      const cut = ranges(length, parts, tile);
      expect(cut.length).toBeLessThanOrEqual(parts);
      let next = 0;
      for (const { first, size } of cut) {
        expect(first).toBe(next);
        expect(first % tile).toBe(0);
        expect(size).toBeGreaterThan(0);
        next = first + size;
      }
      expect(next).toBe(length);
      const sizes = cut.slice(0, -1).map(({ size }) => size);
      if (sizes.length > 0) expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(tile);
    },
  );
  fc.assert(property, { seed: 1 });
});
