/** The page with a worker alone. */
export default {
  base: "./",
  build: { outDir: "out/vite-worker", rolldownOptions: { input: "worker.html" } },
  worker: { format: "es" },
};
