/** Expressions that nothing uses any more are forgotten; a file of its own, since the collector serves the whole process. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { activation, noGrad, runtimeInfo, tensor } from "../../src/index.ts";
import { engine } from "../../src/runtime/engine.ts";

test("thousands of expressions that are dropped leave slots and memory as they were", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const slots = (): number => (engine().kernels as unknown as { table: WebAssembly.Table }).table.length;
  const bytes = (): number => runtimeInfo().heapBytes;
  const x = tensor([0.5, -1, 2]);
  let most = 0;
  let heap = 0;
  for (let i = 0; i < 3000; i++) {
    // Another structure each time: as many terms as bits, with signs by the bits.
    const terms = Array.from({ length: 12 }, (_, b) => `${(i >> b) & 1 ? "+" : "-"} x`).join(" * 2 ");
    noGrad(() => activation(`1 ${terms}`).apply(x).toArray());
    if (i % 200 === 199) {
      // What is collected is told in a turn of its own.
      for (let turn = 0; turn < 3; turn++) {
        collect();
        await new Promise((done) => setTimeout(done, 1));
      }
      if (i === 999) heap = bytes();
      most = Math.max(most, slots());
    }
  }
  // Some hundreds wait for the collector at a time.
  expect(most).toBeLessThan(320 + 2 * 1000);
  // Less is what others before have left and the collector has found since.
  expect(bytes()).toBeLessThanOrEqual(heap);
}, 120_000);
