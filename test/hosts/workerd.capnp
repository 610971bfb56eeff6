using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  compatibilityDate = "2026-01-01",
  modules = [
    (name = "worker.js", esModule = embed "out/workerd/worker.js"),
    (name = "kernels.wasm", wasm = embed "node_modules/unrolled/dist/kernels.wasm"),
    (name = "companion.wasm", wasm = embed "node_modules/unrolled/dist/companion.wasm"),
    (name = "catalogue.wasm", wasm = embed "node_modules/unrolled/dist/catalogue.wasm"),
  ],
);
