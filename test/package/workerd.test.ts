/** The workerd entry on a host that, like workerd, gives a compiled module for a .wasm import and compiles no bytes. */
import { execFileSync } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A module hook: `import kernels from "x.wasm"` gives the WebAssembly.Module in x.wasm. */
const hook = `
import { readFileSync } from "node:fs";
export async function load(url, context, next) {
  if (!url.endsWith(".wasm")) return next(url, context);
  const text = readFileSync(new URL(url)).toString("base64");
  const source = "export default globalThis.compileForTest(Uint8Array.from(atob('" + text + "'), (c) => c.charCodeAt(0)));";
  return { format: "module", source, shortCircuit: true };
}`;

const program = `
import { register } from "node:module";
const Module = WebAssembly.Module;
globalThis.compileForTest = (bytes) => new Module(bytes);
register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hook)}));
const refuse = () => { throw new Error("this host compiles no bytes"); };
WebAssembly.Module = new Proxy(Module, { construct: refuse });
WebAssembly.compile = refuse;
const { activation, activationMap, activations, max, runtimeInfo, tensor } = await import(${JSON.stringify(pathToFileURL(`${root}/dist/workerd.js`).href)});
const { spectralRadius } = await import(${JSON.stringify(pathToFileURL(`${root}/dist/workerd.laboratory.js`).href)});
const radius = spectralRadius(max(tensor([[[0, 2], [2, 0]], [[0, 1], [1, 0]]]), 0));
const y = activations.sigmoid(new Float32Array([0]));
const swish = activation("x * sigmoid(beta * x)", { beta: 2 });
const texts = [swish.compiled, ...activationMap(swish)(new Float32Array([0, 20])), ...activationMap("mish")(new Float32Array([0, 30]))];
console.log(JSON.stringify({ texts, radius, y: [...y], max: max(tensor([[1, 3, 2]]), 1).toArray()[0], build: runtimeInfo().build }));
`;

test("runs from the imported modules alone", () => {
  const answer = execFileSync(process.execPath, ["--no-warnings", "--input-type=module", "--eval", program], {
    encoding: "utf8",
  });
  expect(JSON.parse(answer)).toEqual({ texts: [false, 0, 20, 0, 30], radius: 2, y: [0.5], max: 3, build: "simd" });
});
