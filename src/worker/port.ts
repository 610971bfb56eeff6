/** The two ends of a line between a page and a worker, whatever the host calls them. */
import { OptionError, UnsupportedRuntimeError } from "../runtime/errors.ts";
import { isSealed, PROTOCOL } from "./protocol.ts";

/** A worker of the web, or one of Node's `node:worker_threads`. */
export type TrainingWorker = WebWorker | NodeWorker;

interface WebWorker {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  terminate(): void;
  addEventListener(type: "message" | "error" | "messageerror", listener: (event: Event) => void): void;
}

interface NodeWorker {
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
export interface Post<In extends { readonly kind: string }, Out> {
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
export function lineTo<Out extends object, In extends { readonly kind: string }>(
  worker: TrainingWorker,
  heard: (message: In) => void,
  lost: (why: string) => void,
): Line<Out> {
  const take = (data: unknown): void => {
    if (isSealed<In>(data)) heard(data);
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
  process?: { getBuiltinModule?: (name: string) => { parentPort?: NodePort | null } | undefined };
  WorkerGlobalScope?: unknown;
  postMessage?: (message: unknown, transfer: ArrayBuffer[]) => void;
  addEventListener?: (type: "message", listener: (event: MessageEvent) => void) => void;
}

/**
 * The end of the worker that this runs in.
 * @throws {UnsupportedRuntimeError} when it runs in none.
 */
export function ownPost<In extends { readonly kind: string }, Out extends object>(): Post<In, Out> {
  const scope = globalThis as WorkerScope;
  const port = scope.process?.getBuiltinModule?.("node:worker_threads")?.parentPort;
  if (port) return postOn(port);
  const { postMessage, addEventListener } = scope;
  if (scope.WorkerGlobalScope === undefined || !postMessage || !addEventListener) {
    throw new UnsupportedRuntimeError("serveTraining: expected to run in a worker, got a page or a program");
  }
  return {
    post: (message, transfer = []) => postMessage.call(scope, sealed(message), transfer),
    listen: (heard) =>
      addEventListener.call(scope, "message", ({ data }: MessageEvent) => {
        if (isSealed<In>(data)) heard(data);
      }),
  };
}

/** A port of Node's as an end. */
export function postOn<In extends { readonly kind: string }, Out extends object>(port: NodePort): Post<In, Out> {
  return {
    post: (message, transfer = []) => port.postMessage(sealed(message), transfer),
    listen: (heard) =>
      port.on("message", (data) => {
        if (isSealed<In>(data)) heard(data);
      }),
  };
}
