/**
 * The entry for workerd (Cloudflare Workers), which compiles no WebAssembly from bytes: there, importing a .wasm file
 * gives the compiled module. Everything else is the same library.
 */

import catalogue from "./catalogue.wasm";
import companion from "./companion.wasm";
import { configure } from "./index.ts";
import simd from "./kernels.wasm";

configure({ module: simd, companion, catalogue });

export * from "./index.ts";
