/** Which engine starts, when it may be chosen, and what is said where none can run. */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type * as Unrolled from "../../src/index.ts";
import type { Build } from "../../src/index.ts";
import { allowRelaxed } from "../allowRelaxed.ts";

const bytesOf = (build: Build): Uint8Array<ArrayBuffer> => Uint8Array.from(readFileSync(`build/core.${build}.wasm`));

/** The library as a page sees it that has just loaded it. */
function fresh(): Promise<typeof Unrolled> {
  vi.resetModules();
  return import("../../src/index.ts");
}

/** A WebAssembly with some of its parts replaced. */
function replaceWebAssembly(parts: Record<string, unknown> | undefined): void {
  const real = Object.getOwnPropertyDescriptors(WebAssembly);
  vi.stubGlobal("WebAssembly", parts && Object.assign(Object.defineProperties({}, real), parts));
}

/** A relaxed instruction has the prefix 0xfd and an opcode from 0x100 on: the library's second question has one. */
function hasRelaxed(bytes: Uint8Array): boolean {
  return bytes.some((byte, i) => byte === 0xfd && bytes[i + 1] === 0x85 && bytes[i + 2] === 0x02);
}

let library: typeof Unrolled;
beforeEach(async () => {
  library = await fresh();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** What any first use throws. */
function firstUse(): Error {
  try {
    library.activations.tanh(new Float32Array(1));
  } catch (error) {
    return error as Error;
  }
  throw new Error("the engine started");
}

describe("where the engine cannot run, the first use says why", () => {
  test("no WebAssembly at all", () => {
    replaceWebAssembly(undefined);
    const error = firstUse();
    expect(error).toBeInstanceOf(library.UnsupportedRuntimeError);
    expect(error).toBeInstanceOf(library.UnrolledError);
    expect(error.message).toMatch(/no WebAssembly.*128-bit SIMD/);
  });

  test("WebAssembly without SIMD", () => {
    replaceWebAssembly({ validate: () => false });
    const error = firstUse();
    expect(error).toBeInstanceOf(library.UnsupportedRuntimeError);
    expect(error.message).toMatch(/no 128-bit SIMD.*Chrome \d+, Firefox \d+, Safari [\d.]+, Node [\d.]+/);
  });

  test("a host that forbids compiling: what to do, and the host's own error", () => {
    const forbidden = new WebAssembly.CompileError("blocked by the content security policy");
    class Module {
      constructor() {
        throw forbidden;
      }
    }
    replaceWebAssembly({ Module });
    const error = firstUse();
    expect(error).toBeInstanceOf(library.UnsupportedRuntimeError);
    expect(error.message).toMatch(/does not allow WebAssembly to be compiled.*configure\(\{ module \}\)/);
    expect(error.cause).toBe(forbidden);
  });

  test("every way in says the same, and importing the library says nothing", async () => {
    replaceWebAssembly({ validate: () => false });
    const { LSTM, load, runtimeInfo, seed, UnsupportedRuntimeError, uniform } = await fresh();
    expect(() => new LSTM({ inputSize: 1, hiddenSize: 1 })).toThrow(UnsupportedRuntimeError);
    expect(() => runtimeInfo()).toThrow(UnsupportedRuntimeError);
    expect(() => uniform([2])).toThrow(UnsupportedRuntimeError);
    await expect(load(bytesOf("simd"))).rejects.toThrow(UnsupportedRuntimeError);
    expect(() => seed(1)).not.toThrow();
  });

  test("once the host can, the next use works", () => {
    replaceWebAssembly({ validate: () => false });
    firstUse();
    vi.unstubAllGlobals();
    expect(library.runtimeInfo().build).toMatch(/simd|relaxed/);
  });
});

describe("which build", () => {
  const canRelax = WebAssembly.validate(bytesOf("relaxed"));

  test("the simd build where the host has no relaxed SIMD", () => {
    const { validate } = WebAssembly;
    replaceWebAssembly({ validate: (bytes: Uint8Array) => !hasRelaxed(bytes) && validate(bytes as BufferSource) });
    expect(library.runtimeInfo().build).toBe("simd");
  });

  test("the relaxed build where it has, the simd build if deterministic is asked for", async () => {
    allowRelaxed();
    expect(WebAssembly.validate(bytesOf("relaxed"))).toBe(true);
    expect(library.runtimeInfo().build).toBe("relaxed");
    const other = await fresh();
    other.configure({ deterministic: true });
    expect(other.runtimeInfo().build).toBe("simd");
    if (!canRelax) setFlagsFromString("--no-experimental-wasm-relaxed-simd");
  });
});

describe("configure", () => {
  test("after the start: refused where it would mean another engine, silent where not", () => {
    library.configure({ deterministic: true });
    expect(library.runtimeInfo().build).toBe("simd");
    const module = new WebAssembly.Module(bytesOf("simd"));
    expect(() => library.configure({ module })).toThrow(library.ConfigurationError);
    expect(() => library.configure({ module })).toThrow(/already runs.*call configure\(\) first/);
    expect(() => library.configure({ deterministic: true })).not.toThrow();
    expect(() => library.configure({})).not.toThrow();
  });

  test("deterministic after the relaxed build has started: refused", () => {
    allowRelaxed();
    library.configure({ module: new WebAssembly.Module(bytesOf("relaxed")) });
    expect(library.runtimeInfo().build).toBe("relaxed");
    expect(() => library.configure({ deterministic: true })).toThrow(library.ConfigurationError);
    expect(() => library.configure({ deterministic: true })).toThrow(/already runs the relaxed build/);
  });

  test("deterministic and the relaxed module exclude each other", () => {
    allowRelaxed();
    library.configure({ deterministic: true, module: new WebAssembly.Module(bytesOf("relaxed")) });
    expect(() => library.runtimeInfo()).toThrow(library.ConfigurationError);
    expect(() => library.runtimeInfo()).toThrow(/deterministic.*relaxed build/);
  });

  test("a module of the user's own starts, without compiling any bytes", () => {
    const module = new WebAssembly.Module(bytesOf("simd"));
    library.configure({ module });
    const validating = new Proxy(WebAssembly.Module, {
      construct: () => {
        throw new WebAssembly.CompileError("forbidden");
      },
    });
    replaceWebAssembly({ Module: validating });
    expect(library.runtimeInfo().build).toBe("simd");
    expect([...library.activations.relu(Float32Array.of(-1, 2))]).toEqual([0, 2]);
    const largest = (): number => library.max(library.tensor([[1, 3, 2]]), 1).toArray()[0] as number;
    expect(largest).toThrow(library.UnsupportedRuntimeError);
    expect(largest).toThrow(/hand over both compiled modules with configure\(\{ module, companion \}\)/);
  });

  test("a companion of the user's own starts beside the module, without compiling any bytes", () => {
    const [module, companion] = ["core", "companion"].map(
      (name) => new WebAssembly.Module(Uint8Array.from(readFileSync(`build/${name}.simd.wasm`))),
    );
    library.configure({ module, companion });
    const refusing = new Proxy(WebAssembly.Module, {
      construct: () => {
        throw new WebAssembly.CompileError("forbidden");
      },
    });
    replaceWebAssembly({ Module: refusing });
    expect(library.max(library.tensor([[1, 3, 2]]), 1).toArray()).toEqual(Float32Array.of(3));
  });

  test("a companion alone, too late, or not one: refused", () => {
    const companion = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    expect(() => library.configure({ companion })).toThrow(/companion: expected it beside the module/);
    library.configure({ module: new WebAssembly.Module(bytesOf("simd")), companion });
    expect(() => library.max(library.tensor([1]), 0)).toThrow(library.ConfigurationError);
    expect(() => library.max(library.tensor([1]), 0)).toThrow(/expected the module unrolled\/companion\.wasm/);
    expect(() => library.configure({ companion })).toThrow(/already runs/);
  });
});

describe("load", () => {
  const response = (body: BodyInit | null, status = 200): Response =>
    new Response(body, { status, headers: { "content-type": "application/wasm" } });
  const sources: [string, () => Parameters<typeof Unrolled.load>[0]][] = [
    ["bytes", () => bytesOf("simd")],
    ["a buffer", () => bytesOf("simd").buffer],
    ["a response", () => response(bytesOf("simd"))],
    ["a module", () => new WebAssembly.Module(bytesOf("simd"))],
    ["a data URL", () => new URL(`data:application/wasm;base64,${Buffer.from(bytesOf("simd")).toString("base64")}`)],
  ];

  test.each(sources)("takes %s", async (_, source) => {
    await library.load(source());
    expect(library.runtimeInfo().build).toBe("simd");
    expect(library.noGrad(() => library.sum(library.ones([3]))).item()).toBe(3);
  });

  test("takes the file of the package", async () => {
    await library.load(Uint8Array.from(readFileSync("build/core.simd.wasm")));
    expect(library.runtimeInfo().build).toBe("simd");
  });

  test("after the start: refused", async () => {
    library.runtimeInfo();
    await expect(library.load(bytesOf("simd"))).rejects.toThrow(library.ConfigurationError);
  });

  test("a response that is an error: refused with its status; the engine can still start", async () => {
    await expect(library.load(response("not here", 404))).rejects.toThrow(library.ConfigurationError);
    await expect(library.load(response("not here", 404))).rejects.toThrow(/HTTP status 404/);
    expect(library.runtimeInfo().memoryBytes).toBeGreaterThan(0);
  });

  test.each<[string, () => Uint8Array<ArrayBuffer>]>([
    ["no WebAssembly", () => Uint8Array.from([1, 2, 3])],
    ["half a file", () => bytesOf("simd").slice(0, 1000)],
    ["another module", () => Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])],
  ])("%s: refused with an error of the library; the engine can still start", async (_, bytes) => {
    await expect(library.load(bytes())).rejects.toThrow(library.UnrolledError);
    expect([...library.activations.relu(Float32Array.of(-1, 2))]).toEqual([0, 2]);
  });
});
