/** Cross-origin isolated, so that the page may have threads. */
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export default { build: { outDir: "out/vite" }, server: { headers } };
