/**
 * What differs between hosts about workers: how one is started, how it is spoken to, and how many cores there are.
 * Node's module is asked for at run time, since an import of it would break bundles for the browser.
 */
import { source } from "./worker.ts";

/** One worker, whatever the host calls it. */
export interface WorkerHandle {
  post(message: unknown): void;
  terminate(): void;
  /** Lets the process end although the worker lives. */
  release(): void;
}

/** What a worker has to tell: that it serves, or why it does not. */
export interface WorkerEvents {
  ready(): void;
  failed(reason: string): void;
}

export type WorkerStarter = (name: string, events: WorkerEvents) => WorkerHandle;

interface NodeWorker {
  on(event: "message" | "error" | "exit", listener: (value: unknown) => void): void;
  postMessage(message: unknown): void;
  terminate(): Promise<number>;
  unref(): void;
}

interface NodeModules {
  "node:worker_threads": { Worker: new (source: string, options: object) => NodeWorker };
  "node:os": { availableParallelism(): number };
}

interface Host {
  process?: { getBuiltinModule?: <Name extends keyof NodeModules>(name: Name) => NodeModules[Name] | undefined };
  Worker?: typeof Worker;
  Deno?: unknown;
  navigator?: { hardwareConcurrency?: number };
  crossOriginIsolated?: boolean;
  SharedArrayBuffer?: unknown;
}

const host = globalThis as Host;

/** Why this host cannot share memory with workers, with what would help; null when it can. */
export function obstacle(): string | null {
  if (host.crossOriginIsolated === false) {
    return "this page is not cross-origin isolated; serve it with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
  }
  if (typeof host.SharedArrayBuffer !== "function") return "this runtime has no SharedArrayBuffer";
  if (!nodeWorkers() && !host.Worker) {
    return "this runtime has no workers (Node needs 20.16, 22.3 or later)";
  }
  return null;
}

/** Cores that this process may use. */
export function coreCount(): number {
  return host.navigator?.hardwareConcurrency ?? builtin("node:os")?.availableParallelism() ?? 1;
}

function builtin<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  return host.process?.getBuiltinModule?.(name);
}

/** Bun and Deno have both kinds of workers: Bun's by birth is the web's, and Deno's of the web keep its process alive. */
function nodeWorkers(): NodeModules["node:worker_threads"] | undefined {
  return host.Worker && !host.Deno ? undefined : builtin("node:worker_threads");
}

/** Starts a worker from the inlined code. @throws whatever the host throws when it refuses. */
export const startWorker: WorkerStarter = (name, events) => {
  const node = nodeWorkers();
  return node ? startInNode(node, name, events) : startInPage(name, events);
};

function startInNode({ Worker }: NodeModules["node:worker_threads"], name: string, events: WorkerEvents): WorkerHandle {
  const code = `const port = require("node:worker_threads").parentPort;${source}`;
  // Its own list of flags: what the process was started with (loaders, inspectors) is not for this worker.
  const worker = new Worker(code, { eval: true, name, execArgv: [] });
  worker.on("message", events.ready);
  worker.on("error", (error) => events.failed(String(error)));
  worker.on("exit", () => events.failed("it ended"));
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => {
      worker.terminate();
    },
    release: () => worker.unref(),
  };
}

function startInPage(name: string, events: WorkerEvents): WorkerHandle {
  const url = URL.createObjectURL(new Blob([`const port = self;${source}`], { type: "text/javascript" }));
  const worker = new Worker(url, { name });
  worker.onmessage = () => {
    URL.revokeObjectURL(url);
    events.ready();
  };
  worker.onerror = (event) => {
    URL.revokeObjectURL(url);
    event.preventDefault();
    events.failed(event.message || "the page's content security policy may forbid workers from blob: addresses");
  };
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => worker.terminate(),
    release: () => (worker as { unref?: () => void }).unref?.(),
  };
}
