import { engine } from "../runtime/engine.ts";

const registry = /* @__PURE__ */ new FinalizationRegistry<number>((address) => engine().heap.release(address));

/** Memory of a stream: `count` numbers, zeros at first, held as long as `owner` is. */
export function reserve(owner: object, count: number): number {
  const e = engine();
  const address = e.heap.allocate(count * 4);
  e.kernels.fill(address, count, 0);
  registry.register(owner, address);
  return address;
}
