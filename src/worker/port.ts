/** The two ends of a line between a page and a worker, whatever the host calls them. */
import { OptionError, UnsupportedRuntimeError } from "../runtime/errors.ts";
import { PROTOCOL, protocolOf } from "./protocol.ts";

/** A worker of the web, or one of Node's `node:worker_threads`. */
export type TrainingWorker = WebWorker | NodeWorker;

/** A worker of the web, as far as it is used. */
export interface WebWorker {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  terminate(): void;
  addEventListener(type: "message" | "error" | "messageerror", listener: (event: Event) => void): void;
}

/** A worker of `node:worker_threads`, as far as it is used. */
export interface NodeWorker {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  terminate(): Promise<number>;
  on(event: "message" | "error" | "exit" | "messageerror", listener: (value: unknown) => void): unknown;
}

interface NodePort {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  on(event: "message", listener: (value: unknown) => void): unknown;
  close?(): void;
}

type Posting<Message> = (message: Message, transfer?: ArrayBuffer[]) => void;

/** The page's end. */
export interface Line<Out> {
  readonly post: Posting<Out>;
  readonly terminate: () => void;
}

/** The worker's end: posts, and says what comes to `listen`. */
export interface Post<In, Out> {
  readonly post: Posting<Out>;
  listen(heard: (message: In) => void): void;
}

const sealed = (message: object): object => ({ ...message, protocol: PROTOCOL });

/**
 * Takes up a worker.
 * @param heard is given its messages of this protocol.
 * @param lost is told why there will be no more.
 * @throws {OptionError} when it is no worker.
 */
export function lineTo<Out extends object, In>(
  worker: TrainingWorker,
  heard: (message: In) => void,
  lost: (why: string) => void,
): Line<Out> {
  const take = (data: unknown): void => {
    const protocol = protocolOf(data);
    if (protocol === PROTOCOL) heard(data as In);
    else if (protocol) lost(`it speaks ${protocol}, and this page ${PROTOCOL}: load both from one version of unrolled`);
  };
  if ("addEventListener" in worker && typeof worker.addEventListener === "function") {
    worker.addEventListener("message", (event) => take((event as MessageEvent).data));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      lost((event as ErrorEvent).message || "it could not be loaded, or its memory could not grow");
    });
    worker.addEventListener("messageerror", () => lost("a message of it could not be read"));
  } else if ("on" in worker && typeof worker.on === "function") {
    worker.on("message", take);
    worker.on("error", (error) => lost(error instanceof Error ? error.message : String(error)));
    worker.on("exit", (code) => lost(`it ended with code ${code}`));
  } else {
    throw new OptionError(`trainInWorker: expected a Worker, got ${worker === null ? "null" : typeof worker}`);
  }
  return {
    post: (message, transfer = []) => worker.postMessage(sealed(message), transfer),
    terminate: () => {
      worker.terminate();
    },
  };
}

interface WorkerScope {
  process?: {
    versions?: { node?: string };
    getBuiltinModule?: (name: string) => { parentPort?: NodePort | null } | undefined;
  };
  WorkerGlobalScope?: unknown;
  postMessage?: (message: unknown, transfer: ArrayBuffer[]) => void;
  addEventListener?: (type: "message", listener: (event: MessageEvent) => void) => void;
}

/**
 * The end of the worker that this runs in.
 * @throws {UnsupportedRuntimeError} when it runs in none.
 */
export function ownPost<In, Out extends object>(): Post<In, Out> {
  const scope = globalThis as WorkerScope;
  const { process, postMessage, addEventListener } = scope;
  const port = process?.getBuiltinModule?.("node:worker_threads")?.parentPort;
  if (port) return postOn(port);
  if (scope.WorkerGlobalScope === undefined || !postMessage || !addEventListener) {
    const old = process?.versions?.node && !process.getBuiltinModule;
    throw new UnsupportedRuntimeError(
      `serveTraining: expected ${old ? `Node 20.16 or later, got ${process.versions?.node}` : "to run in a worker, got a page or a program"}`,
    );
  }
  return between(
    (message, transfer) => postMessage.call(scope, message, transfer),
    (take) => addEventListener.call(scope, "message", ({ data }: MessageEvent) => take(data)),
  );
}

/** A port of Node's as an end. */
export function postOn<In, Out extends object>(port: NodePort): Post<In, Out> {
  return between(
    (message, transfer) => port.postMessage(message, transfer),
    (take) => port.on("message", take),
  );
}

function between<In, Out extends object>(
  send: (message: object, transfer: ArrayBuffer[]) => void,
  onMessage: (take: (data: unknown) => void) => unknown,
): Post<In, Out> {
  const post = (message: object, transfer: ArrayBuffer[] = []): void => send(sealed(message), transfer);
  const listen = (heard: (message: In) => void): void => {
    onMessage((data) => {
      const protocol = protocolOf(data);
      if (protocol === PROTOCOL) heard(data as In);
      // A page of another version reads in the seal of this which one it has met.
      else if (protocol) post({ kind: "pong" });
    });
  };
  return { post, listen };
}
