import { catalogue, catalogueBinary } from "../../../runtime/catalogue.ts";
import { engine } from "../../../runtime/engine.ts";
import type { ActivationSlots } from "../activation.ts";
import { emitModule, type Program } from "./emit.ts";
import { inOrder, type Node } from "./graph.ts";
import { type Template, templatesOf } from "./template.ts";

/** Two slots of the function table, as long as something holds on to this. */
export interface Compiled extends ActivationSlots {}

let templates: ReadonlyMap<string, Template> | null = null;

/** What is compiled, by what it does; forgotten when nothing uses it any more. */
const known = /* @__PURE__ */ new Map<string, WeakRef<Compiled>>();

const unused = /* @__PURE__ */ new FinalizationRegistry<{ key: string; slot: number }>(({ key, slot }) => {
  // Another one may have taken its place meanwhile.
  if (known.get(key)?.deref() === undefined) known.delete(key);
  engine().detachPair(slot);
});

/**
 * Compiles an expression, or finds what was compiled of one like it: numbers and parameters are not part of the module.
 * @returns null where the runtime does not allow it.
 */
export function compile(program: Program): Compiled | null {
  const key = keyOf(program);
  const found = known.get(key)?.deref();
  if (found) return found;
  // The templates' constants are the catalogue's.
  catalogue();
  const binary = templates ? null : catalogueBinary();
  if (!templates && !binary) return null;
  templates ??= templatesOf(binary as Uint8Array);
  let slot: number;
  try {
    slot = engine().attachPair(emitModule(program, templates));
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
  const compiled = { forwardSlot: slot, backwardSlot: slot + 1 };
  known.set(key, new WeakRef(compiled));
  unused.register(compiled, { key, slot });
  return compiled;
}

/** Whether the runtime forbids to compile at all, as workerd and some content security policies do. */
function isRefusal(error: unknown): boolean {
  try {
    new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    return false;
  } catch {
    return error instanceof Error;
  }
}

/** The same for programs whose modules would be the same. */
function keyOf({ value, slope, slopeFromResult, parameterSlopes, places, sums }: Program): string {
  const numbers = new Map<Node, number>();
  const parts = inOrder([value, slope, ...parameterSlopes]).map((node) => {
    numbers.set(node, numbers.size);
    if ("parts" in node) return `${node.kind}(${node.parts.map((part) => numbers.get(part)).join()})`;
    // 0 is written into the code; all other numbers are read from memory.
    return node.kind === "x" ? "x" : (places.get(node) ?? "0");
  });
  const roots = [value, slope, ...parameterSlopes].map((node) => numbers.get(node));
  return `${parts.join(" ")}; ${roots.join()} ${slopeFromResult} ${sums}`;
}
