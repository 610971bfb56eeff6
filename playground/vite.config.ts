import { defineConfig, type Plugin } from "vite";

/** Nothing but the page's own files and compiled WebAssembly; no request can leave for anywhere else. */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** Writes the policy into the built page, where it holds on any server. */
const withPolicy: Plugin = {
  name: "content-security-policy",
  apply: "build",
  transformIndexHtml: () => [
    { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: policy }, injectTo: "head-prepend" },
  ],
};

/** Threads want a page that is isolated; without these headers it runs on one thread. */
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Static files that any server can give, with relative addresses. */
export default defineConfig({
  base: "./",
  build: {
    outDir: "../build/playground",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    // What the charts and the reader of tables are licensed under goes with them.
    license: { fileName: "licenses.md" },
  },
  worker: { format: "es" },
  plugins: [withPolicy],
  server: { headers, port: 4174 },
  preview: { headers, port: 4174 },
});
